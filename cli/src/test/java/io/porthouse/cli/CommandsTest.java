package io.porthouse.cli;

import static io.porthouse.cli.CommandRun.run;
import static io.porthouse.cli.CommandRun.runWith;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.porthouse.cli.CommandRun.Outcome;
import io.porthouse.cli.config.Configuration;
import io.porthouse.cli.config.ConfigurationReader;
import io.porthouse.cli.run.Node;
import io.porthouse.client.Connection;
import io.porthouse.client.Porthouse;
import io.porthouse.protocol.Envelope;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands in this process, against a real router. */
class CommandsTest {

    private static final String ONE_ROOM = "one-room-0123456789";
    private static final String TWO_ROOMS = "two-rooms-0123456789";

    @TempDir
    private Path dir;

    @TempDir
    private static Path data;

    private static Node node;

    @BeforeAll
    static void start() throws Exception {
        Configuration configuration = ConfigurationReader.parse("test.toml", """
                [listen]
                tcp = "127.0.0.1:0"
                [[tokens]]
                secret = "one-room-0123456789"
                account = "acme"
                grants = [ { room = "lobby", may = ["read", "write"] } ]
                [[tokens]]
                secret = "two-rooms-0123456789"
                account = "acme"
                grants = [ { room = "a", may = ["read", "write"] }, { room = "b", may = ["read", "write"] },
                           { room = "r*", may = ["read"] } ]
                """);
        node = Node.start(configuration.withData(data).withAdmin(null));
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    private static String url(String token) {
        return node.url().replace("tcp://", "tcp://" + token + "@");
    }

    @Test
    void pumpIntoAnEmptyRoomSucceedsAndSaysSo() throws Exception {
        assertThat(run("pump", "--connect", url(ONE_ROOM), "hello"))
                .isEqualTo(new Outcome(0, "acme/lobby: sent to 0 recipients\n", ""));
    }

    @Test
    void listenShowsWhatPumpSends() throws Exception {
        CommandRun listening = listen("--connect", url(ONE_ROOM), "--count", "3");
        assertThat(run("pump", "--connect", url(ONE_ROOM), "hello").out())
                .isEqualTo("acme/lobby: sent to 1 recipient\n");
        run("pump", "--connect", node.url(), "--token", ONE_ROOM, "--room", "acme/lobby", "evil \u001b[31m\nred");
        try (Connection connection = Porthouse.connect(url(ONE_ROOM))) {
            connection
                    .send("lobby", Envelope.of(new byte[100_000]).withName("a\u0007.bin"))
                    .join();
        }
        Outcome outcome = listening.outcome();
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out()).isEqualTo("""
                        acme/lobby: hello
                        acme/lobby: evil \\x1b[31m\\nred
                        acme/lobby: (envelope a\\x07.bin, 100000 bytes, checksum right)
                        """);
        assertThat(outcome.err()).contains("porthouse: listening to acme/lobby");
    }

    @Test
    void listenTakesTheRoomsThatAreNamed() throws Exception {
        CommandRun listening = listen("--connect", url(TWO_ROOMS), "b", "r7", "--count", "1");
        run("pump", "--connect", url(TWO_ROOMS), "--room", "a", "not heard");
        run("pump", "--connect", url(TWO_ROOMS), "--room", "b", "heard");
        assertThat(listening.outcome().out()).isEqualTo("acme/b: heard\n");
    }

    @Test
    void listenEndsInTime() throws Exception {
        Outcome enough = run("listen", "--connect", url(ONE_ROOM), "--timeout", "0.2");
        assertThat(enough.code()).isZero();
        Outcome missing = run("listen", "--connect", url(ONE_ROOM), "--timeout", "0.2", "--count", "2");
        assertThat(missing.code()).isEqualTo(1);
        assertThat(missing.err()).contains("porthouse: only 0 of 2 came within 0.2 s");
    }

    @Test
    void listenEndsWithTheRouterIfItIsNotToWait() throws Exception {
        CommandRun listening = listen("--connect", url(ONE_ROOM), "--reconnect", "0");
        node.close();
        Outcome outcome = listening.outcome();
        assertThat(outcome.code()).isEqualTo(3);
        assertThat(outcome.err()).contains("3000 going-away");
        start();
    }

    @Test
    void listenEndsWhenTheRouterStaysAway() throws Exception {
        CommandRun listening = listen("--connect", url(ONE_ROOM), "--reconnect", "1");
        node.close();
        Outcome outcome = listening.outcome();
        assertThat(outcome.code()).isEqualTo(3);
        assertThat(outcome.err().lines().skip(1))
                .satisfiesExactly(
                        line -> assertThat(line)
                                .startsWith("porthouse: the connection was lost: the router ended the connection: 3000")
                                .endsWith("(trying for 1 s)"),
                        line -> assertThat(line)
                                .startsWith(
                                        "porthouse: the connection did not come back within 1 s: the router ended"));
        start();
    }

