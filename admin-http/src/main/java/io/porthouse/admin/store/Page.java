package io.porthouse.admin.store;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A part of a list.
 *
 * @param next what to ask for next with {@link Request#after}; null: this was the last page
 */
public record Page<T>(List<T> items, @Nullable String next) {

    public Page {
        items = List.copyOf(items);
    }

    /**
     * Which part of a list. A cursor stays valid whatever changes: it is the key of the last thing seen, which need not exist
     * any more. What is there during the whole walk is seen exactly once.
     *
     * @param after {@link Page#next} of the page before; null: from the beginning
     * @param size the most items, 1 to {@link #MAX_SIZE}
     */
    public record Request(@Nullable String after, int size) {

        public static final int MAX_SIZE = 500;

        /** Longer than any key; a cursor comes from outside. */
        private static final int MAX_CURSOR_LENGTH = 200;

        /** @throws IllegalArgumentException if the size is out of its range, or the cursor is not one */
        public Request {
            if (size < 1 || size > MAX_SIZE) {
                throw new IllegalArgumentException("a page has 1 to " + MAX_SIZE + " items");
            }
            if (after != null && (after.length() > MAX_CURSOR_LENGTH || after.indexOf('\0') >= 0)) {
                throw new IllegalArgumentException("not a cursor");
            }
        }

        /** Returns the request for the first page. */
        public static Request first(int size) {
            return new Request(null, size);
        }

        /** One more than is shown tells whether there are more. */
        int fetch() {
            return size + 1;
        }

        /** Makes the page of what was read with {@link #fetch}. */
        <T> Page<T> page(List<T> read, Function<T, String> key) {
            if (read.size() <= size) {
                return new Page<>(read, null);
            }
            List<T> shown = read.subList(0, size);
            return new Page<>(shown, key.apply(shown.get(size - 1)));
        }
    }
}
