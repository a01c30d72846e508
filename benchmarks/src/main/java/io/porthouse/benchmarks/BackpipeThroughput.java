package io.porthouse.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.porthouse.client.Backpipe;
import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.Porthouse;
import io.porthouse.client.SendReceipt;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * How much one program publishes into one room, with a receipt for each message: by a backpipe, against a connection with a
 * token. Both are open all the time and take turns, each as often first as the other; the router has a JVM of its own, and so has the subscriber, if there is
 * one.
 *
 * <pre>
 * java -cp benchmarks.jar io.porthouse.benchmarks.BackpipeThroughput [payload bytes] [rounds] [round's milliseconds] [subscribers]
 * </pre>
 */
public final class BackpipeThroughput {

    private static final OperatingSystemMXBean PROCESS =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    /** Between two looks at the clock. */
    private static final int BURST = 64;

    private static final String HEAD = """
            | publisher | messages with receipts | its CPU |
            |---|--:|--:|
            """;

    /**
     * What a round has shown.
     *
     * @param messagesPerSecond whose receipts have come
     * @param cpuNanos of the publisher's process, for each of them
     * @param recipients of the last one
     */
    record Rate(double messagesPerSecond, double cpuNanos, long recipients) {}

    /** The rounds of each, in turn. */
    record Figures(List<Rate> token, List<Rate> backpipe) {

        /** How the backpipe compares, each round with the token's beside it: the median, because others use the machine too. */
        double ratio(ToDoubleFunction<Rate> which) {
            return Main.median(IntStream.range(0, token.size())
                    .mapToDouble(i -> which.applyAsDouble(backpipe.get(i)) / which.applyAsDouble(token.get(i)))
                    .toArray());
        }
    }

    private BackpipeThroughput() {}

    public static void main(String[] arguments) throws IOException {
        int payloadBytes = argument(arguments, 0, 64);
        int rounds = argument(arguments, 1, 100);
        int roundMillis = argument(arguments, 2, 100);
        int subscribers = argument(arguments, 3, 0);
        Figures figures = run(payloadBytes, rounds, roundMillis, subscribers);
        System.out.print(HEAD);
        System.out.print(row("token", figures.token));
        System.out.print(row("backpipe", figures.backpipe));
        System.out.printf(
                Locale.ROOT,
                "| backpipe / token | %.2f | %.2f |%n",
                figures.ratio(Rate::messagesPerSecond),
                figures.ratio(Rate::cpuNanos));
    }

    private static String row(String publisher, List<Rate> rates) {
        return String.format(
                Locale.ROOT,
                "| %s | %.2f M/s | %,.0f ns |%n",
                publisher,
                median(rates, Rate::messagesPerSecond) / 1e6,
                median(rates, Rate::cpuNanos));
    }

    /** Publishes with both in turn; a quarter more rounds than those that count come before them. */
    static Figures run(int payloadBytes, int rounds, int roundMillis, int subscribers) throws IOException {
        byte[] payload = new byte[payloadBytes];
        List<Station> listening = new ArrayList<>();
        try (Station router = Station.router();
                Connection token = Porthouse.connect(router.address());
                Backpipe backpipe = Porthouse.backpipe(ConnectOptions.to(router.address())
                        .token(StationMain.KEY)
                        .build())) {
            for (int i = 0; i < subscribers; i++) {
                listening.add(Station.subscriber(router.address()));
            }
            Figures figures = new Figures(new ArrayList<>(), new ArrayList<>());
            for (int i = -rounds / 4; i < rounds; i++) {
                List<Rate> byToken = i < 0 ? new ArrayList<>() : figures.token;
                List<Rate> byBackpipe = i < 0 ? new ArrayList<>() : figures.backpipe;
                if (i % 2 == 0) {
                    byToken.add(round(roundMillis, () -> token.send(StationMain.ROOM, payload)));
                }
                byBackpipe.add(round(roundMillis, () -> backpipe.send(StationMain.ROOM, payload)));
                if (i % 2 != 0) {
                    byToken.add(round(roundMillis, () -> token.send(StationMain.ROOM, payload)));
                }
            }
            return figures;
        } finally {
            listening.forEach(Station::close);
        }
    }

    private static Rate round(int millis, Supplier<CompletableFuture<SendReceipt>> send) {
        long cpuNanos = PROCESS.getProcessCpuTime();
        long start = System.nanoTime();
        long sent = 0;
        CompletableFuture<SendReceipt> last;
        do {
            for (int i = 1; i < BURST; i++) {
                var unused = send.get();
            }
            last = send.get();
            sent += BURST;
        } while (System.nanoTime() - start < TimeUnit.MILLISECONDS.toNanos(millis));
        // A room's receipts come in the order of sending.
        long recipients = last.join().recipients();
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Rate(sent / seconds, (PROCESS.getProcessCpuTime() - cpuNanos) / (double) sent, recipients);
    }

    private static double median(List<Rate> rates, ToDoubleFunction<Rate> which) {
        return Main.median(rates.stream().mapToDouble(which).toArray());
    }

    private static int argument(String[] arguments, int index, int otherwise) {
        return arguments.length > index ? Integer.parseInt(arguments[index]) : otherwise;
    }
}
