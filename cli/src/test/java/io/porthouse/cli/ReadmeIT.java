package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A new user's session, from the README alone. */
class ReadmeIT {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern SHELL = Pattern.compile("(?ms)^```sh\n(.*?)^```$");

    @TempDir
    private Path dir;

    /** The commands of the first screen, in their order. */
    private static List<String> commands() throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        String firstScreen = readme.substring(0, readme.indexOf("\n## What just happened"));
        List<String> commands = new ArrayList<>();
        for (Matcher block = SHELL.matcher(firstScreen); block.find(); ) {
            block.group(1).lines().forEach(commands::add);
        }
        return commands;
    }

    /** The variables that the README names, for any ports: others may run here. {@code .porthouse} tells the commands. */
    private static final Map<String, String> ANY_PORTS =
            Map.of("PORTHOUSE_LISTEN", "127.0.0.1:0", "PORTHOUSE_ADMIN", "127.0.0.1:0");

    @Test
    void itsCommandsWorkInThreeTerminals() throws Exception {
        List<String> commands = commands();
        assertThat(commands)
                .containsExactly(
                        "bin/porthouse run", "bin/porthouse listen", "bin/porthouse pump \"hello\"", "bin/test");
        assertThat(ROOT.resolve(commands.get(3))).isExecutable();

        Files.createSymbolicLink(dir.resolve("bin"), ROOT.resolve("bin"));
        try (CommandProcess router =
                        CommandProcess.start(dir, ANY_PORTS, commands.get(0)).awaitOut("Stop it with Ctrl-C");
                CommandProcess listener =
                        CommandProcess.start(dir, Map.of(), commands.get(1)).awaitErr("listening to local/lobby");
                CommandProcess pump = CommandProcess.start(dir, Map.of(), commands.get(2))) {
            assertThat(pump.exit()).as(pump.err()).isZero();
            assertThat(pump.out()).isEqualTo("local/lobby: sent to 1 recipient\n");
            listener.awaitOut("local/lobby: hello\n");
            theCommandsThatTheRouterPrintsWorkToo(router);
        }
    }

    private void theCommandsThatTheRouterPrintsWorkToo(CommandProcess router) throws Exception {
        List<String> printed = router.out()
                .lines()
                .filter(line -> line.startsWith("  cd "))
                .map(String::strip)
                .toList();
        assertThat(printed).hasSize(2);
        Path elsewhere = Files.createDirectories(dir.resolve("elsewhere"));
        try (CommandProcess listener = CommandProcess.start(elsewhere, Map.of(), printed.get(0))
                        .awaitErr("listening to local/lobby");
                CommandProcess pump = CommandProcess.start(elsewhere, Map.of(), printed.get(1))) {
            assertThat(pump.exit()).as(pump.err()).isZero();
            assertThat(pump.out()).isEqualTo("local/lobby: sent to 2 recipients\n");
            listener.awaitOut("local/lobby: hello\n");
        }
    }

    @Test
    void itsCommandsForTheShellWork() throws Exception {
        String readme = Files.readString(ROOT.resolve("README.md"));
        String section = readme.substring(readme.indexOf("\n## Use it from the shell"));
        List<String> commands = new ArrayList<>();
        Matcher blocks = SHELL.matcher(section.substring(0, section.indexOf("\n## ", 1)));
        while (blocks.find()) {
            blocks.group(1).lines().forEach(commands::add);
        }
        assertThat(commands).hasSize(6).first().isEqualTo("bin/porthouse listen --save downloads");

        for (String name : List.of("bin", "conf", "README.md")) {
            Files.createSymbolicLink(dir.resolve(name), ROOT.resolve(name));
        }
        try (CommandProcess router = CommandProcess.start(dir, ANY_PORTS, "bin/porthouse run")
                        .awaitOut("Stop it with Ctrl-C");
                CommandProcess listener =
                        CommandProcess.start(dir, Map.of(), commands.get(0)).awaitErr("listening to local/lobby")) {
            for (String command : commands.subList(1, commands.size())) {
                try (CommandProcess process = CommandProcess.start(dir, Map.of(), command)) {
                    assertThat(process.exit()).as(command + process.err()).isZero();
                    assertThat(process.out()).as(command).isNotEmpty();
                    assertThat(process.err()).as(command).isEmpty();
                }
            }
            listener.awaitOut("local/lobby: one\n").awaitOut("local/lobby: two\n");
            listener.awaitOut("saved as downloads/README.md");
            assertThat(dir.resolve("downloads/README.md")).hasSameTextualContentAs(ROOT.resolve("README.md"));
            assertThat(router.err()).doesNotContain("ERROR");
        }
    }

    @Test
    void itsSecondScreenWorks() throws Exception {
        Files.createSymbolicLink(dir.resolve("bin"), ROOT.resolve("bin"));
        try (CommandProcess router = CommandProcess.start(dir, ANY_PORTS, "bin/porthouse run")
                        .awaitOut("Stop it with Ctrl-C");
                Terminal first = new Terminal(dir)) {
            String port = found(router, "tcp://127.0.0.1:(\\d+)");
            String adminPort = found(router, "http://127.0.0.1:(\\d+)");
            List<String> blocks = blocks("\n## Change it live").stream()
                    .map(block -> block.replace(":7070", ":" + port).replace(":7071", ":" + adminPort))
                    .toList();
            assertThat(blocks).hasSize(5);
            assertThat(first.run(blocks.get(0)))
                    .contains("\"room\":\"operator/news\"")
                    .contains("\"secret\":\"ph_");
            try (CommandProcess listener =
                    CommandProcess.start(dir, Map.of(), blocks.get(1)).awaitErr("waiting to be granted one")) {
                assertThat(first.run(blocks.get(2)))
                        .contains("\"live\":{\"sessions\":1,")
                        .contains("{\"sequence\":1,\"recipients\":1}");
                listener.awaitErr("granted operator/news").awaitOut("operator/news: it works\n");
                assertThat(first.run(blocks.get(3))).contains("\"live\":{\"sessions\":1,\"closed\":1,");
                assertThat(listener.exit()).isEqualTo(3);
                assertThat(listener.err()).contains("3500 token-revoked");
            }
            try (CommandProcess again = CommandProcess.start(dir, Map.of(), blocks.get(1))) {
                assertThat(again.exit()).isEqualTo(3);
                assertThat(again.err()).contains("3501 token-unknown");
            }
            assertThat(first.run("bin/porthouse room delete news --admin http://127.0.0.1:" + adminPort))
                    .contains("room news deleted");
            assertThat(first.run(blocks.get(4).replaceAll("\n", " --admin http://127.0.0.1:" + adminPort + "\n")))
                    .contains("room operator/news made", "secret: ph_", "ACCOUNT");
            assertThat(router.err()).doesNotContain("ERROR");
        }
    }

    @Test
    void itsEnvelopesArrive() throws Exception {
        List<String> blocks = blocks("\n## Send things of any size");
        assertThat(blocks).hasSize(2);
        for (String name : List.of("bin", "docs", "README.md")) {
            Files.createSymbolicLink(dir.resolve(name), ROOT.resolve(name));
        }
        try (CommandProcess router = CommandProcess.start(dir, ANY_PORTS, "bin/porthouse run")
                        .awaitOut("Stop it with Ctrl-C");
                CommandProcess listener =
                        CommandProcess.start(dir, Map.of(), blocks.get(0)).awaitErr("listening to local/lobby");
                Terminal second = new Terminal(dir)) {
            assertThat(second.run(blocks.get(1)))
                    .contains("sent README.md, ", "sent porthouse, ", "sent docs.tar, ")
                    .doesNotContain("to 0 recipients");
            listener.awaitOut("saved as downloads/docs.tar");
            assertThat(dir.resolve("downloads/porthouse")).hasSameBinaryContentAs(ROOT.resolve("bin/porthouse"));
            assertThat(second.run("tar t -f downloads/docs.tar")).contains("./ARCHITECTURE.md");
            assertThat(router.err()).doesNotContain("ERROR");
        }
    }

    private static String found(CommandProcess router, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(router.out());
        assertThat(matcher.find()).as("%s in %s", pattern, router.out()).isTrue();
        return matcher.group(1);
    }

    /** The blocks of commands of one section. */
    private static List<String> blocks(String heading) throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        String section = readme.substring(readme.indexOf(heading));
        return SHELL.matcher(section.substring(0, section.indexOf("\n## ", 1)))
                .results()
                .map(block -> block.group(1))
                .toList();
    }

    /** A shell that somebody types into. */
    private static final class Terminal implements AutoCloseable {
        private static final String END = "-- that was all --";

        private final Process shell;
        private final BufferedReader out;

        Terminal(Path directory) throws IOException {
            ProcessBuilder builder =
                    new ProcessBuilder("bash").directory(directory.toFile()).redirectErrorStream(true);
            builder.environment().keySet().removeIf(name -> name.startsWith("PORTHOUSE_"));
            builder.environment().put("HOME", directory.toString());
            shell = builder.start();
            out = shell.inputReader();
        }

        /** Returns what the commands print. */
        String run(String commands) throws IOException {
            Writer in = shell.outputWriter();
            in.write(commands + "\necho; echo '" + END + "'\n");
            in.flush();
            StringBuilder text = new StringBuilder();
            for (String line = out.readLine(); line != null && !line.equals(END); line = out.readLine()) {
                text.append(line).append('\n');
            }
            return text.toString();
        }

        @Override
        public void close() {
            shell.destroyForcibly();
        }
    }
}
