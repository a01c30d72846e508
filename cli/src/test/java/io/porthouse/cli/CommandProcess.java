package io.porthouse.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** A command in a process of its own, started by a shell in a directory, as a person would. */
final class CommandProcess implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final String command;
    private final Process process;
    private final Path out;
    private final Path err;

    private CommandProcess(String command, Process process, Path out, Path err) {
        this.command = command;
        this.process = process;
        this.out = out;
        this.err = err;
    }

    static CommandProcess start(Path directory, Map<String, String> environment, String command) throws IOException {
        Path logs = Files.createDirectories(directory.resolve("logs"));
        Path out = Files.createTempFile(logs, "out", ".txt");
        Path err = Files.createTempFile(logs, "err", ".txt");
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", command)
                .directory(directory.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        // What the machine has set must not decide.
        builder.environment().keySet().removeIf(name -> name.startsWith("PORTHOUSE_"));
        // The tests run beside each other, and beside whatever else runs here.
        builder.environment().put("PORTHOUSE_ADMIN", "127.0.0.1:0");
        builder.environment().putAll(environment);
        builder.environment().put("HOME", directory.toString());
        return new CommandProcess(command, builder.start(), out, err);
    }

    /** The command line that runs the executable jar under test. */
    static String jar(String arguments) {
        return QuickStart.commandLine(arguments);
    }

    String out() {
        return read(out);
    }

    String err() {
        return read(err);
    }

    CommandProcess awaitOut(String text) {
        return awaitText(this::out, text);
    }

    CommandProcess awaitErr(String text) {
        return awaitText(this::err, text);
    }

    private CommandProcess awaitText(Supplier<String> output, String text) {
        boolean came = false;
        try {
            await().atMost(LIMIT).until(() -> requireAlive(output.get().contains(text)));
            came = true;
            return this;
        } finally {
            if (!came) {
                // Called before the test holds it, so nobody else would end it.
                close();
            }
        }
    }

    /** Waits for the end; returns the exit code. */
    int exit() throws InterruptedException {
        return exit(LIMIT);
    }

    /** Waits for the end; returns the exit code. */
    int exit(Duration limit) throws InterruptedException {
        assertThat(process.waitFor(limit.toSeconds(), TimeUnit.SECONDS))
                .as("%s ends", command)
                .isTrue();
        return process.exitValue();
    }

    /** Sends a signal, such as TERM, to the command itself. */
    void signal(String name) throws IOException, InterruptedException {
        // A shell that did more than one thing has the command as its child.
        long pid = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .findFirst()
                .orElseThrow()
                .pid();
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                        .start()
                        .waitFor())
                .isZero();
    }

    /** Kills it, and waits until it is gone. */
    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
    }

    private boolean requireAlive(boolean condition) {
        if (!condition && !process.isAlive()) {
            throw new AssertionError(command + " ended with " + process.exitValue() + ": " + out() + err());
        }
        return condition;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
