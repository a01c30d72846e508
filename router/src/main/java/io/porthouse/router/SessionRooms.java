package io.porthouse.router;

import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody.Granted;
import io.porthouse.protocol.ControlBody.Join;
import io.porthouse.protocol.ControlBody.Withdrawn;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rooms of one session: joining, leaving, and comparing what it holds with what its token grants now. Confined to the
 * session's loop.
 */
final class SessionRooms {

    private final Session session;
    private final Uploads uploads;
    private final IntObjectMap<Membership> held = new IntObjectHashMap<>(4);

    private @Nullable TokenState token;
    private @Nullable Membership defaultRoom;
    private boolean receive = true;

    /** Joins that wait for a room's rules; they count like rooms, so that asking is bounded too. */
    private int pendingJoins;

    /** Rooms that it had by its token and that were deleted, so that they are joined again if they are granted again. */
    private @Nullable Set<RoomName> deleted;

    SessionRooms(Session session) {
        this.session = session;
        this.uploads = new Uploads(session);
    }

    Uploads uploads() {
        return uploads;
    }

    // ---- the token

    boolean hasToken() {
        return token != null;
    }

    /** Returns what the token grants, as the session applied it last; null before WELCOME. */
    @Nullable
    TokenState token() {
        return token;
    }

    /** Returns the full names of the rooms held. */
    List<String> names() {
        List<String> names = new ArrayList<>(held.size());
        for (Membership member : held.values()) {
            if (member.isHeld()) {
                names.add(member.room.name().toString());
            }
        }
        return names;
    }

    void setToken(TokenState state) {
        token = state;
    }

    /** Sets what HELLO said about receiving; it holds for later grants too. */
    void setReceive(boolean receives) {
        receive = receives;
    }

    /**
     * Compares what the session has with what the token grants now.
     *
     * @param tally of the refresh that this is part of, which then waits for what is joined; null: of none
     */
    void compare(TokenState now, @Nullable RefreshTally tally) {
        TokenState before = token;
        token = now;
        for (Membership member : List.copyOf(held.values())) {
            reconsider(member);
        }
        Set<RoomName> joinedBefore = autoJoined(before);
        if (deleted != null) {
            joinedBefore.removeAll(deleted);
            deleted = null;
        }
        for (RoomName room : autoJoined(now)) {
            if (!joinedBefore.contains(room) && !isHeld(room)) {
                if (tally != null) {
                    tally.begin();
                }
                join(new Request(room.toString(), null, null, Granted.GRANTED, 0, false, tally));
            }
        }
    }

    /** Leaves a room that is not permitted any more, and announces changed rights. */
    void reconsider(Membership member) {
        if (held.get(member.room.handle()) != member) {
            return;
        }
        Set<Right> may = rightsIn(member.room);
        if (may.isEmpty()) {
            leave(member, Withdrawn.WITHDRAWN, 0);
        } else if (!may.equals(member.may())) {
            if (!may.contains(Right.WRITE)) {
                uploads.cancelAll(member);
                member.room.pauses().awaitNoLonger(session);
            }
            member.setRights(may, member.wantsToReceive());
            member.room.change(member, Granted.CHANGED, 0);
        }
    }

    private static Set<RoomName> autoJoined(@Nullable TokenState state) {
        Set<RoomName> rooms = new HashSet<>();
        if (state != null) {
            for (Grant grant : state.grants()) {
                if (grant.autoJoin()) {
                    rooms.add(new RoomName(grant.account(), grant.name()));
                }
            }
        }
        return rooms;
    }

    private Set<Right> rightsIn(Room room) {
        Set<Right> may = EnumSet.noneOf(Right.class);
        TokenState state = token;
        if (state == null) {
            return may;
        }
        if (isBackpipe()) {
            if (state.backpipe().reaches(room.name(), state.account())) {
                may.add(Right.WRITE);
            }
            return may;
        }
        boolean isGranted = false;
        for (Grant grant : state.grants()) {
            if (grant.covers(room.name())) {
                may.addAll(grant.may());
                isGranted = true;
                break;
            }
        }
        if (!isGranted && mayImprovise(state, room.name()) && room.isImprovised()) {
            may.addAll(EnumSet.allOf(Right.class));
        }
        if (room.rules().isPublic()) {
            may.add(Right.READ);
        }
        return may;
    }

