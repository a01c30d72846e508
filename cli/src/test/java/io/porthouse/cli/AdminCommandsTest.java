package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.porthouse.cli.CommandRun.Outcome;
import io.porthouse.cli.config.Configuration;
import io.porthouse.cli.config.ConfigurationReader;
import io.porthouse.cli.run.Node;
import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.ConnectionEvents;
import io.porthouse.client.Porthouse;
import io.porthouse.client.PorthouseException;
import io.porthouse.client.RoomGrant;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands that ask the API, against a real router. */
class AdminCommandsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @TempDir
    private static Path data;

    private static Node node;

    @TempDir
    private Path dir;

    @BeforeAll
    static void start() throws Exception {
        node = Node.start(start(data));
    }

    private static Configuration start(Path data) {
        return Configuration.defaults().withData(data).withListen(ANY_PORT).withAdmin(ANY_PORT);
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    /** Runs a command as the operator. */
    private static Outcome admin(String... arguments) throws Exception {
        return admin(node, data.resolve("operator-key"), arguments);
    }

    private static Outcome admin(Node node, Path key, String... arguments) throws Exception {
        String url = node.adminUrl().orElseThrow();
        return CommandRun.run(
                Stream.concat(Stream.of(arguments), Stream.of("--admin", url, "--key-file", key.toString()))
                        .toArray(String[]::new));
    }

    /** Runs a command that must work; returns its output. */
    private static String done(String... arguments) throws Exception {
        Outcome outcome = admin(arguments);
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
        return outcome.out();
    }

    private static JsonNode json(String... arguments) throws Exception {
        String[] all = Stream.concat(Stream.of(arguments), Stream.of("--json")).toArray(String[]::new);
        return JSON.readTree(done(all));
    }

    private static String field(String output, String name) {
        return output.lines()
                .filter(line -> line.startsWith(name + ": "))
                .map(line -> line.substring(name.length() + 2))
                .findFirst()
                .orElseThrow();
    }

    /** What happens to a connection. */
    private static final class Journal implements ConnectionEvents {
        final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

        @Override
        public void onGranted(RoomGrant grant) {
            seen.add(grant.reason() + " " + grant.room() + " " + grant.may());
        }

        @Override
        public void onWithdrawn(String room, String reason) {
            seen.add(reason + " " + room);
        }

        @Override
        public void onEnded(@Nullable PorthouseException cause) {
            seen.add("ended " + (cause == null ? 0 : cause.code()));
        }

        String next() throws InterruptedException {
            return String.valueOf(seen.poll(60, TimeUnit.SECONDS));
        }
    }

    @Test
    void aTokensLifeIsFollowedByItsConnection() throws Exception {
        done("account", "create", "life");
        assertThat(done("room", "create", "life/foo", "--max-members", "9")).isEqualTo("room life/foo made\n");
        done("room", "create", "life/bar");
        String made = done("token", "create", "t", "--account", "life", "--grant", "life/bar=read");
        String id = made.lines().findFirst().orElseThrow().replaceAll("token (\\S+) made", "$1");
        Journal journal = new Journal();
        Connection connection = Porthouse.connect(ConnectOptions.to(node.url())
                .token(field(made, "secret"))
                .onMessage(message -> journal.seen.add(message.text()))
                .events(journal)
                .build());
        assertThat(connection.token()).isEqualTo(id);
        assertThat(journal.next()).isEqualTo("join life/bar [READ]");

        assertThat(done("token", "grant", id, "life/foo"))
                .matches("life/foo granted to token " + id + " \\(1 live session, [0-9.]+ ms\\)\n");
        assertThat(journal.next()).isEqualTo("granted life/foo [READ, WRITE]");
        assertThat(done("token", "grant", id, "life/foo")).endsWith("(it was so before)\n");
        assertThat(done("session", "list", "--of-token", id).lines())
                .hasSize(2)
                .last()
                .satisfies(line ->
                        assertThat(line).startsWith(connection.session()).contains("life", id, "life/bar life/foo"));
        assertThat(json("room", "show", "life/foo").path("members").asInt()).isEqualTo(1);
        assertThat(done("token", "withdraw", id, "life/foo")).contains("1 live session");
        assertThat(journal.next()).isEqualTo("withdrawn life/foo");
        assertThat(done("token", "delete", id)).contains("1 live session, 1 closed");
        assertThat(journal.next()).isEqualTo("ended 3500");
    }

    @Test
    void aTokenCanBeChangedAndRotated() throws Exception {
        done("account", "create", "rota");
        String made = done(
                "token",
                "create",
                "t",
                "--account",
                "rota",
                "--max-connections",
                "7",
                "--expires",
                "2099-01-01T00:00:00Z");
        assertThat(made).endsWith("Keep it now: it is not shown again.\n");
        String id = made.lines().findFirst().orElseThrow().replaceAll("token (\\S+) made", "$1");
        done("token", "set", id, "--name", "renamed", "--expires", "never", "--makes-rooms", "yes");
        JsonNode token = json("token", "show", id);
        assertThat(token.path("name").asText()).isEqualTo("renamed");
        assertThat(token.path("maxConnections").asInt()).isEqualTo(7);
        assertThat(token.path("expiresAt").isNull()).isTrue();
        assertThat(token.path("mayCreateTransientRooms").asBoolean()).isTrue();
        assertThat(token.has("secret")).isFalse();
        String rotated = field(done("token", "rotate", id), "secret");
        assertThat(rotated).isNotEqualTo(field(made, "secret"));
        Path own = Files.writeString(dir.resolve("own"), "my-own-secret-0123456789\n");
        assertThat(field(done("token", "rotate", id, "--secret-file", own.toString()), "secret"))
                .isEqualTo("rota.my-own-secret-0123456789");
    }

    @Test
    void anAccountCanDoItsOwnAndNothingElse() throws Exception {
        String made = done("account", "create", "own", "--rooms", "1");
        assertThat(field(made, "password")).hasSizeGreaterThan(15);
        String keyMade = done("account", "key", "create", "ci", "--account", "own");
        Path key = Files.writeString(dir.resolve("key"), field(keyMade, "key") + "\n");

        assertThat(admin(node, key, "room", "create", "mine", "--text", "yes").out())
                .isEqualTo("room own/mine made\n");
        assertThat(admin(node, key, "room", "show", "mine").out())
                .containsPattern("(?m)^rules\\.text +yes$")
                .containsPattern("(?m)^members +0$");
        Outcome second = admin(node, key, "room", "create", "more");
        assertThat(second.code()).isEqualTo(3);
        assertThat(second.err())
                .startsWith("porthouse: the router refused it: 409 limit-reached,")
                .hasLineCount(1);
        assertThat(admin(node, key, "account", "list").out().lines()).hasSize(2);
        assertThat(admin(node, key, "account", "show").out()).containsPattern("(?m)^name +own$");
        Outcome foreign = admin(node, key, "account", "suspend", "operator");
        assertThat(foreign.code()).isEqualTo(3);
        assertThat(foreign.err()).contains("404 not-found").hasLineCount(1);

        done("account", "limits", "own", "--rooms", "2");
        assertThat(admin(node, key, "room", "create", "more").code()).isZero();
        done("account", "suspend", "own");
        assertThat(admin(node, key, "room", "list").code()).isEqualTo(3);
        assertThat(done("account", "show", "own")).containsPattern("(?m)^suspended +yes$");
        done("account", "resume", "own");
        assertThat(admin(node, key, "room", "list").out().lines()).hasSize(3);
        done("account", "role", "own", "operator");
        assertThat(admin(node, key, "account", "list").out()).contains("\noperator ");
        String id =
                json("account", "key", "list", "--account", "own").path("id").asText();
        done("account", "key", "delete", id, "--account", "own");
        Outcome refused = admin(node, key, "account", "list");
        assertThat(refused.code()).isEqualTo(3);
        assertThat(refused.err()).contains("401").endsWith("; check the API key\n");
        done("room", "set", "own/more", "--max-members", "5", "--overflow", "disconnect");
        assertThat(json("room", "show", "own/more").at("/rules/maxMembers").asInt())
                .isEqualTo(5);
        done("room", "delete", "own/more");
        done("account", "delete", "own");
        assertThat(admin("account", "show", "own").code()).isEqualTo(3);
    }

    @Test
    void whoeverHasTheCodeIsInvited() throws Exception {
        String inAMonth = Instant.now().plus(30, ChronoUnit.DAYS).toString();
        String code = field(done("account", "invite", "--expires", inAMonth), "code");
        Path password = Files.writeString(dir.resolve("password"), "correct horse battery\n");
        assertThat(done("account", "create", "guest", "--invitation", code, "--password-file", password.toString()))
                .isEqualTo("account guest made\n");
    }

    @Test
    void aSessionCanBeEnded() throws Exception {
        String secret = Files.readString(data.resolve("token")).strip();
        Journal journal = new Journal();
        Connection connection = Porthouse.connect(
                ConnectOptions.to(node.url()).token(secret).events(journal).build());
        assertThat(journal.next()).startsWith("join local/lobby");
        assertThat(done("session", "show", connection.session())).containsPattern("(?m)^account +local$");
        done("session", "disconnect", connection.session());
        assertThat(journal.next()).isEqualTo("ended 3507");
    }

    @Test
    void listsOfAnyLengthAreShownWhole() throws Exception {
        done("account", "create", "many");
        for (int i = 0; i < 3; i++) {
            done("room", "create", "many/r" + i);
        }
        List<String> rooms =
                done("room", "list", "--account", "many", "--json").lines().toList();
        assertThat(rooms)
                .hasSize(3)
                .allSatisfy(line ->
                        assertThat(JSON.readTree(line).path("room").asText()).startsWith("many/r"));
        assertThat(done("room", "list", "--account", "many").lines())
                .hasSize(4)
                .first()
                .satisfies(line -> assertThat(line).matches("ROOM +TEXT +PUBLIC +OVERFLOW +TRANSIENT +MADE"));
    }

    @Test
    void theStoreGoesFromOneRouterToAnother() throws Exception {
        done("account", "create", "moved");
        done("room", "create", "moved/room");
        Path file = dir.resolve("backup.jsonl");
        assertThat(done("store", "export", file.toString())).matches("\\Q" + file + "\\E: \\d+ bytes written\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        Outcome again = admin("store", "export", file.toString());
        assertThat(again.code()).isEqualTo(1);
        assertThat(again.err()).contains("is there already");
        assertThat(done("store", "export", "-")).contains("\"moved\"");

        Path other = dir.resolve("other");
        try (Node empty = Node.start(start(other))) {
            Path key = other.resolve("operator-key");
            assertThat(admin(empty, key, "store", "import", file.toString()).out())
                    .contains("rows imported");
            assertThat(admin(empty, data.resolve("operator-key"), "room", "list")
                            .out())
                    .contains("moved/room");
            Outcome twice = admin(empty, data.resolve("operator-key"), "store", "import", file.toString());
            assertThat(twice.code()).isEqualTo(3);
            assertThat(twice.err()).contains("409 not-empty");
        }
    }

    @Test
    void aPasswordIsResetOfflineOnly() throws Exception {
        Path other = dir.resolve("other");
        Node.start(start(other)).close();
        Outcome reset = CommandRun.run("account", "reset-password", "operator", "--data", other.toString());
        assertThat(reset.err()).isEmpty();
        String password = field(reset.out(), "password");
        try (Node again = Node.start(start(other))) {
            assertThat(signIn(again, password)).isEqualTo(200);
            assertThat(signIn(
                            again,
                            Files.readString(other.resolve("operator-password")).strip()))
                    .isEqualTo(401);
            Outcome held = CommandRun.run("account", "reset-password", "operator", "--data", other.toString());
            assertThat(held.code()).isEqualTo(1);
            assertThat(held.err())
                    .matches(
                            "porthouse: another router \\(process \\d+\\) is using the data directory .*; stop it first\n");
        }
        assertThat(CommandRun.run("account", "reset-password", "nobody", "--data", other.toString()))
                .isEqualTo(new Outcome(
                        1, "", "porthouse: there is no account nobody; check its name, and the data directory\n"));
        Path missing = dir.resolve("missing");
        assertThat(CommandRun.run("account", "reset-password", "operator", "--data", missing.toString())
                        .err())
                .startsWith("porthouse: there is no data directory " + missing);
        assertThat(missing).doesNotExist();
    }

    @Test
    void withPostgresAPasswordIsResetWhileTheRouterRuns() throws Exception {
        Path here = dir.resolve("node");
        Path postgres = Files.createDirectory(dir.resolve("postgres"));
        try (EmbeddedPostgres server = EmbeddedPostgres.builder()
                .setDataDirectory(postgres)
                .setRegisterShutdownHook(false)
                .start()) {
            Path config = Files.writeString(
                    dir.resolve("node.toml"),
                    "data = \"" + here + "\"\n[store]\nurl = \"jdbc:postgresql://localhost:" + server.getPort()
                            + "/postgres?user=postgres\"\n");
            try (Node running = Node.start(
                    ConfigurationReader.read(config).withListen(ANY_PORT).withAdmin(ANY_PORT))) {
                String first =
                        Files.readString(here.resolve("operator-password")).strip();
                assertThat(signIn(running, first)).isEqualTo(200);
                Outcome reset = CommandRun.run("account", "reset-password", "operator", "--config", config.toString());
                assertThat(reset.err()).isEmpty();
                assertThat(signIn(running, field(reset.out(), "password"))).isEqualTo(200);
                assertThat(signIn(running, first)).isEqualTo(401);
                assertThat(CommandRun.run("account", "reset-password", "nobody", "--config", config.toString())
                                .err())
                        .startsWith("porthouse: there is no account nobody");
            }
        }
        Outcome gone = CommandRun.run(
                "account",
                "reset-password",
                "operator",
                "--config",
                dir.resolve("node.toml").toString());
        assertThat(gone.code()).isEqualTo(1);
        assertThat(gone.err()).startsWith("porthouse: the store jdbc:postgresql://localhost:");
    }

    private static int signIn(Node node, String password) throws Exception {
        var request = java.net.http.HttpRequest.newBuilder(
                        java.net.URI.create(node.adminUrl().orElseThrow() + "/api/v1/session"))
                .header("Content-Type", "application/json")
                .POST(java.net.http.HttpRequest.BodyPublishers.ofString(
                        "{\"account\":\"operator\",\"password\":\"" + password + "\"}"))
                .build();
        return java.net.http.HttpClient.newHttpClient()
                .send(request, java.net.http.HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            token create t --grant lobby=fly       | 2 | lobby=fly is not a grant; write ROOM[=read,write,manual] (both rights if none is named)
            room list --admin here                 | 2 | here is not an admin address; write http://host:port
            room list --key-file /no/such          | 2 | /no/such cannot be read; it should hold the API key
            room create lobby --text maybe         | 2 | Invalid value for option '--text': expected one of [yes, no] (case-sensitive) but was 'maybe'; see porthouse room create --help
            room                                   | 2 | no command given; see porthouse room --help
            """)
    void wrongUsageIsOneLine(String arguments, int code, String message) throws Exception {
        Path key = Files.writeString(dir.resolve("key"), "phk_none");
        String[] given = arguments.split(" +");
        String[] all = arguments.contains("--key-file") || given.length == 1
                ? given
                : Stream.concat(Stream.of(given), Stream.of("--key-file", key.toString()))
                        .toArray(String[]::new);
        assertThat(CommandRun.run(all)).isEqualTo(new Outcome(code, "", "porthouse: " + message + "\n"));
    }

    @Test
    void whatIsNotTheApiIsTold() throws Exception {
        Path key = Files.writeString(dir.resolve("key"), "phk_none");
        HttpServer other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        other.createContext("/", exchange -> {
            byte[] page = "<html>".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        other.start();
        String url = "http://127.0.0.1:" + other.getAddress().getPort();
        try {
            Outcome html = CommandRun.run("room", "list", "--admin", url, "--key-file", key.toString());
            assertThat(html.code()).isEqualTo(1);
            assertThat(html.err())
                    .isEqualTo("porthouse: what listens at " + url
                            + " did not answer in JSON; is that the router's admin address?\n");
        } finally {
            other.stop(0);
        }
        Outcome nobody = CommandRun.run("room", "list", "--admin", url, "--key-file", key.toString());
        assertThat(nobody.code()).isEqualTo(1);
        assertThat(nobody.err())
                .startsWith("porthouse: cannot reach the admin listener at " + url)
                .hasLineCount(1);
    }
}
