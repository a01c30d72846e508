package io.porthouse.router;

import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.StormRules.Permission;
import io.porthouse.router.StormRules.Place;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The owner of one account in a storm: changes everything in it at random, and notes what is forbidden from when to when. */
final class StormOwner implements Callable<Void> {

    static final int TOKENS = 3;
    static final int ROOMS = 3;

    private static final int CHANGES_AT_ONCE = 5;
    private static final int CALM_CHANGES = 200;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private static final List<Set<Right>> RIGHTS =
            List.of(Set.of(Right.READ), Set.of(Right.WRITE), Set.of(Right.READ, Right.WRITE));

    /** A change that is answered when it returns. */
    private interface Verb {
        void run() throws Exception;
    }

    /** A token as its owner has it. */
    static final class Held {
        private final Map<RoomName, Set<Right>> grants = new HashMap<>();
        private String id = "";

        /** What its clients connect with; empty: it is deleted. */
        volatile String secret = "";

        /** Read it only when the owner has ended. */
        Map<RoomName, Set<Right>> grants() {
            return grants;
        }
    }

    final String account;
    final List<Held> tokens = new ArrayList<>();
    final List<RoomName> rooms = new ArrayList<>();

    private final StormPlane plane;
    private final Router router;
    private final StormRules rules;
    private final Random random;
    private final int changes;
    private final Set<RoomName> missing = new HashSet<>();
    private final Map<Permission, Place> forbiddenSince = new HashMap<>();
    private boolean suspended;
    private int secrets;
    private int made;

    StormOwner(String account, StormPlane plane, Router router, StormRules rules, Random random, int changes) {
        this.account = account;
        this.plane = plane;
        this.router = router;
        this.rules = rules;
        this.random = random;
        this.changes = changes;
    }

    void setUp() throws Exception {
        for (int i = 0; i < ROOMS; i++) {
            RoomName room = new RoomName(account, "room" + i);
            rooms.add(room);
            plane.createRoom(room);
        }
        for (int i = 0; i < TOKENS; i++) {
            Held token = new Held();
            tokens.add(token);
            create(token);
        }
    }

