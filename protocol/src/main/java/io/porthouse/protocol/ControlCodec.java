package io.porthouse.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Control bodies to bytes and back. Thread-safe. */
public final class ControlCodec {

    private static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(32)
                            .maxStringLength(Frame.MAX_HELLO_FRAME_BYTES)
                            .maxNumberLength(20)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .enable(DeserializationFeature.READ_UNKNOWN_ENUM_VALUES_AS_NULL)
            // A number where text is due is not text: without this, Jackson makes the room "5" of {"room":5}.
            .withCoercionConfig(
                    LogicalType.Textual,
                    text -> text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .build();

    private ControlCodec() {}

    /**
     * Appends a whole control frame to {@code out}.
     *
     * @param room the header's room handle, or 0
     * @param origin the header's origin: the session's handle in WELCOME, else 0
     * @param correlation the number that a reply answers, or 0
     */
    public static void encode(ByteBuf out, ControlBody body, int room, int origin, long correlation) {
        byte[] json;
        try {
            json = JSON.writeValueAsBytes(body);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        Frame.writeHeader(out, json.length, body.frameType(), 0, 0, room, origin, correlation);
        out.writeBytes(json);
    }

    /**
     * Reads the body of the whole frame at {@code frameIndex}. Does not move an index of {@code in}.
     *
     * @throws MalformedBodyException if the body is not UTF-8, not one JSON object, names a field twice, is nested deeper
     *     than 32, or lacks a field that its type needs or has it with a value of another kind
     */
    public static <T extends ControlBody> T decode(Class<T> type, ByteBuf in, int frameIndex, int frameBytes)
            throws MalformedBodyException {
        byte[] json = ByteBufUtil.getBytes(in, frameIndex + Frame.BODY_OFFSET, frameBytes - Frame.HEADER_BYTES, true);
        try {
            // Jackson replaces what is not UTF-8 in places, and guesses UTF-16 and UTF-32; PH/1 knows only UTF-8.
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(json))
                    .toString();
            T body = JSON.readValue(text, type);
            if (body == null) {
                throw new MalformedBodyException("the body is null");
            }
            return body;
        } catch (CharacterCodingException e) {
            throw new MalformedBodyException("the body is not UTF-8");
        } catch (IOException e) {
            throw new MalformedBodyException("the body is not the JSON object that its type calls for");
        }
    }
}
