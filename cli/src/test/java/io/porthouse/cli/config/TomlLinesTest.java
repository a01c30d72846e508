package io.porthouse.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import io.porthouse.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TomlLinesTest {

    @Test
    void tablesArraysAndValuesAreFound() {
        String toml = """
                a = 1
                b.c = "x" # comment

                [t]
                'q.r' = '''
                two
                lines'''
                d = ~~~
                more \\~~~ lines
                ~~~
                [t.u."v w"]
                e = [
                  1,
                  # a comment ] in between
                  [2, 3], { f = 4, g = { h = "a#b" } },
                ]
                [[x]]
                y = true
                [x.z]
                k = 2030-01-01 00:00:00Z
                [[x]]
                [[x.list]]
                m = "=[]{}"
                [[x.list]]
                n = 'x'
                """.replace("~~~", "\"\"\"");
        assertThat(new TreeMap<>(TomlLines.of(toml)))
                .containsAllEntriesOf(Map.ofEntries(
                        Map.entry("a", 1),
                        Map.entry("b", 2),
                        Map.entry("b.c", 2),
                        Map.entry("t", 4),
                        Map.entry("t.\"q.r\"", 5),
                        Map.entry("t.d", 8),
                        Map.entry("t.u", 11),
                        Map.entry("t.u.\"v w\"", 11),
                        Map.entry("t.u.\"v w\".e", 12),
                        Map.entry("t.u.\"v w\".e[0]", 13),
                        Map.entry("t.u.\"v w\".e[1][1]", 15),
                        Map.entry("t.u.\"v w\".e[2].f", 15),
                        Map.entry("t.u.\"v w\".e[2].g.h", 15),
                        Map.entry("x[0]", 17),
                        Map.entry("x[0].y", 18),
                        Map.entry("x[0].z.k", 20),
                        Map.entry("x[1]", 21),
                        Map.entry("x[1].list[0].m", 23),
                        Map.entry("x[1].list[1].n", 25)));
    }

    /** Whatever Jackson finds in a file has a line, and it is the one on which the generator put it. */
    @Test
    void everyValueThatJacksonFindsHasItsLine() throws Exception {
        Seeds.forEach(random -> {
            Generator generator = new Generator(random);
            String toml = generator.file();
            JsonNode tree = new TomlMapper().readTree(toml);
            Map<String, Integer> lines = TomlLines.of(toml);
            List<String> leaves = new ArrayList<>();
            collect(tree, "", leaves);
            assertThat(lines).as("%s", toml).containsKeys(leaves.toArray(new String[0]));
            assertThat(lines).as("%s", toml).containsAllEntriesOf(generator.expected);
        });
    }

    @Test
    void anyTextComesToAnEnd() throws Exception {
        String alphabet = "[]{}=,.#\"'\\\n ab1";
        Seeds.forEach(random -> {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(60); i > 0; i--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            assertThat(TomlLines.of(text.toString())).isNotNull();
            assertThat(TomlLines.firstDuplicate(text.toString())).isNotNull();
        });
    }

    private static void collect(JsonNode node, String path, List<String> leaves) {
        if (node.isObject()) {
            node.properties()
                    .forEach(field -> collect(field.getValue(), SettingPath.child(path, field.getKey()), leaves));
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                collect(node.get(i), SettingPath.element(path, i), leaves);
            }
        } else {
            leaves.add(path);
        }
    }

    /** Writes random files, and remembers the line of each value. */
    private static final class Generator {
        private static final List<String> ODD = List.of(
                "\"]\"", "'{'", "\"#\"", "\"\\\"\"", "1_000", "true", "-1.5e3", "2030-01-01T00:00:00Z", "\"\"", "''");

        private final Random random;
        private final StringBuilder text = new StringBuilder();
        final Map<String, Integer> expected = new TreeMap<>();
        private int line = 1;
        private int keys;

        Generator(Random random) {
            this.random = random;
        }

        String file() {
            settings("");
            for (int i = 0; i < 4; i++) {
                String table = key();
                String name = table;
                if (random.nextBoolean()) {
                    String sub = key();
                    name = table + "." + sub;
                }
                line("[" + name + "]");
                settings(name);
            }
            String array = key();
            for (int i = 0; i < 3; i++) {
                line("[[" + array + "]]");
                settings(array + "[" + i + "]");
                if (random.nextBoolean()) {
                    String sub = key();
                    line("[" + array + "." + sub + "]");
                    settings(array + "[" + i + "]." + sub);
                }
            }
            return text.toString();
        }

        private void settings(String table) {
            for (int i = random.nextInt(4); i > 0; i--) {
                if (random.nextInt(3) == 0) {
                    line(random.nextBoolean() ? "" : "  # a = [comment]");
                }
                String key = key();
                String path = SettingPath.child(table, key);
                if (random.nextInt(3) == 0) {
                    String sub = key();
                    text.append(key).append(" . ").append(sub).append("\t= ");
                    value(path + "." + sub, 2);
                } else {
                    text.append(random.nextBoolean() ? "" : "  ")
                            .append(key)
                            .append(random.nextBoolean() ? "=" : " = ");
                    value(path, 2);
                }
                line(random.nextBoolean() ? "" : " # ]}\"");
            }
        }

        private void value(String path, int depth) {
            expected.put(path, line);
            switch (depth == 0 ? 0 : random.nextInt(6)) {
                case 1 -> {
                    text.append("[ ");
                    int size = random.nextInt(4);
                    for (int i = 0; i < size; i++) {
                        newLines();
                        value(path + "[" + i + "]", depth - 1);
                        newLines();
                        text.append(i < size - 1 || random.nextBoolean() ? "," : "");
                    }
                    newLines();
                    text.append(']');
                }
                case 2 -> {
                    text.append("{ ");
                    for (int i = 0; i < 2; i++) {
                        String key = key();
                        text.append(i == 0 ? "" : ", ").append(key).append(" = ");
                        value(path + "." + key, 0);
                    }
                    text.append(" }");
                }
                case 3 -> {
                    text.append("\"\"\"a");
                    line("");
                    text.append("b\\\"\"\" ");
                    line("");
                    text.append("\"\"\"");
                }
                case 4 -> {
                    text.append("'''[");
                    line("");
                    text.append("\\'''");
                }
                default -> text.append(ODD.get(random.nextInt(ODD.size())));
            }
        }

        private void newLines() {
            if (random.nextInt(3) == 0) {
                line(random.nextBoolean() ? "" : " # ,");
            }
        }

        private String key() {
            return "k" + keys++;
        }

        private void line(String rest) {
            text.append(rest).append(random.nextInt(8) == 0 ? "\r\n" : "\n");
            line++;
        }
    }
}
