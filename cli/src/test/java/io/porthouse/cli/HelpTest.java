package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The help is the manual: it has all that a command takes. */
class HelpTest {

    private static CommandLine whole() {
        return Porthouse.commandLine(new Streams(
                new ByteArrayInputStream(new byte[0]),
                new ByteArrayOutputStream(),
                new ByteArrayOutputStream(),
                false));
    }

    static List<String> commands() {
        List<String> names = new ArrayList<>();
        collect(whole(), names);
        assertThat(names).contains("porthouse", "porthouse listen", "porthouse config check");
        return names;
    }

    private static void collect(CommandLine command, List<String> names) {
        names.add(command.getCommandSpec().qualifiedName());
        command.getSubcommands().values().forEach(child -> collect(child, names));
    }

    private static CommandLine command(String qualifiedName) {
        CommandLine command = whole();
        for (String name : qualifiedName.split(" ", -1)) {
            command = command.getSubcommands().getOrDefault(name, command);
        }
        assertThat(command.getCommandSpec().qualifiedName()).isEqualTo(qualifiedName);
        return command;
    }

    @ParameterizedTest
    @MethodSource("commands")
    void theHelpHasAllThatTheCommandTakes(String qualifiedName) {
        CommandLine command = command(qualifiedName);
        CommandSpec spec = command.getCommandSpec();
        String help = command.getUsageMessage(CommandLine.Help.Ansi.OFF);
        String flat = help.replaceAll("\\s+", " ");
        assertThat(flat).startsWith("Usage: " + qualifiedName);
        assertThat(spec.usageMessage().description()).as("description").isNotEmpty();
        for (OptionSpec option : spec.options()) {
            assertThat(option.description()).as(option.longestName()).isNotEmpty();
            assertThat(option.description()[0]).as(option.longestName()).endsWith(".");
            assertThat(help).containsPattern("(?m)^ .*" + option.longestName() + "\\b");
            // Lines may be broken within a path, so spaces say nothing.
            assertThat(help.replaceAll("\\s+", "")).contains(option.description()[0].replaceAll("\\s+", ""));
        }
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            assertThat(parameter.description()).as(parameter.paramLabel()).isNotEmpty();
            assertThat(help).containsPattern("(?m)^ .*" + Pattern.quote(parameter.paramLabel()));
        }
        spec.subcommands().keySet().forEach(name -> assertThat(help).containsPattern("(?m)^  " + name + "\\b"));
        assertThat(help).containsPattern("(?m)^Exit codes:$");
        for (int code = ExitCode.OK; code <= ExitCode.REFUSED; code++) {
            assertThat(help).containsPattern("(?m)^ +" + code + " ");
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void itsExamplesAreUnderstood(String qualifiedName) {
        for (String line :
                command(qualifiedName).getCommandSpec().usageMessage().footer()) {
            String example = line.replaceAll("(?s)^.*?porthouse ", "")
                    .replaceAll("[|)#<].*$", "")
                    .strip();
            List<String> arguments = new ArrayList<>();
            for (String word : example.split(" (?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1)) {
                arguments.add(word.replace("\"", ""));
            }
            assertThat(whole().parseArgs(arguments.toArray(String[]::new)).errors())
                    .isEmpty();
        }
    }
}
