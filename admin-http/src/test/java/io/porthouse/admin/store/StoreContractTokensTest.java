package io.porthouse.admin.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.model.Subject.Kind;
import io.porthouse.admin.model.Token;
import io.porthouse.admin.model.TokenSettings;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.Outcome.Done;
import io.porthouse.admin.store.Outcome.Refusal;
import io.porthouse.admin.store.Outcome.Unchanged;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Backpipe;
import io.porthouse.router.Grant;
import io.porthouse.router.TokenSource.Reading;
import io.porthouse.router.TokenState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StoreContractTokensTest extends StoreContract {

    @BeforeEach
    void aliceHasRooms() {
        account("alice");
        room(FOO);
        room(BAR);
    }

    private Reading<TokenState> read(String secret) {
        return store.readToken(Secrets.hash(secret));
    }

    @Test
    void theRouterReadsWhatTheTokenIs() {
        Instant expiry = Instant.parse("2031-10-26T01:30:00.987Z");
        TokenSettings settings = new TokenSettings("Türöffner 🚪", 5, expiry.plusNanos(654321), true);
        NewToken wanted = new NewToken("alice", settings, List.of(writes(BAR), reads(FOO)), Secrets.hash("s"));

        Outcome<Token> outcome = store.createToken(BY, wanted);

        Token token = done(outcome);
        assertThat(((Done<Token>) outcome).change().touched()).containsExactly(new Subject(Kind.TOKEN, token.id()));
        assertThat(token.settings()).isEqualTo(new TokenSettings("Türöffner 🚪", 5, expiry, true));
        assertThat(store.token(token.id())).contains(token);
        assertThat(read("s"))
                .isEqualTo(new Reading<>(
                        number(outcome),
                        new TokenState(
                                token.id(),
                                "alice",
                                List.of(
                                        new Grant("alice", "bar", false, Set.of(Right.WRITE), false),
                                        new Grant("alice", "foo", false, Set.of(Right.READ), true)),
                                5,
                                Limits.DEFAULT.connections(),
                                expiry,
                                false,
                                Limits.DEFAULT.rooms() - 2,
                                Backpipe.NONE)));
        assertThat(read("other")).isEqualTo(new Reading<>(number(outcome), null));
    }

    @Test
    void theAccountCountsInWhatTheRouterReads() {
        token("alice", "s");
        done(store.changeAccount(BY, "alice", ANY, is -> is.withLimits(new Limits(9, 9, 2))));
        assertThat(read("s").state().accountConnections()).isEqualTo(2);
        done(store.changeAccount(BY, "alice", ANY, is -> is.withSuspended(true)));
        assertThat(read("s").state().suspended()).isTrue();
        done(store.changeAccount(BY, "alice", ANY, is -> USER));
        assertThat(read("s").state().suspended()).isFalse();
        assertThat(read("s").state().maxConnections()).isEqualTo(TokenSettings.DEFAULT_MAX_CONNECTIONS);
        assertThat(read("s").state().expiresAt()).isNull();
    }

    @Test
    void transientRoomsShareTheAccountsLimitWithTheOthers() {
        Token token = token("alice", "s");
        assertThat(read("s").state().transientRooms()).isEqualTo(TokenState.NO_TRANSIENT_ROOMS);
        done(store.changeToken(BY, token.id(), ANY, is -> is.withMayCreateTransientRooms(true)));
        done(store.changeAccount(BY, "alice", ANY, is -> is.withLimits(new Limits(5, 9, 2))));
        assertThat(read("s").state().transientRooms()).isEqualTo(3);
        done(store.changeAccount(BY, "alice", ANY, is -> is.withLimits(new Limits(1, 9, 2))));
        assertThat(read("s").state().transientRooms()).isZero();
    }

    @Test
    void aTokenNeedsAnAccountItsRoomsASecretAndAPlace() {
        account("bob");
        room(new RoomName("bob", "foo"));
        token("bob", "taken");

        assertThat(refusal(store.createToken(BY, newToken("carol", "s")))).isEqualTo(Refusal.NOT_FOUND);
        assertThat(refusal(store.createToken(BY, newToken("alice", "s", reads(new RoomName("alice", "no"))))))
                .isEqualTo(Refusal.NOT_FOUND);
        assertThat(refusal(store.createToken(BY, newToken("alice", "s", reads(new RoomName("bob", "foo"))))))
                .isEqualTo(Refusal.NOT_FOUND);
        assertThat(refusal(store.createToken(BY, newToken("alice", "taken")))).isEqualTo(Refusal.SECRET_TAKEN);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.createToken(BY, newToken("alice", "s", reads(FOO), writes(FOO))));
        done(store.changeAccount(BY, "alice", ANY, is -> is.withLimits(new Limits(9, 0, 9))));
        assertThat(refusal(store.createToken(BY, newToken("alice", "s")))).isEqualTo(Refusal.LIMIT_REACHED);
        assertThat(store.tokens("alice", Page.Request.first(9)).items()).isEmpty();
    }

    @Test
    void settingsThatAreNoneAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenSettings.named(""))
                .withMessageContaining("name");
        assertThatIllegalArgumentException().isThrownBy(() -> TokenSettings.named("x".repeat(129)));
        assertThatIllegalArgumentException().isThrownBy(() -> TokenSettings.named("a\0b"));
        assertThatIllegalArgumentException().isThrownBy(() -> TokenSettings.named("a\uD800b"));
        TokenSettings named = TokenSettings.named("x");
        assertThatIllegalArgumentException().isThrownBy(() -> named.withMaxConnections(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> named.withExpiresAt(Instant.MAX));
        token("alice", "longest", reads(FOO));
        done(store.createToken(
                BY, new NewToken("alice", TokenSettings.named("ü".repeat(128)), List.of(), Secrets.hash("s"))));
    }

    @Test
    void settingsChange() {
        Token before = token("alice", "s", reads(FOO));
        Instant expiry = Instant.parse("2030-01-01T00:00:00Z");

        Token after = done(store.changeToken(
                BY,
                before.id(),
                OptionalLong.of(before.version()),
                is -> is.withName("new")
                        .withMaxConnections(0)
                        .withExpiresAt(expiry)
                        .withMayCreateTransientRooms(true)));

        assertThat(after.settings()).isEqualTo(new TokenSettings("new", 0, expiry, true));
        assertThat(after.grants()).isEqualTo(before.grants());
        assertThat(store.token(before.id())).contains(after);
        assertThat(refusal(store.changeToken(BY, before.id(), OptionalLong.of(before.version()), is -> is)))
                .isEqualTo(Refusal.VERSION_MISMATCH);
        assertThat(store.changeToken(BY, before.id(), ANY, is -> is)).isEqualTo(new Unchanged<>(after));
        assertThat(refusal(store.changeToken(BY, "t0", ANY, is -> is))).isEqualTo(Refusal.NOT_FOUND);
        done(store.changeToken(BY, before.id(), ANY, is -> is.withExpiresAt(null)));
        assertThat(read("s").state().expiresAt()).isNull();
    }

    @Test
    void roomsAreGrantedChangedAndWithdrawn() {
        String id = token("alice", "s").id();

        Token one = done(store.grant(BY, id, ANY, reads(FOO)));
        Token two = done(store.grant(BY, id, OptionalLong.of(one.version()), reads(BAR)));
        assertThat(two.grants()).containsExactly(reads(FOO), reads(BAR));
        assertThat(store.token(id)).contains(two);
        assertThat(store.grant(BY, id, ANY, reads(FOO))).isEqualTo(new Unchanged<>(two));

        RoomGrant more = new RoomGrant(FOO, Set.of(Right.READ, Right.WRITE), false);
        Token changed = done(store.grant(BY, id, ANY, more));
        assertThat(changed.grants()).containsExactly(more, reads(BAR));
        assertThat(store.token(id)).contains(changed);

        Token withdrawn = done(store.withdraw(BY, id, ANY, FOO));
        assertThat(withdrawn.grants()).containsExactly(reads(BAR));
        assertThat(store.token(id)).contains(withdrawn);
        assertThat(refusal(store.withdraw(BY, id, ANY, FOO))).isEqualTo(Refusal.NOT_FOUND);
        assertThat(refusal(store.withdraw(BY, id, OptionalLong.of(one.version()), BAR)))
                .isEqualTo(Refusal.VERSION_MISMATCH);

        Token again = done(store.grant(BY, id, ANY, writes(FOO)));
        assertThat(again.grants()).containsExactly(reads(BAR), writes(FOO));
        assertThat(store.token(id)).contains(again);
        assertThat(read("s").state().grants())
                .containsExactly(reads(BAR).toGrant(), writes(FOO).toGrant());
    }

    @Test
    void aMissingOrForeignRoomCannotBeGranted() {
        account("bob");
        room(new RoomName("bob", "foo"));
        String id = token("alice", "s").id();

        assertThat(refusal(store.grant(BY, id, ANY, reads(new RoomName("bob", "foo")))))
                .isEqualTo(Refusal.NOT_FOUND);
        assertThat(refusal(store.grant(BY, id, ANY, reads(new RoomName("alice", "no")))))
                .isEqualTo(Refusal.NOT_FOUND);
        assertThat(refusal(store.grant(BY, "t0", ANY, reads(FOO)))).isEqualTo(Refusal.NOT_FOUND);
        assertThat(refusal(store.withdraw(BY, "t0", ANY, FOO))).isEqualTo(Refusal.NOT_FOUND);
    }

    @Test
    void aRotatedSecretIsAnotherOne() {
        Token before = token("alice", "old", reads(FOO));
        token("alice", "taken");

        Token after = done(store.rotate(BY, before.id(), OptionalLong.of(before.version()), Secrets.hash("new")));

        assertThat(read("old").state()).isNull();
        assertThat(read("new").state().id()).isEqualTo(before.id());
        assertThat(after.version()).isGreaterThan(before.version());
        assertThat(store.token(before.id())).contains(after);
        assertThat(refusal(store.rotate(BY, before.id(), OptionalLong.of(before.version()), Secrets.hash("newer"))))
                .isEqualTo(Refusal.VERSION_MISMATCH);
        assertThat(refusal(store.rotate(BY, before.id(), ANY, Secrets.hash("taken"))))
                .isEqualTo(Refusal.SECRET_TAKEN);
        assertThat(refusal(store.rotate(BY, "t0", ANY, Secrets.hash("newer")))).isEqualTo(Refusal.NOT_FOUND);
    }

    @Test
    void aDeletedTokenIsGone() {
        Token token = token("alice", "s", reads(FOO));

        assertThat(refusal(store.deleteToken(BY, token.id(), OptionalLong.of(99))))
                .isEqualTo(Refusal.VERSION_MISMATCH);
        Outcome<Token> outcome = store.deleteToken(BY, token.id(), OptionalLong.of(token.version()));

        assertThat(done(outcome)).isEqualTo(token);
        assertThat(read("s")).isEqualTo(new Reading<>(number(outcome), null));
        assertThat(store.token(token.id())).isEmpty();
        assertThat(refusal(store.deleteToken(BY, token.id(), ANY))).isEqualTo(Refusal.NOT_FOUND);
        token("alice", "s");
    }

    @Test
    void tokensAreListedAsTheyWereMade() {
        account("bob");
        List<Token> made = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            made.add(token(i % 3 == 0 ? "bob" : "alice", "s" + i));
            clock.advance(java.time.Duration.ofMillis(1));
        }
        made.set(2, done(store.grant(BY, made.get(2).id(), ANY, reads(FOO))));
        made.set(2, done(store.grant(BY, made.get(2).id(), ANY, reads(BAR))));

        for (int pageSize = 1; pageSize <= 8; pageSize++) {
            assertThat(all(pageSize, request -> store.tokens(null, request))).isEqualTo(made);
        }
        assertThat(all(2, request -> store.tokens("bob", request)))
                .containsExactly(made.get(0), made.get(3), made.get(6));
    }
}
