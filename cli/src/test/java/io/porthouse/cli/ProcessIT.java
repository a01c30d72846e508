package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The executable jar, in processes of its own. */
class ProcessIT {

    private static final Pattern LISTENING = Pattern.compile("listening on {2}tcp://(127\\.0\\.0\\.1:\\d+) ");
    private static final String ANY_PORT = "run --listen 127.0.0.1:0";

    @TempDir
    private Path dir;

    private CommandProcess start(String arguments) throws IOException {
        return CommandProcess.start(dir, Map.of(), CommandProcess.jar(arguments));
    }

    private CommandProcess router(String arguments) throws IOException {
        return start(arguments).awaitOut("Stop it with Ctrl-C");
    }

    private static String address(CommandProcess router) {
        Matcher matcher = LISTENING.matcher(router.out());
        assertThat(matcher.find()).as(router.out()).isTrue();
        return matcher.group(1);
    }

    private String mode(String file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve(file)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void aSignalStopsItInOrder(String signal) throws Exception {
        try (CommandProcess router = router(ANY_PORT);
                CommandProcess listener = start("listen --reconnect 0").awaitErr("listening to local/lobby")) {
            router.signal(signal);
            assertThat(router.exit()).isZero();
            assertThat(router.err()).endsWith("stopped\n");
            assertThat(listener.exit()).isEqualTo(3);
            assertThat(listener.err()).contains("3000 going-away");
        }
    }

    @Test
    void theFirstRunLeavesPrivateFilesAndNoSecretInWhatItSays() throws Exception {
        try (CommandProcess router = router(ANY_PORT)) {
            assertThat(mode("porthouse-data")).isEqualTo("rwx------");
            assertThat(mode("porthouse-data/token")).isEqualTo("rw-------");
            assertThat(mode(".porthouse")).isEqualTo("rw-------");
            String secret =
                    Files.readString(dir.resolve("porthouse-data/token")).strip();
            assertThat(Files.readString(dir.resolve(".porthouse")))
                    .contains("address = \"tcp://" + address(router) + "\"\ntoken = \"" + secret
                            + "\"\nadmin = \"http://127.0.0.1:");
            try (CommandProcess list = start("room list --json")) {
                assertThat(list.exit()).as(list.err()).isZero();
            }
            try (CommandProcess pump = start("pump 'grüße ☎'")) {
                assertThat(pump.exit()).isZero();
                assertThat(pump.out()).isEqualTo("local/lobby: sent to 0 recipients\n");
                assertThat(pump.err()).isEmpty();
            }
            assertThat(router.out() + router.err()).doesNotContain(secret);
        }
    }

    @Test
    void theTokenSurvivesARestart() throws Exception {
        try (CommandProcess router = router(ANY_PORT)) {
            router.signal("TERM");
            assertThat(router.exit()).isZero();
        }
        String token = Files.readString(dir.resolve("porthouse-data/token"));
        try (CommandProcess router = router(ANY_PORT);
                CommandProcess pump = start("pump again")) {
            assertThat(pump.exit()).isZero();
            assertThat(Files.readString(dir.resolve("porthouse-data/token"))).isEqualTo(token);
            assertThat(Files.readString(dir.resolve(".porthouse"))).contains(address(router));
        }
    }

    @Test
    void aSecondRouterOnTheSameDataIsOneClearLine() throws Exception {
        try (CommandProcess first = router(ANY_PORT);
                CommandProcess second = start(ANY_PORT)) {
            assertThat(second.exit()).isEqualTo(1);
            assertThat(second.err())
                    .matches("porthouse: another router \\(process \\d+\\) is using the data directory "
                            + Pattern.quote(
                                    dir.toRealPath().resolve("porthouse-data").toString())
                            + "; stop it, or give this one its own with --data\n");
            assertThat(address(first)).isNotEmpty();
        }
    }

    @Test
    void aTakenPortIsOneClearLine() throws Exception {
        try (CommandProcess first = router(ANY_PORT);
                CommandProcess second = start("run --data other --listen " + address(first))) {
            assertThat(second.exit()).isEqualTo(1);
            assertThat(second.err())
                    .isEqualTo("porthouse: " + address(first)
                            + " is in use; stop what listens there, or give another address with --listen\n");
        }
    }

    @Test
    void fewOpenFilesAreOneWarning() throws Exception {
        try (CommandProcess router = CommandProcess.start(
                        dir, Map.of(), "ulimit -n 1024; " + CommandProcess.jar(ANY_PORT))
                .awaitOut("Stop it with Ctrl-C")) {
            assertThat(router.err())
                    .contains("WARN")
                    .contains("ulimit -n 65536")
                    .hasLineCount(1);
        }
    }

    @Test
    void aForeignConnectionFileIsLeftAloneAndTheWayAroundItWorks() throws Exception {
        Path foreign = Files.writeString(dir.resolve(".porthouse"), "address = \"tcp://elsewhere:1\"\n");
        try (CommandProcess router = router(ANY_PORT)) {
            assertThat(Files.readString(foreign)).isEqualTo("address = \"tcp://elsewhere:1\"\n");
            String command = router.out()
                    .lines()
                    .filter(line -> line.contains("PORTHOUSE_TOKEN=") && line.contains(" pump "))
                    .findFirst()
                    .orElseThrow();
            try (CommandProcess pump = CommandProcess.start(dir, Map.of(), command)) {
                assertThat(pump.exit()).as(pump.err()).isZero();
                assertThat(pump.out()).isEqualTo("local/lobby: sent to 0 recipients\n");
            }
        }
    }

    @Test
    void theEnvironmentMayNameTheAddressAndTheOptionIsStronger() throws Exception {
        try (CommandProcess router = CommandProcess.start(
                        dir, Map.of("PORTHOUSE_LISTEN", "nonsense"), CommandProcess.jar("run --listen 127.0.0.1:0"))
                .awaitOut("Stop it with Ctrl-C")) {
            assertThat(address(router)).isNotEmpty();
        }
        try (CommandProcess wrong =
                CommandProcess.start(dir, Map.of("PORTHOUSE_LISTEN", "nonsense"), CommandProcess.jar("run"))) {
            assertThat(wrong.exit()).isEqualTo(2);
            assertThat(wrong.err())
                    .contains("$PORTHOUSE_LISTEN is not an address")
                    .hasLineCount(1);
        }
    }

    @Test
    void jsonLogsAreAllThatIsSaid() throws Exception {
        Path config = Files.writeString(dir.resolve("json.toml"), "[log]\nformat = \"json\"\n");
        try (CommandProcess router = start(ANY_PORT + " --config " + config).awaitErr("listens on ")) {
            router.signal("TERM");
            assertThat(router.exit()).isZero();
            assertThat(router.out()).isEmpty();
            ObjectMapper json = new ObjectMapper();
            for (String line : router.err().lines().toList()) {
                assertThat(json.readTree(line).has("formattedMessage")).isTrue();
            }
        }
    }

    @Test
    void aConfigurationThatIsWrongStopsTheStart() throws Exception {
        Path config = Files.writeString(dir.resolve("bad.toml"), "[limits]\nmaxFrame = 1\n");
        try (CommandProcess router = start("run --config " + config)) {
            assertThat(router.exit()).isEqualTo(2);
            assertThat(router.err())
                    .startsWith("porthouse: " + config + ":2: limits.maxFrame: unknown setting (known here: ")
                    .hasLineCount(1);
            assertThat(dir.resolve("porthouse-data")).doesNotExist();
        }
    }

    @Test
    void withoutAConnectionFileThePlacesSearchedAreNamed() throws Exception {
        try (CommandProcess pump = start("pump x")) {
            assertThat(pump.exit()).isEqualTo(2);
            assertThat(pump.err())
                    .contains("$PORTHOUSE_CONF")
                    .contains(dir.resolve(".porthouse").toString())
                    .hasLineCount(1);
        }
    }

    @Test
    void aMessageThatTheLocaleCannotCarryIsNotSentGarbled() throws Exception {
        try (CommandProcess pump =
                CommandProcess.start(dir, Map.of("LC_ALL", "C"), CommandProcess.jar("pump 'grüße'"))) {
            assertThat(pump.exit()).isEqualTo(2);
            assertThat(pump.err()).contains("set LC_ALL=C.UTF-8").hasLineCount(1);
        }
    }
}
