package io.porthouse.admin.live;

import static io.porthouse.admin.live.LiveNode.ANY;
import static io.porthouse.admin.live.LiveNode.BY;
import static io.porthouse.admin.live.LiveNode.USER;
import static io.porthouse.admin.live.LiveNode.done;
import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.Token;
import io.porthouse.admin.model.TokenSettings;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.NewAccount;
import io.porthouse.admin.store.NewToken;
import io.porthouse.admin.store.Outcome;
import io.porthouse.admin.store.TestDatabase;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Grant;
import io.porthouse.router.RoomRules;
import io.porthouse.router.RouterSettings;
import io.porthouse.router.Storm;
import io.porthouse.router.StormPlane;
import io.porthouse.router.TokenState;
import io.porthouse.testkit.Seeds;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The router's storm with a real store: fewer changes, because each is a transaction. */
class StoreStormTest {

    private static final List<String> ACCOUNTS = List.of("bob", "carol");

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void nobodyGetsWhatTheStoreForbids() throws Exception {
        Seeds.once(random -> rage(TestDatabase.H2, random, 1_000));
    }

    @Test
    @Tag("long")
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void norInALongStorm() throws Exception {
        Seeds.once(random -> rage(TestDatabase.H2, random, 100_000));
        Seeds.once(random -> rage(TestDatabase.POSTGRES, random, 20_000));
    }

    private static void rage(TestDatabase database, Random random, int changes) throws Exception {
        random.nextInt(); // the first number is nearly the same for neighbouring seeds
        RouterSettings.Limits limits = RouterSettings.Limits.defaults();
        Map<String, TokenState> publishers = new HashMap<>();
        for (String account : ACCOUNTS) {
            Grant all = new Grant(account, "", true, Set.of(Right.READ, Right.WRITE), false);
            publishers.put(
                    Storm.PUBLISHER + account,
                    new TokenState("publisher of " + account, account, List.of(all), 1, null, false));
        }
        try (LiveNode node = new LiveNode(
                TestDatabase.open(database.prepared()),
                publishers,
                new RouterSettings.Limits(
                        limits.maxFrameBytes(),
                        limits.maxOpenEnvelopes(),
                        limits.roomsPerSession(),
                        limits.handshakes(),
                        limits.inboxBytes(),
                        Storm.OUTBOX_BYTES,
                        limits.waitBytesPerSecond(),
                        limits.memoryBytes()))) {
            for (String account : ACCOUNTS) {
                done(node.store.createAccount(BY, NewAccount.of(account, USER, "x")));
            }
            new Storm(node.router, new StorePlane(node), random).run(ACCOUNTS, changes);
        }
    }

    /** The store, and the router that follows it. */
    private record StorePlane(LiveNode node) implements StormPlane {

        private void confirm(Outcome<?> outcome) throws Exception {
            assertThat(node.follow(outcome).confirmed()).isTrue();
        }

        @Override
        public void createRoom(RoomName room) throws Exception {
            confirm(node.store.createRoom(BY, room, RoomRules.DEFAULT, Transience.NONE));
        }

        @Override
        public void deleteRoom(RoomName room) throws Exception {
            confirm(node.store.deleteRoom(BY, room, ANY));
        }

        @Override
        public void setRules(RoomName room, RoomRules rules) throws Exception {
            Outcome<?> outcome = node.store.changeRules(BY, room, ANY, before -> rules);
            if (!(outcome instanceof Outcome.Unchanged<?>)) {
                confirm(outcome);
            }
        }

        @Override
        public String createToken(String account, String secret) throws Exception {
            Outcome<Token> outcome = node.store.createToken(
                    BY, new NewToken(account, TokenSettings.named("a token"), List.of(), Secrets.hash(secret)));
            confirm(outcome);
            return done(outcome).id();
        }

        @Override
        public void deleteToken(String id) throws Exception {
            confirm(node.store.deleteToken(BY, id, ANY));
        }

        @Override
        public void rotate(String id, String secret) throws Exception {
            confirm(node.store.rotate(BY, id, ANY, Secrets.hash(secret)));
        }

        @Override
        public void grant(String id, RoomName room, Set<Right> may) throws Exception {
            confirm(node.store.grant(BY, id, ANY, new RoomGrant(room, may, true)));
        }

        @Override
        public void withdraw(String id, RoomName room) throws Exception {
            confirm(node.store.withdraw(BY, id, ANY, room));
        }

        @Override
        public void setMaxConnections(String id, int most) throws Exception {
            Outcome<?> outcome = node.store.changeToken(
                    BY, id, ANY, is -> new TokenSettings(is.name(), most, is.expiresAt(), false));
            if (!(outcome instanceof Outcome.Unchanged<?>)) {
                confirm(outcome);
            }
        }

        @Override
        public void setSuspended(String account, boolean suspended) throws Exception {
            confirm(node.store.changeAccount(BY, account, ANY, is -> is.withSuspended(suspended)));
        }
    }
}
