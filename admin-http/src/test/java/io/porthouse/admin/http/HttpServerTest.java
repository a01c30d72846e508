package io.porthouse.admin.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.util.NetUtil;
import io.porthouse.admin.http.AdminSettings.Limits;
import io.porthouse.admin.http.AdminSettings.Times;
import io.porthouse.admin.http.RawClient.Answer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a connection may do, and what becomes of those that do more. */
class HttpServerTest {

    private static final Duration SHORT = Duration.ofMillis(300);

    private static AdminSettings impatient(AdminSettings settings) {
        Times d = Times.DEFAULT;
        return settings.withTimes(new Times(SHORT, SHORT, d.answer(), d.sessionIdle(), d.sessionLifetime()));
    }

    @Test
    void aConnectionServesOneRequestAfterTheOther() throws Exception {
        try (EchoServer echo = new EchoServer();
                RawClient client = echo.connect()) {
            for (int i = 0; i < 3; i++) {
                Answer answer = client.request("GET /a/b%20c").answer().is(200);
                assertThat(answer.body()).isEqualTo("[a, b c]");
                assertThat(answer.headers()).doesNotContainKey("connection");
                assertThat(answer.headers().get("content-security-policy")).contains("default-src 'none'");
                assertThat(answer.headers().get("date")).endsWith("GMT");
                client.request("POST /echo", "Content-Length: 3").send("abc");
                assertThat(client.answer().is(200).body()).isEqualTo("abc");
            }
        }
    }

    @Test
    void anIpV6ListenerIsCalledByItsAddress() throws Exception {
        InetSocketAddress loopback = address("::1", 0);
        try (EchoServer echo = new EchoServer(settings -> settings.withListen(loopback))) {
            InetSocketAddress at = echo.server.address();
            assertThat(statusFor(at, "localhost:" + at.getPort())).isEqualTo(200);
            assertThat(statusFor(at, "[::1]:" + at.getPort())).isEqualTo(200);
            assertThat(statusFor(at, "[0:0:0:0:0:0:0:1]")).isEqualTo(200);
            assertThat(statusFor(at, "127.0.0.1")).isEqualTo(421);
            assertThat(statusFor(at, "[::2]")).isEqualTo(421);
            assertThat(statusFor(at, "[::1%lo]")).isEqualTo(400);
            assertThat(statusFor(at, "::1")).isEqualTo(400);
            assertThat(statusFor(at, "evil.example")).isEqualTo(421);
        }
    }

    @Test
    void aListenerOnAllAddressesIsCalledByTheOneThatWasConnectedTo() throws Exception {
        for (String wildcard : List.of("0.0.0.0", "::")) {
            InetSocketAddress all = address(wildcard, 0);
            try (EchoServer echo = new EchoServer(settings -> settings.withListen(all))) {
                int port = echo.server.address().getPort();
                InetSocketAddress v4 = address("127.0.0.1", port);
                assertThat(statusFor(v4, "127.0.0.1:" + port)).as(wildcard).isEqualTo(200);
                assertThat(statusFor(v4, "localhost")).as(wildcard).isEqualTo(200);
                assertThat(statusFor(v4, "0.0.0.0")).as(wildcard).isEqualTo(421);
                assertThat(statusFor(v4, "127.0.0.2")).as(wildcard).isEqualTo(421);
                assertThat(statusFor(v4, "[::]")).as(wildcard).isEqualTo(421);
                assertThat(statusFor(v4, "evil.example")).as(wildcard).isEqualTo(421);
                InetSocketAddress other = address("127.0.0.2", port);
                assertThat(statusFor(other, "127.0.0.2")).as(wildcard).isEqualTo(200);
                assertThat(statusFor(other, "127.0.0.1")).as(wildcard).isEqualTo(421);
                if (wildcard.equals("::")) {
                    InetSocketAddress v6 = address("::1", port);
                    assertThat(statusFor(v6, "[::1]:" + port)).isEqualTo(200);
                    assertThat(statusFor(v6, "localhost")).isEqualTo(200);
                    assertThat(statusFor(v6, "127.0.0.1")).isEqualTo(421);
                }
            }
        }
    }

