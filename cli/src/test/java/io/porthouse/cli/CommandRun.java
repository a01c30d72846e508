package io.porthouse.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;

/** A command in this process, beside the test. */
final class CommandRun {

    /** What a command did. */
    record Outcome(int code, String out, String err) {}

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final CompletableFuture<Integer> code;

    private CommandRun(InputStream in, String... arguments) {
        Streams streams = new Streams(in, out, err, false);
        code = CompletableFuture.supplyAsync(() -> {
            CommandLine command = io.porthouse.cli.Porthouse.commandLine(streams, arguments);
            int exit = command.execute(arguments);
            command.getOut().flush();
            return exit;
        });
    }

    static CommandRun start(InputStream in, String... arguments) {
        return new CommandRun(in, arguments);
    }

    /** Runs a command to its end. */
    static Outcome run(String... arguments) throws Exception {
        return runWith("", arguments);
    }

    /** Runs a command to its end, with this for its standard input. */
    static Outcome runWith(String in, String... arguments) throws Exception {
        return start(new ByteArrayInputStream(in.getBytes(UTF_8)), arguments).outcome();
    }

    /** Waits for its end. */
    Outcome outcome() throws Exception {
        int exit = code.get(60, TimeUnit.SECONDS);
        return new Outcome(exit, out.toString(UTF_8), err.toString(UTF_8));
    }

    CommandRun awaitOut(String text) {
        await().until(() -> out.toString(UTF_8).contains(text));
        return this;
    }

    CommandRun awaitErr(String text) {
        await().until(() -> err.toString(UTF_8).contains(text));
        return this;
    }
}
