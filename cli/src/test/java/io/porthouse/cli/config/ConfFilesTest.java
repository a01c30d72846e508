package io.porthouse.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.status.Status;
import ch.qos.logback.core.status.StatusUtil;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What lies in {@code conf/} must be true, because people copy it. */
class ConfFilesTest {

    private static final Path CONF = Path.of("..", "conf");
    private static final Path ALL = CONF.resolve("porthouse.toml");

    @Test
    void theFileWithAllSettingsIsTheDefaults() throws Exception {
        assertThat(ConfigurationReader.read(ALL)).isEqualTo(Configuration.defaults());
    }

    @Test
    void itsCommentedSettingsAreValid() throws Exception {
        Configuration read = ConfigurationReader.parse("uncommented", uncommented());
        assertThat(read.tokens()).hasSize(1);
        assertThat(read.rules().entries()).hasSize(1);
        assertThat(read.log().levels()).hasSize(1);
        assertThat(read.rules().byDefault().maxMessageBytes())
                .isEqualTo(Configuration.defaults().rules().byDefault().maxMessageBytes());
    }

    @Test
    void itShowsEverySetting() throws Exception {
        Set<String> shown = new TreeSet<>();
        TomlLines.of(uncommented()).keySet().forEach(path -> shown.add(path.replaceAll("\\[\\d+]", "")));
        for (String table : List.of(
                "",
                "node",
                "listen",
                "admin",
                "router",
                "limits",
                "memory",
                "rules",
                "rooms",
                "tokens",
                "tokens.grants",
                "log")) {
            for (String key : known(table)) {
                if (table.equals("rooms") && known("rules").contains(key)) {
                    continue; // shown once, in [rules]
                }
                assertThat(shown).contains(SettingPath.child(table, key));
            }
        }
    }

    /** Asks the reader itself: it names what it knows when it meets what it doesn't. */
    private static List<String> known(String table) {
        String toml = switch (table) {
            case "" -> "nonsense = 1\n";
            case "rooms", "tokens" -> "[[" + table + "]]\nnonsense = 1\n";
            case "tokens.grants" -> "[[tokens]]\n[[tokens.grants]]\nnonsense = 1\n";
            default -> "[" + table + "]\nnonsense = 1\n";
        };
        try {
            ConfigurationReader.parse("probe", toml);
            throw new AssertionError("nonsense was accepted in [" + table + "]");
        } catch (ConfigurationException e) {
            Matcher matcher =
                    Pattern.compile("unknown setting \\(known here: ([^)]*)\\)").matcher(e.getMessage());
            assertThat(matcher.find()).as(e.getMessage()).isTrue();
            return List.of(matcher.group(1).split(", "));
        }
    }

    @Test
    void theProductionExampleIsValid() throws Exception {
        Configuration read = ConfigurationReader.read(CONF.resolve("production.toml"));
        assertThat(read.tokens())
                .extracting(token -> token.state().id())
                .containsExactly("plant-service", "plant-device-17");
        assertThat(read.admin()).isNull();
        assertThat(read.log().format()).isEqualTo(LogSettings.Format.JSON);
    }

    @Test
    void theLogbackExampleIsValid() throws Exception {
        LoggerContext context = new LoggerContext();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(CONF.resolve("logback.xml").toFile());
        assertThat(new StatusUtil(context).getHighestLevel(0))
                .as("%s", context.getStatusManager().getCopyOfStatusList())
                .isLessThan(Status.WARN);
        context.stop();
    }

    private static String uncommented() throws IOException {
        return Files.readAllLines(ALL).stream()
                .map(line -> line.matches("#(\\S|    ).*") ? line.substring(1) : line)
                .collect(Collectors.joining("\n", "", "\n"));
    }
}
