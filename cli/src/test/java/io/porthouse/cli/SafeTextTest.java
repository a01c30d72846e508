package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.testkit.Seeds;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTextTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "hello", "Grüße, 世界 ☎ 🎉", "a\\b {\"json\": [1]}", "e\u0301"})
    void ordinaryTextStaysAsItIs(String text) {
        assertThat(SafeText.of(text)).isEqualTo(text);
        assertThat(SafeText.of(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(text);
    }

    @Test
    void whatATerminalWouldObeyIsEscaped() {
        assertThat(SafeText.of("\u001b[31mred\u001b]0;title\u0007")).isEqualTo("\\x1b[31mred\\x1b]0;title\\x07");
        assertThat(SafeText.of("a\nb\r\tc\0\u007f\u009b1m")).isEqualTo("a\\nb\\r\\tc\\x00\\x7f\\x9b1m");
        assertThat(SafeText.of("x\u202egnp.exe\u2066\u200b\u2028y\ufeff"))
                .isEqualTo("x\\u{202e}gnp.exe\\u{2066}\\u{200b}\\u{2028}y\\u{feff}");
        assertThat(SafeText.of("lone \ud800 surrogate")).isEqualTo("lone \\u{d800} surrogate");
    }

    @Test
    void whatIsNotTextIsShownAsHex() {
        assertThat(SafeText.of(new byte[] {(byte) 0xff, 0x1b, 'a'})).isEqualTo("(3 bytes) ff1b61");
        byte[] large = new byte[1000];
        large[0] = (byte) 0x80;
        assertThat(SafeText.of(large)).isEqualTo("(1000 bytes) 80" + "00".repeat(31) + "…");
    }

    @Test
    void noBytesReachTheTerminalAsCommands() throws Exception {
        Seeds.forEach(random -> {
            byte[] payload = new byte[random.nextInt(200)];
            random.nextBytes(payload);
            assertThat(SafeText.of(payload).codePoints()).noneMatch(Character::isISOControl);
            String text = new String(payload, StandardCharsets.ISO_8859_1);
            assertThat(SafeText.of(text).codePoints()).noneMatch(Character::isISOControl);
        });
    }
}
