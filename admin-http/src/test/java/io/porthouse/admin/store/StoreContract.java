package io.porthouse.admin.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.model.Room;
import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.Token;
import io.porthouse.admin.model.TokenSettings;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.StoreUnavailableException.Reason;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.RoomRules;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What every store must do: each class that extends this runs on every database, with a new store for each test. */
@ParameterizedClass(name = "{0}")
@EnumSource(TestDatabase.class)
abstract class StoreContract {

    static final Actor BY = new Actor("operator", "key k1", "127.0.0.1");
    static final AccountSettings USER = new AccountSettings(Role.USER, false, Limits.DEFAULT);
    static final AccountSettings OPERATOR = new AccountSettings(Role.OPERATOR, false, Limits.NONE);
    static final OptionalLong ANY = OptionalLong.empty();
    static final RoomName FOO = new RoomName("alice", "foo");
    static final RoomName BAR = new RoomName("alice", "bar");

    @Parameter
    TestDatabase database;

    final TestClock clock = new TestClock();
    StoreSettings settings;
    Store store;

    @BeforeEach
    void openStore() throws Exception {
        settings = database.prepared();
        store = TestDatabase.open(settings, clock);
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    static <T> T done(Outcome<T> outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        return ((Outcome.Done<T>) outcome).value();
    }

    static long number(Outcome<?> outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
        return ((Outcome.Done<?>) outcome).change().number();
    }

    static Outcome.Refusal refusal(Outcome<?> outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Refused.class);
        return ((Outcome.Refused<?>) outcome).why();
    }

    Account account(String name) {
        return done(store.createAccount(BY, NewAccount.of(name, USER, "hash of " + name)));
    }

    Room room(RoomName name) {
        return done(store.createRoom(BY, name, RoomRules.DEFAULT, Transience.NONE));
    }

    Token token(String account, String secret, RoomGrant... grants) {
        return done(store.createToken(BY, newToken(account, secret, grants)));
    }

    static NewToken newToken(String account, String secret, RoomGrant... grants) {
        return new NewToken(account, TokenSettings.named("a token"), List.of(grants), Secrets.hash(secret));
    }

    static RoomGrant reads(RoomName room) {
        return new RoomGrant(room, Set.of(Right.READ), true);
    }

    static RoomGrant writes(RoomName room) {
        return new RoomGrant(room, Set.of(Right.WRITE), false);
    }

    /** Reads a list to its end. */
    static <T> List<T> all(int pageSize, Function<Page.Request, Page<T>> list) {
        List<T> all = new ArrayList<>();
        Page<T> page = list.apply(Page.Request.first(pageSize));
        all.addAll(page.items());
        while (page.next() != null) {
            page = list.apply(new Page.Request(page.next(), pageSize));
            all.addAll(page.items());
        }
        return all;
    }

    /** Asks until there is an answer; a question that gets none takes as long as the store is patient. */
    static <T> T firstAnswer(Supplier<T> question) {
        for (int i = 0; i < 100; i++) {
            try {
                return question.get();
            } catch (StoreUnavailableException e) {
                assertThat(e.reason()).isNotEqualTo(Reason.UNCERTAIN);
            }
        }
        throw new AssertionError("the store does not come back");
    }
}