    @Test
    void aRefusalIsPrintedWithItsCode() throws Exception {
        Outcome token = run("pump", "--connect", url("wrong-token-0123456789"), "x");
        assertThat(token.code()).isEqualTo(3);
        assertThat(token.err())
                .startsWith("porthouse: the router ended the connection: 3501 token-unknown")
                .hasLineCount(1);
        Outcome room = run("listen", "--connect", url(ONE_ROOM), "elsewhere");
        assertThat(room.code()).isEqualTo(3);
        assertThat(room.err())
                .startsWith("porthouse: the router refused it: 102 ")
                .hasLineCount(1);
        Outcome write = run("pump", "--connect", url(TWO_ROOMS), "--room", "r1", "x");
        assertThat(write.code()).isEqualTo(3);
        assertThat(write.err()).contains("110").hasLineCount(1);
    }

    @Test
    void withoutADefaultRoomTheRoomsAreNamed() throws Exception {
        Outcome outcome = run("pump", "--connect", url(TWO_ROOMS), "x");
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err())
                .contains("no default room")
                .contains("acme/a, acme/b")
                .hasLineCount(1);
    }

    @Test
    void nobodyThereIsAFailureInOneLine() throws Exception {
        String url = url(ONE_ROOM);
        node.close();
        Outcome outcome = run("pump", "--connect", url, "x");
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err())
                .contains("cannot reach a router at " + node.url())
                .doesNotContain(ONE_ROOM)
                .hasLineCount(1);
        Outcome verbose = run("pump", "--verbose", "--connect", url, "x");
        assertThat(verbose.err()).contains("at io.porthouse.client");
        start();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            pump                            | Missing required parameter: 'MESSAGE'; see porthouse pump --help
            pump --whole text               | --whole is for standard input: pump --whole -; see porthouse pump --help
            send                            | Missing required parameter: 'FILE'; see porthouse send --help
            send - -                        | - can be sent once; see porthouse send --help
            send --name x a b               | --name is for a single FILE; see porthouse send --help
            listen --json --raw             | Error: --json, --raw are mutually exclusive (specify only one); see porthouse listen --help
            config                          | no command given; see porthouse config --help
            config check /no/such.toml      | /no/such.toml: there is no such file; check its name
            completion fish                 | Invalid value for positional parameter at index 0 (SHELL): expected one of [bash, zsh] (case-sensitive) but was 'fish'; see porthouse completion --help
            pump a b                        | Unmatched argument at index 2: 'b'; see porthouse pump --help
            jump                            | Unmatched argument at index 0: 'jump'; see porthouse --help
            listen --count 0                | --count must be at least 1; see porthouse listen --help
            listen --count x                | Invalid value for option '--count': 'x' is not a long; see porthouse listen --help
            listen --timeout 0              | --timeout must be more than 0, and up to a year; see porthouse listen --help
            listen --reconnect -1           | --reconnect must be 0 seconds or more, up to a year; see porthouse listen --help
            run --listen nowhere            | --listen is not an address (host:port, such as "127.0.0.1:7070"; port 0 takes a free one); see porthouse run --help
            run --admin everywhere          | --admin is not an address (host:port, such as "127.0.0.1:7070"; port 0 takes a free one); see porthouse run --help
            pump --connect http://h x       | that is not a router's address; write tcp://host:port or tcp://token@host:port
            run --config /no/such.toml      | /no/such.toml: there is no such file; correct --config, or leave it out for the defaults
            """)
    void wrongUsageIsOneLineAndCodeTwo(String arguments, String message) throws Exception {
        Outcome outcome = run(arguments.split(" +"));
        assertThat(outcome).isEqualTo(new Outcome(2, "", "porthouse: " + message + "\n"));
    }

    @Test
    void aWrongConfigurationIsToldLineByLine() throws Exception {
        Path config = Files.writeString(dir.resolve("bad.toml"), "[rules]\nmaxMember = 1\n[node]\nname = 1\n");
        Outcome outcome = run("run", "--config", config.toString());
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err().lines())
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("porthouse: " + config + ":2: rules.maxMember: unknown"),
                        line -> assertThat(line).startsWith("porthouse: " + config + ":4: node.name: is not a text"));
    }

    @Test
    void pumpSendsEachLineOfStandardInput() throws Exception {
        CommandRun listening = listen("--connect", url(ONE_ROOM), "--count", "4", "--raw");
        assertThat(runWith("one\ntwo\r\n\nthree", "pump", "--connect", url(ONE_ROOM), "-"))
                .isEqualTo(new Outcome(0, "acme/lobby: 4 messages sent, the last to 1 recipient\n", ""));
        assertThat(listening.outcome().out()).isEqualTo("one\ntwo\n\nthree\n");
    }

    @Test
    void pumpOfNothingSaysSo() throws Exception {
        assertThat(runWith("", "pump", "--connect", url(ONE_ROOM), "-"))
                .isEqualTo(new Outcome(0, "", "porthouse: standard input was empty; nothing was sent\n"));
    }

    @Test
    void pumpSendsAllOfStandardInputAsOne() throws Exception {
        CommandRun listening = listen("--connect", url(ONE_ROOM), "--count", "1");
        assertThat(runWith("one\ntwo\n", "pump", "--connect", url(ONE_ROOM), "--whole", "-")
                        .out())
                .isEqualTo("acme/lobby: sent to 1 recipient\n");
        assertThat(listening.outcome().out()).isEqualTo("acme/lobby: one\\ntwo\\n\n");
    }

    @Test
    void theLineThatIsRefusedIsNamed() throws Exception {
        String large = "x".repeat(20_000_000);
        Outcome outcome = runWith("fine\n" + large + "\n", "pump", "--connect", url(ONE_ROOM), "-");
        assertThat(outcome.err()).startsWith("porthouse: line 2").hasLineCount(1);
        assertThat(outcome.code()).isNotZero();
        Outcome write = runWith("a\nb\n", "pump", "--connect", url(TWO_ROOMS), "--room", "r1", "-");
        assertThat(write.code()).isEqualTo(3);
        assertThat(write.err()).contains("line 1: the router refused it: 110").hasLineCount(1);
    }

    @Test
    void jsonIsAnObjectALineWhateverWasSent() throws Exception {
        CommandRun listening = listen("--connect", url(ONE_ROOM), "--count", "3", "--json");
        try (Connection connection = Porthouse.connect(url(ONE_ROOM))) {
            connection.send("lobby", "gr\u00fc\u00dfe \u001b[31m\n\u202e").join();
            connection.send("lobby", new byte[] {(byte) 0xFF, 0}).join();
            connection.send("lobby", Envelope.of(new byte[10]).withName("a\"b")).join();
        }
        List<String> lines = listening.outcome().out().lines().toList();
        assertThat(lines).hasSize(3).allMatch(line -> line.chars().allMatch(c -> c >= ' ' && c < 0x7F));
        ObjectMapper json = new ObjectMapper();
        assertThat(json.readTree(lines.get(0)).get("text").asText()).isEqualTo("gr\u00fc\u00dfe \u001b[31m\n\u202e");
        assertThat(json.readTree(lines.get(0)).get("sequence").asLong()).isEqualTo(1);
        assertThat(json.readTree(lines.get(1)).get("base64").binaryValue()).containsExactly(0xFF, 0);
        assertThat(json.readTree(lines.get(2)).get("bytes").asLong()).isEqualTo(10);
        assertThat(json.readTree(json.readTree(lines.get(2)).get("metadata").asText())
                        .get("name")
                        .asText())
                .isEqualTo("a\"b");
    }

    @Test
    void statusSaysWhoAndWhere() throws Exception {
        Outcome outcome = run("status", "--connect", url(TWO_ROOMS));
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out().lines())
                .satisfiesExactly(
                        line -> assertThat(line).matches("connected  in [0-9.]+ ms"),
                        line -> assertThat(line).matches("node       .+"),
                        line -> assertThat(line).isEqualTo("account    acme"),
                        line -> assertThat(line).matches("token      .+"),
                        line -> assertThat(line).matches("session    .+"),
                        line -> assertThat(line).matches("round trip [0-9.]+ ms"),
                        line -> assertThat(line).isEqualTo("room       acme/a (read, write)"),
                        line -> assertThat(line).isEqualTo("room       acme/b (read, write)"));
        assertThat(run("status", "--connect", url("wrong-token-0123456789")).code())
                .isEqualTo(3);
    }

    @Test
    void aRightConfigurationIsToldToBe() throws Exception {
        Path config = Files.writeString(dir.resolve("good.toml"), "[listen]\ntcp = \"127.0.0.1:7171\"\n");
        assertThat(run("config", "check", config.toString()))
                .isEqualTo(new Outcome(0, config + ": right; listens on 127.0.0.1:7171, knows 0 tokens\n", ""));
        Path bad = Files.writeString(dir.resolve("bad.toml"), "[node]\nname = 1\nnam = 2\n");
        Outcome outcome = run("config", "check", bad.toString());
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).hasLineCount(2);
        assertThat(run(
                                "config",
                                "check",
                                Path.of("..", "conf", "production.toml").toString())
                        .err())
                .isEmpty();
    }

    @Test
    void theVersionIsTold() throws Exception {
        for (String[] arguments : List.of(new String[] {"version"}, new String[] {"--version"})) {
            assertThat(run(arguments).out()).startsWith("porthouse ").hasLineCount(1);
        }
    }

    @Test
    void helpNamesEveryCommandAndWarnsOfTokensOnTheCommandLine() throws Exception {
        assertThat(run("--help").out()).contains("run", "listen", "pump", "version", "Exit codes");
        assertThat(run("pump", "--help").out().replaceAll("\\s+", " "))
                .contains("Other users of this machine can see it on the command line");
    }

    /** Starts to listen, and waits until the router has all of its rooms. */
    private CommandRun listen(String... arguments) {
        String[] all = new String[arguments.length + 1];
        all[0] = "listen";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return CommandRun.start(InputStream.nullInputStream(), all).awaitErr("listening to");
    }
}
