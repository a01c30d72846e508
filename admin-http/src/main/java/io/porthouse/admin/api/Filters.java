package io.porthouse.admin.api;

import org.jspecify.annotations.Nullable;

/** Whose things are listed. */
final class Filters {

    static final String ACCOUNT = "account";

    private Filters() {}

    /**
     * Returns the account whose things a caller asks for, and may see: what others have is as if there were no such account.
     *
     * @return null: everybody's
     */
    static @Nullable String account(Call call) {
        String own = call.caller().name();
        String asked = call.query(ACCOUNT).orElse(null);
        if (asked != null && !call.caller().owns(asked)) {
            throw Refusals.notFound().exception();
        }
        return asked == null && !call.isByOperator() ? own : asked;
    }
}
