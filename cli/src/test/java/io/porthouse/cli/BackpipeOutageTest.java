package io.porthouse.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.cli.CommandRun.Outcome;
import io.porthouse.cli.config.Configuration;
import io.porthouse.cli.run.Node;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code porthouse backpipe} while its router is away. */
class BackpipeOutageTest {

    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @TempDir
    private Path data;

    private Node node;
    private final PipedInputStream lines = new PipedInputStream();
    private final PipedOutputStream input = new PipedOutputStream();

    @BeforeEach
    void start() throws Exception {
        input.connect(lines);
        node = start(ANY_PORT);
        Outcome created = CommandRun.run(
                "room", "create", "operator/news", "--admin", node.adminUrl().orElseThrow(), "--key-file", key());
        assertThat(created.code()).as(created.err()).isZero();
    }

    @AfterEach
    void stop() {
        node.close();
    }

    private Node start(InetSocketAddress address) throws Exception {
        return Node.start(
                Configuration.defaults().withData(data).withListen(address).withAdmin(ANY_PORT));
    }

    private String key() {
        return data.resolve("operator-key").toString();
    }

    /** Returns a command whose router went away when it had sent one line, and which has read another one since. */
    private CommandRun awayBehindALine(String reconnectSeconds) throws Exception {
        CommandRun command = CommandRun.start(
                lines, "backpipe", "--connect", node.url(), "--key-file", key(), "--reconnect", reconnectSeconds);
        write("one");
        await().until(this::metrics, text -> text.contains("porthouse_received_messages_total 1"));
        node.close();
        command.awaitErr("the connection was lost");
        write("two");
        await().until(lines::available, available -> available == 0);
        return command;
    }

    private String metrics() throws IOException, InterruptedException {
        URI metrics = URI.create(node.adminUrl().orElseThrow() + "/metrics");
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(metrics).build(), BodyHandlers.ofString())
                .body();
    }

    private void write(String message) throws IOException {
        input.write(("{\"room\":\"news\",\"message\":\"" + message + "\"}\n").getBytes(UTF_8));
        input.flush();
    }

    @Test
    void linesWaitForTheRouterToComeBack() throws Exception {
        InetSocketAddress address = node.address();
        CommandRun command = awayBehindALine("60");
        node = start(address);
        write("three");
        input.close();
        assertThat(command.outcome().out()).isEqualTo("3 messages sent\n");
        assertThat(command.outcome().code()).isZero();
    }

    @Test
    void theLinesThatAreNotSentAreNamed() throws Exception {
        Outcome outcome = awayBehindALine("1").outcome();
        assertThat(outcome.code()).isNotZero();
        assertThat(outcome.err())
                .contains("porthouse: line 2 and the rest were not sent: the connection did not come back within 1 s");
    }
}
