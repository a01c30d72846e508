package io.porthouse.benchmarks;

import io.porthouse.benchmarks.Station.Counters;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How much one publisher and one subscriber carry through one router, each in a JVM of its own: real clients and a real
 * router over loopback, kernel included. Nothing is lost unsaid: messages go without receipts as fast as they can be posted,
 * and what the room drops for a slow subscriber is counted; envelopes are held back instead, and verified.
 *
 * <pre>
 * java -cp benchmarks.jar io.porthouse.benchmarks.ClientThroughput [messages|envelopes] [payload bytes] [seconds] [rounds]
 * </pre>
 */
public final class ClientThroughput {

    private static final int WARM_UP_SECONDS = 5;

    private ClientThroughput() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        boolean envelopes = arguments.length > 0 && arguments[0].equals("envelopes");
        int payloadBytes = argument(arguments, 1, envelopes ? 256 << 20 : 64);
        int seconds = argument(arguments, 2, 10);
        int rounds = argument(arguments, 3, 3);
        System.out.print(HEAD);
        for (int i = 0; i < rounds; i++) {
            System.out.print(row(envelopes, payloadBytes, run(envelopes, payloadBytes, WARM_UP_SECONDS, seconds)));
        }
    }

    private static final String HEAD = """
            | payload | arrived | | lost | publisher CPU | router CPU | subscriber CPU |
            |---|--:|--:|--:|--:|--:|--:|
            """;

    /**
     * What happened in the measured time.
     *
     * @param messages that arrived; of envelopes those whose last byte did
     * @param payloadBytes that arrived
     * @param lost messages that the room dropped
     * @param cpuNanos of publisher, router and subscriber
     */
    record Figures(double seconds, long messages, long payloadBytes, long lost, List<Long> cpuNanos) {}

    static Figures run(boolean envelopes, int payloadBytes, int warmUpSeconds, int seconds)
            throws IOException, InterruptedException {
        try (Station router = Station.router();
                Station subscriber = Station.subscriber(router.address());
                Station publisher = Station.publisher(router.address(), envelopes, payloadBytes)) {
            TimeUnit.SECONDS.sleep(warmUpSeconds);
            List<Station> all = List.of(publisher, router, subscriber);
            List<Counters> before = read(all);
            long start = System.nanoTime();
            TimeUnit.SECONDS.sleep(seconds);
            List<Counters> after = read(all);
            double took = (System.nanoTime() - start) / 1e9;
            Counters first = before.get(2);
            Counters last = after.get(2);
            return new Figures(
                    took,
                    last.messages() - first.messages(),
                    last.payloadBytes() - first.payloadBytes(),
                    last.lost() - first.lost(),
                    List.of(cpu(before, after, 0), cpu(before, after, 1), cpu(before, after, 2)));
        }
    }

    private static List<Counters> read(List<Station> stations) throws IOException {
        return List.of(
                stations.get(0).read(), stations.get(1).read(), stations.get(2).read());
    }

    private static long cpu(List<Counters> before, List<Counters> after, int station) {
        return after.get(station).cpuNanos() - before.get(station).cpuNanos();
    }

    /** One line of the table: rates, and CPU by message, or by MiB of envelopes. */
    private static String row(boolean envelopes, int payloadBytes, Figures figures) {
        double units = envelopes ? figures.payloadBytes / (double) (1 << 20) : figures.messages;
        StringBuilder row = new StringBuilder();
        row.append(format("| %,d B %s ", payloadBytes, envelopes ? "envelopes" : "messages"));
        row.append(format("| %.2f M/s ", figures.messages / figures.seconds / 1e6));
        row.append(format("| %.0f MB/s ", figures.payloadBytes / figures.seconds / 1e6));
        row.append(format("| %.1f %% ", 100.0 * figures.lost / Math.max(1, figures.lost + figures.messages)));
        for (long nanos : figures.cpuNanos) {
            row.append(format(envelopes ? "| %,.0f ns/MiB " : "| %,.0f ns ", nanos / Math.max(1, units)));
        }
        return row.append("|\n").toString();
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    private static int argument(String[] arguments, int index, int otherwise) {
        return arguments.length > index ? Integer.parseInt(arguments[index]) : otherwise;
    }
}
