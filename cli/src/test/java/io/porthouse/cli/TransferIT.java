package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files from one process into another, through a router in a third. */
class TransferIT {

    @TempDir
    private static Path routersDir;

    private static CommandProcess router;

    /** Of each test its own, where commands find the router's connection file in the directory above. */
    private Path dir;

    @BeforeAll
    static void startRouter() throws Exception {
        router = CommandProcess.start(routersDir, Map.of(), CommandProcess.jar("run --listen 127.0.0.1:0"))
                .awaitOut("Stop it with Ctrl-C");
    }

    @BeforeEach
    void makeDirectory() throws IOException {
        dir = Files.createTempDirectory(routersDir, "test");
    }

    @AfterAll
    static void stopRouter() {
        router.close();
    }

    private CommandProcess start(String command) throws IOException {
        return CommandProcess.start(dir, Map.of(), command);
    }

    private CommandProcess listen(String arguments) throws IOException {
        return start(CommandProcess.jar("listen " + arguments)).awaitErr("listening to local/lobby");
    }

    private List<Path> saved() throws IOException {
        try (Stream<Path> files = Files.list(dir.resolve("in"))) {
            return files.sorted().toList();
        }
    }

    private String file(String name, long bytes) throws Exception {
        return RandomFile.write(dir.resolve(name), bytes);
    }

    private void arrivesWhole(long bytes, Duration limit) throws Exception {
        String expected = file("large.bin", bytes);
        try (CommandProcess listener = listen("--save in --count 1");
                CommandProcess sender = start(CommandProcess.jar("send --room lobby large.bin"))) {
            assertThat(sender.exit(limit)).as(sender.err()).isZero();
            assertThat(sender.out())
                    .matches("local/lobby: sent large\\.bin, " + bytes + " bytes, to 1 recipient \\(.*/s\\)\n");
            assertThat(listener.exit(limit)).as(listener.err()).isZero();
            assertThat(listener.out())
                    .matches("local/lobby: \\(envelope large\\.bin, " + bytes
                            + " bytes, checksum right, saved as in/large\\.bin, .*/s\\)\n");
            assertThat(saved()).containsExactly(dir.resolve("in/large.bin"));
            assertThat(RandomFile.sha256(dir.resolve("in/large.bin"))).isEqualTo(expected);
        }
    }

    @Test
    void aLargeFileArrivesWhole() throws Exception {
        arrivesWhole(100_000_000, Duration.ofSeconds(60));
    }

    @Test
    @Tag("long")
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void aGigabyteArrivesWhole() throws Exception {
        arrivesWhole(1_000_000_000, Duration.ofMinutes(2));
    }

    @Test
    void filesAndStandardInputArriveUnderTheirNames() throws Exception {
        file("a.bin", 10);
        file("empty", 0);
        Files.createDirectory(dir.resolve("in"));
        Files.writeString(dir.resolve("in/a.bin"), "mine");
        try (CommandProcess listener = listen("--save in --count 3");
                CommandProcess sender = start("printf hello | " + CommandProcess.jar("send a.bin empty -"))) {
            assertThat(sender.exit()).as(sender.err()).isZero();
            assertThat(sender.out()).hasLineCount(3);
            assertThat(listener.exit()).as(listener.err()).isZero();
            assertThat(saved().stream().map(file -> file.getFileName().toString()))
                    .containsExactly("a-2.bin", "a.bin", "empty", "envelope");
            assertThat(dir.resolve("in/a.bin")).hasContent("mine");
            assertThat(dir.resolve("in/envelope")).hasContent("hello");
        }
    }

    @Test
    void aStreamOfUnknownLengthNeedsLittleMemoryOnBothSides() throws Exception {
        try (CommandProcess listener =
                        start(withLittleMemory("listen --save in --count 1")).awaitErr("listening to local/lobby");
                CommandProcess sender = start("head -c 300000000 /dev/urandom | tee >(sha256sum > sum) | "
                        + withLittleMemory("send --name stream.bin -"))) {
            assertThat(sender.exit()).as(sender.err()).isZero();
            assertThat(sender.out()).contains("sent stream.bin, 300000000 bytes, to 1 recipient");
            assertThat(listener.exit()).as(listener.err()).isZero();
            await().until(() -> Files.size(dir.resolve("sum")) > 0);
            assertThat(RandomFile.sha256(dir.resolve("in/stream.bin")) + "  -\n")
                    .isEqualTo(Files.readString(dir.resolve("sum")));
        }
    }

    private static String withLittleMemory(String arguments) {
        return CommandProcess.jar(arguments).replace(" -jar ", " -Xmx24m -XX:MaxDirectMemorySize=24m -jar ");
    }

