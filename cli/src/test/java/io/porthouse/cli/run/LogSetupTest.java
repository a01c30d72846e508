package io.porthouse.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.ContextInitializer;
import ch.qos.logback.core.joran.spi.JoranException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.porthouse.cli.config.LogSettings;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

class LogSetupTest {

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private PrintStream stderr;

    @BeforeEach
    void capture() {
        stderr = System.err;
        System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() throws JoranException {
        System.setErr(stderr);
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        new ContextInitializer(context).autoConfig();
    }

    @Test
    void textIsALineForPeople() {
        LogSetup.apply(LogSettings.DEFAULT);
        LoggerFactory.getLogger("io.porthouse.Probe").info("token {} connected\nfrom \u001b[1mafar", "t1");
        LoggerFactory.getLogger("io.porthouse.Probe").debug("not this");
        assertThat(written.toString(StandardCharsets.UTF_8))
                .matches("\\d{4}-\\d\\d-\\d\\dT\\S+ INFO  Probe: token t1 connected\\?from \\?\\[1mafar\n");
    }

    @Test
    void whatIsAboutARequestTellsItsId() {
        LogSetup.apply(LogSettings.DEFAULT);
        MDC.put("request", "r-7");
        try {
            LoggerFactory.getLogger("io.porthouse.Probe").info("slow");
        } finally {
            MDC.remove("request");
        }
        assertThat(written.toString(StandardCharsets.UTF_8)).endsWith(" INFO  Probe: [r-7] slow\n");
    }

    @Test
    void jsonIsAnObjectALine() throws Exception {
        LogSetup.apply(new LogSettings(LogSettings.Format.JSON, LogSettings.Level.INFO, Map.of()));
        LoggerFactory.getLogger("io.porthouse.Probe").warn("one\ntwo \"three\"", new IllegalStateException("why"));
        String text = written.toString(StandardCharsets.UTF_8);
        assertThat(text.lines()).hasSize(1);
        JsonNode line = new ObjectMapper().readTree(text);
        assertThat(line.get("level").textValue()).isEqualTo("WARN");
        assertThat(line.get("formattedMessage").textValue()).isEqualTo("one\ntwo \"three\"");
        assertThat(line.get("throwable").toString()).contains("why");
    }

    @Test
    void levelsAreSetByLogger() {
        LogSetup.apply(new LogSettings(
                LogSettings.Format.TEXT,
                LogSettings.Level.WARN,
                Map.of("io.porthouse.probe", LogSettings.Level.DEBUG)));
        LoggerFactory.getLogger("io.porthouse.probe.Inner").debug("wanted");
        LoggerFactory.getLogger("io.porthouse.other").info("unwanted");
        assertThat(written.toString(StandardCharsets.UTF_8))
                .contains("Inner: wanted")
                .doesNotContain("unwanted");
    }
}
