package io.porthouse.router;

import static io.porthouse.router.RouterHarness.READ_WRITE;

import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.StormRules.Permission;
import io.porthouse.router.StormRules.Place;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Changes everything about one hall, and who may come there, at random; notes what is forbidden from when to when. */
final class SquallOwner {

    static final RoomName HALL = new RoomName("alice", "hall");
    static final List<RoomName> TABLES =
            List.of(new RoomName("alice", "table0"), new RoomName("alice", "table1"), new RoomName("alice", "table2"));
    static final int TRANSIENT_ROOMS = 2;

    static final String WITNESS = "witness-0123456789";
    static final String MEMBER = "member-0123456789";
    static final String SENDER = "sender-0123456789";
    static final String STRANGER = "stranger-0123456789";
    static final String PLAYER = "player-0123456789";
    static final String SERVICE = "phk_service";

    private static final int CONNECTIONS = 100;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private final RouterHarness harness;
    private final Router router;
    private final StormRules rules;
    private final Random random;
    private final Map<Permission, Place> forbiddenSince = new HashMap<>();

    private boolean isThere = true;
    private boolean isPublic = true;
    private boolean isTableSetUp;
    private boolean hasService = true;
    private Set<Right> ofMember = Set.of(Right.READ);
    private Set<Right> ofSender = READ_WRITE;
    private int transientRooms = TRANSIENT_ROOMS;
    private int connections = CONNECTIONS;

    SquallOwner(RouterHarness harness, StormRules rules, Random random) {
        this.harness = harness;
        this.router = harness.router;
        this.rules = rules;
        this.random = random;
    }

    void setUp() {
        writeTokens();
        harness.tokens.putRoom(HALL, TestRules.with(some -> some.isPublic = isPublic));
        TABLES.forEach(harness.tokens::deleteRoom);
    }

    void changeSomething() throws Exception {
        int what = random.nextInt(100);
        if (what < 20) {
            change(() -> isPublic = !isPublic);
        } else if (what < 35) {
            change(() -> {});
        } else if (what < 55) {
            change(() -> ofSender = ofSender.isEmpty() ? READ_WRITE : Set.of());
        } else if (what < 75) {
            change(() -> ofMember = ofMember.isEmpty() ? Set.of(Right.READ) : Set.of());
        } else if (what < 80) {
            change(() -> hasService = !hasService);
        } else if (what < 85) {
            change(() -> isThere = !isThere);
        } else if (what < 90) {
            change(() -> transientRooms = random.nextInt(TRANSIENT_ROOMS + 1));
        } else if (what < 95) {
            change(() -> isTableSetUp = !isTableSetUp);
        } else {
            change(() -> connections = connections == CONNECTIONS ? 6 : CONNECTIONS);
            requireFewConnections();
        }
        LockSupport.parkNanos(PAUSE_NANOS);
    }

    /** Leaves everything so that each client can be where it wants to be. */
    void settle() throws Exception {
        change(() -> {
            isThere = true;
            isPublic = true;
            isTableSetUp = false;
            hasService = true;
            ofMember = Set.of(Right.READ);
            ofSender = READ_WRITE;
            transientRooms = TRANSIENT_ROOMS;
            connections = CONNECTIONS;
        });
    }

    /** What is forbidden now stays so. */
    void end() {
        forbiddenSince.forEach(
                (permission, since) -> rules.forbid(permission, since, new Place(Integer.MAX_VALUE, Long.MAX_VALUE)));
    }

    /** What is lost is forbidden from where the hall is after the answer, until where it is before it is asked for again. */
    private void change(Runnable what) throws Exception {
        Set<Permission> before = permissions();
        Place place = Place.of(router, HALL);
        what.run();
        write();
        Set<Permission> after = permissions();
        for (Permission gained : after) {
            Place since = before.contains(gained) ? null : forbiddenSince.remove(gained);
            if (since != null) {
                rules.forbid(gained, since, place);
            }
        }
        @Nullable Place now = Place.of(router, HALL);
        for (Permission lost : before) {
            if (!after.contains(lost) && now != null) {
                forbiddenSince.put(lost, now);
            }
        }
    }

    private Set<Permission> permissions() {
        Set<Permission> permissions = new HashSet<>();
        if (!isThere) {
            return permissions;
        }
        if (isPublic) {
            permissions.add(new Permission(STRANGER, HALL, Right.READ));
        }
        if (isPublic || !ofMember.isEmpty()) {
            permissions.add(new Permission(MEMBER, HALL, Right.READ));
        }
        if (!ofSender.isEmpty()) {
            permissions.add(new Permission(SENDER, HALL, Right.WRITE));
        }
        if (hasService) {
            permissions.add(new Permission(SERVICE, HALL, Right.WRITE));
        }
        return permissions;
    }

    // ---- the source, and the router that is told

    private void write() throws Exception {
        writeTokens();
        if (isThere) {
            harness.tokens.putRoom(HALL, TestRules.with(some -> {
                some.isPublic = isPublic;
                some.maxEnvelopeBytes = random.nextInt(4) == 0 ? 3_000 : Long.MAX_VALUE;
                some.overflow = random.nextInt(4) == 0 ? Overflow.WAIT : Overflow.DROP;
                some.envelopeOverflow = random.nextInt(4) == 0 ? Overflow.DROP : Overflow.WAIT;
            }));
        } else {
            harness.tokens.deleteRoom(HALL);
        }
        if (isTableSetUp) {
            harness.tokens.putRoom(TABLES.get(0), RoomRules.DEFAULT);
        } else {
            harness.tokens.deleteRoom(TABLES.get(0));
        }
        confirm(router.refreshRooms(List.of(HALL, TABLES.get(0))));
        confirm(router.refreshAccount("alice"));
    }

    private void writeTokens() {
        put(WITNESS, "alice", Set.of(Right.READ), TokenState.NO_TRANSIENT_ROOMS, Backpipe.NONE);
        put(MEMBER, "alice", ofMember, TokenState.NO_TRANSIENT_ROOMS, Backpipe.NONE);
        put(SENDER, "alice", ofSender, TokenState.NO_TRANSIENT_ROOMS, Backpipe.NONE);
        put(STRANGER, "bob", Set.of(), TokenState.NO_TRANSIENT_ROOMS, Backpipe.NONE);
        put(PLAYER, "alice", Set.of(), transientRooms, Backpipe.NONE);
        if (hasService) {
            put(SERVICE, "alice", Set.of(), TokenState.NO_TRANSIENT_ROOMS, Backpipe.ACCOUNT);
        } else {
            harness.tokens.remove(MemoryTokenSource.secretHash(SERVICE));
        }
    }

    private void put(String secret, String account, Set<Right> inHall, int transients, Backpipe backpipe) {
        List<Grant> grants =
                inHall.isEmpty() ? List.of() : List.of(new Grant(HALL.account(), HALL.name(), false, inHall, true));
        harness.put(
                secret, new TokenState(secret, account, grants, 100, connections, null, false, transients, backpipe));
    }

    private void requireFewConnections() throws Exception {
        int live = router.sessions(state -> state.account().equals("alice"))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS)
                .size();
        if (live > connections) {
            throw new AssertionError(live + " connections of an account that may have " + connections);
        }
    }

    private static void confirm(CompletionStage<Refreshed> refreshed) throws Exception {
        if (!refreshed.toCompletableFuture().get(60, TimeUnit.SECONDS).confirmed()) {
            throw new AssertionError("not confirmed");
        }
    }
}
