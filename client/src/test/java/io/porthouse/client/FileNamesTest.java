package io.porthouse.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.testkit.Seeds;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileNamesTest {

    @ParameterizedTest
    @ValueSource(strings = {"a.txt", "Grüße 世界.tar.gz", "no-ending", "a..b", "x.", "a b (2).jpg"})
    void ordinaryNamesStay(String name) {
        assertThat(FileNames.of(name)).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ../x              | x
            ../../etc/passwd  | passwd
            /etc/passwd       | passwd
            C:\\Windows\\a.exe  | a.exe
            dir/              | envelope
            ..                | envelope
            .                 | envelope
            a/..              | envelope
            ''                | envelope
            .bashrc           | _bashrc
            -rf               | _rf
            ~root             | _root
            """)
    void hostileNamesStayInTheirDirectory(String claimed, String name) {
        assertThat(FileNames.of(claimed)).isEqualTo(name);
    }

    @Test
    void charactersThatWillNotDoAreReplaced() {
        assertThat(FileNames.of("a\0b\nc\u001b[31m\u202e.txt")).isEqualTo("a_b_c_[31m_.txt");
        assertThat(FileNames.of("lone\ud800")).isEqualTo("lone_");
        assertThat(FileNames.ascii("Grüße 🎉.txt")).isEqualTo("Gr__e _.txt");
    }

    @Test
    void longNamesAreCutBetweenCharactersAndKeepTheirEnding() {
        assertThat(FileNames.of("x".repeat(300) + ".tar")).hasSize(243).endsWith("xx.tar");
        String party = FileNames.of("🎉".repeat(300));
        assertThat(party.getBytes(StandardCharsets.UTF_8)).hasSizeBetween(240, 243);
        assertThat(FileNames.of("a." + "y".repeat(300))).hasSize(243).startsWith("a.yy");
    }

    @Test
    void numbersGoBeforeTheEnding() {
        assertThat(FileNames.numbered("a.txt", 1)).isEqualTo("a.txt");
        assertThat(FileNames.numbered("a.txt", 2)).isEqualTo("a-2.txt");
        assertThat(FileNames.numbered("a", 13)).isEqualTo("a-13");
    }

    @Test
    void whateverIsClaimedIsOneSafeNameInTheDirectory() throws Exception {
        Seeds.forEach(FileNamesTest::requireSafeNames);
    }

    private static void requireSafeNames(Random random) {
        Path directory = Path.of("/base");
        String alphabet = "./\\\0-~a\u202e\n🎉é";
        for (int i = 0; i < 1_000; i++) {
            StringBuilder claimed = new StringBuilder();
            for (int left = random.nextInt(400); left > 0; left--) {
                claimed.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            String name = FileNames.numbered(FileNames.of(claimed.toString()), 1 + random.nextInt(99_999));
            Path path = directory.resolve(FileNames.ascii(name));
            assertThat(path.normalize()).isEqualTo(path);
            assertThat(path.getParent()).isEqualTo(directory);
            assertThat(name).doesNotStartWith(".").doesNotStartWith("-");
            assertThat(name.getBytes(StandardCharsets.UTF_8).length).isBetween(1, 255);
        }
    }
}
