package io.porthouse.admin.api;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.porthouse.admin.http.Problem;
import io.porthouse.router.TokenState;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** Tokens of the configuration file: operators see them beside the store's, and nobody changes them. Immutable. */
final class ConfiguredTokens {

    private final TreeMap<String, TokenState> byId = new TreeMap<>();

    ConfiguredTokens(List<TokenState> tokens) {
        tokens.forEach(token -> byId.put(token.id(), token));
    }

    Optional<TokenState> find(Call call, String id) {
        return call.isByOperator() ? Optional.ofNullable(byId.get(id)) : Optional.empty();
    }

    /** Refuses to change one of these. */
    void requireOther(Call call, String id) {
        if (find(call, id).isPresent()) {
            throw Problem.of(
                            HttpResponseStatus.CONFLICT,
                            "configured",
                            "this token is in the configuration file, and is changed there")
                    .exception();
        }
    }

    /** Returns whether a token here is of that account, or may do something in its rooms. */
    boolean owns(String account) {
        return byId.values().stream()
                .anyMatch(token -> token.account().equals(account)
                        || token.grants().stream()
                                .anyMatch(grant -> grant.account().equals(account)));
    }

    /** Returns the first ones, by id. */
    List<TokenState> after(String id, int most) {
        return byId.tailMap(id, false).values().stream().limit(most).toList();
    }
}
