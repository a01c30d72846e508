package io.porthouse.cli;

import io.porthouse.client.ConnectOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of every command that connects to a router. */
final class RouterOptions {

    private static final String TOKEN_VARIABLE = "PORTHOUSE_TOKEN";

    /** How the connection file is found, for help. */
    static final String CONF_PLACES =
            "the file that $PORTHOUSE_CONF names, else .porthouse here or in a directory above, else ~/.porthouse.";

    @Option(
            names = "--connect",
            paramLabel = "WHERE",
            defaultValue = ConnectOptions.CONF,
            description = "tcp://HOST:PORT, or tcp://TOKEN@HOST:PORT, or @conf (the default): " + CONF_PLACES)
    private String where = ConnectOptions.CONF;

    @Option(
            names = "--token",
            paramLabel = "SECRET",
            description = {
                "The token to connect with. Other users of this machine can see it on the command line: better put it into"
                        + " $PORTHOUSE_TOKEN or the connection file."
            })
    private @Nullable String token;

    @Mixin
    @SuppressWarnings("UnusedVariable") // brings its option
    private final Verbosity verbosity = new Verbosity();

    /** Returns options for a connection that lives for this command. */
    ConnectOptions.Builder connection() {
        ConnectOptions.Builder builder = ConnectOptions.to(where)
                .client("porthouse-cli/" + Version.text())
                // A command ends with its connection, and its exit code says why; unless it has --reconnect.
                .reconnect(false)
                // What loads the native library costs a short command more than it gains.
                .nativeTransport(false);
        String secret = secret();
        return secret == null ? builder : builder.token(secret);
    }

    /** The nearest wins: an option, an address that holds a token, the environment, the connection file. */
    private @Nullable String secret() {
        if (token != null) {
            return token;
        }
        String fromEnvironment = System.getenv(TOKEN_VARIABLE);
        boolean inAddress = where.indexOf('@') > 0;
        return inAddress || fromEnvironment == null || fromEnvironment.isEmpty() ? null : fromEnvironment;
    }
}
