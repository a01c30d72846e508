package io.porthouse.admin.store;

import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.ApiKey;
import io.porthouse.admin.model.Invitation;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.model.Subject.Kind;
import io.porthouse.admin.store.Outcome.Refusal;
import io.porthouse.admin.store.Outcome.Unchanged;
import io.porthouse.protocol.RoomName;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.OptionalLong;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** The verbs that change accounts, their keys, and invitations. */
final class AccountVerbs {

    /** What the audit trail calls the making of an account. */
    static final String MADE = "account.create";

    private final Changes changes;
    private final Ids ids;

    AccountVerbs(Changes changes, Ids ids) {
        this.changes = changes;
        this.ids = ids;
    }

    Outcome<Account> create(Actor by, NewAccount wanted) {
        return changes.make(by, draft -> {
            draft.touch(Kind.ACCOUNT, wanted.name());
            AccountSettings settings = wanted.settings();
            String detail = settings.role().name();
            @Nullable Invitation invitation = null;
            if (wanted.invitationHash() != null) {
                // First of all: who has none must not learn which names are taken.
                invitation = InvitationTable.usable(draft.handle, wanted.invitationHash(), draft.at)
                        .orElse(null);
                if (invitation == null) {
                    return Draft.refused(Refusal.INVITATION_VOID, "the invitation is unknown, used or expired");
                }
            }
            if (AccountTable.find(draft.handle, wanted.name()).isPresent()) {
                return Draft.refused(Refusal.NAME_TAKEN, "there is an account " + wanted.name());
            }
            if (invitation != null) {
                InvitationTable.use(draft.handle, invitation.id(), wanted.name());
                draft.touch(Kind.INVITATION, invitation.id());
                settings = settings.withRole(invitation.role());
                detail = settings.role() + ", invited by " + invitation.invitedBy();
            }
            Account account = new Account(wanted.name(), settings, draft.at, draft.number());
            AccountTable.insert(draft.handle, account);
            if (wanted.passwordHash() != null) {
                AccountTable.setPassword(draft.handle, account.name(), wanted.passwordHash());
            }
            if (wanted.firstKey() != null) {
                ApiKey key = new ApiKey(
                        ids.next('k'), account.name(), wanted.firstKey().name(), draft.at);
                KeyTable.insert(draft.handle, key, wanted.firstKey().keyHash());
                draft.touch(Kind.KEY, key.id());
            }
            return draft.done(account, MADE, account.name(), detail);
        });
    }

    Outcome<Account> change(Actor by, String name, OptionalLong ifVersion, UnaryOperator<AccountSettings> change) {
        return on(by, name, ifVersion, (draft, before) -> {
            AccountSettings settings = change.apply(before.settings());
            if (settings.equals(before.settings())) {
                return new Unchanged<>(before);
            }
            if (!isActiveOperator(settings) && isLastOperator(draft.handle, before)) {
                return Draft.refused(Refusal.LAST_OPERATOR, name + " is the last operator");
            }
            Account after = new Account(name, settings, before.createdAt(), draft.number());
            AccountTable.update(draft.handle, after);
            return draft.touch(Kind.ACCOUNT, name)
                    .done(after, "account.change", name, Differences.of(before.settings(), settings));
        });
    }

    Outcome<Account> setPassword(Actor by, String name, String passwordHash) {
        return on(by, name, OptionalLong.empty(), (draft, before) -> {
            Account after = new Account(name, before.settings(), before.createdAt(), draft.number());
            AccountTable.update(draft.handle, after);
            AccountTable.setPassword(draft.handle, name, passwordHash);
            return draft.touch(Kind.ACCOUNT, name).done(after, "account.password", name, "");
        });
    }