    /** Returns whether it publishes without being a member of anything. */
    private boolean isBackpipe() {
        return token != null && token.backpipe() != Backpipe.NONE;
    }

    private static boolean mayImprovise(TokenState state, RoomName room) {
        return state.mayUseTransientRooms() && room.account().equals(state.account());
    }

    /** Returns what its JOIN may make of a room that does not exist; null: nothing. */
    private Rooms.@Nullable Improvising improvising(Request request, RoomName room) {
        TokenState state = token;
        return state != null && request.isAsked() && mayImprovise(state, room)
                ? new Rooms.Improvising(
                        request.lifetime == null ? Lifetime.PEERLESS : request.lifetime, state.transientRooms())
                : null;
    }

    // ---- joining and leaving

    /** Returns the full name where the text is a valid name, else the text as it is. */
    String fullName(String text) {
        return RoomName.parse(text, account()).map(RoomName::toString).orElse(text);
    }

    private String account() {
        TokenState state = token;
        return state == null ? "" : state.account();
    }

    /** Returns whether a JOIN waits for what the room's rules are. */
    boolean isJoining() {
        return pendingJoins > 0;
    }

    private boolean isHeld(RoomName name) {
        Room room = session.node.rooms.find(name);
        return room != null && held.containsKey(room.handle());
    }

    /** Joins a room because the client asked for it. */
    void join(Join asked, long correlation) {
        Lifetime lifetime = Join.PEER.equals(asked.lasts()) ? Lifetime.PEER : Lifetime.PEERLESS;
        join(new Request(asked.room(), asked.receive(), lifetime, Granted.JOIN, correlation, false, null));
    }

    /** Joins one of the rooms of HELLO. */
    void joinForHello(String room, long correlation) {
        join(new Request(room, null, null, Granted.JOIN, correlation, true, null));
    }

    /**
     * Joins a room, now or when its rules are read; answered by GRANTED or ERROR. Of a room that is held already, its
     * receiving may change.
     */
    private void join(Request request) {
        attempt(request, () -> open(request));
    }

    /** Does a step of a join: if that fails, the session loses only itself, and nobody waits for the join any more. */
    private void attempt(Request request, Runnable step) {
        Puddle.apart(session, () -> {
            try {
                step.run();
            } catch (RuntimeException | Error e) {
                request.fail(session.puddle);
                throw e;
            }
        });
    }

    private void open(Request request) {
        RoomName name = RoomName.parse(request.room, account()).orElse(null);
        if (name == null) {
            refuse(ErrorCode.ROOM_UNAVAILABLE, request);
            return;
        }
        if (!isHeld(name)
                && held.size() + pendingJoins >= session.node.settings.limits().roomsPerSession()) {
            refuse(ErrorCode.TOO_MANY_ROOMS, request);
            return;
        }
        pendingJoins++;
        session.node.rooms.open(name, session.puddle, improvising(request, name), opened -> {
            pendingJoins--;
            attempt(request, () -> opened(opened, request));
            session.joinAnswered();
        });
    }

    private void opened(Rooms.Opened opened, Request request) {
        Room room = opened.room();
        if (!session.isAlive()) {
            if (room != null) {
                room.closeIfUnused();
            }
            request.end(session.puddle);
        } else if (room == null) {
            refuse(opened.refusal(), request);
        } else {
            enter(room, request);
        }
    }

    private void enter(Room room, Request request) {
        Boolean wish = request.wish;
        Membership present = held.get(room.handle());
        if (present != null) {
            present.setRights(present.may(), wish == null ? present.wantsToReceive() : wish);
            if (room.change(present, request.reason, request.correlation)) {
                present.answersHello |= request.isHello;
                request.end(session.puddle);
            } else {
                session.node.rooms.forget(room);
                join(request);
            }
            return;
        }
        int rulesSet = room.rulesSet();
        Set<Right> may = rightsIn(room);
        if (may.isEmpty()) {
            room.closeIfUnused();
            refuse(ErrorCode.ROOM_UNAVAILABLE, request);
            return;
        }
        Membership member = new Membership(session, room, isBackpipe(), may, wish == null ? receive : wish);
        member.answersHello = request.isHello;
        switch (room.join(member, rulesSet, request.reason, request.correlation)) {
            case JOINED -> {
                held.put(room.handle(), member);
                request.end(session.puddle);
            }
            case FULL -> refuse(ErrorCode.ROOM_FULL, request);
            case OUTDATED -> enter(room, request);
            case GONE -> {
                session.node.rooms.forget(room);
                join(request);
            }
        }
    }

