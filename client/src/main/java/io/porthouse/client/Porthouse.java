package io.porthouse.client;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Where an application begins: {@code Porthouse.connect("@conf")}. */
public final class Porthouse {

    private Porthouse() {}

    /**
     * Connects with default options.
     *
     * @param where as for {@link ConnectOptions#to}
     * @return once the router has answered for every room; to be closed by the caller
     * @throws PorthouseException if it cannot be connected
     */
    public static Connection connect(String where) {
        return connect(ConnectOptions.to(where).build());
    }

    /**
     * Connects. Blocks until the router has answered for every room that was asked for. Tries once; what is lost later
     * comes back by itself ({@link ConnectOptions.Builder#reconnect}).
     *
     * @return to be closed by the caller; until then it keeps the program running
     * @throws PorthouseException if the router cannot be reached or refuses the token or a room
     */
    public static Connection connect(ConnectOptions options) {
        return Connection.open(options);
    }

    /**
     * Sends one text with the connection file's address and token, to its default room, and waits for the receipt.
     *
     * @throws PorthouseException if anything of that fails
     */
    public static SendReceipt pump(String message) {
        return pump(ConnectOptions.to(ConnectOptions.CONF).reconnect(false).build(), message);
    }

    static SendReceipt pump(ConnectOptions options, String message) {
        Connection connection = connect(options);
        CompletableFuture<SendReceipt> receipt;
        try {
            receipt = connection.send(message);
        } finally {
            // Returns behind the receipt, or raises what the receipt would.
            connection.close();
        }
        return receipt.join();
    }

    /**
     * Opens a backpipe with default options.
     *
     * @param where {@link ConnectOptions#CONF}, a connection file with a line {@code key = "phk_…"}; or {@code
     *     tcp://KEY@host:port}
     * @return to be closed by the caller
     * @throws PorthouseException if it cannot be connected
     */
    public static Backpipe backpipe(String where) {
        ConnectOptions.Builder options = ConnectOptions.to(where);
        if (where.equals(ConnectOptions.CONF)) {
            options.token(ConfFile.require().key());
        }
        return backpipe(options.build());
    }

    /**
     * Opens a backpipe.
     *
     * @param options with an API key for their token
     * @return to be closed by the caller; until then it keeps the program running
     * @throws PorthouseException if the router cannot be reached or refuses the key
     */
    public static Backpipe backpipe(ConnectOptions options) {
        return new Backpipe(connect(options), options.connectTimeout);
    }

    /** The version of this client, {@code dev} when it does not run from its jar. */
    public static String version() {
        return Optional.ofNullable(Porthouse.class.getPackage().getImplementationVersion())
                .orElse("dev");
    }
}
