package io.porthouse.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Reads the test vectors of PH/1, whose format is in the README beside them. For the tests of every module. */
public final class Vectors {

    /** Where the vectors are, seen from the directory of any module. */
    public static final Path DIRECTORY = Path.of("..", "protocol", "src", "test", "vectors");

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern FOR_READERS = Pattern.compile("[ |]");
    private static final Pattern HANDLE = Pattern.compile("\\{([a-z-]+)}");

    private Vectors() {}

    /** Returns the vectors of one file; {@code kind} is its name without the extension. */
    public static List<JsonNode> read(String kind) throws IOException {
        JsonNode file = JSON.readTree(DIRECTORY.resolve(kind + ".json").toFile());
        String format = file.get("format").textValue();
        if (!format.equals("porthouse-vectors/1 " + kind)) {
            throw new IOException(kind + ".json has an unknown format: " + format);
        }
        List<JsonNode> vectors = new ArrayList<>();
        file.get("vectors").forEach(vectors::add);
        return vectors;
    }

    /** Returns the vector of this name. */
    public static JsonNode read(String kind, String name) throws IOException {
        return read(kind).stream()
                .filter(vector -> vector.get("name").textValue().equals(name))
                .findFirst()
                .orElseThrow(() -> new IOException(kind + ".json has no vector " + name));
    }

    /** Returns the bytes of a {@code hex} field. */
    public static byte[] bytes(JsonNode hex) {
        return bytes(hex, Map.of());
    }

    /**
     * Returns the bytes of a {@code hex} field of a session, with handles in the place of room names.
     *
     * @throws IllegalArgumentException if a name has no handle
     */
    public static byte[] bytes(JsonNode hex, Map<String, Integer> handles) {
        String digits = HANDLE.matcher(hex.textValue()).replaceAll(name -> {
            Integer handle = handles.get(name.group(1));
            if (handle == null) {
                throw new IllegalArgumentException("no handle for the room " + name.group(1));
            }
            return HexFormat.of().toHexDigits(handle);
        });
        return HexFormat.of().parseHex(FOR_READERS.matcher(digits).replaceAll(""));
    }

    /** Returns the bytes that a {@code payload} object describes. */
    public static byte[] payload(JsonNode payload) {
        if (payload.has("hex")) {
            return bytes(payload.get("hex"));
        }
        if (payload.has("text")) {
            return payload.get("text").textValue().getBytes(StandardCharsets.UTF_8);
        }
        JsonNode rule = payload.get("rule");
        int multiply = rule.get("multiply").intValue();
        int add = rule.get("add").intValue();
        int step = rule.get("step").intValue();
        byte[] bytes = new byte[rule.get("bytes").intValue()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (multiply * i + add + i / step);
        }
        return bytes;
    }

    /** Returns a SHA-256 as the vectors write it. */
    public static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }
}
