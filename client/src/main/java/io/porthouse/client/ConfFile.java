package io.porthouse.client;

import io.porthouse.client.PorthouseException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The connection file behind {@code @conf}: flat lines {@code name = "value"}, and comments that start with {@code #}. To
 * connect, {@code address} and {@code token} are read, for a backpipe {@code key} in the token's place; other names are left
 * to other readers. Immutable.
 */
public final class ConfFile {

    static final String NAME = ".porthouse";
    static final String VARIABLE = "PORTHOUSE_CONF";

    private static final Pattern LINE = Pattern.compile("\\s*([A-Za-z0-9_.-]+)\\s*=\\s*\"([^\"]*)\"\\s*(?:#.*)?");

    private final Path path;
    private final Map<String, String> values;

    private ConfFile(Path path, Map<String, String> values) {
        this.path = path;
        this.values = values;
    }

    /**
     * Finds and reads the file: the one that {@code $PORTHOUSE_CONF} names; else {@code .porthouse} in the working directory
     * or the nearest of its parents that has one; else the one in the home directory.
     *
     * @return empty if there is none
     * @throws PorthouseException ({@link Kind#USAGE}) if one is named that is missing, or it cannot be read or understood
     */
    public static Optional<ConfFile> find() {
        return search(System::getenv, Path.of(""), System.getProperty("user.home"), new ArrayList<>())
                .map(ConfFile::of);
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /** Returns what a name has for a value; empty if it is not there, or the value is empty. */
    public Optional<String> value(String name) {
        return Optional.ofNullable(values.get(name)).filter(value -> !value.isEmpty());
    }

    /** Finds the file as the running process sees the world; having none is an error. */
    static ConfFile require() {
        return of(find(System::getenv, Path.of(""), System.getProperty("user.home")));
    }

    static ConfFile of(Path file) {
        return new ConfFile(file, values(file));
    }

    /**
     * Returns the file that {@code $PORTHOUSE_CONF} names; else {@code .porthouse} in the directory or the nearest of its
     * parents that has one; else the one in the home directory.
     */
    static Path find(Function<String, @Nullable String> environment, Path directory, @Nullable String home) {
        List<String> searched = new ArrayList<>();
        return search(environment, directory, home, searched)
                .orElseThrow(() -> new PorthouseException(
                        Kind.USAGE,
                        "found no connection file (searched: " + String.join(", ", searched)
                                + "); start a router here, or give an address and a token"));
    }

    private static Optional<Path> search(
            Function<String, @Nullable String> environment,
            Path directory,
            @Nullable String home,
            List<String> searched) {
        String named = environment.apply(VARIABLE);
        if (named != null && !named.isEmpty()) {
            Path file = Path.of(named);
            if (Files.isRegularFile(file)) {
                return Optional.of(file);
            }
            throw new PorthouseException(
                    Kind.USAGE, "$" + VARIABLE + " names " + file + ", which is not a file; correct or unset it");
        }
        searched.add("$" + VARIABLE + " (not set)");
        Path start = directory.toAbsolutePath().normalize();
        for (Path at = start; at != null; at = at.getParent()) {
            Path file = at.resolve(NAME);
            if (Files.isRegularFile(file)) {
                return Optional.of(file);
            }
        }
        searched.add(start.resolve(NAME) + " and the directories above");
        if (home != null) {
            Path file = Path.of(home, NAME);
            if (Files.isRegularFile(file)) {
                return Optional.of(file);
            }
            searched.add(file.toString());
        }
        return Optional.empty();
    }

    /** Returns the address, with the token if there is one. */
    Address address() {
        String text = value("address")
                .orElseThrow(() -> new PorthouseException(
                        Kind.USAGE, path + " has no address; add a line: address = \"tcp://127.0.0.1:7070\""));
        Address address;
        try {
            address = Address.parse(text);
        } catch (PorthouseException e) {
            throw new PorthouseException(Kind.USAGE, path + ": address: " + e.getMessage());
        }
        return value("token")
                .map(token -> new Address(address.host(), address.port(), token))
                .orElse(address);
    }

    /** Returns the API key. */
    String key() {
        return value("key")
                .orElseThrow(() -> new PorthouseException(
                        Kind.USAGE, path + " has no key; add a line: key = \"phk_…\" (account key create makes one)"));
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
