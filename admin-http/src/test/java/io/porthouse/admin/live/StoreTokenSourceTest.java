package io.porthouse.admin.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.TokenSettings;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.NewAccount;
import io.porthouse.admin.store.NewToken;
import io.porthouse.admin.store.Outcome;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreSettings;
import io.porthouse.admin.store.StoreUnavailableException;
import io.porthouse.admin.store.StoreWorkers;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Backpipe;
import io.porthouse.router.Grant;
import io.porthouse.router.MemoryTokenSource;
import io.porthouse.router.Overflow;
import io.porthouse.router.RoomRules;
import io.porthouse.router.TokenSource.Reading;
import io.porthouse.router.TokenState;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreTokenSourceTest {

    private static final RoomName STORED = new RoomName("alice", "foo");
    private static final RoomName CONFIGURED = new RoomName("local", "lobby");
    private static final RoomRules OWN = new RoomRules(1, 2, 3, 4, true, true, Overflow.DROP, Overflow.WAIT);
    private static final RoomRules OF_CONFIGURATION =
            new RoomRules(9, 9, 9, 9, false, false, Overflow.DROP, Overflow.WAIT);
    private static final String STORED_HASH = Secrets.hash("stored");
    private static final String CONFIGURED_HASH = Secrets.hash("configured");

    private final Grant everything = new Grant("local", "", true, Set.of(Right.READ), false);
    private final TokenState configuredState =
            new TokenState("configured", "local", List.of(everything), 1, null, false);
    private final StoreWorkers workers =
            new StoreWorkers("router", 2, 100, Duration.ofSeconds(20), System::nanoTime, new SimpleMeterRegistry());

    @TempDir
    Path data;

    private Store store;
    private StoreTokenSource source;

    @BeforeEach
    void open() {
        store = Store.open(
                StoreSettings.inDirectory(data).withPatience(Duration.ofMillis(300)),
                Clock.systemUTC(),
                new Random(),
                new SimpleMeterRegistry());
        MemoryTokenSource configuration = new MemoryTokenSource(room -> OF_CONFIGURATION);
        configuration.put(CONFIGURED_HASH, configuredState);
        source = new StoreTokenSource(store, workers, configuration, configuredState.grants());
        AccountSettings user = new AccountSettings(Role.USER, false, Limits.DEFAULT);
        assertDone(store.createAccount(Actor.SYSTEM, NewAccount.of("alice", user, "x")));
        assertDone(store.createRoom(Actor.SYSTEM, STORED, OWN, Transience.NONE));
        assertDone(store.createToken(
                Actor.SYSTEM,
                new NewToken(
                        "alice",
                        TokenSettings.named("a token"),
                        List.of(new RoomGrant(STORED, Set.of(Right.READ), true)),
                        STORED_HASH)));
    }

    @AfterEach
    void close() {
        workers.close();
        store.close();
    }

    private static void assertDone(Outcome<?> outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Done.class);
    }

    private static <T> Reading<T> get(CompletionStage<Reading<T>> answer) throws Exception {
        return answer.toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @Test
    void aTokenOfTheStoreIsRead() throws Exception {
        Reading<TokenState> reading = get(source.readToken(STORED_HASH));
        assertThat(reading).isEqualTo(store.readToken(STORED_HASH));
        assertThat(reading.state().grants())
                .containsExactly(new Grant("alice", "foo", false, Set.of(Right.READ), true));
        assertThat(get(source.readToken(Secrets.hash("?")))).isEqualTo(new Reading<>(3, null));
    }

    @Test
    void anApiKeyOpensABackpipe() throws Exception {
        String keyHash = Secrets.hash("phk_key");
        assertDone(store.createKey(Actor.SYSTEM, "alice", "service", keyHash));
        TokenState state = get(source.readToken(keyHash)).state();
        assertThat(state.account()).isEqualTo("alice");
        assertThat(state.backpipe()).isEqualTo(Backpipe.ACCOUNT);
        assertThat(state.accountConnections()).isEqualTo(Limits.DEFAULT.connections());
        assertThat(state.grants()).isEmpty();
        assertDone(store.changeAccount(
                Actor.SYSTEM,
                "alice",
                OptionalLong.empty(),
                is -> is.withRole(Role.OPERATOR).withSuspended(true)));
        Reading<TokenState> changed = get(source.readToken(keyHash));
        assertThat(changed.change()).isEqualTo(store.lastChange());
        assertThat(changed.state().backpipe()).isEqualTo(Backpipe.EVERYWHERE);
        assertThat(changed.state().suspended()).isTrue();
        assertDone(store.deleteKey(Actor.SYSTEM, "alice", state.id()));
        assertThat(get(source.readToken(keyHash))).isEqualTo(new Reading<>(store.lastChange(), null));
    }

    @Test
    void aTokenOfTheConfigurationIsKnownAtOnceWhateverTheStoreDoes() {
        store.close();
        assertThat(source.readToken(CONFIGURED_HASH).toCompletableFuture())
                .isCompletedWithValueMatching(reading -> configuredState.equals(reading.state()));
    }

    @Test
    void roomsAreThoseOfTheStoreAndThoseOfConfiguredGrants() throws Exception {
        assertThat(get(source.readRoom(STORED))).isEqualTo(new Reading<>(3, OWN));
        assertThat(get(source.readRoom(CONFIGURED))).isEqualTo(new Reading<>(3, OF_CONFIGURATION));
        assertThat(get(source.readRoom(new RoomName("alice", "other")))).isEqualTo(new Reading<>(3, null));
    }

    @Test
    void aRoomOfBothHasTheRulesOfTheStoreWhileItIsThere() throws Exception {
        AccountSettings user = new AccountSettings(Role.USER, false, Limits.DEFAULT);
        assertDone(store.createAccount(Actor.SYSTEM, NewAccount.of("local", user, "x")));
        assertDone(store.createRoom(Actor.SYSTEM, CONFIGURED, OWN, Transience.NONE));
        assertThat(get(source.readRoom(CONFIGURED))).isEqualTo(new Reading<>(5, OWN));
        assertDone(store.deleteRoom(Actor.SYSTEM, CONFIGURED, OptionalLong.empty()));
        assertThat(get(source.readRoom(CONFIGURED))).isEqualTo(new Reading<>(6, OF_CONFIGURATION));
    }

    @Test
    void aStoreThatDoesNotAnswerFailsTheRead() {
        store.close();
        assertThatThrownBy(() -> get(source.readToken(STORED_HASH)))
                .hasCauseInstanceOf(StoreUnavailableException.class);
        assertThatThrownBy(() -> get(source.readRoom(CONFIGURED))).hasCauseInstanceOf(StoreUnavailableException.class);
    }
}
