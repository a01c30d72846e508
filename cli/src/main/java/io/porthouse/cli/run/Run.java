package io.porthouse.cli.run;

import io.porthouse.cli.config.Configuration;
import io.porthouse.cli.config.LogSettings;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a router until the process is told to stop by SIGTERM or SIGINT. */
public final class Run {

    /** The router itself takes at most 5 s; what is longer has gone wrong. */
    private static final long STOP_SECONDS = 8;

    private final Configuration configuration;
    private final String version;
    private final PrintWriter out;

    public Run(Configuration configuration, String version, PrintWriter out) {
        this.configuration = configuration;
        this.version = version;
        this.out = out;
    }

    /**
     * Starts the router, says so, and returns when the process ends.
     *
     * @throws StartException if it cannot start
     * @throws InterruptedException if the waiting thread is interrupted
     */
    public void untilStopped() throws StartException, InterruptedException {
        LogSetup.apply(configuration.log());
        Logger log = LoggerFactory.getLogger(Run.class);
        OpenFiles.warning().ifPresent(log::warn);
        Node node = Node.start(configuration);
        // Before it is announced: who reads the announcement may stop it.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(node, log), "porthouse-stop"));
        announce(node, log);
        new CountDownLatch(1).await();
    }

    private void announce(Node node, Logger log) {
        Path directory = Path.of("").toAbsolutePath();
        Optional<ConnectionFile.Outcome> connectionFile = node.localToken()
                .map(token -> ConnectionFile.write(
                        directory, node.url(), token.secret(), node.adminUrl().orElse(null)));
        StartMessage message = new StartMessage(node, version, Launcher.find(), directory);
        if (configuration.log().format() == LogSettings.Format.JSON) {
            // Programs read this output: one record, and no prose.
            log.info(message.summary());
        } else {
            message.lines(connectionFile).forEach(out::println);
            out.flush();
        }
    }

    /**
     * Runs in a shutdown hook. Ends the process itself, because the JVM would report the signal (143, 130), and stopping when
     * told to is a success.
     */
    private static void stop(Node node, Logger log) {
        CountDownLatch stopped = new CountDownLatch(1);
        Thread closing = new Thread(
                () -> {
                    node.close();
                    stopped.countDown();
                },
                "porthouse-close");
        closing.setDaemon(true);
        closing.start();
        boolean inTime = false;
        try {
            inTime = stopped.await(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (inTime) {
            log.info("stopped");
        } else {
            log.error("could not stop in order within {} s; ended all the same", STOP_SECONDS);
        }
        Runtime.getRuntime().halt(inTime ? 0 : 1);
    }
}