    private void refuse(ErrorCode code, Request request) {
        if (request.isAsked()) {
            session.refusals.refuseRoom(code, fullName(request.room), request.correlation);
        } else if (code == ErrorCode.ROOM_UNREADABLE) {
            // Nobody asked, so nobody would ask again: it comes again, and has what it was granted.
            if (request.tally != null) {
                request.tally.notConfirmed();
                request.tally.countClosed();
            }
            session.close(CloseCode.FENCED, null);
        }
        if (request.isHello) {
            session.helloAnswered();
        }
        request.end(session.puddle);
    }

    /**
     * A wish to join.
     *
     * @param room as the client, or the grant, names it
     * @param wish whether to receive; null: as HELLO said
     * @param lifetime of the room, if it is made by this; null: as by default
     * @param reason for GRANTED
     * @param isHello whether HELLO waits for the answer
     * @param tally of the refresh that waits for it; null: none does
     */
    private record Request(
            String room,
            @Nullable Boolean wish,
            @Nullable Lifetime lifetime,
            String reason,
            long correlation,
            boolean isHello,
            @Nullable RefreshTally tally) {

        /** A room that is granted unasked, and can't be joined, is nobody's question. */
        boolean isAsked() {
            return !reason.equals(Granted.GRANTED);
        }

        /** It could not be answered. */
        void fail(Puddle puddle) {
            if (tally != null) {
                tally.notConfirmed();
                tally.countClosed();
            }
            end(puddle);
        }

        /** It is joined, or never will be. */
        void end(Puddle puddle) {
            if (tally != null) {
                tally.endBehindInbox(puddle);
            }
        }
    }

    /** Leaves a room: open envelopes there are cancelled, and WITHDRAWN follows in the room's order. */
    void leave(Membership member, String reason, long correlation) {
        uploads.cancelAll(member);
        drop(member);
        member.room.leave(member, reason, correlation);
    }

    /** Leaves everything because the session ends; nothing is told, and receipts that are outstanding stay so. */
    void leaveAll() {
        for (Membership member : List.copyOf(held.values())) {
            uploads.cancelAll(member);
            drop(member);
            member.room.leave(member, null, 0);
        }
    }

    /** The room has ended the membership, or has confirmed its end. */
    void forget(Membership member) {
        RoomName room = member.room.name();
        if (member.isHeld() && autoJoined(token).contains(room)) {
            if (deleted == null) {
                deleted = new HashSet<>(4);
            }
            deleted.add(room);
        }
        uploads.forgetAll(member);
        drop(member);
        member.failReceipts();
    }

    private void drop(Membership member) {
        member.setHeld(false);
        held.remove(member.room.handle(), member);
        // What can't be told, for want of memory, must not keep it here.
        Puddle.apart(session, () -> session.refusals.forget(member.room.handle()));
        if (defaultRoom == member) {
            defaultRoom = null;
        }
    }

    // ---- what a frame's room field means

    /** Fixes what room 0 stands for, once, when HELLO is answered. */
    void fixDefault(@Nullable String named) {
        if (named != null) {
            RoomName name = RoomName.parse(named, account()).orElse(null);
            Room room = name == null ? null : session.node.rooms.find(name);
            defaultRoom = room == null ? null : held.get(room.handle());
            return;
        }
        List<Membership> writable = new ArrayList<>(1);
        for (Membership member : held.values()) {
            if (member.isHeld() && member.mayWrite()) {
                writable.add(member);
            }
        }
        defaultRoom = writable.size() == 1 ? writable.get(0) : null;
    }

    /** Returns the membership that a frame's room field names; null if that is not held. */
    @Nullable
    Membership resolve(int handle) {
        Membership member = handle == 0 ? defaultRoom : held.get(handle);
        return member != null && member.isHeld() ? member : null;
    }
}
