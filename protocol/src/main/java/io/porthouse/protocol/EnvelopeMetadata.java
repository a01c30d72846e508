package io.porthouse.protocol;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What an envelope says about its payload: nothing, or one JSON object of at most {@link Chunk#MAX_METADATA_BYTES} bytes
 * of UTF-8. The router does not read it. Two fields have a meaning for every client, {@code name} and {@code type};
 * others are the application's own. Immutable.
 */
public final class EnvelopeMetadata {

    /** No metadata: zero bytes on the wire. */
    public static final EnvelopeMetadata NONE = new EnvelopeMetadata("");

    private static final String NAME = "name";
    private static final String TYPE = "type";

    private static final ObjectMapper JSON = JsonMapper.builder(new JsonFactory())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final String json;

    private EnvelopeMetadata(String json) {
        this.json = json;
    }

    /**
     * Takes a JSON object as it is, byte for byte; the empty text is {@link #NONE}.
     *
     * @throws IllegalArgumentException if it is not one JSON object, or too long
     */
    public static EnvelopeMetadata of(String json) {
        if (json.isEmpty()) {
            return NONE;
        }
        if (!isObject(json)) {
            throw new IllegalArgumentException("an envelope's metadata must be one JSON object");
        }
        return checked(json);
    }

    /**
     * Reads metadata that came over the network. Moves no index of {@code in}.
     *
     * @return empty if the bytes are neither nothing nor a JSON object in UTF-8
     */
    static Optional<EnvelopeMetadata> read(ByteBuf in, int index, int bytes) {
        if (bytes == 0) {
            return Optional.of(NONE);
        }
        byte[] utf8 = ByteBufUtil.getBytes(in, index, bytes, true);
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException notUtf8) {
            return Optional.empty();
        }
        return isObject(text) ? Optional.of(new EnvelopeMetadata(text)) : Optional.empty();
    }

    /** Returns whether there is none. */
    public boolean isEmpty() {
        return json.isEmpty();
    }

    /** Returns the JSON object as it is on the wire, or the empty text. */
    public String json() {
        return json;
    }

    /**
     * Returns the payload's name, such as a file's, if it has one that is text (of two, the last). It comes from whoever sent the envelope: a
     * receiver that makes a path of it must not let it leave its directory.
     */
    public Optional<String> name() {
        return text(NAME);
    }

    /** Returns the payload's media type, if it has one that is text. As trustworthy as its sender. */
    public Optional<String> type() {
        return text(TYPE);
    }

    /**
     * Returns the same with this name; the JSON is written anew.
     *
     * @throws IllegalArgumentException if it grows too long
     */
    public EnvelopeMetadata withName(String name) {
        return with(NAME, name);
    }

    /**
     * Returns the same with this media type; the JSON is written anew.
     *
     * @throws IllegalArgumentException if it grows too long
     */
    public EnvelopeMetadata withType(String type) {
        return with(TYPE, type);
    }

    byte[] utf8() {
        return json.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof EnvelopeMetadata that && json.equals(that.json);
    }

    @Override
    public int hashCode() {
        return json.hashCode();
    }

    @Override
    public String toString() {
        return json;
    }

    private EnvelopeMetadata with(String field, String value) {
        ObjectNode fields = JSON.createObjectNode();
        if (!json.isEmpty()) {
            try {
                fields = JSON.readValue(json, ObjectNode.class);
            } catch (JacksonException e) {
                throw new IllegalArgumentException("the metadata is beyond what can be changed", e);
            }
        }
        return checked(fields.put(field, value).toString());
    }

    /** Token by token: who only wants the name need not build what a stranger nested into 64 KiB. */
    private Optional<String> text(String field) {
        if (json.isEmpty()) {
            return Optional.empty();
        }
        String found = null;
        try (JsonParser parser = JSON.createParser(json)) {
            parser.nextToken();
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                boolean text = parser.nextToken() == JsonToken.VALUE_STRING;
                if (name.equals(field)) {
                    found = text ? parser.getText() : null;
                }
                parser.skipChildren();
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return Optional.ofNullable(found);
    }

    private static EnvelopeMetadata checked(String json) {
        EnvelopeMetadata metadata = new EnvelopeMetadata(json);
        int bytes = metadata.utf8().length;
        if (bytes > Chunk.MAX_METADATA_BYTES) {
            throw new IllegalArgumentException(
                    "an envelope's metadata is at most " + Chunk.MAX_METADATA_BYTES + " bytes of UTF-8, not " + bytes);
        }
        return metadata;
    }

    private static boolean isObject(String text) {
        try (JsonParser parser = JSON.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return false;
            }
            parser.skipChildren();
            return parser.nextToken() == null;
        } catch (IOException notJson) {
            return false;
        }
    }
}
