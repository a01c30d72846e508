package io.porthouse.cli;

import io.porthouse.cli.admin.AdminClient;
import io.porthouse.cli.config.HostPort;
import io.porthouse.client.ConfFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of every command that asks a router's API. */
final class AdminOptions {

    private static final String DEFAULT_ADDRESS = "http://127.0.0.1:7071";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--admin",
            paramLabel = "URL",
            description = "The router's admin address. By default the connection file's (admin = \"http://…\"), else "
                    + DEFAULT_ADDRESS + ".")
    private @Nullable String admin;

    @Mixin
    private final KeyOption key = new KeyOption();

    @Option(names = "--json", description = "Print the router's answers as JSON, an object a line.")
    private boolean json;

    @Mixin
    @SuppressWarnings("UnusedVariable") // brings its option
    private final Verbosity verbosity = new Verbosity();

    /** Returns what asks the router. */
    AdminClient client() throws CommandException {
        Optional<ConfFile> file = ConfFile.find();
        return new AdminClient(address(file), key.key(file));
    }

    /** Returns what shows the answers. */
    AdminOutput output() {
        return new AdminOutput(spec.commandLine().getOut(), json);
    }

    private URI address(Optional<ConfFile> file) throws CommandException {
        if (admin != null) {
            return parsed(admin);
        }
        Optional<String> named = file.flatMap(found -> found.value("admin"));
        URI address = parsed(named.orElse(DEFAULT_ADDRESS));
        // A file that somebody left in a directory above must not be sent a key that is not its own.
        if (named.isPresent()
                && !isLoopback(address)
                && file.flatMap(found -> found.value("key")).isEmpty()) {
            throw new CommandException(
                    ExitCode.USAGE,
                    file.get().path() + " names a router on another machine, and no key for it; say --admin " + address
                            + " if your key may go there",
                    null);
        }
        return address;
    }

    private static boolean isLoopback(URI address) {
        return HostPort.parse(address.getHost() + ":0")
                .map(InetSocketAddress::getAddress)
                .filter(InetAddress::isLoopbackAddress)
                .isPresent();
    }

    private static URI parsed(String text) throws CommandException {
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
}
