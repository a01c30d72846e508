package io.porthouse.cli;

import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.Porthouse;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.RoomGrant;
import io.porthouse.protocol.Right;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code porthouse status}: whether the router can be reached, and as whom. */
@Command(
        name = "status",
        description = {
            "Connect, and say which router answered, as whom this connects, and which rooms that joins by itself.",
            "The round trip is the fastest of five requests; it needs a room."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  porthouse status", "  porthouse status --connect tcp://router.example:7070"},
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class StatusCommand implements Callable<Integer> {

    private static final int REQUESTS = 5;

    @Spec
    private CommandSpec spec;

    @Mixin
    private final RouterOptions router = new RouterOptions();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        ConnectOptions options = router.connection().build();
        long start = System.nanoTime();
        try (Connection connection = Porthouse.connect(options)) {
            line(out, "connected", "in " + millis(System.nanoTime() - start));
            line(out, "node", connection.node());
            line(out, "account", connection.account());
            line(out, "token", connection.token());
            line(out, "session", connection.session());
            Set<String> rooms = connection.rooms();
            if (rooms.isEmpty()) {
                line(out, "rooms", "none that the token joins by itself");
                return ExitCode.OK;
            }
            line(
                    out,
                    "round trip",
                    millis(roundTrip(connection, rooms.iterator().next())));
            for (String room : rooms) {
                line(out, "room", room + " (" + rights(join(connection, room).may()) + ")");
            }
        }
        return ExitCode.OK;
    }

    /** Asking for a room that is held changes nothing, and is answered by the router. */
    private static long roundTrip(Connection connection, String room) {
        long fastest = Long.MAX_VALUE;
        for (int i = 0; i < REQUESTS; i++) {
            long sent = System.nanoTime();
            RoomGrant unused = join(connection, room);
            fastest = Math.min(fastest, System.nanoTime() - sent);
        }
        return fastest;
    }

    private static RoomGrant join(Connection connection, String room) {
        try {
            return connection.join(room).join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof PorthouseException known ? known : e;
        }
    }

    private static String rights(Set<Right> may) {
        return may.stream()
                .sorted()
                .map(right -> right.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.2f ms", nanos / (double) TimeUnit.MILLISECONDS.toNanos(1));
    }

    private static void line(PrintWriter out, String what, String value) {
        out.println(String.format(Locale.ROOT, "%-11s%s", what, SafeText.of(value)));
    }
}
