package io.porthouse.cli;

import io.porthouse.cli.admin.AdminClient;
import io.porthouse.client.ConfFile;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of every command that asks a router's API. */
final class AdminOptions {

    private static final String KEY_VARIABLE = "PORTHOUSE_KEY";
    private static final String DEFAULT_ADDRESS = "http://127.0.0.1:7071";

    /** Where a router that was started here, or beside the connection file, has left its operator's key. */
    private static final Path OPERATOR_KEY = Path.of("porthouse-data", "operator-key");

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // injected
    private CommandSpec spec;

    @Option(
            names = "--admin",
            paramLabel = "URL",
            description = "The router's admin address. By default the connection file's (admin = \"http://…\"), else "
                    + DEFAULT_ADDRESS + ".")
    private @Nullable String admin;

    @Option(
            names = "--key-file",
            paramLabel = "FILE",
            description = "A file with the API key. By default $" + KEY_VARIABLE
                    + ", else the connection file's (key = \"phk_…\"), else porthouse-data/operator-key.")
    private @Nullable Path keyFile;

    @Option(names = "--json", description = "Print the router's answers as JSON, an object a line.")
    private boolean json;

    @Mixin
    @SuppressWarnings("UnusedVariable") // brings its option
    private final Verbosity verbosity = new Verbosity();

    /** Returns what asks the router. */
    AdminClient client() throws CommandException {
        Optional<ConfFile> file = ConfFile.find();
        return new AdminClient(address(file), key(file));
    }

    /** Returns what shows the answers. */
    AdminOutput output() {
        return new AdminOutput(spec.commandLine().getOut(), json);
    }

    private URI address(Optional<ConfFile> file) throws CommandException {
        String text = admin != null
                ? admin
                : file.flatMap(found -> found.value("admin")).orElse(DEFAULT_ADDRESS);
        try {
            URI address = URI.create(text);
            String scheme = String.valueOf(address.getScheme());
            if (address.getHost() != null && (scheme.equals("http") || scheme.equals("https"))) {
                return address;
            }
        } catch (IllegalArgumentException e) {
            throw notAnAddress(text, e);
        }
        throw notAnAddress(text, null);
    }

    private static CommandException notAnAddress(String text, @Nullable Throwable cause) {
        return new CommandException(ExitCode.USAGE, text + " is not an admin address; write http://host:port", cause);
    }

    /** The nearest wins. */
    private String key(Optional<ConfFile> file) throws CommandException {
        if (keyFile != null) {
            return read(keyFile);
        }
        String fromEnvironment = System.getenv(KEY_VARIABLE);
        if (fromEnvironment != null && !fromEnvironment.isEmpty()) {
            return checked(fromEnvironment, "$" + KEY_VARIABLE);
        }
        Optional<String> fromFile = file.flatMap(found -> found.value("key"));
        if (fromFile.isPresent()) {
            return checked(fromFile.get(), file.get().path() + ": key");
        }
        List<Path> places = new ArrayList<>(List.of(OPERATOR_KEY.toAbsolutePath()));
        file.map(found -> found.path().resolveSibling(OPERATOR_KEY)).ifPresent(places::add);
        for (Path place : places) {
            if (Files.isReadable(place)) {
                return read(place);
            }
        }
        throw new CommandException(
                ExitCode.USAGE,
                "found no API key; give --key-file, set $" + KEY_VARIABLE
                        + ", or put key = \"phk_…\" into the connection file",
                null);
    }

    private static String read(Path file) throws CommandException {
        try {
            return checked(Files.readString(file).strip(), file.toString());
        } catch (IOException e) {
            throw new CommandException(ExitCode.USAGE, file + " cannot be read; it should hold the API key", e);
        }
    }

    /** What goes into a header must be able to. */
    private static String checked(String key, String where) throws CommandException {
        if (!key.matches("[A-Za-z0-9._~-]{1,255}")) {
            throw new CommandException(
                    ExitCode.USAGE, where + " is not an API key; make one with account key create", null);
        }
        return key;
    }
}
