package io.porthouse.cli;

import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code porthouse} command. */
@Command(
        name = "porthouse",
        description = "A message router: clients connect with a token, and messages flow through rooms.",
        subcommands = {
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
            VersionCommand.class
        },
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
public final class Porthouse implements Runnable {

    @Spec
    @SuppressWarnings("NullAway.Init") // injected
    private CommandSpec spec;

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
        CommandLine command = commandLine(new Streams(
                System.in,
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err),
                Terminal.isStandardError()));
        int code = command.execute(arguments);
        command.getOut().flush();
        command.getErr().flush();
        System.exit(code);
    }

    /** The whole command, for {@code main} and for tests in its process. */
    static CommandLine commandLine(Streams streams) {
        return new CommandLine(new Porthouse(streams))
                .setOut(Streams.writer(streams.out()))
                .setErr(Streams.writer(streams.err()))
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler(Failures::wrongUsage)
                .setExecutionExceptionHandler(Failures::failed);
    }

    /** Without a subcommand: says what there is. */
    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "no command given");
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
