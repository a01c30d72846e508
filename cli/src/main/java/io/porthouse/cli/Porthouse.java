package io.porthouse.cli;

import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code porthouse} command. */
@Command(
        name = "porthouse",
        description = "A message router: clients connect with a token, and messages flow through rooms.",
        subcommands = {RunCommand.class, ListenCommand.class, PumpCommand.class, VersionCommand.class},
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
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

    private Porthouse() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] arguments) {
        if (arguments.length == 0 || !arguments[0].equals(RunCommand.NAME)) {
            logLittle();
        }
        PrintWriter out = writer(FileDescriptor.out);
        PrintWriter err = writer(FileDescriptor.err);
        int code = commandLine(out, err).execute(arguments);
        out.flush();
        err.flush();
        System.exit(code);
    }

    /** The whole command, for {@code main} and for tests in its process. */
    static CommandLine commandLine(PrintWriter out, PrintWriter err) {
        return new CommandLine(new Porthouse())
                .setOut(out)
                .setErr(err)
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

    /** Writes UTF-8 whatever the locale says: messages are UTF-8, and a locale of "C" says nothing about the terminal. */
    private static PrintWriter writer(FileDescriptor descriptor) {
        OutputStream stream = new FileOutputStream(descriptor);
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
    }
}