    @Test
    void ofAnUnknownLengthATerminalShowsHowMuchAndHowFast() throws Exception {
        String send = CommandProcess.jar("send -").replaceFirst("^exec ", "");
        Files.writeString(dir.resolve("send.sh"), "head -c 50000000 /dev/zero | " + send + "\n");
        try (CommandProcess sender = start("script -qec 'bash send.sh' /dev/null")) {
            assertThat(sender.exit()).isZero();
            assertThat(sender.out()).containsPattern("\rstandard input  [\\d.]+ .?B  [\\d.]+ .?B/s");
            assertThat(sender.out()).contains("local/lobby: sent -, 50000000 bytes, to 0 recipients");
        }
    }

    @Test
    void anInterruptedListenerLeavesNothing() throws Exception {
        try (CommandProcess listener = listen("--save in");
                CommandProcess sender =
                        start("mkfifo endless; head -c 3000000 /dev/zero > endless & " + CommandProcess.jar("send -")
                                // Open for writing too, so that it does not end before the sender does.
                                + " <> endless")) {
            await().until(() -> !saved().isEmpty() && Files.size(saved().get(0)) > 0);
            assertThat(sender.out()).isEmpty();
            listener.signal("INT");
            assertThat(listener.exit()).isEqualTo(130);
            assertThat(saved()).isEmpty();
        }
    }

    @Test
    void ofAnInterruptedSenderNothingIsKept() throws Exception {
        try (CommandProcess listener = listen("--save in --timeout 20 --count 2")) {
            try (CommandProcess sender =
                    start("mkfifo endless; head -c 3000000 /dev/zero > endless & " + CommandProcess.jar("send -")
                            // Open for writing too, so that it does not end before the sender does.
                            + " <> endless")) {
                await().until(() -> !saved().isEmpty() && Files.size(saved().get(0)) > 0);
                assertThat(sender.out()).isEmpty();
            }
            listener.awaitErr("was lost: cancelled; nothing of it was kept, have it sent again");
            assertThat(saved()).isEmpty();
            listener.signal("TERM");
            assertThat(listener.exit()).isEqualTo(143);
        }
    }

    @Test
    void aFileThatCannotBeWrittenIsOneClearLineAndLeavesNothing() throws Exception {
        file("large.bin", 20_000_000);
        try (CommandProcess listener = start("ulimit -f 4096; " + CommandProcess.jar("listen --save in"))
                        .awaitErr("listening to local/lobby");
                CommandProcess sender = start(CommandProcess.jar("send large.bin"))) {
            assertThat(listener.exit()).isEqualTo(1);
            assertThat(listener.err().lines().skip(1)).containsExactly("porthouse: cannot save to in: File too large");
            assertThat(saved()).isEmpty();
            assertThat(sender.exit()).isZero();
        }
    }

    @Test
    void whatCannotBeSentIsToldBeforeAnythingIsSent() throws Exception {
        file("a.bin", 10);
        Files.createDirectory(dir.resolve("archive"));
        try (CommandProcess missing = start(CommandProcess.jar("send a.bin b.bin"));
                CommandProcess directory = start(CommandProcess.jar("send archive"))) {
            assertThat(missing.exit()).isEqualTo(1);
            assertThat(missing.out()).isEmpty();
            assertThat(missing.err()).isEqualTo("porthouse: b.bin: there is no such file; nothing was sent\n");
            assertThat(directory.exit()).isEqualTo(1);
            assertThat(directory.err()).contains("tar c archive |").hasLineCount(1);
        }
    }

    @Test
    void onATerminalABarShowsHowFarItIs() throws Exception {
        file("large.bin", 50_000_000);
        String send = CommandProcess.jar("send large.bin").replaceFirst("^exec ", "");
        Files.writeString(dir.resolve("send.sh"), send + "\n");
        try (CommandProcess sender = start("script -qec 'bash send.sh' /dev/null")) {
            assertThat(sender.exit()).isZero();
            assertThat(sender.out()).containsPattern("\rlarge\\.bin  \\[[#-]{24}\\] +\\d+ %  .* of 50\\.0 MB");
            assertThat(sender.out()).endsWith("/s)\r\n");
        }
    }

    @Test
    void theCompletionScriptCompletes() throws Exception {
        try (CommandProcess bash = start("eval \"$(" + CommandProcess.jar("completion bash") + ")\" && "
                + "COMP_WORDS=(porthouse pu) COMP_CWORD=1 && COMP_LINE='porthouse pu' COMP_POINT=12 && "
                + "_complete_porthouse && echo \"${COMPREPLY[@]}\"")) {
            assertThat(bash.exit()).as(bash.err()).isZero();
            assertThat(bash.out()).isEqualTo("pump\n");
        }
    }
}
