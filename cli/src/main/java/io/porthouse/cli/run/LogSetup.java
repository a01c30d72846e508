package io.porthouse.cli.run;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import io.porthouse.cli.config.LogSettings;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sets logging up by the configuration: to standard error, one message a line. Who starts the JVM with {@code
 * -Dlogback.configurationFile=…} decides alone, and the configuration's {@code [log]} counts for nothing.
 */
public final class LogSetup {

    private static final String FILE_PROPERTY = "logback.configurationFile";

    /** Messages may quote what peers sent: without control characters they cannot forge lines or steer a terminal. */
    private static final String PATTERN = "%d{\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\"} %-5level %logger{0}: "
            // The request that the admin listener is working on, if this is about one.
            + "%replace([%X{request}] ){'\\[] ', ''}%replace(%msg){'\\p{Cntrl}', '?'}%n%ex";

    /** Libraries that report each of their steps at each start; the configuration can still let them. */
    private static final List<String> TALKATIVE = List.of("org.flywaydb", "com.zaxxer.hikari");

    private LogSetup() {}

    /** Applies the settings to all loggers, those that exist already included. */
    public static void apply(LogSettings settings) {
        if (System.getProperty(FILE_PROPERTY) != null) {
            return;
        }
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setTarget("System.err");
        appender.setEncoder(encoder(settings.format(), context));
        appender.start();
        ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.addAppender(appender);
        root.setLevel(level(settings.level()));
        TALKATIVE.forEach(name -> context.getLogger(name).setLevel(Level.WARN));
        settings.levels().forEach((name, level) -> context.getLogger(name).setLevel(level(level)));
    }

    private static Encoder<ILoggingEvent> encoder(LogSettings.Format format, LoggerContext context) {
        if (format == LogSettings.Format.JSON) {
            JsonEncoder json = new JsonEncoder();
            json.setContext(context);
            json.setWithContext(false);
            json.setWithSequenceNumber(false);
            json.setWithNanoseconds(false);
            json.setWithMDC(true);
            json.setWithMessage(false);
            json.setWithArguments(false);
            json.setWithFormattedMessage(true);
            json.start();
            return json;
        }
        PatternLayoutEncoder text = new PatternLayoutEncoder();
        text.setContext(context);
        text.setPattern(PATTERN);
        text.start();
        return text;
    }

    private static Level level(LogSettings.Level level) {
        return Level.valueOf(level.name());
    }
}
