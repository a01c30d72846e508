package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs of others: compiled and run with the client's jar and what its POM brings along, and nothing else. */
class PublishedClientIT {

    private static final Path README = Path.of("..", "README.md");
    private static final Pattern JAVA = Pattern.compile("(?ms)^## Use it from Java\n.*?^```java\n(.*?)^```$");
    private static final Pattern ENVELOPES =
            Pattern.compile("(?ms)^## Send things of any size\n.*?^```java\n(.*?)^```$");

    @TempDir
    private static Path dir;

    private static CommandProcess router;

    @BeforeAll
    static void startRouter() throws Exception {
        router = CommandProcess.start(dir, Map.of(), CommandProcess.jar("run --listen 127.0.0.1:0"))
                .awaitOut("Stop it with Ctrl-C");
    }

    @AfterAll
    static void stopRouter() {
        router.close();
    }

    /** As Maven resolved it. */
    private static String classPath() throws IOException {
        Path target = Path.of(System.getProperty("porthouse.client.target"));
        Path jar = target.resolve("porthouse-client-" + System.getProperty("porthouse.version") + ".jar");
        assertThat(jar).isRegularFile();
        return jar
                + File.pathSeparator
                + Files.readString(target.resolve("runtime.classpath")).strip();
    }

    /** Compiles a class without a warning, and runs its {@code main} in a JVM of its own. */
    private CommandProcess run(String name, String source) throws IOException {
        Path classes = Files.createDirectories(dir.resolve("classes"));
        Path file = Files.writeString(dir.resolve(name + ".java"), source);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            List<String> options = List.of(
                    "--release",
                    "17",
                    "-Xlint:all",
                    "-Werror",
                    "-proc:none",
                    "-cp",
                    classPath(),
                    "-d",
                    classes.toString());
            assertThat(compiler.getTask(said, files, null, options, null, files.getJavaFileObjects(file))
                            .call())
                    .as(said.toString())
                    .isTrue();
        }
        String java = ProcessHandle.current().info().command().orElseThrow();
        return CommandProcess.start(
                dir,
                Map.of(),
                "exec '" + java + "' --enable-native-access=ALL-UNNAMED -cp '" + classes + File.pathSeparator
                        + classPath() + "' " + name);
    }

    /** What slf4j says in a program without a logger is all there is. */
    private static void onlySaysThatNothingLogs(CommandProcess program) {
        assertThat(program.err().lines()).allSatisfy(line -> assertThat(line).startsWith("SLF4J(W): "));
    }

    @Test
    void itNeedsTheProtocolNettyJacksonAndSlf4jOnly() throws Exception {
        List<String> jars = Stream.of(classPath().split(File.pathSeparator, -1))
                .map(jar -> Path.of(jar).getFileName().toString())
                .toList();
        assertThat(jars)
                .hasSizeGreaterThan(4)
                .allSatisfy(
                        jar -> assertThat(jar)
                                .matches(
                                        "(porthouse-(client|protocol)|netty|jackson-(core|databind|annotations)|slf4j-api|jspecify)-.*"));
    }

    @Test
    void theReadmesSnippetWorks() throws Exception {
        Matcher snippet = JAVA.matcher(Files.readString(README));
        assertThat(snippet.find()).isTrue();
        String program = """
                import io.porthouse.client.*;

                public class Readme {
                    public static void main(String[] arguments) {
                %s
                    }
                }
                """.formatted(snippet.group(1));
        try (CommandProcess listener = CommandProcess.start(dir, Map.of(), CommandProcess.jar("listen --count 1"))
                        .awaitErr("listening to local/lobby");
                CommandProcess readme = run("Readme", program)) {
            assertThat(readme.exit()).as(readme.err()).isZero();
            onlySaysThatNothingLogs(readme);
            assertThat(listener.exit()).isZero();
            assertThat(listener.out()).isEqualTo("local/lobby: hello\n");
        }
    }

    @Test
    void theReadmesEnvelopesArrive() throws Exception {
        Matcher snippet = ENVELOPES.matcher(Files.readString(README));
        assertThat(snippet.find()).isTrue();
        Files.write(dir.resolve("film.mkv"), new byte[3_000_000]);
        String program = """
                import io.porthouse.client.*;
                import io.porthouse.protocol.Envelope;
                import java.io.OutputStream;
                import java.nio.file.Path;
                import java.util.concurrent.CompletableFuture;

                public class Film {
                    public static void main(String[] arguments) {
                %s
                    }
                }
                """.formatted(snippet.group(1));
        try (CommandProcess film = run("Film", program)) {
            assertThat(film.exit()).as(film.err()).isZero();
            onlySaysThatNothingLogs(film);
            assertThat(film.out().lines())
                    .hasSizeGreaterThan(20)
                    .contains("sent 3000000 of 3000000")
                    .endsWith("arrived 3000000");
        }
    }

    @Test
    void aProgramSendsAndReceivesAllThatThereIs() throws Exception {
        Files.write(dir.resolve("numbers.bin"), new byte[1_000_000]);
        try (CommandProcess program = run("Exchange", """
                import io.porthouse.client.*;
                import io.porthouse.protocol.Envelope;
                import java.nio.file.Path;
                import java.time.Duration;
                import java.util.List;
                import java.util.concurrent.CompletableFuture;
                import java.util.concurrent.TimeUnit;

                public class Exchange {
                    public static void main(String[] arguments) throws Exception {
                        CompletableFuture<RoomGrant> granted = new CompletableFuture<>();
                        CompletableFuture<String> called = new CompletableFuture<>();
                        CompletableFuture<Integer> arrived = new CompletableFuture<>();
                        ConnectOptions options = ConnectOptions.to("@conf")
                                .onMessage(message -> called.complete(message.room() + " " + message.text()))
                                .onEnvelope(EnvelopeHandler.inMemory(
                                        2_000_000,
                                        (envelope, bytes) -> arrived.complete(bytes.length),
                                        (envelope, reason) -> arrived.completeExceptionally(
                                                new IllegalStateException(reason.name()))))
                                .events(new ConnectionEvents() {
                                    @Override
                                    public void onGranted(RoomGrant grant) {
                                        granted.complete(grant);
                                    }
                                })
                                .build();
                        try (Connection receiver = Porthouse.connect(options);
                                Connection sender = Porthouse.connect("@conf")) {
                            RoomGrant grant = granted.get(60, TimeUnit.SECONDS);
                            System.out.println("granted " + grant.room() + " " + grant.may());
                            System.out.println("token " + sender.token() + " of " + sender.account());
                            SendReceipt receipt = sender.send("lobby", "one").get(60, TimeUnit.SECONDS);
                            System.out.println("recipients " + receipt.recipients() + ", " + called.get(60, TimeUnit.SECONDS));
                            sender.send(Envelope.of(Path.of("numbers.bin")).to("lobby").withType("x/y").chunks(64)).join();
                            System.out.println("bytes " + arrived.get(60, TimeUnit.SECONDS));
                            try (Inbox inbox = receiver.messages("lobby")) {
                                for (String text : List.of("two", "three")) {
                                    sender.post("lobby", text);
                                }
                                for (int i = 0; i < 2; i++) {
                                    System.out.println(inbox.next(Duration.ofSeconds(60)).orElseThrow().text());
                                }
                            }
                        }
                        System.out.println("pumped to " + Porthouse.pump("four").recipients());
                        try {
                            Porthouse.connect("tcp://not-a-token-0123456789@127.0.0.1:1").close();
                        } catch (PorthouseException e) {
                            System.out.println(e.kind());
                        }
                    }
                }
                """)) {
            assertThat(program.exit()).as(program.err()).isZero();
            onlySaysThatNothingLogs(program);
            assertThat(program.out().lines())
                    .containsExactly(
                            "granted local/lobby [READ, WRITE]",
                            "token local of local",
                            "recipients 1, local/lobby one",
                            "bytes 1000000",
                            "two",
                            "three",
                            "pumped to 0",
                            "UNREACHABLE");
        }
    }
}
