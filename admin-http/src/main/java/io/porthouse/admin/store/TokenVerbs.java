package io.porthouse.admin.store;

import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.Subject.Kind;
import io.porthouse.admin.model.Token;
import io.porthouse.admin.model.TokenSettings;
import io.porthouse.admin.store.Outcome.Refusal;
import io.porthouse.admin.store.Outcome.Unchanged;
import io.porthouse.protocol.RoomName;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;

/** The verbs that change tokens and what is granted to them. */
final class TokenVerbs {

    private final Changes changes;
    private final Ids ids;

    TokenVerbs(Changes changes, Ids ids) {
        this.changes = changes;
        this.ids = ids;
    }

    Outcome<Token> create(Actor by, NewToken wanted) {
        requireEachRoomOnce(wanted.grants());
        return changes.make(by, draft -> {
            Account account = AccountTable.find(draft.handle, wanted.account()).orElse(null);
            if (account == null) {
                return Draft.refused(Refusal.NOT_FOUND, "there is no account " + wanted.account());
            }
            int most = account.settings().limits().tokens();
            if (TokenTable.count(draft.handle, wanted.account()) >= most) {
                return Draft.refused(Refusal.LIMIT_REACHED, wanted.account() + " may have " + most + " tokens");
            }
            if (wanted.grants().size() > Token.MAX_GRANTS) {
                return tooManyGrants();
            }
            for (RoomGrant grant : wanted.grants()) {
                if (!isRoomOf(draft.handle, grant.room(), wanted.account())) {
                    return noSuchRoom(grant.room());
                }
            }
            if (TokenTable.hasHash(draft.handle, wanted.secretHash())) {
                return secretTaken();
            }
            Token token = new Token(
                    ids.next('t'), wanted.account(), wanted.settings(), wanted.grants(), draft.at, draft.number());
            TokenTable.insert(draft.handle, token, wanted.secretHash());
            return draft.touch(Kind.TOKEN, token.id())
                    .done(
                            token,
                            "token.create",
                            token.account(),
                            token.settings().name());
        });
    }

    private static void requireEachRoomOnce(List<RoomGrant> grants) {
        Set<RoomName> rooms = new HashSet<>();
        for (RoomGrant grant : grants) {
            if (!rooms.add(grant.room())) {
                throw new IllegalArgumentException("grants names " + grant.room() + " twice");
            }
        }
    }

    Outcome<Token> change(Actor by, String id, OptionalLong ifVersion, UnaryOperator<TokenSettings> change) {
        return on(by, id, ifVersion, (draft, before) -> {
            TokenSettings settings = change.apply(before.settings());
            if (settings.equals(before.settings())) {
                return new Unchanged<>(before);
            }
            Token after =
                    new Token(id, before.account(), settings, before.grants(), before.createdAt(), draft.number());
            TokenTable.update(draft.handle, after);
            return draft.touch(Kind.TOKEN, id)
                    .done(after, "token.change", before.account(), Differences.of(before.settings(), settings));
        });
    }

    Outcome<Token> grant(Actor by, String id, OptionalLong ifVersion, RoomGrant grant) {
        return on(by, id, ifVersion, (draft, before) -> {
            if (!isRoomOf(draft.handle, grant.room(), before.account())) {
                return noSuchRoom(grant.room());
            }
            List<RoomGrant> grants = new ArrayList<>(before.grants());
            int index = indexOf(grants, grant.room());
            if (index >= 0 && grants.get(index).equals(grant)) {
                return new Unchanged<>(before);
            }
            if (index >= 0) {
                grants.set(index, grant);
                TokenTable.updateGrant(draft.handle, id, grant);
            } else if (grants.size() >= Token.MAX_GRANTS) {
                return tooManyGrants();
            } else {
                grants.add(grant);
                TokenTable.addGrant(draft.handle, id, grant);
            }
            String detail = grant.room() + " " + grant.may() + (grant.autoJoin() ? " autoJoin" : "");
            return touched(draft, before, grants, "token.grant", detail);
        });
    }

    Outcome<Token> withdraw(Actor by, String id, OptionalLong ifVersion, RoomName room) {
        return on(by, id, ifVersion, (draft, before) -> {
            List<RoomGrant> grants = new ArrayList<>(before.grants());
            int index = indexOf(grants, room);
            if (index < 0) {
                return Draft.refused(Refusal.NOT_FOUND, room + " is not granted to " + id);
            }
            grants.remove(index);
            TokenTable.deleteGrant(draft.handle, id, room);
            return touched(draft, before, grants, "token.withdraw", room.toString());
        });
    }

    Outcome<Token> rotate(Actor by, String id, OptionalLong ifVersion, String secretHash) {
        return on(by, id, ifVersion, (draft, before) -> {
            if (TokenTable.hasHash(draft.handle, secretHash)) {
                return secretTaken();
            }
            TokenTable.setSecret(draft.handle, id, secretHash);
            return touched(draft, before, before.grants(), "token.rotate", "");
        });
    }

    Outcome<Token> delete(Actor by, String id, OptionalLong ifVersion) {
        return on(by, id, ifVersion, (draft, before) -> {
            // The grants go with it.
            TokenTable.delete(draft.handle, id);
            return draft.touch(Kind.TOKEN, id)
                    .done(
                            before,
                            "token.delete",
                            before.account(),
                            before.settings().name());
        });
    }

    /** Ends a change of something that a token has. */
    private static Outcome<Token> touched(
            Draft draft, Token before, List<RoomGrant> grants, String action, String detail) {
        TokenTable.setVersion(draft.handle, before.id(), draft.number());
        Token after =
                new Token(before.id(), before.account(), before.settings(), grants, before.createdAt(), draft.number());
        return draft.touch(Kind.TOKEN, before.id()).done(after, action, before.account(), detail);
    }

    /** Changes a token that exists, and is at the version that is asked for. */
    private Outcome<Token> on(
            Actor by, String id, OptionalLong ifVersion, BiFunction<Draft, Token, Outcome<Token>> work) {
        return changes.make(by, draft -> {
            Token token = TokenTable.find(draft.handle, id).orElse(null);
            if (token == null) {
                return Draft.refused(Refusal.NOT_FOUND, "there is no token " + id);
            }
            return Draft.isAt(ifVersion, token.version())
                    ? work.apply(draft, token)
                    : Draft.otherVersion(id, token.version());
        });
    }

    /** A room of another account is as if it did not exist, whoever asks. */
    private static boolean isRoomOf(Handle handle, RoomName room, String account) {
        return room.account().equals(account) && RoomTable.find(handle, room).isPresent();
    }

    private static int indexOf(List<RoomGrant> grants, RoomName room) {
        for (int i = 0; i < grants.size(); i++) {
            if (grants.get(i).room().equals(room)) {
                return i;
            }
        }
        return -1;
    }

    private static Outcome<Token> noSuchRoom(RoomName room) {
        return Draft.refused(Refusal.NOT_FOUND, "there is no room " + room);
    }

    private static Outcome<Token> tooManyGrants() {
        return Draft.refused(Refusal.LIMIT_REACHED, "a token may have " + Token.MAX_GRANTS + " grants");
    }

    private static Outcome<Token> secretTaken() {
        return Draft.refused(Refusal.SECRET_TAKEN, "the secret is in use");
    }
}
