package io.porthouse.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.porthouse.admin.http.AdminSettings;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Grant;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.Overflow;
import io.porthouse.router.RoomRules;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.TokenState;
import io.porthouse.router.Transport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationReaderTest {

    private static Configuration parse(String toml) throws ConfigurationException {
        return ConfigurationReader.parse("test.toml", toml);
    }

    private static List<String> problems(String toml) {
        ConfigurationException wrong = catchThrowableOfType(ConfigurationException.class, () -> parse(toml));
        assertThat(wrong).as("%s", toml).isNotNull();
        return wrong.problems();
    }

    @Test
    void nothingIsTheDefaults() throws ConfigurationException {
        assertThat(parse("")).isEqualTo(Configuration.defaults());
        assertThat(parse("# only a comment\n")).isEqualTo(Configuration.defaults());
    }

    @Test
    void everySettingIsRead() throws ConfigurationException {
        Configuration read = parse("""
                data = "/srv/ph"
                [node]
                name = "n7"
                [listen]
                tcp = "127.0.0.1:1234"
                [admin]
                listen = "127.0.0.1:1235"
                allowedHosts = ["admin.example.org"]
                signUp = "closed"
                secureCookies = true
                connections = 9
                importBytes = "1 MiB"
                sessionIdleMinutes = 5
                sessionLifetimeMinutes = 50
                [router]
                transport = "nio"
                loops = 3
                heartbeatSeconds = 9
                [store]
                url = "jdbc:postgresql://db/porthouse"
                user = "ph"
                passwordFile = "/run/password"
                connections = 20
                [limits]
                maxFrameBytes = "64 KiB"
                maxOpenEnvelopes = 5
                roomsPerSession = 6
                handshakes = 7
                inboxBytes = "1 MiB"
                outboxBytes = 131072
                waitBytesPerSecond = "8 KiB"
                [memory]
                limit = "1 GiB"
                [rules]
                maxMessageBytes = 100
                maxEnvelopeBytes = -1
                maxMembers = 8
                messagesPerSecond = 9
                text = true
                public = true
                overflow = "disconnect"
                envelopeOverflow = "drop"
                [log]
                format = "json"
                level = "warn"
                [log.levels]
                "io.porthouse.router" = "debug"
                io.netty = "error"
                """);
        RoomRules rules = new RoomRules(100, -1, 8, 9, true, true, Overflow.DISCONNECT, Overflow.DROP);
        assertThat(read)
                .isEqualTo(new Configuration(
                        Path.of("/srv/ph"),
                        "n7",
                        HostPort.parse("127.0.0.1:1234").orElseThrow(),
                        new AdminSettings(
                                HostPort.parse("127.0.0.1:1235").orElseThrow(),
                                Set.of("admin.example.org"),
                                AdminSettings.SignUp.CLOSED,
                                true,
                                new AdminSettings.Limits(9, 8 << 10, 64 << 10, 1 << 20, 4),
                                new AdminSettings.Times(
                                        Duration.ofSeconds(30),
                                        Duration.ofSeconds(10),
                                        Duration.ofSeconds(30),
                                        Duration.ofMinutes(5),
                                        Duration.ofMinutes(50))),
                        new ConfiguredStore("jdbc:postgresql://db/porthouse", "ph", Path.of("/run/password"), 20),
                        Transport.NIO,
                        3,
                        Duration.ofSeconds(9),
                        new RouterSettings.Limits(64 << 10, 5, 6, 7, 1 << 20, 128 << 10, 8 << 10, 1 << 30),
                        1 << 30,
                        new RulesTable(rules, List.of()),
                        List.of(),
                        new LogSettings(
                                LogSettings.Format.JSON,
                                LogSettings.Level.WARN,
                                Map.of(
                                        "io.porthouse.router",
                                        LogSettings.Level.DEBUG,
                                        "io.netty",
                                        LogSettings.Level.ERROR))));
        assertThat(read.routerSettings().loops()).isEqualTo(3);
        assertThat(read.routerSettings().transport()).isEqualTo(Transport.NIO);
    }

    @Test
    void tokensAreRead() throws ConfigurationException {
        String first = "bench-token-0123456789";
        String second = "second-token-0123456789";
        List<Configuration.ConfiguredToken> tokens = parse("""
                        [[tokens]]
                        secret  = "bench-token-0123456789"
                        account = "bench"
                        maxConnections = 100000
                        grants  = [ { room = "r*", may = ["read", "write"] },
                                    { room = "lobby", may = ["write"] },
                                    { room = "other/x", may = ["read"], autoJoin = false } ]
                        [[tokens]]
                        secret = "second-token-0123456789"
                        account = "b"
                        name = "my-token"
                        expiresAt = 2030-01-01T00:00:00+02:00
                        """).tokens();
        String hash = MemoryTokenSource.secretHash(first);
        assertThat(tokens)
                .containsExactly(
                        new Configuration.ConfiguredToken(
                                hash,
                                new TokenState(
                                        hash.substring(0, 12),
                                        "bench",
                                        List.of(
                                                new Grant("bench", "r", true, Set.of(Right.READ, Right.WRITE), false),
                                                new Grant("bench", "lobby", false, Set.of(Right.WRITE), true),
                                                new Grant("other", "x", false, Set.of(Right.READ), false)),
                                        100_000,
                                        null,
                                        false)),
                        new Configuration.ConfiguredToken(
                                MemoryTokenSource.secretHash(second),
                                new TokenState(
                                        "my-token",
                                        "b",
                                        List.of(),
                                        100,
                                        Instant.parse("2029-12-31T22:00:00Z"),
                                        false)));
    }

    @Test
    void theMostSpecificRulesCountAndFallBackToTheDefaults() throws ConfigurationException {
        RulesTable rules = parse("""
                        [rules]
                        maxMembers = 10
                        messagesPerSecond = 1
                        [[rooms]]
                        account = "a"
                        name = "*"
                        maxMembers = 20
                        [[rooms]]
                        account = "a"
                        name = "sensors-*"
                        maxMembers = 30
                        [[rooms]]
                        account = "a"
                        name = "sensors-1"
                        messagesPerSecond = 5
                        """).rules();
        assertThat(rules.of(new RoomName("b", "x")).maxMembers()).isEqualTo(10);
        assertThat(rules.of(new RoomName("a", "x")).maxMembers()).isEqualTo(20);
        assertThat(rules.of(new RoomName("a", "sensors-22")).maxMembers()).isEqualTo(30);
        RoomRules exact = rules.of(new RoomName("a", "sensors-1"));
        // Not the wider entry's: what an entry does not say is as in [rules].
        assertThat(exact.maxMembers()).isEqualTo(10);
        assertThat(exact.messagesPerSecond()).isEqualTo(5);
    }

    @Test
    void messagesFillTheFrameUnlessTheRulesSayOtherwise() throws ConfigurationException {
        assertThat(parse("[limits]\nmaxFrameBytes = 65536").rules().byDefault().maxMessageBytes())
                .isEqualTo(65536 - 24);
    }

    @Test
    void adminMayBeOff() throws ConfigurationException {
        assertThat(parse("[admin]\nlisten = \"off\"").admin()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"0,0", "1048576,1048576", "'\"1 MiB\"',1048576", "'\"2GiB\"',2147483648", "'\"1048576 B\"',1048576"})
    void sizesAreNumbersOrText(String text, long bytes) throws ConfigurationException {
        assertThat(parse("[memory]\nlimit = " + text).memoryLimit()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            [limits]; maxFrameByte = 1            | test.toml:2: limits.maxFrameByte: unknown setting (known here: handshakes, inboxBytes, maxFrameBytes, maxOpenEnvelopes, outboxBytes, roomsPerSession, waitBytesPerSecond)
            dta = "x"                             | test.toml:1: dta: unknown setting (known here: admin, data, limits, listen, log, memory, node, rooms, router, rules, store, tokens)
            data = 5                              | test.toml:1: data: is not a text (write it in quotes)
            data = ""                             | test.toml:1: data: is not a path (the name of a directory)
            listen = "x"                          | test.toml:1: listen: is not a table (write [listen])
            [listen]; tcp = "nowhere"             | test.toml:2: listen.tcp: is not an address (host:port, such as "127.0.0.1:7070"; port 0 takes a free one)
            [listen]; tcp = "a:99999"             | test.toml:2: listen.tcp: is not an address (host:port, such as "127.0.0.1:7070"; port 0 takes a free one)
            [listen]; tcp = "no.such.invalid:1"   | test.toml:2: listen.tcp: no machine is known by the name no.such.invalid
            [admin]; listen = "on"                | test.toml:2: admin.listen: is not an address (host:port, such as "127.0.0.1:7070"; port 0 takes a free one)
            [store]; url = "jdbc:mysql://db/x"    | test.toml:2: store.url: is not a JDBC URL of PostgreSQL (jdbc:postgresql://host/database)
            [store]; user = "ph"                  | test.toml:1: store.url: is missing, and without it there is nobody to sign in to (leave out user and passwordFile)
            [store]; connections = 2              | test.toml:2: store.connections: is out of range (10 to 1000)
            [node]; name = " "                    | test.toml:2: node.name: is not a name (1 to 64 characters)
            [router]; transport = "fast"          | test.toml:2: router.transport: there is no "fast" ("auto", "epoll", "io_uring", "nio")
            [router];; loops = 2000               | test.toml:3: router.loops: is out of range (0 to 1024)
            [router]; loops = "2"                 | test.toml:2: router.loops: is not a number (a whole number)
            [router]; loops = 1.5                 | test.toml:2: router.loops: is not a number (a whole number)
            [router]; heartbeatSeconds = 0        | test.toml:2: router.heartbeatSeconds: is out of range (1 to 3600)
            [limits]; maxFrameBytes = "17 MiB"    | test.toml:2: limits.maxFrameBytes: is out of range (16384 to 16777216)
            [limits]; outboxBytes = "many"        | test.toml:2: limits.outboxBytes: is not a size (bytes, or text like "16 MiB", with B, KiB, MiB, GiB or TiB)
            [limits]; outboxBytes = "16 MB"       | test.toml:2: limits.outboxBytes: is not a size (bytes, or text like "16 MiB", with B, KiB, MiB, GiB or TiB)
            [limits]; inboxBytes = 1              | test.toml:2: limits.inboxBytes: is out of range (at least 65536)
            [limits]; inboxBytes = true           | test.toml:2: limits.inboxBytes: is not a number (bytes, or text like "16 MiB")
            [memory]; limit = 5                   | test.toml:2: memory.limit: is out of range (0 for half of the direct memory, or at least 1 MiB)
            [memory]; limit = 99999999999999999999 | test.toml:2: memory.limit: is out of range (at least 0)
            [rules]; overflow = "lose"            | test.toml:2: rules.overflow: there is no "lose" ("drop", "disconnect", "wait")
            [rules]; envelopeOverflow = 1         | test.toml:2: rules.envelopeOverflow: is not a text (write it in quotes)
            [rules]; text = "yes"                 | test.toml:2: rules.text: is not a truth value (true or false)
            [rules]; maxMessageBytes = "2 MiB"    | test.toml:2: rules.maxMessageBytes: is out of range (0 to 2097128)
            [rules]; maxEnvelopeBytes = -2        | test.toml:2: rules.maxEnvelopeBytes: is out of range (at least -1)
            [rules]; maxMembers = 0               | test.toml:2: rules.maxMembers: is out of range (at least 1)
            [log]; level = "loud"                 | test.toml:2: log.level: there is no "loud" ("trace", "debug", "info", "warn", "error")
            [log]; format = "xml"                 | test.toml:2: log.format: there is no "xml" ("text", "json")
            [log.levels];; "a.b" = "loud"         | test.toml:3: log.levels.a.b: there is no level "loud" (trace, debug, info, warn, error)
            [log.levels]; a.b = 3                 | test.toml:2: log.levels.a.b: there is no level "3" (trace, debug, info, warn, error)
            rooms = 3                             | test.toml:1: rooms: is not a list of tables (write [[rooms]], or [ { … }, { … } ] inside a table)
            rooms = [1, 2]                        | test.toml:1: rooms: is not a list of tables (write [[rooms]], or [ { … }, { … } ] inside a table)
            a = "x                                | test.toml:1: is not TOML: Newline not permitted here
            [node];name = "x";;name = "y";# and so on;; | test.toml:4: node.name: is set a second time (once is allowed)
            [node];name = "x";[log];[node]        | test.toml:4: is not TOML: Table redefined
            """)
    void whatIsWrongStopsTheStartWithItsLine(String toml, String problem) {
        assertThat(problems(toml.replace(';', '\n') + "\n")).containsExactly(problem);
    }

    private static final String TOKEN = "[[tokens]]\nsecret = \"secret-0123456789\"\naccount = \"a\"\n";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            secrets = 1                                     | 4: tokens[0].secrets: unknown setting (known here: account, expiresAt, grants, maxConnections, name, secret)
            name = "no spaces"                              | 4: tokens[0].name: is not a name (1 to 64 of A-Z a-z 0-9 . _ -)
            maxConnections = -1                             | 4: tokens[0].maxConnections: is out of range (at least 0)
            expiresAt = "soon"                              | 4: tokens[0].expiresAt: is not a time with its offset (such as 2027-01-31T12:00:00Z)
            expiresAt = 2030-01-01                          | 4: tokens[0].expiresAt: is not a time with its offset (such as 2027-01-31T12:00:00Z)
            grants = "all"                                  | 4: tokens[0].grants: is not a list of tables (write [[tokens[0].grants]], or [ { … }, { … } ] inside a table)
            grants = [ { room = "no/such/room", may = ["read"] } ] | 4: tokens[0].grants[0].room: is missing or not a room (name or account/name, each 1 to 64 of A-Z a-z 0-9 . _ -; a * at the end)
            grants = [ { room = "a*b", may = ["read"] } ]   | 4: tokens[0].grants[0].room: is missing or not a room (name or account/name, each 1 to 64 of A-Z a-z 0-9 . _ -; a * at the end)
            grants = [ { may = ["read"] } ]                 | 4: tokens[0].grants[0].room: is missing or not a room (name or account/name, each 1 to 64 of A-Z a-z 0-9 . _ -; a * at the end)
            grants = [ { room = "x" } ]                     | 4: tokens[0].grants[0].may: says nothing (["read"], ["write"] or ["read", "write"])
            grants = [;;{ room = "x*", may = ["read"], autoJoin = true } ] | 6: tokens[0].grants[0].autoJoin: a room with * cannot be joined by itself (leave it out, or false)
            grants = [;{ room = "x", may = ["read"] },;{ room = "y", may = ["read"], join = 1 } ] | 6: tokens[0].grants[1].join: unknown setting (known here: autoJoin, may, room)
            """)
    void aWrongTokenIsFoundInItsLine(String settings, String problem) {
        assertThat(problems(TOKEN + settings.replace(';', '\n') + "\n")).containsExactly("test.toml:" + problem);
    }

    @Test
    void unknownRightsAreRefused() {
        assertThat(problems(TOKEN + "grants = [ { room = \"x\", may = [\"read\", \"admin\"] } ]"))
                .containsExactly(
                        "test.toml:4: tokens[0].grants[0].may: must be a list ([\"read\"], [\"write\"] or [\"read\", \"write\"])");
    }

    @Test
    void aTokenNeedsSecretAndAccount() {
        assertThat(problems("[node]\nname = \"n\"\n\n[[tokens]]\nname = \"x\"\n"))
                .containsExactly(
                        "test.toml:4: tokens[0].secret: is missing or not a secret (16 to 128 of A-Z a-z 0-9 . _ ~ -)",
                        "test.toml:4: tokens[0].account: is missing or not a name (1 to 64 of A-Z a-z 0-9 . _ -)");
    }

    @Test
    void secretsAreNeverRepeated() {
        String secret = "bad secret with spaces";
        assertThat(problems("[[tokens]]\nsecret = \"" + secret + "\"\naccount = \"a\"\n"))
                .hasSize(1)
                .allSatisfy(problem -> assertThat(problem).doesNotContain(secret));
    }

    @Test
    void eachTokenNeedsItsOwnSecretAndName() {
        assertThat(problems(TOKEN + "\n" + TOKEN))
                .containsExactly(
                        "test.toml:6: tokens[1].secret: another token above has the same secret (each needs its own)");
        assertThat(problems(TOKEN + "name = \"x\"\n" + TOKEN.replace("0123", "4567") + "name = \"x\"\n"))
                .containsExactly(
                        "test.toml:8: tokens[1].name: another token above has the same name (each needs its own)");
    }

    @Test
    void roomsNeedAPatternOfTheirOwn() {
        assertThat(problems("[[rooms]]\naccount = \"a\"\nname = \"x y\"\n"))
                .containsExactly(
                        "test.toml:3: rooms[0].name: is missing or not a room's name (1 to 64 of A-Z a-z 0-9 . _ -; a * at the end)");
        assertThat(problems("[[rooms]]\nname = \"x\"\n"))
                .containsExactly(
                        "test.toml:1: rooms[0].account: is missing or not a name (1 to 64 of A-Z a-z 0-9 . _ -)");
        String entry = "[[rooms]]\naccount = \"a\"\nname = \"x*\"\n";
        assertThat(problems(entry + entry))
                .containsExactly("test.toml:6: rooms[1].name: there are rules for a/x* above (one entry for each)");
    }

    @Test
    void allProblemsAreToldInTheOrderOfTheFile() {
        assertThat(problems("[rules]\nmaxMembers = 0\n[node]\nnme = \"x\"\n[router]\nloops = -1\n"))
                .satisfiesExactly(
                        first -> assertThat(first).startsWith("test.toml:2: rules.maxMembers:"),
                        second -> assertThat(second).startsWith("test.toml:4: node.nme:"),
                        third -> assertThat(third).startsWith("test.toml:6: router.loops:"));
    }

    @Test
    void aFileThatCannotBeReadIsOneClearLine(@TempDir Path dir) throws Exception {
        Path missing = dir.resolve("missing.toml");
        assertThatThrownBy(() -> ConfigurationReader.read(missing))
                .hasMessage(missing + ": there is no such file; correct --config, or leave it out for the defaults");
        Path binary = Files.write(dir.resolve("binary"), new byte[] {(byte) 0xFF, (byte) 0xFE});
        assertThatThrownBy(() -> ConfigurationReader.read(binary)).hasMessage(binary + ": is not UTF-8 text");
        assertThatThrownBy(() -> ConfigurationReader.read(dir)).hasMessageContaining(dir + ": cannot be read");
    }
}
