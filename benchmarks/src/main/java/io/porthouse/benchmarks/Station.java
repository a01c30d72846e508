package io.porthouse.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Fork;

/** A JVM that runs a {@link StationMain} and tells its counters when asked. */
final class Station implements AutoCloseable {

    /**
     * What a station has done since its start.
     *
     * @param messages that arrived; 0 but for subscribers, as are bytes and losses
     * @param cpuNanos of the whole process
     */
    record Counters(long messages, long payloadBytes, long lost, long cpuNanos) {

        static Counters parse(String line) {
            List<Long> numbers =
                    Stream.of(line.split(" ", -1)).map(Long::valueOf).toList();
            return new Counters(numbers.get(0), numbers.get(1), numbers.get(2), numbers.get(3));
        }

        String line() {
            return messages + " " + payloadBytes + " " + lost + " " + cpuNanos;
        }
    }

    private final Process process;
    private final BufferedReader out;
    private final Writer in;

    /** What it said when it was ready: a router, where it listens. */
    private final String address;

    private Station(List<String> options, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(options);
        command.addAll(Arrays.asList(System.getProperty("station.options", "").split(" ", 0)));
        command.removeIf(String::isEmpty);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), StationMain.class.getName()));
        command.addAll(arguments);
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        out = process.inputReader(StandardCharsets.UTF_8);
        in = process.outputWriter(StandardCharsets.UTF_8);
        address = line();
    }

    /** A router, in a JVM like that of {@code bin/porthouse run}. */
    static Station router() throws IOException {
        List<String> options = Stream.of(
                        RouterJvm.class.getAnnotation(Fork.class).jvmArgsAppend())
                .filter(option -> !option.startsWith("-Djmh."))
                .toList();
        return new Station(options, List.of("router"));
    }

    /** A program with one connection that receives, in a JVM as anybody starts it. */
    static Station subscriber(String address) throws IOException {
        return new Station(List.of(), List.of("subscriber", address));
    }

    /** A program with one connection that sends without a pause. */
    static Station publisher(String address, boolean envelopes, int payloadBytes) throws IOException {
        return new Station(
                List.of(),
                List.of("publisher", address, envelopes ? "envelopes" : "messages", Integer.toString(payloadBytes)));
    }

    String address() {
        return address;
    }

    /** Asks for the counters. */
    Counters read() throws IOException {
        in.write("?\n");
        in.flush();
        return Counters.parse(line());
    }

    /** Ends the process: it goes with its standard input. */
    @Override
    public void close() {
        process.destroy();
    }

    private String line() throws IOException {
        String line = out.readLine();
        if (line == null) {
            throw new IOException("a station has ended early; what it said is above");
        }
        return line;
    }
}
