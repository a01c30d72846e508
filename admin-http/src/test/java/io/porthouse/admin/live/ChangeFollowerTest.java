package io.porthouse.admin.live;

import static io.porthouse.admin.live.LiveNode.ANY;
import static io.porthouse.admin.live.LiveNode.BY;
import static io.porthouse.admin.live.LiveNode.USER;
import static io.porthouse.admin.live.LiveNode.both;
import static io.porthouse.admin.live.LiveNode.done;
import static io.porthouse.admin.live.LiveNode.name;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.porthouse.admin.model.Token;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.store.NewAccount;
import io.porthouse.admin.store.PostgresCopy;
import io.porthouse.admin.store.Store;
import io.porthouse.admin.store.StoreSettings;
import io.porthouse.admin.store.TestDatabase;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.FrameType;
import io.porthouse.router.RoomRules;
import io.porthouse.router.TestClient;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What another process changes, seen through the change log of a database that both use. */
class ChangeFollowerTest {

    private StoreSettings settings;
    private Store other;
    private LiveNode node;
    private Token token;
    private TestClient client;
    private ChangeFollower follower;

    @BeforeEach
    void start() throws Exception {
        settings = TestDatabase.POSTGRES.prepared();
        other = TestDatabase.open(settings);
        done(other.createAccount(BY, NewAccount.of("alice", USER, "x")));
        node = new LiveNode(TestDatabase.open(settings));
        node.room("lobby");
        node.room("foo");
        token = node.token("device", both("lobby"));
        client = node.connect("device");
    }

    @AfterEach
    void stop() {
        follower.close();
        node.close();
        other.close();
    }

    private void follow(Clock clock) {
        follower = new ChangeFollower(node.store, node.live, clock, node.metrics);
        follower.start();
    }

    private double foreign() {
        return node.metrics.get("porthouse.changes.foreign").counter().count();
    }

    private void expectRoom(byte type, String room) throws Exception {
        assertThat(client.expect(type).json().get("room").asText()).isEqualTo("alice/" + room);
    }

    @Test
    void whatAnotherProcessChangesIsFollowed() throws Exception {
        follow(Clock.systemUTC());
        done(other.grant(BY, token.id(), ANY, both("foo")));
        assertThat(client.expect(FrameType.GRANTED).json().get("room").asText()).isEqualTo("alice/foo");
        done(other.deleteRoom(BY, name("foo"), ANY));
        client.expect(FrameType.WITHDRAWN);
        done(other.changeAccount(BY, "alice", ANY, is -> is.withSuspended(true)));
        client.expectClose(CloseCode.ACCOUNT_SUSPENDED.number());
    }

    @Test
    void whatWasFollowedAlreadyIsNotFollowedAgain() throws Exception {
        follow(Clock.systemUTC());
        done(other.grant(BY, token.id(), ANY, both("foo")));
        client.expect(FrameType.GRANTED);
        // That may have been the first look, which reads everything and counts nothing. The next change is counted, and
        // before it takes effect.
        done(other.createRoom(BY, name("bar"), RoomRules.DEFAULT, Transience.NONE));
        done(other.grant(BY, token.id(), ANY, both("bar")));
        client.expect(FrameType.GRANTED);
        double before = foreign();
        LiveEffect effect = node.follow(node.store.withdraw(BY, token.id(), ANY, name("foo")));
        assertThat(effect.confirmed()).isTrue();
        client.expect(FrameType.WITHDRAWN);
        done(other.deleteToken(BY, token.id(), ANY));
        client.expectClose(CloseCode.TOKEN_REVOKED.number());
        // The last one may be counted a moment after it took effect.
        await("the foreign change").until(() -> foreign() == before + 1);
    }

    @Test
    void aLogOfWhichSomethingIsMissingMeansThatEverythingIsReadAgain() throws Exception {
        done(other.deleteToken(BY, token.id(), ANY));
        // The last change stays in the log whatever its age.
        done(other.createRoom(BY, name("bar"), RoomRules.DEFAULT, Transience.NONE));
        Instant later = Instant.now().plus(Duration.ofDays(1));
        other.forget(later, later);
        follow(Clock.systemUTC());
        client.expectClose(CloseCode.TOKEN_REVOKED.number());
    }

    @Test
    void anOlderCopyThatIsPutBackIsFollowed() throws Exception {
        node.room("bar");
        node.token("stranger");
        PostgresCopy copy = PostgresCopy.of(settings);
        node.follow(node.store.changeRules(BY, name("lobby"), ANY, LiveNode::readByAll));
        TestClient stranger = node.connect("stranger");
        stranger.join("alice/lobby", 2);
        follow(Clock.systemUTC());
        done(other.grant(BY, token.id(), ANY, both("foo")));
        expectRoom(FrameType.GRANTED, "foo");
        // The first look may have found that. What is told now is found by a look into the log, which is then known to
        // here.
        done(other.grant(BY, token.id(), ANY, both("bar")));
        expectRoom(FrameType.GRANTED, "bar");

        copy.putBack();
        stranger.expect(FrameType.WITHDRAWN);
        List<String> withdrawn = new ArrayList<>();
        while (withdrawn.size() < 2) {
            withdrawn.add(client.expect(FrameType.WITHDRAWN).json().get("room").asText());
        }
        assertThat(withdrawn).containsExactlyInAnyOrder("alice/foo", "alice/bar");

        // What is changed now has numbers that there were before.
        LiveEffect effect = node.grant(token, both("foo"));
        assertThat(effect.confirmed()).isTrue();
        expectRoom(FrameType.GRANTED, "foo");
        done(other.deleteToken(BY, token.id(), ANY));
        client.expectClose(CloseCode.TOKEN_REVOKED.number());
    }

    @Test
    void oldHistoryIsForgotten() {
        Instant later = Instant.now().plus(ChangeFollower.KEPT_CHANGES).plusSeconds(60);
        follow(Clock.fixed(later, ZoneOffset.UTC));
        await("the log to shrink").until(() -> node.store.changesAfter(0, 1).gap());
    }
}