    Outcome<Account> delete(Actor by, String name, OptionalLong ifVersion) {
        return on(by, name, ifVersion, (draft, before) -> {
            if (isLastOperator(draft.handle, before)) {
                return Draft.refused(Refusal.LAST_OPERATOR, name + " is the last operator");
            }
            draft.touch(Kind.ACCOUNT, name);
            for (RoomName room : RoomTable.names(draft.handle, name)) {
                draft.touch(Kind.ROOM, room.toString());
            }
            // Its tokens are found by the account; its rooms, grants, keys and password go with it.
            AccountTable.delete(draft.handle, name);
            return draft.done(before, "account.delete", name, "");
        });
    }

    Outcome<ApiKey> createKey(Actor by, String account, String name, String keyHash) {
        return changes.make(by, draft -> {
            ApiKey key = new ApiKey(ids.next('k'), account, name, draft.at);
            if (AccountTable.find(draft.handle, account).isEmpty()) {
                return missing(account);
            }
            if (KeyTable.count(draft.handle, account) >= ApiKey.MAX_PER_ACCOUNT) {
                return Draft.refused(
                        Refusal.LIMIT_REACHED, "an account may have " + ApiKey.MAX_PER_ACCOUNT + " API keys");
            }
            if (KeyTable.hasHash(draft.handle, keyHash)) {
                return Draft.refused(Refusal.SECRET_TAKEN, "the key is in use");
            }
            KeyTable.insert(draft.handle, key, keyHash);
            return draft.touch(Kind.KEY, key.id()).done(key, "key.create", account, name);
        });
    }

    Outcome<ApiKey> deleteKey(Actor by, String account, String id) {
        return changes.make(by, draft -> {
            ApiKey key = KeyTable.find(draft.handle, account, id).orElse(null);
            if (key == null) {
                return Draft.refused(Refusal.NOT_FOUND, account + " has no API key " + id);
            }
            KeyTable.delete(draft.handle, id);
            return draft.touch(Kind.KEY, id).done(key, "key.delete", account, key.name());
        });
    }

    Outcome<Invitation> createInvitation(Actor by, String codeHash, Role role, Instant expiresAt) {
        return changes.make(by, draft -> {
            if (InvitationTable.hasCode(draft.handle, codeHash)) {
                return Draft.refused(Refusal.SECRET_TAKEN, "the code is in use");
            }
            Invitation invitation = new Invitation(
                    ids.next('i'), by.account(), role, draft.at, expiresAt.truncatedTo(ChronoUnit.MILLIS), null);
            InvitationTable.insert(draft.handle, invitation, codeHash);
            return draft.touch(Kind.INVITATION, invitation.id())
                    .done(invitation, "invitation.create", by.account(), role + ", until " + expiresAt);
        });
    }

    Outcome<Invitation> deleteInvitation(Actor by, String id) {
        return changes.make(by, draft -> {
            Invitation invitation = InvitationTable.find(draft.handle, id).orElse(null);
            if (invitation == null) {
                return Draft.refused(Refusal.NOT_FOUND, "there is no invitation " + id);
            }
            InvitationTable.delete(draft.handle, id);
            return draft.touch(Kind.INVITATION, id).done(invitation, "invitation.delete", invitation.invitedBy(), "");
        });
    }

    private static <T> Outcome<T> missing(String name) {
        return Draft.refused(Refusal.NOT_FOUND, "there is no account " + name);
    }

    /** Changes an account that exists, and is at the version that is asked for. */
    private Outcome<Account> on(
            Actor by, String name, OptionalLong ifVersion, BiFunction<Draft, Account, Outcome<Account>> work) {
        return changes.make(by, draft -> {
            Account account = AccountTable.find(draft.handle, name).orElse(null);
            if (account == null) {
                return missing(name);
            }
            return Draft.isAt(ifVersion, account.version())
                    ? work.apply(draft, account)
                    : Draft.otherVersion(name, account.version());
        });
    }

    private static boolean isActiveOperator(AccountSettings settings) {
        return settings.role() == Role.OPERATOR && !settings.suspended();
    }

    private static boolean isLastOperator(Handle handle, Account account) {
        return isActiveOperator(account.settings()) && !AccountTable.hasOtherOperator(handle, account.name());
    }
}
