package io.porthouse.cli.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.cli.config.Configuration;
import io.porthouse.cli.config.ConfigurationReader;
import io.porthouse.cli.config.HostPort;
import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.Porthouse;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeTest {

    @TempDir
    private Path dir;

    private Configuration anyPort() {
        return Configuration.defaults()
                .withData(dir.resolve("data"))
                .withListen(HostPort.parse("127.0.0.1:0").orElseThrow())
                .withAdmin(HostPort.parse("127.0.0.1:0").orElseThrow());
    }

    @Test
    void withoutTokensItMakesOneThatStaysGood() throws Exception {
        String secret;
        try (Node node = Node.start(anyPort())) {
            secret = node.localToken().orElseThrow().secret();
            try (Connection connection = Porthouse.connect(node.url().replace("tcp://", "tcp://" + secret + "@"))) {
                assertThat(connection.account()).isEqualTo("local");
                assertThat(connection.rooms()).containsExactly("local/lobby");
                assertThat(connection.defaultRoom()).contains("local/lobby");
            }
        }
        try (Node again = Node.start(anyPort())) {
            assertThat(again.localToken().orElseThrow().secret()).isEqualTo(secret);
        }
    }

    @Test
    void withTokensItMakesNone() throws Exception {
        Configuration configuration = ConfigurationReader.parse("test.toml", """
                        [[rooms]]
                        account = "acme"
                        name = "quiet*"
                        maxMessageBytes = 3
                        [[tokens]]
                        secret = "secret-0123456789"
                        account = "acme"
                        grants = [ { room = "quiet-1", may = ["read", "write"] } ]
                        """)
                .withData(dir)
                .withListen(anyPort().listen())
                .withAdmin(null);
        try (Node node = Node.start(configuration)) {
            assertThat(node.localToken()).isEmpty();
            assertThat(dir.resolve("token")).doesNotExist();
            ConnectOptions options =
                    ConnectOptions.to(node.url()).token("secret-0123456789").build();
            try (Connection connection = Porthouse.connect(options)) {
                assertThat(connection.send("quiet-1", "abc").join().recipients())
                        .isZero();
                assertThatThrownBy(() -> connection.send("quiet-1", "abcd").join())
                        .rootCause()
                        .hasMessageContaining("103");
            }
        }
    }

    @Test
    void aTakenPortIsOneClearLine() throws Exception {
        try (Node first = Node.start(anyPort())) {
            Configuration second = anyPort().withData(dir.resolve("other")).withListen(first.address());
            assertThatThrownBy(() -> Node.start(second))
                    .isInstanceOf(StartException.class)
                    .hasMessage(HostPort.format(first.address())
                            + " is in use; stop what listens there, or give another address with --listen");
            // What failed to start holds nothing back.
            Node.start(second.withListen(anyPort().listen())).close();
        }
    }

    @Test
    void theAdminListenerKnowsTheOperatorByTheKeyInTheDataDirectory() throws Exception {
        try (Node node = Node.start(anyPort())) {
            String key = Files.readString(dir.resolve("data/operator-key")).strip();
            HttpRequest whoAmI = HttpRequest.newBuilder(
                            URI.create(node.adminUrl().orElseThrow() + "/api/v1/session"))
                    .header("Authorization", "Bearer " + key)
                    .build();
            HttpResponse<String> answer = HttpClient.newHttpClient().send(whoAmI, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).contains("\"operator\"");
        }
    }

    @Test
    void aRequestThatNeverComesWholeDoesNotKeepTheRouter() throws Exception {
        Node node = Node.start(anyPort());
        URI admin = URI.create(node.adminUrl().orElseThrow());
        try (Socket half = new Socket(admin.getHost(), admin.getPort())) {
            half.getOutputStream()
                    .write(("POST /api/v1/session HTTP/1.1\r\nHost: " + admin.getAuthority()
                                    + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
                                    + "Expect: 100-continue\r\n\r\n{")
                            .getBytes(StandardCharsets.US_ASCII));
            // The body is being read.
            assertThat(half.getInputStream().readNBytes(12)).asString().isEqualTo("HTTP/1.1 100");
            long start = System.nanoTime();
            node.close();
            // Its body has ten seconds to come.
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(8));
            assertThat(new String(half.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("HTTP/1.1 503 ");
        }
    }

    @Test
    void aTakenAdminPortIsOneClearLineAndLeavesNothingBehind() throws Exception {
        try (Node first = Node.start(anyPort())) {
            URI taken = URI.create(first.adminUrl().orElseThrow());
            Configuration second = anyPort()
                    .withData(dir.resolve("other"))
                    .withAdmin(HostPort.parse(taken.getAuthority()).orElseThrow());
            assertThatThrownBy(() -> Node.start(second))
                    .isInstanceOf(StartException.class)
                    .hasMessage(taken.getAuthority()
                            + " is in use; stop what listens there, or give another address with --admin");
            Node.start(second.withAdmin(null)).close();
        }
    }

    @Test
    void anAddressOfAnotherMachineIsOneClearLine() {
        Configuration configuration =
                anyPort().withListen(HostPort.parse("192.0.2.1:7070").orElseThrow());
        assertThatThrownBy(() -> Node.start(configuration))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("cannot listen on 192.0.2.1:7070");
    }

    @Test
    void theStartMessageSaysWhatToCopyAndNoSecret() throws Exception {
        Path clone = Files.createDirectories(dir.resolve("a clone"));
        Launcher launcher = new Launcher(clone.resolve("bin/porthouse"), null);
        try (Node node = Node.start(anyPort())) {
            StartMessage message = new StartMessage(node, "1.2.3", launcher, clone);
            List<String> lines = message.lines(Optional.of(ConnectionFile.Outcome.WRITTEN));
            assertThat(lines)
                    .contains(
                            "porthouse 1.2.3",
                            "  data in       " + dir.resolve("data"),
                            "  cd '" + clone + "' && bin/porthouse listen",
                            "  cd '" + clone + "' && bin/porthouse pump \"hello\"")
                    .anySatisfy(
                            line -> assertThat(line).contains("listening on").contains(node.url()));
            assertThat(message.lines(Optional.of(ConnectionFile.Outcome.FOREIGN)))
                    .contains("The .porthouse in " + clone + " is not this router's and was left alone.")
                    .contains("  PORTHOUSE_TOKEN=$(cat " + dir.resolve("data/token") + ") '" + clone
                            + "/bin/porthouse' listen --connect " + node.url());
            assertThat(message.summary()).startsWith("porthouse 1.2.3 listens on tcp://127.0.0.1:");
            String secret = node.localToken().orElseThrow().secret();
            for (ConnectionFile.Outcome outcome : ConnectionFile.Outcome.values()) {
                assertThat(message.lines(Optional.of(outcome))).noneMatch(line -> line.contains(secret));
            }
        }
    }

    @Test
    void theLauncherIsNamedSoThatItWorksFromWhereTheUserIs() {
        Launcher clone = new Launcher(Path.of("/srv/ph/bin/porthouse"), Path.of("/srv/ph/cli/target/porthouse.jar"));
        assertThat(clone.from(Path.of("/srv/ph"))).isEqualTo("bin/porthouse");
        assertThat(clone.from(Path.of("/srv"))).isEqualTo("ph/bin/porthouse");
        assertThat(clone.from(Path.of("/home"))).isEqualTo("/srv/ph/bin/porthouse");
        assertThat(new Launcher(null, Path.of("/opt/it's/p.jar")).absolute())
                .isEqualTo("java -jar '/opt/it'\\''s/p.jar'");
        assertThat(new Launcher(null, null).absolute()).isEqualTo("porthouse");
    }

    @Test
    void fewOpenFilesAreWorthAWarning() {
        assertThat(OpenFiles.warning(1024))
                .hasValueSatisfying(text -> assertThat(text)
                        .startsWith("only 1024 files may be open at once")
                        .contains("ulimit -n")
                        .doesNotContain("\n"));
        assertThat(OpenFiles.warning(4096)).isEmpty();
        assertThat(OpenFiles.warning(-1)).isEmpty();
    }
}
