package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The connection file behind {@code @conf}: flat lines {@code key = "value"}, and comments that start with {@code #}. Read
 * are {@code address} and {@code token}; other keys are left to other readers.
 */
final class ConfFile {

    static final String NAME = ".porthouse";
    static final String VARIABLE = "PORTHOUSE_CONF";

    private static final Pattern LINE = Pattern.compile("\\s*([A-Za-z0-9_.-]+)\\s*=\\s*\"([^\"]*)\"\\s*(?:#.*)?");

    private ConfFile() {}

    /** Finds and reads the file as the running process sees the world. */
    static Address read() {
        return read(find(System::getenv, Path.of(""), System.getProperty("user.home")));
    }

    /**
     * Returns the file that {@code $PORTHOUSE_CONF} names; else {@code .porthouse} in the directory or the nearest of its
     * parents that has one; else the one in the home directory.
     */
    static Path find(Function<String, @Nullable String> environment, Path directory, @Nullable String home) {
        String named = environment.apply(VARIABLE);
        if (named != null && !named.isEmpty()) {
            Path file = Path.of(named);
            if (Files.isRegularFile(file)) {
                return file;
            }
            throw new PorthouseException(
                    Kind.USAGE, "$" + VARIABLE + " names " + file + ", which is not a file; correct or unset it");
        }
        List<String> searched = new ArrayList<>();
        searched.add("$" + VARIABLE + " (not set)");
        Path start = directory.toAbsolutePath().normalize();
        for (Path at = start; at != null; at = at.getParent()) {
            Path file = at.resolve(NAME);
            if (Files.isRegularFile(file)) {
                return file;
            }
        }
        searched.add(start.resolve(NAME) + " and the directories above");
        if (home != null) {
            Path file = Path.of(home, NAME);
            if (Files.isRegularFile(file)) {
                return file;
            }
            searched.add(file.toString());
        }
        throw new PorthouseException(
                Kind.USAGE,
                "found no connection file (searched: " + String.join(", ", searched)
                        + "); start a router here, or give an address and a token");
    }

    static Address read(Path file) {
        Map<String, String> values = values(file);
        String addressText = values.get("address");
        if (addressText == null) {
            throw new PorthouseException(
                    Kind.USAGE, file + " has no address; add a line: address = \"tcp://127.0.0.1:7070\"");
        }
        Address address;
        try {
            address = Address.parse(addressText);
        } catch (PorthouseException e) {
            throw new PorthouseException(Kind.USAGE, file + ": address: " + e.getMessage());
        }
        String token = values.get("token");
        return token == null || token.isEmpty() ? address : new Address(address.host(), address.port(), token);
    }

    private static Map<String, String> values(Path file) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw new PorthouseException(Kind.USAGE, "cannot read " + file + "; check that it is yours to read", e);
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.isBlank() || line.stripLeading().startsWith("#")) {
                continue;
            }
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) {
                throw new PorthouseException(
                        Kind.USAGE, file + ":" + (i + 1) + " is not understood; write key = \"value\"");
            }
            values.put(matcher.group(1), matcher.group(2));
        }
        return values;
    }
}