    @Override
    public Void call() throws Exception {
        while (made < changes) {
            int before = made;
            changeSomething();
            if (made > before && made % CHANGES_AT_ONCE == 0) {
                // Time for messages between the changes.
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
        settle();
        return null;
    }

    /** Goes on, more calmly: nobody is sent away. */
    Void stir() throws Exception {
        for (int i = 0; i < CALM_CHANGES; i++) {
            Held token = tokens.get(random.nextInt(TOKENS));
            RoomName room = rooms.get(random.nextInt(ROOMS));
            if (random.nextBoolean()) {
                grant(token, room);
            } else if (!room.equals(rooms.get(0))) {
                withdraw(token, room);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        settle();
        return null;
    }

    private void changeSomething() throws Exception {
        Held token = tokens.get(random.nextInt(TOKENS));
        RoomName room = rooms.get(random.nextInt(ROOMS));
        int what = random.nextInt(1_000);
        if (token.secret.isEmpty()) {
            create(token);
        } else if (what < 450) {
            grant(token, room);
        } else if (what < 850) {
            withdraw(token, room);
        } else if (what < 930) {
            setRules(room);
        } else if (what < 950) {
            setMaxConnections(token, random.nextBoolean() ? 1 : 100);
        } else if (what < 970) {
            rotate(token);
        } else if (what < 980) {
            delete(token);
        } else if (what < 990) {
            setSuspended(!suspended);
        } else {
            deleteOrMake(room);
        }
        if (suspended && what % 7 == 0) {
            setSuspended(false);
        }
    }

    /** Leaves everything so that each client can be there. */
    private void settle() throws Exception {
        if (suspended) {
            setSuspended(false);
        }
        for (RoomName room : rooms) {
            if (missing.contains(room)) {
                deleteOrMake(room);
            }
        }
        for (Held token : tokens) {
            if (token.secret.isEmpty()) {
                create(token);
            }
            setMaxConnections(token, 100);
            grant(token, rooms.get(0), RIGHTS.get(2));
        }
    }

    // ---- the changes

    private void create(Held token) throws Exception {
        String secret = nextSecret();
        change(() -> token.id = plane.createToken(account, secret), () -> token.secret = secret);
    }

    private String nextSecret() {
        return "storm-" + account + "-" + ++secrets;
    }

    private void delete(Held token) throws Exception {
        change(() -> plane.deleteToken(token.id), () -> {
            token.secret = "";
            token.grants.clear();
        });
    }

    private void rotate(Held token) throws Exception {
        String secret = nextSecret();
        change(() -> plane.rotate(token.id, secret), () -> token.secret = secret);
    }

    private void grant(Held token, RoomName room) throws Exception {
        Set<Right> may = RIGHTS.get(random.nextInt(RIGHTS.size()));
        if (!missing.contains(room) && !may.equals(token.grants.get(room))) {
            grant(token, room, may);
        }
    }

    private void grant(Held token, RoomName room, Set<Right> may) throws Exception {
        if (!may.equals(token.grants.get(room))) {
            change(() -> plane.grant(token.id, room, may), () -> token.grants.put(room, may));
        }
    }

    private void withdraw(Held token, RoomName room) throws Exception {
        if (token.grants.containsKey(room)) {
            change(() -> plane.withdraw(token.id, room), () -> token.grants.remove(room));
        }
    }

    private void setRules(RoomName room) throws Exception {
        if (!missing.contains(room)) {
            made++;
            plane.setRules(room, TestRules.with(some -> {
                some.maxMessageBytes = 1_000 + random.nextInt(1_000);
                some.overflow = random.nextInt(10) == 0 ? Overflow.DISCONNECT : Overflow.DROP;
            }));
        }
    }

    private void setMaxConnections(Held token, int most) throws Exception {
        made++;
        plane.setMaxConnections(token.id, most);
        long live = router.sessions(state -> state.id().equals(token.id))
                .toCompletableFuture()
                .get()
                .size();
        if (live > most) {
            throw new AssertionError(live + " sessions of a token that may have " + most);
        }
    }

    private void setSuspended(boolean suspend) throws Exception {
        change(() -> plane.setSuspended(account, suspend), () -> suspended = suspend);
    }

    private void deleteOrMake(RoomName room) throws Exception {
        if (missing.contains(room)) {
            change(() -> plane.createRoom(room), () -> missing.remove(room));
        } else {
            change(() -> plane.deleteRoom(room), () -> {
                missing.add(room);
                tokens.forEach(token -> token.grants.remove(room));
            });
        }
    }

    // ---- what follows from them

    /** What is lost is forbidden from where its room is after the answer, until where it is before it is asked for again. */
    private void change(Verb verb, Runnable done) throws Exception {
        Set<Permission> before = permissions();
        Map<RoomName, Place> places = places();
        made++;
        verb.run();
        done.run();
        Set<Permission> after = permissions();
        for (Permission gained : after) {
            Place since = before.contains(gained) ? null : forbiddenSince.remove(gained);
            if (since != null) {
                rules.forbid(gained, since, places.get(gained.room()));
            }
        }
        Map<RoomName, Place> now = places();
        for (Permission lost : before) {
            Place place = now.get(lost.room());
            if (!after.contains(lost) && place != null) {
                forbiddenSince.put(lost, place);
            }
        }
    }

    private Map<RoomName, Place> places() {
        Map<RoomName, Place> places = new HashMap<>();
        for (RoomName room : rooms) {
            Place place = Place.of(router, room);
            if (place != null) {
                places.put(room, place);
            }
        }
        return places;
    }

    private Set<Permission> permissions() {
        Set<Permission> permissions = new HashSet<>();
        for (Held token : tokens) {
            if (!suspended && !token.secret.isEmpty()) {
                token.grants.forEach((room, may) ->
                        may.forEach(right -> permissions.add(new Permission(token.secret, room, right))));
            }
        }
        return permissions;
    }

    /** What is forbidden now stays so. */
    void end() {
        forbiddenSince.forEach(
                (permission, since) -> rules.forbid(permission, since, new Place(Integer.MAX_VALUE, Long.MAX_VALUE)));
    }
}
