package io.porthouse.cli;

import io.porthouse.client.ConfFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the API key comes from. */
final class KeyOption {

    private static final String VARIABLE = "PORTHOUSE_KEY";

    /** Where a router that was started here, or beside the connection file, has left its operator's key. */
    private static final Path OPERATOR_KEY = Path.of("porthouse-data", "operator-key");

    @Option(
            names = "--key-file",
            paramLabel = "FILE",
            description = "A file with the API key. By default $" + VARIABLE
                    + ", else the connection file's (key = \"phk_…\"), else porthouse-data/operator-key.")
    private @Nullable Path file;

    /**
     * Returns the key; the nearest wins.
     *
     * @throws CommandException if there is none
     */
    String key(Optional<ConfFile> connectionFile) throws CommandException {
        if (file != null) {
            return read(file);
        }
        String fromEnvironment = System.getenv(VARIABLE);
        if (fromEnvironment != null && !fromEnvironment.isEmpty()) {
            return checked(fromEnvironment, "$" + VARIABLE);
        }
        Optional<String> fromFile = connectionFile.flatMap(found -> found.value("key"));
        if (fromFile.isPresent()) {
            return checked(fromFile.get(), connectionFile.get().path() + ": key");
        }
        List<Path> places = new ArrayList<>(List.of(OPERATOR_KEY.toAbsolutePath()));
        connectionFile.map(found -> found.path().resolveSibling(OPERATOR_KEY)).ifPresent(places::add);
        for (Path place : places) {
            if (Files.isReadable(place)) {
                return read(place);
            }
        }
        throw new CommandException(
                ExitCode.USAGE,
                "found no API key; give --key-file, set $" + VARIABLE
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
