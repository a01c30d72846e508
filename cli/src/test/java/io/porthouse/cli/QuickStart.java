package io.porthouse.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * Starts the executable jar in two thirds of the time: the JVM under test keeps the classes that a router and a command
 * have loaded once, like {@code bin/porthouse}, and every process that the tests start takes them from there.
 */
final class QuickStart {

    private static final String JAVA = ProcessHandle.current().info().command().orElseThrow();
    private static final Path JAR = Path.of(System.getProperty("porthouse.jar"));
    private static final Path ROUTER = archive("router");
    private static final Path COMMAND = archive("command");

    static {
        try {
            rehearseOnce();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private QuickStart() {}

    private static Path archive(String of) {
        return JAR.resolveSibling("tests-" + of + "-" + Runtime.version().feature() + ".jsa");
    }

    /** The command line that runs the jar with these arguments. */
    static String commandLine(String arguments) {
        return line("-XX:SharedArchiveFile", arguments.startsWith("run") ? ROUTER : COMMAND, arguments);
    }

    private static String line(String use, Path archive, String arguments) {
        return "exec '" + JAVA + "' -XX:TieredStopAtLevel=1 -Xshare:auto -Xlog:disable " + use + "='" + archive
                + "' -jar '" + JAR + "' " + arguments;
    }

    /** Tests run in two JVMs at a time: who comes second waits, and finds it done. */
    private static void rehearseOnce() throws IOException {
        Path lockFile = JAR.resolveSibling("tests.lock");
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            if (!lock.isValid() || (isNewerThanTheJar(ROUTER) && isNewerThanTheJar(COMMAND))) {
                return;
            }
            Files.deleteIfExists(ROUTER);
            Files.deleteIfExists(COMMAND);
            rehearse(Files.createTempDirectory(JAR.getParent(), "rehearsal"));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isNewerThanTheJar(Path archive) throws IOException {
        return Files.exists(archive)
                && Files.getLastModifiedTime(archive).compareTo(Files.getLastModifiedTime(JAR)) > 0;
    }

    private static void rehearse(Path dir) throws IOException, InterruptedException {
        String keep = "-XX:ArchiveClassesAtExit";
        try (CommandProcess router = CommandProcess.start(dir, Map.of(), line(keep, ROUTER, "run --listen 127.0.0.1:0"))
                .awaitOut("Stop it with Ctrl-C")) {
            try (CommandProcess command =
                    CommandProcess.start(dir, Map.of(), line(keep, COMMAND, "send - </dev/null"))) {
                command.exit();
            }
            router.signal("TERM");
            router.exit();
        }
    }
}
