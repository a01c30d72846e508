package io.porthouse.cli;

import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code porthouse} command. */
@Command(
        name = "porthouse",
        description = "A message router: clients connect with a token, and messages flow through rooms.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        scope = CommandLine.ScopeType.INHERIT,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:It worked; a router was told to stop, and did.",
            "1:It failed.",
            "2:Options, configuration or connection file are wrong.",
            "3:The router refused; its code and text are printed."
        })
public final class Porthouse extends CommandGroup {

    private static final List<Class<?>> COMMANDS = List.of(
            RunCommand.class,
            ListenCommand.class,
            PumpCommand.class,
            SendCommand.class,
            BackpipeCommand.class,
            StatusCommand.class,
            AccountCommand.class,
            RoomCommand.class,
            TokenCommand.class,
            SessionCommand.class,
            StoreCommand.class,
            ConfigCommand.class,
            CompletionCommand.class,
            VersionCommand.class);

    /** Commands that live for a moment: learning what the others take would be a good part of it. */
    private static final Map<String, Class<?>> ALONE = Map.of(
            "listen", ListenCommand.class,
            "pump", PumpCommand.class,
            "send", SendCommand.class,
            "backpipe", BackpipeCommand.class,
            "status", StatusCommand.class);

    private final Streams streams;

    private Porthouse(Streams streams) {
        this.streams = streams;
    }

    /** What the whole command is connected to. */
    Streams streams() {
        return streams;
    }

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        if (arguments.length == 0 || !arguments[0].equals(RunCommand.NAME)) {
            logLittle();
        }
        Streams streams = new Streams(
                System.in,
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err),
                Terminal.isStandardError());
        CommandLine command = commandLine(streams, arguments);
        int code = command.execute(arguments);
        command.getOut().flush();
        command.getErr().flush();
        System.exit(code);
    }

    /**
     * The command, for {@code main} and for tests in its process.
     *
     * @param arguments what it will be given, so that it need not know all the rest; none: it knows everything
     */
    static CommandLine commandLine(Streams streams, String... arguments) {
        CommandLine command = new CommandLine(new Porthouse(streams));
        Class<?> alone = arguments.length == 0 ? null : ALONE.get(arguments[0]);
        (alone == null ? COMMANDS : List.of(alone)).forEach(command::addSubcommand);
        return command.setOut(Streams.writer(streams.out()))
                .setErr(Streams.writer(streams.err()))
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler(Failures::wrongUsage)
                .setExecutionExceptionHandler(Failures::failed);
    }

    /**
     * Keeps the logging framework of the router out of commands that live for a moment: loading it takes longer than their
     * work.
     */
    private static void logLittle() {
        System.setProperty("slf4j.provider", "org.slf4j.helpers.NOP_FallbackServiceProvider");
        InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
    }
}
