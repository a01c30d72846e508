package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnvelopeMetadataTest {

    @Test
    void noneIsNoBytes() {
        assertThat(EnvelopeMetadata.NONE.isEmpty()).isTrue();
        assertThat(EnvelopeMetadata.NONE.json()).isEmpty();
        assertThat(EnvelopeMetadata.NONE.name()).isEmpty();
        assertThat(EnvelopeMetadata.of("")).isSameAs(EnvelopeMetadata.NONE);
    }

    @Test
    void nameAndTypeAreFieldsOfTheObject() {
        EnvelopeMetadata metadata = EnvelopeMetadata.NONE.withName("ü\".bin").withType("text/plain");
        assertThat(metadata.json()).isEqualTo("{\"name\":\"ü\\\".bin\",\"type\":\"text/plain\"}");
        assertThat(metadata.name()).contains("ü\".bin");
        assertThat(metadata.type()).contains("text/plain");
        assertThat(metadata.withName("b").json()).isEqualTo("{\"name\":\"b\",\"type\":\"text/plain\"}");
    }

    @Test
    void anyObjectIsKeptByteForByte() {
        String json = " { \"own\" : [1, {\"x\":1e400}], \"name\":5 } ";
        EnvelopeMetadata metadata = EnvelopeMetadata.of(json);
        assertThat(metadata.json()).isEqualTo(json);
        assertThat(metadata.name()).as("a name that is no text").isEmpty();
        assertThat(metadata).isEqualTo(EnvelopeMetadata.of(json)).hasSameHashCodeAs(EnvelopeMetadata.of(json));
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", "name", "[]", "{}{}", "{", "{\"a\":}", "null", "5", "{} x", "{'a':1}", "{\"a\":1]"})
    void whatIsNoObjectIsRefused(String json) {
        assertThatIllegalArgumentException().isThrownBy(() -> EnvelopeMetadata.of(json));
        byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
        assertThat(EnvelopeMetadata.read(Unpooled.wrappedBuffer(utf8), 0, utf8.length))
                .isEmpty();
    }

    @Test
    void hasALimitInBytes() {
        String longest = "x".repeat(Chunk.MAX_METADATA_BYTES - "{\"name\":\"\"}".length());
        EnvelopeMetadata metadata = EnvelopeMetadata.NONE.withName(longest);
        assertThat(metadata.json()).hasSize(65535);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EnvelopeMetadata.NONE.withName(longest + "x"))
                .withMessageContaining("65535");
        assertThatIllegalArgumentException().isThrownBy(() -> metadata.withType(""));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EnvelopeMetadata.of("{\"a\":\"" + "ü".repeat(32768) + "\"}"));
    }

    @Test
    void readsWhatOthersWroteAndMovesNoIndex() {
        byte[] utf8 = "xx{\"name\":\"a\"}yy".getBytes(StandardCharsets.UTF_8);
        var buf = Unpooled.wrappedBuffer(utf8);
        assertThat(EnvelopeMetadata.read(buf, 2, 12)).contains(EnvelopeMetadata.of("{\"name\":\"a\"}"));
        assertThat(EnvelopeMetadata.read(buf, 2, 0)).contains(EnvelopeMetadata.NONE);
        assertThat(EnvelopeMetadata.read(buf, 0, 14)).isEmpty();
        assertThat(EnvelopeMetadata.read(
                        Unpooled.wrappedBuffer(new byte[] {'{', '"', (byte) 0xFF, '"', ':', '1', '}'}), 0, 7))
                .isEmpty();
        assertThat(buf.readerIndex()).isZero();
    }

    /** Deep, long and with names twice: what is allowed must also be readable, and what is not must not throw. */
    @Test
    void hostileObjects() {
        for (String json : new String[] {
            "{\"a\":" + "[".repeat(30000) + "]".repeat(30000) + "}",
            "{\"a\":" + "9".repeat(60000) + "}",
            "{\"a\":" + "9".repeat(60000) + ",\"name\":\"a\"}",
            "{\"" + "a".repeat(60000) + "\":1,\"name\":\"a\"}",
            "{\"a\":" + "[],".repeat(20000).replaceFirst("^", "[") + "1],\"name\":\"a\"}",
            "{\"name\":\"a\",\"name\":\"b\"}",
            "{\"name\":\"\\ud800\"}",
        }) {
            byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
            EnvelopeMetadata.read(Unpooled.wrappedBuffer(utf8), 0, utf8.length).ifPresent(read -> {
                assertThat(read.json()).isEqualTo(json);
                assertThat(read.name().isPresent()).isEqualTo(json.contains("name"));
            });
        }
    }
}
