package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files from one process into another, while the router in a third is killed and started again. */
class RouterKilledIT {

    private static final Pattern LISTENING = Pattern.compile("listening on {2}tcp://(127\\.0\\.0\\.1:\\d+) ");

    @TempDir
    private Path dir;

    private CommandProcess router;
    private String address;

    @BeforeEach
    void startRouter() throws Exception {
        startRouter("127.0.0.1:0");
        Matcher matcher = LISTENING.matcher(router.out());
        assertThat(matcher.find()).as(router.out()).isTrue();
        address = matcher.group(1);
    }

    private void startRouter(String listen) throws Exception {
        router = start("run --listen " + listen).awaitOut("Stop it with Ctrl-C");
    }

    @AfterEach
    void stopRouter() {
        router.close();
    }

    private void kill() throws Exception {
        router.signal("KILL");
        assertThat(router.exit()).isEqualTo(137);
    }

    private CommandProcess start(String arguments) throws IOException {
        return CommandProcess.start(dir, Map.of(), CommandProcess.jar(arguments));
    }

    private CommandProcess listen(String arguments) throws IOException {
        return start("listen " + arguments).awaitErr("listening to local/lobby");
    }

    /** Makes a pipe: who reads it waits for somebody who writes. */
    private void fifo(String name) throws Exception {
        assertThat(new ProcessBuilder("mkfifo", dir.resolve(name).toString())
                        .start()
                        .waitFor())
                .isZero();
    }

    private List<String> saved() {
        try (Stream<Path> files = Files.list(dir.resolve("in"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String sha256(String saved) throws IOException {
        return RandomFile.sha256(dir.resolve("in").resolve(saved));
    }

    @Test
    void killedBetweenTwoFilesItCostsNeither() throws Exception {
        String first = RandomFile.write(dir.resolve("a.bin"), 3_000_000);
        String second = RandomFile.write(dir.resolve("later"), 2_000_000);
        fifo("b.bin");
        try (CommandProcess listener = listen("--save in --count 2");
                CommandProcess sender = start("send a.bin b.bin").awaitOut("sent a.bin")) {
            // Routed is not yet received: what the router still holds for the listener dies with it.
            listener.awaitOut("saved as in/a.bin");
            kill();
            sender.awaitErr("the connection was lost");
            startRouter(address);
            sender.awaitErr("the connection is back");
            listener.awaitErr("the connection is back");
            // Until here the sender waits for somebody to write into its second file.
            Files.write(dir.resolve("b.bin"), Files.readAllBytes(dir.resolve("later")));
            assertThat(sender.exit()).as(sender.err()).isZero();
            assertThat(sender.out()).contains("sent b.bin, 2000000 bytes, to 1 recipient");
            assertThat(listener.exit()).as(listener.err()).isZero();
            assertThat(saved()).containsExactly("a.bin", "b.bin");
            assertThat(sha256("a.bin")).isEqualTo(first);
            assertThat(sha256("b.bin")).isEqualTo(second);
        }
    }

    @Test
    void theFileThatWasOnItsWayIsSentAgainWhole() throws Exception {
        RandomFile.write(dir.resolve("a.bin"), 1000);
        String second = RandomFile.write(dir.resolve("b.bin"), 60_000_000);
        try (CommandProcess listener = listen("--save in --count 2")) {
            // Stopped, it makes the sender wait in the middle of the second file.
            listener.signal("STOP");
            try (CommandProcess sender = start("send a.bin b.bin").awaitOut("sent a.bin")) {
                kill();
                listener.signal("CONT");
                sender.awaitErr("the connection was lost");
                assertThat(sender.out()).doesNotContain("b.bin");
                listener.awaitErr("nothing of it was kept");
                startRouter(address);
                assertThat(sender.exit()).as(sender.err()).isZero();
                assertThat(sender.out()).contains("sent b.bin, 60000000 bytes, to 1 recipient");
                assertThat(sender.err().lines())
                        .satisfiesExactly(
                                line -> assertThat(line)
                                        .matches("porthouse: the connection was lost: .* \\(trying for 60 s\\)"),
                                line -> assertThat(line).isEqualTo("porthouse: the connection is back"));
                assertThat(listener.exit()).as(listener.err()).isZero();
                assertThat(saved()).containsExactly("a.bin", "b.bin");
                assertThat(sha256("b.bin")).isEqualTo(second);
            }
        }
    }

    @Test
    void aFileThatReachedNobodyWaitsForThoseWhoReceivedBefore() throws Exception {
        RandomFile.write(dir.resolve("a.bin"), 1000);
        String second = RandomFile.write(dir.resolve("b.bin"), 60_000_000);
        try (CommandProcess listener = listen("--save in")) {
            listener.signal("STOP");
            try (CommandProcess sender = start("send a.bin b.bin").awaitOut("sent a.bin")) {
                kill();
                listener.signal("KILL");
                startRouter(address);
                sender.awaitErr("b.bin reached nobody");
                try (CommandProcess late = listen("--save in --count 1")) {
                    assertThat(sender.exit()).as(sender.err()).isZero();
                    assertThat(sender.out()).contains("sent b.bin, 60000000 bytes, to 1 recipient");
                    assertThat(late.exit()).as(late.err()).isZero();
                    assertThat(sha256("b.bin")).isEqualTo(second);
                }
            }
        }
    }

    @Test
    void whatCannotBeReadAgainIsAFailure() throws Exception {
        fifo("go");
        try (CommandProcess listener = listen("--save in --count 1");
                CommandProcess sender = CommandProcess.start(
                        dir, Map.of(), "{ head -c 3000000 /dev/zero; cat go; } | " + CommandProcess.jar("send -"))) {
            await().until(() -> !saved().isEmpty());
            kill();
            // At once, though its source is silent.
            sender.awaitErr("the connection was lost while standard input was on its way, and that cannot be read a"
                    + " second time; begin again");
            startRouter(address);
            // Lets the pipe end, of which the sender was the last part.
            Files.write(dir.resolve("go"), new byte[1000]);
            assertThat(sender.exit()).isEqualTo(1);
            assertThat(sender.out()).isEmpty();
            listener.awaitErr("the connection is back");
            assertThat(saved()).isEmpty();
        }
    }

    @Test
    @Tag("long")
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void aGigabyteArrivesWholeAllTheSame() throws Exception {
        String first = RandomFile.write(dir.resolve("a.bin"), 1_000_000_000);
        String second = RandomFile.write(dir.resolve("b.bin"), 1_000_000_001);
        try (CommandProcess listener = listen("--save in --count 2");
                CommandProcess sender = start("send a.bin b.bin")) {
            listener.awaitOut("saved as in/a.bin");
            kill();
            startRouter(address);
            assertThat(sender.exit(Duration.ofMinutes(2))).as(sender.err()).isZero();
            assertThat(listener.exit(Duration.ofMinutes(1))).as(listener.err()).isZero();
            assertThat(saved()).containsExactly("a.bin", "b.bin");
            assertThat(sha256("a.bin")).isEqualTo(first);
            assertThat(sha256("b.bin")).isEqualTo(second);
        }
    }
}
