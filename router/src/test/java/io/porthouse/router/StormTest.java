package io.porthouse.router;

import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import io.porthouse.testkit.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A hundred thousand changes under load, with tokens in memory; the control plane's tests do the same with a real store. */
final class StormTest {

    /** {@code -Dporthouse.storm.changes=N}: for who can't wait for all. */
    private static final int CHANGES = Integer.getInteger("porthouse.storm.changes", 100_000);

    private static final List<String> ACCOUNTS = List.of("alice", "bob", "carol", "dave");

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void nobodyGetsWhatItMustNotAndMissesWhatNobodyTellsItOf() throws Exception {
        Seeds.once(random -> rage(random, CHANGES));
    }

    @Test
    @Tag("long")
    @Timeout(value = 60, unit = TimeUnit.MINUTES)
    void norDoesAnybodyInALongStorm() throws Exception {
        for (int i = 0; i < 20; i++) {
            Seeds.once(random -> rage(random, 200_000));
        }
    }

    private static void rage(Random random, int changes) throws Exception {
        random.nextInt(); // the first number is nearly the same for neighbouring seeds
        RouterSettings settings =
                new TestSettings().outboxBytes(Storm.OUTBOX_BYTES).build();
        try (RouterHarness harness = new RouterHarness(settings, name -> null)) {
            for (String account : ACCOUNTS) {
                Grant all = new Grant(account, "", true, Set.of(Right.READ, Right.WRITE), false);
                harness.put(
                        Storm.PUBLISHER + account,
                        new TokenState("publisher of " + account, account, List.of(all), 1, null, false));
            }
            new Storm(harness.router, new MemoryPlane(harness), random).run(ACCOUNTS, changes);
        }
    }

    /** The control plane of tokens in memory. */
    private static final class MemoryPlane implements StormPlane {

        private record Row(String secret, String account, List<Grant> grants, int maxConnections) {}

        private final RouterHarness harness;
        private final Map<String, Row> rows = new ConcurrentHashMap<>();
        private final Map<String, Boolean> suspended = new ConcurrentHashMap<>();
        private final AtomicInteger ids = new AtomicInteger();

        MemoryPlane(RouterHarness harness) {
            this.harness = harness;
        }

        private static void confirm(CompletionStage<Refreshed> refreshed) throws Exception {
            if (!refreshed.toCompletableFuture().get(60, TimeUnit.SECONDS).confirmed()) {
                throw new AssertionError("not confirmed");
            }
        }

        private void put(String id, Row row) throws Exception {
            rows.put(id, row);
            write(id, row);
            confirm(harness.router.refreshTokens(Set.of(id)));
        }

        private void write(String id, Row row) {
            harness.put(
                    row.secret,
                    new TokenState(
                            id,
                            row.account,
                            row.grants,
                            row.maxConnections,
                            null,
                            suspended.getOrDefault(row.account, false)));
        }

        @Override
        public void createRoom(RoomName room) throws Exception {
            setRules(room, RoomRules.DEFAULT);
        }

        @Override
        public void deleteRoom(RoomName room) throws Exception {
            harness.tokens.deleteRoom(room);
            confirm(harness.router.refreshRooms(List.of(room)));
            for (Map.Entry<String, Row> row : new HashMap<>(rows).entrySet()) {
                if (row.getValue().account.equals(room.account())) {
                    withdraw(row.getKey(), room);
                }
            }
        }

        @Override
        public void setRules(RoomName room, RoomRules rules) throws Exception {
            harness.tokens.putRoom(room, rules);
            confirm(harness.router.refreshRooms(List.of(room)));
        }

        @Override
        public String createToken(String account, String secret) throws Exception {
            String id = "t" + ids.incrementAndGet();
            put(id, new Row(secret, account, List.of(), 100));
            return id;
        }

        @Override
        public void deleteToken(String id) throws Exception {
            harness.tokens.remove(MemoryTokenSource.secretHash(rows.remove(id).secret));
            confirm(harness.router.refreshTokens(Set.of(id)));
        }

        @Override
        public void rotate(String id, String secret) throws Exception {
            Row row = rows.get(id);
            harness.tokens.remove(MemoryTokenSource.secretHash(row.secret));
            put(id, new Row(secret, row.account, row.grants, row.maxConnections));
        }

        @Override
        public void grant(String id, RoomName room, Set<Right> may) throws Exception {
            setGrants(id, room, List.of(new Grant(room.account(), room.name(), false, may, true)));
        }

        @Override
        public void withdraw(String id, RoomName room) throws Exception {
            setGrants(id, room, List.of());
        }

        private void setGrants(String id, RoomName room, List<Grant> ofRoom) throws Exception {
            Row row = rows.get(id);
            List<Grant> grants = new ArrayList<>(row.grants);
            grants.removeIf(grant -> grant.covers(room));
            grants.addAll(ofRoom);
            put(id, new Row(row.secret, row.account, grants, row.maxConnections));
        }

        @Override
        public void setMaxConnections(String id, int most) throws Exception {
            Row row = rows.get(id);
            put(id, new Row(row.secret, row.account, row.grants, most));
        }

        @Override
        public void setSuspended(String account, boolean isSuspended) throws Exception {
            suspended.put(account, isSuspended);
            rows.forEach((id, row) -> {
                if (row.account.equals(account)) {
                    write(id, row);
                }
            });
            confirm(harness.router.refreshAccount(account));
        }
    }
}
