package io.porthouse.admin.store;

import java.lang.reflect.RecordComponent;
import java.util.Objects;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** What changed, for people: a line for the audit trail. */
final class Differences {

    private Differences() {}

    /** Returns such as {@code maxMembers 10 → 20, text false → true}. */
    static <T extends Record> String of(T before, T after) {
        StringJoiner all = new StringJoiner(", ");
        add(all, "", before, after);
        return all.toString();
    }

    private static void add(StringJoiner all, String prefix, Record before, Record after) {
        for (RecordComponent component : before.getClass().getRecordComponents()) {
            @Nullable Object was = value(component, before);
            @Nullable Object is = value(component, after);
            if (was instanceof Record wasRecord && is instanceof Record isRecord) {
                add(all, prefix + component.getName() + ".", wasRecord, isRecord);
            } else if (!Objects.equals(was, is)) {
                all.add(prefix + component.getName() + " " + shown(was) + " → " + shown(is));
            }
        }
    }

    private static String shown(@Nullable Object value) {
        return value == null ? "none" : value.toString();
    }

    private static @Nullable Object value(RecordComponent component, Record of) {
        try {
            return component.getAccessor().invoke(of);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a record's components are readable", e);
        }
    }
}
