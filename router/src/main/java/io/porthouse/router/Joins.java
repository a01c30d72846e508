package io.porthouse.router;

import io.porthouse.protocol.CloseCode;
import io.porthouse.protocol.ControlBody.Granted;
import io.porthouse.protocol.ControlBody.Join;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How one session comes into rooms: by a JOIN, by HELLO or by a grant, each at once or when the room's rules are read, and
 * again from the beginning if the room has ended in the meantime. Confined to the session's loop.
 */
final class Joins {

    private final Session session;
    private final SessionRooms rooms;

    /** Joins that wait for a room's rules; they count like rooms, so that asking is bounded too. */
    private int pending;

    Joins(Session session, SessionRooms rooms) {
        this.session = session;
        this.rooms = rooms;
    }

    /** Returns whether a join waits for what the room's rules are. */
    boolean arePending() {
        return pending > 0;
    }

    /** Joins a room because the client asked for it. */
    void ask(Join asked, long correlation) {
        Lifetime lifetime = Join.PEER.equals(asked.lasts()) ? Lifetime.PEER : Lifetime.PEERLESS;
        join(new Request(asked.room(), asked.receive(), lifetime, Granted.JOIN, correlation, false, null));
    }

    /** Joins one of the rooms of HELLO. */
    void askForHello(String room, long correlation) {
        join(new Request(room, null, null, Granted.JOIN, correlation, true, null));
    }

    /**
     * Joins a room that is granted now, and that nobody asked for.
     *
     * @param tally of the refresh that this is part of, which then waits for it; null: of none
     */
    void grant(RoomName room, @Nullable RefreshTally tally) {
        if (tally != null) {
            tally.begin();
        }
        join(new Request(room.toString(), null, null, Granted.GRANTED, 0, false, tally));
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
        RoomName name = rooms.parse(request.room);
        if (name == null) {
            refuse(ErrorCode.ROOM_UNAVAILABLE, request);
            return;
        }
        if (!rooms.has(name)
                && rooms.size() + pending >= session.node.settings.limits().roomsPerSession()) {
            refuse(ErrorCode.TOO_MANY_ROOMS, request);
            return;
        }
        pending++;
        session.node.rooms.open(name, session.puddle, improvising(request, name), opened -> {
            pending--;
            attempt(request, () -> opened(opened, request));
            session.joinAnswered();
        });
    }

    /** Returns what its JOIN may make of a room that does not exist; null: nothing. */
    private Rooms.@Nullable Improvising improvising(Request request, RoomName room) {
        TokenState token = rooms.token();
        return token != null && request.isAsked() && SessionRooms.mayImprovise(token, room)
                ? new Rooms.Improvising(
                        request.lifetime == null ? Lifetime.PEERLESS : request.lifetime, token.transientRooms())
                : null;
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
        Membership present = rooms.membership(room);
        if (present != null) {
            change(present, request);
            return;
        }
        int rulesSet = room.rulesSet();
        Set<Right> may = rooms.rightsIn(room);
        if (may.isEmpty()) {
            room.closeIfUnused();
            refuse(ErrorCode.ROOM_UNAVAILABLE, request);
            return;
        }
        Membership member =
                new Membership(session, room, rooms.isBackpipe(), may, request.receiveOr(rooms.receivesByDefault()));
        member.answersHello = request.isHello;
        switch (room.join(member, rulesSet, request.reason, request.correlation)) {
            case JOINED -> {
                rooms.add(member);
                request.end(session.puddle);
            }
            case FULL -> refuse(ErrorCode.ROOM_FULL, request);
            case OUTDATED -> enter(room, request);
            case GONE -> startAnew(room, request);
        }
    }

    /** Of a room that it is in already, a join sets whether it receives. */
    private void change(Membership present, Request request) {
        present.setRights(present.may(), request.receiveOr(present.wantsToReceive()));
        if (present.room.change(present, request.reason, request.correlation)) {
            present.answersHello |= request.isHello;
            request.end(session.puddle);
        } else {
            startAnew(present.room, request);
        }
    }

    /** The room has ended since it was found. */
    private void startAnew(Room ended, Request request) {
        session.node.rooms.forget(ended);
        join(request);
    }

    private void refuse(ErrorCode code, Request request) {
        if (request.isAsked()) {
            session.refusals.refuseRoom(code, rooms.fullName(request.room), request.correlation);
        } else if (code == ErrorCode.ROOM_UNREADABLE) {
            // Nobody asked, so nobody would ask again: it comes again, and has what it was granted.
            request.countFailed();
            session.close(CloseCode.FENCED, null);
        }
        if (request.isHello) {
            session.helloAnswered();
        }
        request.end(session.puddle);
    }

    /**
     * What is to be joined, and for whom.
     *
     * @param room as the client, or the grant, names it
     * @param receive whether to receive; null: as it does already, or as HELLO said
     * @param lifetime of the room, if it is made by this; null: as by default
     * @param reason for GRANTED
     * @param isHello whether HELLO waits for the answer
     * @param tally of the refresh that waits for it; null: none does
     */
    private record Request(
            String room,
            @Nullable Boolean receive,
            @Nullable Lifetime lifetime,
            String reason,
            long correlation,
            boolean isHello,
            @Nullable RefreshTally tally) {

        /** A room that is granted unasked, and can't be joined, is nobody's question. */
        boolean isAsked() {
            return !reason.equals(Granted.GRANTED);
        }

        boolean receiveOr(boolean otherwise) {
            return receive == null ? otherwise : receive;
        }

        void countFailed() {
            if (tally != null) {
                tally.countFailed();
            }
        }

        /** It could not be answered. */
        void fail(Puddle puddle) {
            countFailed();
            end(puddle);
        }

        /** It is joined, or never will be. */
        void end(Puddle puddle) {
            if (tally != null) {
                tally.endBehindInbox(puddle);
            }
        }
    }
}
