package io.porthouse.router;

import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import io.porthouse.protocol.ControlBody;
import io.porthouse.protocol.ControlBody.Granted;
import io.porthouse.protocol.ControlBody.Withdrawn;
import io.porthouse.protocol.ControlCodec;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rooms of one session: what it holds, and what it may do there by what its token grants now. How it comes into them is
 * in {@link Joins}. Confined to the session's loop.
 */
final class SessionRooms {

    /** So many of its joins and leaves may wait for their turn; then it is not read until half of them have passed. */
    static final int MAX_CUTS_OUTSTANDING = 256;

    private final Session session;
    private final Uploads uploads;
    private final IntObjectMap<Membership> held = new IntObjectHashMap<>(4);

    private @Nullable TokenState token;
    private @Nullable Membership defaultRoom;
    private boolean receivesByDefault = true;

    /** Cuts of its own, to join, change or leave, whose turn in the room's order has not come yet. */
    private int cutsOutstanding;

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

    void setToken(TokenState state) {
        token = state;
    }

    /** Sets what HELLO said about receiving; it holds for later grants too. */
    void setReceivesByDefault(boolean receives) {
        receivesByDefault = receives;
    }

    boolean receivesByDefault() {
        return receivesByDefault;
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
            if (!joinedBefore.contains(room) && !has(room)) {
                session.joins.grant(room, tally);
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

    /** Returns what it may do in a room; nothing: it may not be there. */
    Set<Right> rightsIn(Room room) {
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
    boolean isBackpipe() {
        return token != null && token.backpipe() != Backpipe.NONE;
    }

    /** Returns whether a JOIN may make a room of this name, if there is none. */
    static boolean mayImprovise(TokenState state, RoomName room) {
        return state.mayUseTransientRooms() && room.account().equals(state.account());
    }

    // ---- what is held

    /** Returns the full name where the text is a valid name, else the text as it is. */
    String fullName(String text) {
        RoomName name = parse(text);
        return name == null ? text : name.toString();
    }

    /** Returns the room that the text names, in the token's account unless it says another; null if it is no valid name. */
    @Nullable
    RoomName parse(String text) {
        TokenState state = token;
        return RoomName.parse(text, state == null ? "" : state.account()).orElse(null);
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

    /** Returns how many memberships it has, those whose GRANTED is not queued yet included. */
    int size() {
        return held.size();
    }

    boolean has(RoomName name) {
        return membership(name) != null;
    }

    private @Nullable Membership membership(RoomName name) {
        Room room = session.node.rooms.find(name);
        return room == null ? null : membership(room);
    }

    /** Returns its membership in a room, also while GRANTED is not queued yet; null: it has none. */
    @Nullable
    Membership membership(Room room) {
        return held.get(room.handle());
    }

    void add(Membership member) {
        held.put(member.room.handle(), member);
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

    private void drop(Membership member) {
        member.setHeld(false);
        held.remove(member.room.handle(), member);
        // What can't be told, for want of memory, must not keep it here.
        Puddle.apart(session, () -> session.refusals.forget(member.room.handle()));
        if (defaultRoom == member) {
            defaultRoom = null;
        }
    }

    // ---- cuts in the rooms' orders, as told by markers

    /** It joins, changes or leaves a room; {@link #cutPassed} follows when that is its turn in the room's order. */
    void cutOffered() {
        if (++cutsOutstanding >= MAX_CUTS_OUTSTANDING && session.isAlive()) {
            session.gate.suspend(ReadGate.CUTS_UNPASSED);
        }
    }

    void cutPassed() {
        if (--cutsOutstanding <= MAX_CUTS_OUTSTANDING / 2) {
            session.gate.resume(ReadGate.CUTS_UNPASSED);
        }
        session.touch();
    }

    /** Returns whether each cut of its own has had its turn. */
    boolean areCutsPassed() {
        return cutsOutstanding == 0;
    }

    void granted(Membership member, Granted body, long correlation) {
        // Who is done is told too, as long as it is sent anything: its messages follow.
        member.setHeld(true);
        tell(body, member, correlation);
    }

    /** The room has ended the membership, or has confirmed its end. */
    void withdrawn(Membership member, String reason, long correlation) {
        forget(member);
        tell(new Withdrawn(member.room.name().toString(), reason), member, correlation);
    }

    private void forget(Membership member) {
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

    /**
     * Tells of a change, and so answers HELLO if that waits for it. Who can't be told, for want of memory, is cut off: it must
     * not live on without knowing.
     */
    private void tell(ControlBody body, Membership member, long correlation) {
        Puddle.apart(
                session,
                () -> session.outbox.queueInOrder(
                        buf -> ControlCodec.encode(buf, body, member.room.handle(), 0, correlation)));
        if (member.endHelloAnswer()) {
            session.helloAnswered();
        }
    }

    // ---- what a frame's room field means

    /** Fixes what room 0 stands for, once, when HELLO is answered. */
    void fixDefault(@Nullable String named) {
        if (named != null) {
            RoomName name = parse(named);
            defaultRoom = name == null ? null : membership(name);
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
