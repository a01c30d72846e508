package io.porthouse.admin.store;

import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.Room;
import io.porthouse.admin.model.Subject.Kind;
import io.porthouse.admin.model.Transience;
import io.porthouse.admin.store.Outcome.Refusal;
import io.porthouse.admin.store.Outcome.Unchanged;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.RoomRules;
import java.util.LinkedHashSet;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/** The verbs that change rooms. */
final class RoomVerbs {

    private final Changes changes;

    RoomVerbs(Changes changes) {
        this.changes = changes;
    }

    Outcome<Room> create(Actor by, RoomName name, RoomRules rules, Transience transience) {
        return changes.make(by, draft -> {
            Account account = AccountTable.find(draft.handle, name.account()).orElse(null);
            if (account == null) {
                return Draft.refused(Refusal.NOT_FOUND, "there is no account " + name.account());
            }
            if (RoomTable.find(draft.handle, name).isPresent()) {
                return Draft.refused(Refusal.NAME_TAKEN, "there is a room " + name);
            }
            int most = account.settings().limits().rooms();
            if (RoomTable.count(draft.handle, name.account()) >= most) {
                return Draft.refused(Refusal.LIMIT_REACHED, name.account() + " may have " + most + " rooms");
            }
            Room room = new Room(name, rules, transience, draft.at, draft.number());
            RoomTable.insert(draft.handle, room);
            draft.touch(Kind.ROOM, name.toString());
            // What they may make is what the account's limit leaves over.
            TokenTable.idsWithTransientRooms(draft.handle, name.account()).forEach(id -> draft.touch(Kind.TOKEN, id));
            return draft.done(room, "room.create", name.account(), Differences.of(RoomRules.DEFAULT, rules));
        });
    }

    Outcome<Room> change(Actor by, RoomName name, OptionalLong ifVersion, UnaryOperator<RoomRules> change) {
        return on(by, name, ifVersion, (draft, before) -> {
            RoomRules rules = change.apply(before.rules());
            if (rules.equals(before.rules())) {
                return new Unchanged<>(before);
            }
            Room after = new Room(name, rules, before.transience(), before.createdAt(), draft.number());
            RoomTable.update(draft.handle, after);
            return draft.touch(Kind.ROOM, name.toString())
                    .done(after, "room.change", name.account(), Differences.of(before.rules(), rules));
        });
    }

    Outcome<Room> delete(Actor by, RoomName name, OptionalLong ifVersion) {
        return on(by, name, ifVersion, (draft, before) -> {
            draft.touch(Kind.ROOM, name.toString());
            // The account may have one transient room more now.
            Set<String> tokens = new LinkedHashSet<>(TokenTable.idsWithTransientRooms(draft.handle, name.account()));
            for (String token : TokenTable.idsWithGrantOn(draft.handle, name)) {
                TokenTable.setVersion(draft.handle, token, draft.number());
                tokens.add(token);
            }
            tokens.forEach(token -> draft.touch(Kind.TOKEN, token));
            // The grants go with it.
            RoomTable.delete(draft.handle, name);
            return draft.done(before, "room.delete", name.account(), "");
        });
    }

    /** Changes a room that exists, and is at the version that is asked for. */
    private Outcome<Room> on(
            Actor by, RoomName name, OptionalLong ifVersion, BiFunction<Draft, Room, Outcome<Room>> work) {
        return changes.make(by, draft -> {
            Room room = RoomTable.find(draft.handle, name).orElse(null);
            if (room == null) {
                return Draft.refused(Refusal.NOT_FOUND, "there is no room " + name);
            }
            return Draft.isAt(ifVersion, room.version())
                    ? work.apply(draft, room)
                    : Draft.otherVersion(name.toString(), room.version());
        });
    }
}
