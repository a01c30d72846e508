package io.porthouse.cli.run;

import io.porthouse.cli.config.Configuration;
import io.porthouse.router.Grant;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.TokenState;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that never change while the router runs: those of the configuration, or the one that is made because there are
 * none.
 *
 * @param source answers for them
 * @param states what they may do
 * @param local the one that was made; null if some are configured
 */
record FixedTokens(
        MemoryTokenSource source,
        List<TokenState> states,
        @Nullable LocalToken local) {

    /** @throws StartException if the token that is made can't be kept */
    static FixedTokens of(Configuration configuration, DataDirectory data) throws StartException {
        MemoryTokenSource source = new MemoryTokenSource(configuration.rules()::of);
        List<TokenState> states = new ArrayList<>();
        configuration.tokens().forEach(token -> {
            source.put(token.secretHash(), token.state());
            states.add(token.state());
        });
        LocalToken local = null;
        if (configuration.tokens().isEmpty()) {
            local = LocalToken.of(data, new SecureRandom());
            source.put(MemoryTokenSource.secretHash(local.secret()), local.state());
            states.add(local.state());
        }
        return new FixedTokens(source, List.copyOf(states), local);
    }

    /** All their grants. */
    List<Grant> grants() {
        return states.stream().flatMap(state -> state.grants().stream()).toList();
    }
}
