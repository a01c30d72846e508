package io.porthouse.admin.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Room;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.model.Subject.Kind;
import io.porthouse.admin.model.Token;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.store.Outcome.Done;
import io.porthouse.admin.store.Outcome.Refusal;
import io.porthouse.admin.store.Outcome.Unchanged;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Lifetime;
import io.porthouse.router.Overflow;
import io.porthouse.router.RoomRules;
import io.porthouse.router.TokenSource.Reading;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class StoreContractRoomsTest extends StoreContract {

    private static final RoomRules SMALLEST =
            new RoomRules(0, -1, 1, 0, true, true, Overflow.DISCONNECT, Overflow.DISCONNECT);
    private static final RoomRules LARGEST = new RoomRules(
            Integer.MAX_VALUE,
            Long.MAX_VALUE,
            Integer.MAX_VALUE,
            Integer.MAX_VALUE,
            false,
            false,
            Overflow.DROP,
            Overflow.WAIT);

    @Test
    void aRoomKeepsItsRules() {
        account("alice");
        for (RoomRules rules : List.of(RoomRules.DEFAULT, SMALLEST, LARGEST)) {
            Outcome<Room> outcome = store.createRoom(BY, FOO, rules, Transience.PEERLESS);
            Room room = done(outcome);
            assertThat(room.rules()).isEqualTo(rules);
            assertThat(room.transience()).isEqualTo(Transience.PEERLESS);
            assertThat(store.room(FOO)).contains(room);
            assertThat(((Done<Room>) outcome).change().touched()).containsExactly(new Subject(Kind.ROOM, "alice/foo"));
            assertThat(store.readRoom(FOO))
                    .isEqualTo(new Reading<>(number(outcome), rules.withLifetime(Lifetime.PEERLESS)));
            done(store.deleteRoom(BY, FOO, OptionalLong.of(room.version())));
            assertThat(store.readRoom(FOO)).isEqualTo(new Reading<>(number(outcome) + 1, null));
        }
    }

    @Test
    void aRoomNeedsAnAccountANameAndAPlace() {
        account("alice");
        assertThat(refusal(store.createRoom(BY, new RoomName("bob", "x"), RoomRules.DEFAULT, Transience.NONE)))
                .isEqualTo(Refusal.NOT_FOUND);
        done(store.changeAccount(BY, "alice", ANY, is -> is.withLimits(new Limits(1, 1, 1))));
        room(FOO);
        assertThat(refusal(store.createRoom(BY, FOO, SMALLEST, Transience.NONE)))
                .isEqualTo(Refusal.NAME_TAKEN);
        assertThat(refusal(store.createRoom(BY, BAR, SMALLEST, Transience.NONE)))
                .isEqualTo(Refusal.LIMIT_REACHED);
        done(store.deleteRoom(BY, FOO, ANY));
        room(BAR);
    }

    @Test
    void rulesChangeAtTheVersionThatIsMeant() {
        account("alice");
        Room before = room(FOO);

        Outcome<Room> outcome = store.changeRules(BY, FOO, OptionalLong.of(before.version()), is -> LARGEST);

        assertThat(done(outcome).rules()).isEqualTo(LARGEST);
        assertThat(store.room(FOO)).contains(done(outcome));
        assertThat(store.readRoom(FOO)).isEqualTo(new Reading<>(number(outcome), LARGEST));
        assertThat(refusal(store.changeRules(BY, FOO, OptionalLong.of(before.version()), is -> SMALLEST)))
                .isEqualTo(Refusal.VERSION_MISMATCH);
        assertThat(refusal(store.deleteRoom(BY, FOO, OptionalLong.of(before.version()))))
                .isEqualTo(Refusal.VERSION_MISMATCH);
        assertThat(store.changeRules(BY, FOO, ANY, is -> LARGEST)).isEqualTo(new Unchanged<>(done(outcome)));
        assertThat(refusal(store.changeRules(BY, BAR, ANY, is -> LARGEST))).isEqualTo(Refusal.NOT_FOUND);
        assertThat(refusal(store.deleteRoom(BY, BAR, ANY))).isEqualTo(Refusal.NOT_FOUND);
    }

    @Test
    void aDeletedRoomTakesItsGrantsAndTouchesTheirTokens() {
        account("alice");
        room(FOO);
        room(BAR);
        Token both = token("alice", "s1", reads(FOO), writes(BAR));
        Token none = token("alice", "s2", writes(BAR));

        Outcome<Room> outcome = store.deleteRoom(BY, FOO, ANY);

        assertThat(((Done<Room>) outcome).change().touched())
                .containsExactly(new Subject(Kind.ROOM, "alice/foo"), new Subject(Kind.TOKEN, both.id()));
        Token left = store.token(both.id()).orElseThrow();
        assertThat(left.grants()).containsExactly(writes(BAR));
        assertThat(left.version()).isEqualTo(number(outcome));
        assertThat(store.token(none.id())).contains(none);
        room(FOO);
        assertThat(store.token(both.id())).contains(left);
    }

    /** How many of those an account may have is what its rooms leave over. */
    @Test
    void aRoomThatComesOrGoesTouchesTheTokensThatMakeTransientRooms() {
        account("alice");
        account("bob");
        Token maker = maker("alice", "s1");
        token("alice", "s2");
        maker("bob", "s3");
        Subject touchedMaker = new Subject(Kind.TOKEN, maker.id());
        Subject touchedRoom = new Subject(Kind.ROOM, "alice/foo");

        Outcome<Room> made = store.createRoom(BY, FOO, RoomRules.DEFAULT, Transience.NONE);
        assertThat(((Done<Room>) made).change().touched()).containsExactly(touchedRoom, touchedMaker);
        Outcome<Room> changed = store.changeRules(BY, FOO, ANY, is -> SMALLEST);
        assertThat(((Done<Room>) changed).change().touched()).containsExactly(touchedRoom);
        Outcome<Room> deleted = store.deleteRoom(BY, FOO, ANY);
        assertThat(((Done<Room>) deleted).change().touched()).containsExactly(touchedRoom, touchedMaker);
        assertThat(store.token(maker.id())).contains(maker);
    }

    private Token maker(String account, String secret) {
        Token token = token(account, secret);
        return done(store.changeToken(BY, token.id(), ANY, is -> is.withMayCreateTransientRooms(true)));
    }

    @Test
    void roomsAreListedByAccountAndName() {
        account("a");
        account("a.b");
        account("a-b");
        for (String account : List.of("a", "a.b", "a-b")) {
            for (String name : List.of("1", "-", "Z", "z")) {
                done(store.createRoom(
                        BY,
                        new RoomName(account, name),
                        name.equals("z") ? SMALLEST : RoomRules.DEFAULT,
                        Transience.NONE));
            }
        }

        for (int pageSize = 1; pageSize <= 13; pageSize++) {
            assertThat(all(pageSize, request -> store.rooms(RoomFilter.ALL, request)))
                    .extracting(room -> room.name().toString())
                    .containsExactly(
                            "a/-", "a/1", "a/Z", "a/z", "a-b/-", "a-b/1", "a-b/Z", "a-b/z", "a.b/-", "a.b/1", "a.b/Z",
                            "a.b/z");
        }
        assertThat(all(2, request -> store.rooms(RoomFilter.ownedBy("a"), request)))
                .extracting(room -> room.name().toString())
                .containsExactly("a/-", "a/1", "a/Z", "a/z");
        assertThat(all(2, request -> store.rooms(RoomFilter.visibleTo("a.b"), request)))
                .extracting(room -> room.name().toString())
                .containsExactly("a/z", "a-b/z", "a.b/-", "a.b/1", "a.b/Z", "a.b/z");
        assertThat(store.rooms(RoomFilter.ownedBy("nobody"), Page.Request.first(5))
                        .items())
                .isEmpty();
    }

    @Test
    void aCursorThatIsNoneIsRefusedOrFindsAPlace() {
        account("alice");
        room(FOO);

        assertThatIllegalArgumentException().isThrownBy(() -> new Page.Request("\0", 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new Page.Request("x".repeat(1000), 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new Page.Request(null, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Page.Request(null, 501));
        assertThatIllegalArgumentException().isThrownBy(() -> store.audit(null, new Page.Request("x", 1)));
        for (String cursor : List.of("", "/", "a/b/c", "\uD800", "'; drop table rooms; --", "alice", "alice/")) {
            assertThat(store.rooms(RoomFilter.ALL, new Page.Request(cursor, 5))
                            .items()
                            .size())
                    .isBetween(0, 1);
            store.accounts(new Page.Request(cursor, 5));
            store.tokens("alice", new Page.Request(cursor, 5));
        }
    }
}