    private static InetSocketAddress address(String literal, int port) throws Exception {
        return new InetSocketAddress(
                InetAddress.getByAddress(NetUtil.createByteArrayFromIpAddressString(literal)), port);
    }

    private static int statusFor(InetSocketAddress server, String host) throws Exception {
        try (RawClient client = new RawClient(server)) {
            return client.send("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
                    .answer()
                    .status();
        }
    }

    @Test
    void requestsThatAreSentAheadAreAnsweredInTheirOrder() throws Exception {
        try (EchoServer echo = new EchoServer();
                RawClient client = echo.connect()) {
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < 2_000; i++) {
                all.append("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n")
                        .append(String.format("%04d", i));
            }
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
                try {
                    client.send(all.toString());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            for (int i = 0; i < 2_000; i++) {
                assertThat(client.answer().is(200).body()).isEqualTo(String.format("%04d", i));
            }
            sent.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void aRequestMayComeByteByByteAndInChunks() throws Exception {
        try (EchoServer echo = new EchoServer();
                RawClient client = echo.connect()) {
            String head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
            String body = "2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nTrailer: x\r\n\r\n";
            for (byte b : head.concat(body).getBytes(StandardCharsets.US_ASCII)) {
                client.send(new byte[] {b});
            }
            assertThat(client.answer().is(200).body()).isEqualTo("abcde");
            client.request("GET /x").answer().is(200);
        }
    }

    @Test
    void whoAsksWhetherToSendIsToldSo() throws Exception {
        try (EchoServer echo = new EchoServer();
                RawClient client = echo.connect()) {
            client.request("POST /echo", "Content-Length: 2", "Expect: 100-continue");
            client.answer().is(100);
            client.send("ab");
            assertThat(client.answer().is(200).body()).isEqualTo("ab");
            client.request("POST /echo", "Content-Length: 20000", "Expect: 100-continue");
            client.answer().is(413, "body-too-large");
        }
        try (EchoServer echo = new EchoServer();
                RawClient client = echo.connect()) {
            client.request("POST /echo", "Content-Length: 2", "Expect: a-miracle")
                    .answer()
                    .is(417);
            client.expectEnd();
        }
    }

    @Test
    void aHeadHasNoBodyAndHttp10EndsTheConnection() throws Exception {
        try (EchoServer echo = new EchoServer();
                RawClient client = echo.connect()) {
            assertThat(client.request("HEAD /abc")
                            .answer(true)
                            .is(200)
                            .headers()
                            .get("content-length"))
                    .isEqualTo("5");
            client.request("HEAD /long").answer(true).is(200);
            client.send("GET /abc HTTP/1.0\r\nHost: localhost\r\n\r\n");
            assertThat(client.answer().is(200).headers().get("connection")).isEqualTo("close");
            assertThat(client.expectEnd()).isZero();
        }
    }

    @Test
    void theIdOfARequestComesBackIfItIsOne() throws Exception {
        try (EchoServer echo = new EchoServer();
                RawClient client = echo.connect()) {
            assertThat(client.request("GET /x", "X-Request-Id: my.id-7")
                            .answer()
                            .headers())
                    .containsEntry("x-request-id", "my.id-7");
            assertThat(client.request("GET /x", "X-Request-Id: a b")
                            .answer()
                            .headers()
                            .get("x-request-id"))
                    .matches("[0-9a-f]{16}");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET / HTTP/1.1                                         | 400",
                "GET / HTTP/1.1~Host: localhost~Host: localhost         | 400",
                "GET / HTTP/1.1~Host: evil.example                      | 421",
                "GET / HTTP/1.1~Host: 10.0.0.1                          | 421",
                "GET / HTTP/1.1~Host: localhost.evil.example            | 421",
                "GET / HTTP/1.1~Host: a b                               | 400",
                "GET http://evil.example/ HTTP/1.1~Host: localhost      | 421",
                "GET http://localhost/x HTTP/1.1~Host: evil.example     | 200",
                "GET / HTTP/1.1~Host: 127.0.0.1:99                      | 200",
                "GET / HTTP/1.1~Host: LOCALHOST.                        | 200",
                "GET / HTTP/1.1~Host: admin.example                     | 200",
                "GET / HTTP/1.1~Host: localhost~Origin: http://evil.example | 403",
                "GET / HTTP/1.1~Host: localhost~Origin: null            | 403",
                "GET / HTTP/1.1~Host: localhost~Origin: https://localhost | 200",
                "GET / HTTP/1.1~Host: localhost:7~Origin: http://localhost | 403",
                "GET / HTTP/1.1~Host: localhost~Origin: http://localhost~Origin: http://localhost | 403",
                "GET * HTTP/1.1~Host: localhost                         | 400",
                "GET /%zz HTTP/1.1~Host: localhost                      | 400",
                "GET /%ff HTTP/1.1~Host: localhost                      | 400",
                "GET /% HTTP/1.1~Host: localhost                        | 400",
                "GET /#a HTTP/1.1~Host: localhost                       | 400",
                "GET /?a=1&a=2 HTTP/1.1~Host: localhost                 | 400",
                "GET / HTTP/2.0~Host: localhost                         | 505",
                "GET / HTTP/1.7~Host: localhost                         | 505",
                "nonsense                                               | 400",
                "GET / HTTP/1.1~Host: localhost~no colon                | 400",
                "GET / HTTP/1.1~Host: localhost~: empty                 | 400",
                "GET / HTTP/1.1~Host : localhost                        | 400",
                "POST /echo HTTP/1.1~Host: localhost~Content-Length: 1~Transfer-Encoding: chunked   | 400",
                "POST /echo HTTP/1.1~Host: localhost~Transfer-Encoding: chunked~Transfer-Encoding: chunked | 400",
                "POST /echo HTTP/1.1~Host: localhost~Transfer-Encoding: gzip, chunked | 400",
                "POST /echo HTTP/1.1~Host: localhost~Transfer-Encoding: xchunked      | 400",
                "POST /echo HTTP/1.1~Host: localhost~Transfer-Encoding: identity      | 400",
                "POST /echo HTTP/1.0~Host: localhost~Transfer-Encoding: chunked       | 400",
                "POST /echo HTTP/1.1~Host: localhost~Content-Length: 1~Content-Length: 2 | 400",
                "POST /echo HTTP/1.1~Host: localhost~Content-Length: 1, 1             | 400",
                "POST /echo HTTP/1.1~Host: localhost~Content-Length: +1               | 400",
                "POST /echo HTTP/1.1~Host: localhost~Content-Length: -1               | 400",
                "POST /echo HTTP/1.1~Host: localhost~Content-Length: 0x1              | 400",
                "POST /echo HTTP/1.1~Host: localhost~Content-Length: 99999999999999999999 | 400",
            })
    void aHeadThatIsNotClearIsRefusedAndEndsTheConnection(String head, int status) throws Exception {
        try (EchoServer echo = new EchoServer(settings -> settings.withAllowedHosts(Set.of("Admin.Example")));
                RawClient client = echo.connect()) {
            client.send(head.strip().replace("~", "\r\n") + "\r\n\r\n");
            Answer answer = client.answer().is(status);
            if (status != 200) {
                assertThat(answer.headers())
                        .containsEntry("content-type", "application/problem+json")
                        .containsEntry("connection", "close");
                // Nothing that follows is taken for a request.
                client.send("GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n");
                assertThat(client.expectEnd()).isZero();
            }
        }
    }

    @Test
    void whatIsTooLargeIsRefused() throws Exception {
        try (EchoServer echo = new EchoServer()) {
            try (RawClient client = echo.connect()) {
                client.send("GET /" + "x".repeat(9_000)).answer().is(414, "target-too-long");
                client.expectEnd();
            }
            try (RawClient client = echo.connect()) {
                client.request("GET /", "X: " + "x".repeat(9_000)).answer().is(431, "headers-too-large");
                client.expectEnd();
            }
            try (RawClient client = echo.connect()) {
                client.request("POST /echo", "Content-Length: 10001").answer().is(413, "body-too-large");
                client.expectEnd();
            }
            try (RawClient client = echo.connect()) {
                client.request("POST /echo", "Transfer-Encoding: chunked");
                client.send("2711\r\n" + "x".repeat(10_001)).answer().is(413, "body-too-large");
                client.expectEnd();
            }
            try (RawClient client = echo.connect()) {
                client.request("POST /echo", "Transfer-Encoding: chunked");
                client.send("zz\r\nabc\r\n").answer().is(400, "bad-request");
                client.expectEnd();
            }
        }
    }

    @Test
    void whoIsSlowIsNotWaitedFor() throws Exception {
        try (EchoServer echo = new EchoServer(HttpServerTest::impatient)) {
            try (RawClient silent = echo.connect();
                    RawClient half = echo.connect();
                    RawClient body = echo.connect()) {
                half.send("GET / HTTP/1.1\r\nHost: local");
                body.request("POST /echo", "Content-Length: 3").send("a");
                body.answer().is(408, "too-slow");
                body.expectEnd();
                assertThat(silent.expectEnd()).isZero();
                assertThat(half.expectEnd()).isZero();
            }
        }
    }

    @Test
    void aReceiverThatTakesNothingIsCutOff() throws Exception {
        try (EchoServer echo = new EchoServer(HttpServerTest::impatient);
                RawClient client = echo.connect()) {
            client.request("GET /long");
            await().until(() ->
                    echo.metrics.get("porthouse.admin.connections").gauge().value() == 0);
            assertThat(client.expectEnd()).isLessThan(EchoServer.LONG_BYTES);
        }
    }

    @Test
    void aLongAnswerComesWholeToWhoReads() throws Exception {
        try (EchoServer echo = new EchoServer();
                RawClient client = echo.connect()) {
            client.request("GET /long", "Connection: close");
            assertThat(client.answer().is(200).headers()).containsEntry("transfer-encoding", "chunked");
            assertThat(client.expectEnd()).isGreaterThan(EchoServer.LONG_BYTES);
        }
    }

    @Test
    void anAnswerThatBreaksOffIsNotTakenForAWholeOne() throws Exception {
        try (EchoServer echo = new EchoServer();
                RawClient client = echo.connect()) {
            client.request("GET /refused").answer().is(503, "busy");
            client.request("GET /failing").answer().is(500, "internal");
            client.request("GET /broken").answer().is(500, "internal");
            assertThat(client.request("GET /brokenLater").answer().is(500).body())
                    .doesNotContain("on purpose");
            client.send("GET /short HTTP/1.0\r\nHost: localhost\r\n\r\n")
                    .answer()
                    .is(200);
            assertThat(client.expectEnd()).isEqualTo(1);
        }
        try (EchoServer echo = new EchoServer();
                RawClient client = echo.connect()) {
            client.request("GET /cut").answer().is(200);
            // No last chunk: "0", and two line ends.
            assertThat(client.expectEnd()).isLessThanOrEqualTo((1 << 16) + 64);
        }
    }

    @Test
    void thereAreNoMoreConnectionsThanAllowed() throws Exception {
        Limits d = Limits.DEFAULT;
        Limits two = new Limits(2, d.headBytes(), d.bodyBytes(), d.importBytes(), d.workers());
        try (EchoServer echo = new EchoServer(settings -> settings.withLimits(two));
                RawClient one = echo.connect()) {
            one.request("GET /x").answer().is(200);
            try (RawClient other = echo.connect()) {
                other.request("GET /x").answer().is(200);
                try (RawClient third = echo.connect()) {
                    third.answer().is(503, "busy");
                    third.expectEnd();
                }
            }
            await().until(() ->
                    echo.metrics.get("porthouse.admin.connections").gauge().value() == 1);
            try (RawClient third = echo.connect()) {
                third.request("GET /x").answer().is(200);
            }
            assertThat(echo.metrics
                            .get("porthouse.admin.connections.refused")
                            .counter()
                            .count())
                    .isEqualTo(1);
        }
    }

    @Test
    void whoeverIsNeverAnsweredIsToldSo() throws Exception {
        Times d = Times.DEFAULT;
        Times shortly = new Times(d.idle(), d.request(), SHORT, d.sessionIdle(), d.sessionLifetime());
        try (EchoServer echo = new EchoServer(settings -> settings.withTimes(shortly))) {
            try (RawClient reader = echo.connect()) {
                Answer answer = reader.request("GET /never").answer().is(503, "busy");
                assertThat(answer.headers()).containsKey("retry-after").containsEntry("connection", "close");
                assertThat(reader.expectEnd()).isZero();
            }
            try (RawClient changer = echo.connect()) {
                changer.request("POST /neverWithBody", "Content-Length: 3").send("abc");
                changer.answer().is(504, "uncertain");
                assertThat(changer.expectEnd()).isZero();
            }
            // The answer comes after all: nobody waits for it any more.
            try (RawClient late = echo.connect();
                    RawClient other = echo.connect()) {
                late.request("GET /wait").answer().is(503, "busy");
                echo.release.complete(EchoServer.text("late".getBytes(StandardCharsets.UTF_8)));
                assertThat(late.expectEnd()).isZero();
                assertThat(other.request("GET /x").answer().is(200).body()).isEqualTo("[x]");
            }
        }
    }

    private static AdminSettings patient(AdminSettings settings) {
        Times d = Times.DEFAULT;
        Duration minutes = Duration.ofMinutes(2);
        return settings.withTimes(new Times(minutes, minutes, d.answer(), d.sessionIdle(), d.sessionLifetime()));
    }

    @Test
    void bodiesInMemoryHaveABudgetThatComesBack() throws Exception {
        long most = BodyBudget.BYTES;
        int each = EchoServer.MAX_BODY_BYTES * 1_000;
        try (EchoServer echo = new EchoServer(HttpServerTest::patient)) {
            List<RawClient> clients = new ArrayList<>();
            // Together they announce more than there may be, and that is no more than words.
            for (long announced = 0; announced <= most; announced += each) {
                RawClient client = echo.connect();
                clients.add(client);
                client.request("POST /large", "Content-Length: " + each, "Expect: 100-continue");
                client.answer().is(100);
            }
            assertThat(bodiesBytes(echo)).isZero();
            for (int i = 0; i < clients.size(); i++) {
                // All but the end of each body.
                clients.get(i).send(new byte[(int) Math.min(each - 1, most - i * (each - 1L))]);
            }
            await().until(() -> bodiesBytes(echo) == most);
            try (RawClient reader = echo.connect();
                    RawClient sender = echo.connect();
                    RawClient changer = echo.connect()) {
                reader.request("GET /x").answer().is(503, "busy");
                sender.request("POST /echo", "Content-Length: 3").send("abc");
                sender.answer().is(503, "busy");
                // Something was changed: who is told that it was not would do it again.
                assertThat(changer.request("POST /changed").answer().is(200).body())
                        .isEqualTo("[changed]");
            }
            for (RawClient client : clients) {
                client.close();
            }
            await().until(() -> bodiesBytes(echo) == 0);
        }
    }

    private static long bodiesBytes(EchoServer echo) {
        return (long) echo.metrics.get("porthouse.admin.bodies").gauge().value();
    }

    @Test
    void whatIsUnderWayIsAnsweredBeforeTheServerEnds() throws Exception {
        try (EchoServer echo = new EchoServer();
                RawClient idle = echo.connect();
                RawClient busy = echo.connect()) {
            idle.request("GET /x").answer().is(200);
            busy.request("GET /wait");
            assertThat(echo.waiting.await(60, TimeUnit.SECONDS)).isTrue();
            CompletableFuture<Void> closed = CompletableFuture.runAsync(echo.server::close);
            assertThat(idle.expectEnd()).isZero();
            assertThat(closed).isNotDone();
            echo.release.complete(EchoServer.text("done".getBytes(StandardCharsets.UTF_8)));
            assertThat(busy.answer().is(200).headers()).containsEntry("connection", "close");
            closed.get(60, TimeUnit.SECONDS);
            assertThatThrownBy(echo::connect).isInstanceOf(ConnectException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void garbageHurtsNobodyElse(long seed) throws Exception {
        Random random = new Random(seed);
        byte[] request = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
                .getBytes(StandardCharsets.US_ASCII);
        try (EchoServer echo = new EchoServer();
                RawClient good = echo.connect()) {
            for (int i = 0; i < 100; i++) {
                byte[] bytes = request.clone();
                for (int j = random.nextInt(8); j >= 0; j--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
                try (RawClient bad = echo.connect()) {
                    bad.send(bytes);
                    bad.shutOutput();
                    bad.expectEnd();
                } catch (SocketException e) {
                    assertThat(e).as("seed " + seed).isNotNull();
                }
                good.request("GET /x").answer().is(200);
            }
        }
    }
}
