package io.porthouse.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What administering a router costs those whose messages it carries: sends requests to its admin listener at a fixed rate, and
 * tells the processor time of its event loops for each message delivered meanwhile. Run it with rate 0 and with another in
 * turn, while a load generator keeps the router busy at the same rate each time.
 *
 * <pre>
 * java -cp benchmarks.jar io.porthouse.benchmarks.AdminLoad URL KEY_FILE PID [requests a second] [seconds] [changes a hundred requests]
 * </pre>
 *
 * <p>Requests that change something grant a room to a token and withdraw it; the others list rooms. Linux only.
 */
public final class AdminLoad {

    private static final int IN_FLIGHT = 64;
    private static final int CLOCK_TICKS = 100;
    private static final Pattern DELIVERED = Pattern.compile("(?m)^porthouse_delivered_messages_total (\\S+)$");
    private static final Pattern ID = Pattern.compile("\"id\":\"([^\"]+)\"");

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String url;
    private final String key;
    private final long pid;
    private final Semaphore free = new Semaphore(IN_FLIGHT);
    private final AtomicInteger failed = new AtomicInteger();

    private AdminLoad(String url, String key, long pid) {
        this.url = url;
        this.key = key;
        this.pid = pid;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        String key = Files.readString(Path.of(arguments[1])).strip();
        AdminLoad load = new AdminLoad(arguments[0], key, Long.parseLong(arguments[2]));
        int rate = argument(arguments, 3, 1_000);
        int seconds = argument(arguments, 4, 10);
        load.run(rate, seconds, argument(arguments, 5, 10));
    }

    private static int argument(String[] arguments, int index, int otherwise) {
        return arguments.length > index ? Integer.parseInt(arguments[index]) : otherwise;
    }

    private void run(int rate, int seconds, int changesInHundred) throws IOException, InterruptedException {
        String room = "load-" + ProcessHandle.current().pid();
        send(request("/api/v1/rooms").POST(json("{\"name\":\"" + room + "\"}")));
        Matcher made = ID.matcher(send(request("/api/v1/tokens").POST(json("{\"name\":\"load\",\"grants\":[]}"))));
        if (!made.find()) {
            throw new IOException("no token was made");
        }
        String token = "/api/v1/tokens/" + made.group(1);
        String grant = token + "/rooms/operator/" + room;
        try {
            long deliveredBefore = delivered();
            long puddlesBefore = cpuMillis("puddle");
            long allBefore = cpuMillis("");
            long[] nanos = requests(rate, seconds, changesInHundred, grant);
            long delivered = delivered() - deliveredBefore;
            long puddles = cpuMillis("puddle") - puddlesBefore;
            long others = cpuMillis("") - allBefore - puddles;
            Arrays.sort(nanos);
            System.out.printf(
                    Locale.ROOT,
                    "requests=%d failed=%d p50_ms=%.2f p99_ms=%.2f delivered=%d loops_ns_per_delivery=%.0f others_ms_per_s=%d%n",
                    nanos.length,
                    failed.get(),
                    quantile(nanos, 0.5),
                    quantile(nanos, 0.99),
                    delivered,
                    puddles * 1e6 / Math.max(1, delivered),
                    others / seconds);
        } finally {
            send(request(token).DELETE());
            send(request("/api/v1/rooms/operator/" + room).DELETE());
        }
    }

    private static double quantile(long[] sorted, double q) {
        return sorted.length == 0 ? 0 : sorted[(int) (q * (sorted.length - 1))] / 1e6;
    }

    /** Sends at the rate, whatever the answers take; returns how long each took from when it was due. */
    private long[] requests(int rate, int seconds, int changesInHundred, String grant) throws InterruptedException {
        if (rate == 0) {
            TimeUnit.SECONDS.sleep(seconds);
            return new long[0];
        }
        long[] nanos = new long[rate * seconds];
        CompletableFuture<?>[] all = new CompletableFuture<?>[nanos.length];
        long start = System.nanoTime();
        int changes = 0;
        for (int i = 0; i < nanos.length; i++) {
            long due = start + TimeUnit.SECONDS.toNanos(i) / rate;
            while (System.nanoTime() < due) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            free.acquire();
            int index = i;
            boolean isChange = i % 100 < changesInHundred;
            HttpRequest request = isChange
                    ? change(grant, changes++)
                    : request("/api/v1/rooms").build();
            all[i] = client.sendAsync(request, BodyHandlers.discarding()).handle((answer, failure) -> {
                free.release();
                nanos[index] = System.nanoTime() - due;
                if (failure != null || answer.statusCode() / 100 != 2) {
                    failed.incrementAndGet();
                }
                return null;
            });
        }
        CompletableFuture.allOf(all).join();
        return nanos;
    }

    private HttpRequest change(String grant, int number) {
        return number % 2 == 0
                ? request(grant)
                        .PUT(json("{\"may\":[\"read\"],\"autoJoin\":true}"))
                        .build()
                : request(grant).DELETE().build();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url + path))
                .header("Authorization", "Bearer " + key)
                .header("Content-Type", "application/json");
    }

    private static HttpRequest.BodyPublisher json(String text) {
        return HttpRequest.BodyPublishers.ofString(text);
    }

    private String send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> answer = client.send(request.build(), BodyHandlers.ofString());
        if (answer.statusCode() / 100 != 2) {
            throw new IOException(answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    private long delivered() throws IOException, InterruptedException {
        Matcher line = DELIVERED.matcher(send(request("/metrics").GET()));
        if (!line.find()) {
            throw new IOException("the router does not tell what it delivered");
        }
        return (long) Double.parseDouble(line.group(1));
    }

    /** Returns the processor time of the router's threads whose name begins so. */
    private long cpuMillis(String prefix) throws IOException {
        long ticks = 0;
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path thread : (Iterable<Path>) threads::iterator) {
                ticks += ticks(thread, prefix);
            }
        }
        return ticks * TimeUnit.SECONDS.toMillis(1) / CLOCK_TICKS;
    }

    /** proc(5): the name in brackets, then user and system time as the 14th and 15th field. */
    private static long ticks(Path thread, String prefix) throws IOException {
        String stat;
        try {
            stat = Files.readString(thread.resolve("stat"));
        } catch (NoSuchFileException e) {
            return 0;
        }
        String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return name.startsWith(prefix) ? Long.parseLong(fields[11]) + Long.parseLong(fields[12]) : 0;
    }
}
