package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.porthouse.cli.CommandRun.Outcome;
import io.porthouse.cli.admin.AdminClient;
import io.porthouse.cli.config.Configuration;
import io.porthouse.cli.run.Node;
import io.porthouse.client.Backpipe;
import io.porthouse.client.ConnectOptions;
import io.porthouse.client.Connection;
import io.porthouse.client.Porthouse;
import io.porthouse.client.SendReceipt;
import io.porthouse.protocol.Envelope;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Publishing with an API key, in Java and from the command line, against a real router. */
class BackpipeCommandTest {

    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @TempDir
    private static Path data;

    private static Node node;
    private static Path operatorKey;
    private static String secret;

    @BeforeAll
    static void start() throws Exception {
        node = Node.start(
                Configuration.defaults().withData(data).withListen(ANY_PORT).withAdmin(ANY_PORT));
        operatorKey = data.resolve("operator-key");
        admin("account", "create", "acme");
        admin("room", "create", "acme/news");
        admin("room", "create", "acme/small", "--max-message-bytes", "5");
        String token =
                admin("token", "create", "t", "--account", "acme", "--grant", "acme/news", "--grant", "acme/small");
        secret = token.lines()
                .filter(line -> line.startsWith("secret: "))
                .findFirst()
                .orElseThrow()
                .substring(8);
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    private static String admin(String... arguments) throws Exception {
        List<String> all = new ArrayList<>(Arrays.asList(arguments));
        all.addAll(List.of("--admin", node.adminUrl().orElseThrow(), "--key-file", operatorKey.toString()));
        Outcome outcome = CommandRun.run(all.toArray(String[]::new));
        assertThat(outcome.code()).as(outcome.err()).isZero();
        return outcome.out();
    }

    private static Outcome backpipe(String lines) throws Exception {
        return CommandRun.runWith(lines, "backpipe", "--connect", node.url(), "--key-file", operatorKey.toString());
    }

    private static Connection listen(BlockingQueue<String> seen) {
        return Porthouse.connect(ConnectOptions.to(node.url())
                .token(secret)
                .onMessage(message -> seen.add(message.room() + " " + message.text()))
                .build());
    }

    @Test
    void eachLineGoesIntoItsRoom() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        try (Connection listener = listen(seen)) {
            assertThat(listener.rooms()).hasSize(2);
            assertThat(backpipe("""
                    {"room":"acme/news","message":"grüße"}

                    {"room":"acme/small","message":"tiny"}
                    {"room":"acme/news","base64":"aGVsbG8="}
                    """)).isEqualTo(new Outcome(0, "3 messages sent\n", ""));
            List<String> all = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                all.add(seen.poll(60, TimeUnit.SECONDS));
            }
            assertThat(all)
                    .containsExactlyInAnyOrder("acme/news grüße", "acme/small tiny", "acme/news hello")
                    .containsSubsequence("acme/news grüße", "acme/news hello");
        }
    }

    @Test
    void aBadLineIsNamedAndTheOthersGoOn() throws Exception {
        Outcome outcome = backpipe("""
                {"room":"acme/news","message":"one"}
                nonsense
                {"room":"acme/news"}
                {"room":"acme/none","message":"x"}
                {"room":"acme/small","message":"too long"}
                {"room":"no room","message":"x"}
                {"room":"acme/news","base64":"?"}
                {"room":"acme/news","message":"two"}
                """);
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.out()).isEqualTo("2 messages sent, 6 lines failed\n");
        assertThat(outcome.err().lines().sorted())
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("porthouse: line 2: is not JSON: "),
                        line -> assertThat(line)
                                .startsWith("porthouse: line 3: is not a line of this kind: it needs the texts room"),
                        line -> assertThat(line).startsWith("porthouse: line 4: the router refused it: 102"),
                        line -> assertThat(line).startsWith("porthouse: line 5: the router refused it: 103"),
                        line -> assertThat(line).startsWith("porthouse: line 6: \"no room\" is not a room's name"),
                        line -> assertThat(line).startsWith("porthouse: line 7: is not a line of this kind: "));
        assertThat(backpipe("{\"room\":\"acme/none\",\"message\":\"x\"}\n").code())
                .isEqualTo(3);
    }

    @Test
    void aKeyThatIsNoneIsRefused() throws Exception {
        Path key = Files.writeString(data.resolve("wrong-key"), "phk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        Outcome outcome = CommandRun.runWith("", "backpipe", "--connect", node.url(), "--key-file", key.toString());
        assertThat(outcome.code()).isEqualTo(3);
        assertThat(outcome.err()).contains("3501").hasLineCount(1);
    }

    @Test
    void aServicePublishesIntoMoreRoomsThanItHolds() throws Exception {
        int rooms = 260; // it holds 256
        String key = Files.readString(operatorKey).strip();
        AdminClient admin = new AdminClient(URI.create(node.adminUrl().orElseThrow()), key);
        for (int i = 0; i < rooms; i++) {
            var room =
                    JsonNodeFactory.instance.objectNode().put("account", "acme").put("name", "r" + i);
            assertThat(admin.change("POST", "/rooms", room).path("changed").asBoolean())
                    .isTrue();
        }
        List<CompletableFuture<SendReceipt>> receipts = new ArrayList<>();
        try (Backpipe backpipe =
                Porthouse.backpipe(ConnectOptions.to(node.url()).token(key).build())) {
            assertThat(backpipe.account()).isEqualTo("operator");
            for (int i = 0; i < 3 * rooms; i++) {
                receipts.add(backpipe.send("acme/r" + i % rooms, "m" + i));
            }
            receipts.add(backpipe.send("acme/r0", Envelope.of(new byte[1_000_000])));
        }
        assertThat(receipts).allSatisfy(receipt -> assertThat(receipt).isCompleted());
    }
}
