package io.porthouse.cli.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One table of the file, to be read setting by setting. A setting that is wrong is reported and read as its default, so
 * that reading goes on; {@link #end} reports what nobody asked for.
 */
final class Table {

    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})\\s*(B|KiB|MiB|GiB|TiB)");
    private static final String SIZE_FORM = "bytes, or text like \"16 MiB\"";

    private final ObjectNode node;
    private final String path;
    private final Problems problems;
    private final TreeSet<String> known = new TreeSet<>();

    Table(ObjectNode node, String path, Problems problems) {
        this.node = node;
        this.path = path;
        this.problems = problems;
    }

    /** Reports what is wrong with a setting of this table. */
    void problem(String key, String problem) {
        String setting = SettingPath.child(path, key);
        problems.add(node.has(key) ? setting : path, setting, problem);
    }

    /** Reports every setting that was never asked for. To be called last. */
    void end() {
        for (Iterator<String> keys = node.fieldNames(); keys.hasNext(); ) {
            String key = keys.next();
            if (!known.contains(key)) {
                problem(key, "unknown setting (known here: " + String.join(", ", known) + ")");
            }
        }
    }

    boolean has(String key) {
        return node.has(key);
    }

    /** Returns a sub-table; an empty one if it is not there. */
    Table table(String key) {
        JsonNode value = take(key);
        if (value instanceof ObjectNode table) {
            return new Table(table, SettingPath.child(path, key), problems);
        }
        if (value != null) {
            problem(key, "is not a table (write [" + SettingPath.child(path, key) + "])");
        }
        return new Table(JsonNodeFactory.instance.objectNode(), SettingPath.child(path, key), problems);
    }

    /** Returns an array of tables; an empty list if it is not there. */
    List<Table> tables(String key) {
        JsonNode value = take(key);
        if (value == null) {
            return List.of();
        }
        String array = SettingPath.child(path, key);
        List<Table> tables = new ArrayList<>();
        for (int i = 0; i < value.size(); i++) {
            if (value.get(i) instanceof ObjectNode table) {
                tables.add(new Table(table, SettingPath.element(array, i), problems));
            }
        }
        if (!value.isArray() || tables.size() < value.size()) {
            problem(key, "is not a list of tables (write [[" + array + "]], or [ { … }, { … } ] inside a table)");
        }
        return tables;
    }

    /** Returns all settings of a table whose keys are free, as text; nested tables count as dotted keys. */
    void forEachText(Entry each) {
        node.properties().forEach(field -> forEachText(field.getKey(), field.getValue(), each));
        node.fieldNames().forEachRemaining(known::add);
    }

    /** Takes one setting with a free key. */
    @FunctionalInterface
    interface Entry {
        /** Takes the value; {@code report} reports what is wrong with it. */
        void take(String key, String value, java.util.function.Consumer<String> report);
    }

    private void forEachText(String key, JsonNode value, Entry each) {
        if (value instanceof ObjectNode nested) {
            nested.properties().forEach(f -> forEachText(key + "." + f.getKey(), f.getValue(), each));
        } else {
            String top = key;
            each.take(key, value.asText(), problem -> problems.add(linePath(top), path + "." + top, problem));
        }
    }

    /** A free key may have been written quoted as one, or dotted. */
    private String linePath(String key) {
        if (node.has(key)) {
            return SettingPath.child(path, key);
        }
        String dotted = path;
        for (String part : key.split("\\.", -1)) {
            dotted = SettingPath.child(dotted, part);
        }
        return dotted;
    }

    Optional<String> text(String key) {
        JsonNode value = take(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isTextual()) {
            problem(key, "is not a text (write it in quotes)");
            return Optional.empty();
        }
        return Optional.of(value.textValue());
    }

    String text(String key, String byDefault) {
        return text(key).orElse(byDefault);
    }

    boolean flag(String key, boolean byDefault) {
        JsonNode value = take(key);
        if (value == null || value.isBoolean()) {
            return value == null ? byDefault : value.booleanValue();
        }
        problem(key, "is not a truth value (true or false)");
        return byDefault;
    }

    int integer(String key, int byDefault, int least, int most) {
        return (int) longer(key, byDefault, least, most, "a whole number");
    }

    /** Reads bytes: a number, or text with a unit. */
    long size(String key, long byDefault, long least, long most) {
        JsonNode value = node.get(key);
        if (value == null || !value.isTextual()) {
            return longer(key, byDefault, least, most, SIZE_FORM);
        }
        known.add(key);
        Matcher matcher = SIZE.matcher(value.textValue());
        if (!matcher.matches()) {
            problem(key, "is not a size (" + SIZE_FORM + ", with B, KiB, MiB, GiB or TiB)");
            return byDefault;
        }
        long number = Long.parseLong(matcher.group(1));
        long unit = 1L << (10 * List.of("B", "KiB", "MiB", "GiB", "TiB").indexOf(matcher.group(2)));
        return checked(key, number > Long.MAX_VALUE / unit ? Long.MAX_VALUE : number * unit, byDefault, least, most);
    }

    /** Reads one of an enum's names, in lower case. */
    <E extends Enum<E>> E choice(String key, E byDefault, Class<E> type) {
        String value = text(key, name(byDefault));
        for (E candidate : type.getEnumConstants()) {
            if (name(candidate).equals(value)) {
                return candidate;
            }
        }
        problem(key, "there is no \"" + value + "\" (" + names(type) + ")");
        return byDefault;
    }

    /** Reads a list of texts, each by {@code parse}, which answers empty for what is not allowed. */
    <T> List<T> list(String key, Function<String, Optional<T>> parse, String allowed) {
        JsonNode value = take(key);
        if (value == null) {
            return List.of();
        }
        List<T> parsed = new ArrayList<>();
        for (JsonNode element : value) {
            Optional<T> one = element.isTextual() ? parse.apply(element.textValue()) : Optional.empty();
            one.ifPresent(parsed::add);
        }
        if (!value.isArray() || parsed.size() < value.size()) {
            problem(key, "must be a list (" + allowed + ")");
        }
        return parsed;
    }

    static <E extends Enum<E>> String name(E value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static <E extends Enum<E>> String names(Class<E> type) {
        List<String> names = new ArrayList<>();
        for (E value : type.getEnumConstants()) {
            names.add('"' + name(value) + '"');
        }
        return String.join(", ", names);
    }

    private long longer(String key, long byDefault, long least, long most, String form) {
        JsonNode value = take(key);
        if (value == null) {
            return byDefault;
        }
        if (!value.isIntegralNumber()) {
            problem(key, "is not a number (" + form + ")");
            return byDefault;
        }
        if (!value.canConvertToLong()) {
            return outOfRange(key, byDefault, least, most);
        }
        return checked(key, value.longValue(), byDefault, least, most);
    }

    private long checked(String key, long value, long byDefault, long least, long most) {
        return value < least || value > most ? outOfRange(key, byDefault, least, most) : value;
    }

    private long outOfRange(String key, long byDefault, long least, long most) {
        boolean unlimited = most == Long.MAX_VALUE || most == Integer.MAX_VALUE;
        problem(key, "is out of range (" + (unlimited ? "at least " + least : least + " to " + most) + ")");
        return byDefault;
    }

    private @Nullable JsonNode take(String key) {
        known.add(key);
        return node.get(key);
    }
}
