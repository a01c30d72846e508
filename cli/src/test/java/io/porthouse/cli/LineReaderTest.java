package io.porthouse.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineReaderTest {

    private static List<String> lines(String text, int limit) throws IOException {
        LineReader reader = new LineReader(new ByteArrayInputStream(text.getBytes(UTF_8)), limit);
        List<String> lines = new ArrayList<>();
        for (byte[] line = reader.next(); line != null; line = reader.next()) {
            lines.add(new String(line, UTF_8));
        }
        return lines;
    }

    @Test
    void linesAreCutAsTextEditorsDo() throws Exception {
        assertThat(lines("", 10)).isEmpty();
        assertThat(lines("\n", 10)).containsExactly("");
        assertThat(lines("a\r\nb\n\nc", 10)).containsExactly("a", "b", "", "c");
        assertThat(lines("a\rb\n", 10)).containsExactly("a\rb");
    }

    @Test
    void aLineMayBeLongerThanTheBuffer() throws Exception {
        String large = "ü".repeat(100_000);
        assertThat(lines(large + "\nend\n", 200_000)).containsExactly(large, "end");
    }

    @Test
    void aLineWithoutAnEndIsGivenUpAtTheLimit() {
        assertThatThrownBy(() -> lines("x".repeat(11), 10)).isInstanceOf(LineReader.LineTooLongException.class);
    }
}
