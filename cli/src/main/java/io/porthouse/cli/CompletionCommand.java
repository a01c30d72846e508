package io.porthouse.cli;

import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code porthouse completion}: what makes a shell complete this command. */
@Command(
        name = "completion",
        description = "Print a script that lets the shell complete commands and options of porthouse.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  source <(porthouse completion bash)    # in ~/.bashrc",
            "  source <(porthouse completion zsh)     # in ~/.zshrc"
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class CompletionCommand implements Runnable {

    /** The shells that are known, as one writes them. */
    enum Shell {
        bash,
        zsh
    }

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}.")
    @SuppressWarnings("UnusedVariable") // asked for, so that a script of its own can come without a new command line
    private Shell shell = Shell.bash;

    @Override
    public void run() {
        CommandLine whole = spec.root().commandLine();
        // One script for both: it finds out which of them reads it.
        String script = AutoComplete.bash("porthouse", whole);
        whole.getOut().print(script);
        whole.getOut().flush();
    }
}
