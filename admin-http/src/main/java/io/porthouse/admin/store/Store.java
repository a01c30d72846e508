package io.porthouse.admin.store;

import io.micrometer.core.instrument.MeterRegistry;
import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.ApiKey;
import io.porthouse.admin.model.AuditEntry;
import io.porthouse.admin.model.Credentials;
import io.porthouse.admin.model.Invitation;
import io.porthouse.admin.model.KeyOwner;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.model.Room;
import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.Token;
import io.porthouse.admin.model.TokenSettings;
import io.porthouse.admin.model.Transience;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.RoomRules;
import io.porthouse.router.TokenSource.Reading;
import io.porthouse.router.TokenState;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Accounts, rooms and tokens, and everything that happened to them.
 *
 * <p>Each verb that answers an {@link Outcome} is one transaction: it changes the rows, appends to the change log under the
 * next number, and adds a line to the audit trail; or it writes nothing. Such verbs take {@code by}, who does it, and often
 * {@code ifVersion}: unless empty, the thing must be at that version. Whether somebody <em>may</em> do something is not asked
 * here: owners of rooms and tokens never change, so who calls can ask it before.
 *
 * <p>All methods are thread-safe and block: they are not for event loops. Each throws {@link StoreUnavailableException} within
 * a bounded time if the store can't do it now ({@link StoreSettings#patience}: about that long while the database is gone or
 * all is busy, a few times that in the worst case); it works again by itself when the database does.
 */
public interface Store extends AutoCloseable {

    /**
     * Opens a store, making it or bringing it up to date if need be.
     *
     * @param clock gives the times of changes
     * @param random gives ids; need not be secret
     * @throws StoreVersionException if a newer program has written it
     * @throws StoreUnavailableException if it can't be opened; the message says why
     */
    static Store open(StoreSettings settings, Clock clock, RandomGenerator random, MeterRegistry metrics) {
        return SqlStore.open(settings, clock, random, metrics);
    }

    // ---- accounts

    /** Makes an account; refused as NAME_TAKEN or INVITATION_VOID. */
    Outcome<Account> createAccount(Actor by, NewAccount account);

    /** Finds an account. */
    Optional<Account> account(String name);

    /** Finds an account, with what is needed to check its password. */
    Optional<Credentials> credentials(String name);

    /** Lists accounts by name. */
    Page<Account> accounts(Page.Request request);

    /**
     * Changes an account; refused as NOT_FOUND, VERSION_MISMATCH or LAST_OPERATOR.
     *
     * @param change gets the present settings and gives those to be; pure and quick. What it throws is thrown, and nothing is
     *     changed
     */
    Outcome<Account> changeAccount(
            Actor by, String name, OptionalLong ifVersion, UnaryOperator<AccountSettings> change);

    /** Replaces a password; refused as NOT_FOUND. */
    Outcome<Account> setPassword(Actor by, String name, String passwordHash);

    /** Deletes an account with all that it owns; refused as NOT_FOUND, VERSION_MISMATCH or LAST_OPERATOR. */
    Outcome<Account> deleteAccount(Actor by, String name, OptionalLong ifVersion);

    /** Makes an API key; refused as NOT_FOUND, LIMIT_REACHED or SECRET_TAKEN. */
    Outcome<ApiKey> createKey(Actor by, String account, String name, String keyHash);

    /** Finds whom a key stands for. */
    Optional<KeyOwner> keyOwner(String keyHash);

    /** Lists the keys of an account, in the order in which they were made. */
    Page<ApiKey> keys(String account, Page.Request request);

    /** Deletes a key of an account; refused as NOT_FOUND. */
    Outcome<ApiKey> deleteKey(Actor by, String account, String id);

    /** Makes an invitation to make one account; refused as SECRET_TAKEN. */
    Outcome<Invitation> createInvitation(Actor by, String codeHash, Role role, Instant expiresAt);

    /** Lists invitations, used ones too, in the order in which they were made. */
    Page<Invitation> invitations(Page.Request request);

    /** Deletes an invitation, used or not; refused as NOT_FOUND. */
    Outcome<Invitation> deleteInvitation(Actor by, String id);

    // ---- rooms

    /** Makes a room; refused as NOT_FOUND (there is no such account), NAME_TAKEN or LIMIT_REACHED. */
    Outcome<Room> createRoom(Actor by, RoomName name, RoomRules rules, Transience transience);

    /** Finds a room. */
    Optional<Room> room(RoomName name);

    /** Lists rooms by account and name. */
    Page<Room> rooms(RoomFilter filter, Page.Request request);

    /** Changes a room's rules; refused as NOT_FOUND or VERSION_MISMATCH. {@code change} is as in {@link #changeAccount}. */
    Outcome<Room> changeRules(Actor by, RoomName name, OptionalLong ifVersion, UnaryOperator<RoomRules> change);

    /** Deletes a room, and every grant on it; refused as NOT_FOUND or VERSION_MISMATCH. */
    Outcome<Room> deleteRoom(Actor by, RoomName name, OptionalLong ifVersion);

    // ---- tokens

    /**
     * Makes a token; refused as NOT_FOUND (there is no such account, or a granted room does not exist in it), LIMIT_REACHED or
     * SECRET_TAKEN.
     *
     * @throws IllegalArgumentException if a room is granted twice
     */
    Outcome<Token> createToken(Actor by, NewToken token);

    /** Finds a token. */
    Optional<Token> token(String id);

    /**
     * Lists tokens in the order in which they were made.
     *
     * @param account whose; null: everybody's
     */
    Page<Token> tokens(@Nullable String account, Page.Request request);

    /** Changes a token; refused as NOT_FOUND or VERSION_MISMATCH. {@code change} is as in {@link #changeAccount}. */
    Outcome<Token> changeToken(Actor by, String id, OptionalLong ifVersion, UnaryOperator<TokenSettings> change);

    /**
     * Grants a room, or changes what is granted there; refused as NOT_FOUND (the token, or a room of its account),
     * VERSION_MISMATCH or LIMIT_REACHED.
     */
    Outcome<Token> grant(Actor by, String id, OptionalLong ifVersion, RoomGrant grant);

    /** Withdraws a room; refused as NOT_FOUND (the token, or the grant) or VERSION_MISMATCH. */
    Outcome<Token> withdraw(Actor by, String id, OptionalLong ifVersion, RoomName room);

    /** Replaces a token's secret; refused as NOT_FOUND, VERSION_MISMATCH or SECRET_TAKEN. */
    Outcome<Token> rotate(Actor by, String id, OptionalLong ifVersion, String secretHash);

    /** Deletes a token; refused as NOT_FOUND or VERSION_MISMATCH. */
    Outcome<Token> deleteToken(Actor by, String id, OptionalLong ifVersion);

    // ---- for the router

    /** Reads a token by the hash of its secret, and the present change number, in one snapshot. */
    Reading<TokenState> readToken(String secretHash);

    /** Reads a room's rules, and the present change number, in one snapshot. */
    Reading<RoomRules> readRoom(RoomName name);

    // ---- what happened

    /** Returns the number of the last change, 0 if there was none. The cheapest way to find out whether the store works. */
    long lastChange();

    /**
     * Reads the change log.
     *
     * @param number the last change that the reader knows
     * @param most the most changes to return, at least 1
     */
    ChangesRead changesAfter(long number, int most);

    /** Adds a line to the audit trail about something that changes nothing here, such as a sign-in. Texts are cut to fit. */
    void record(Actor by, String action, String account, String subject, String detail);

    /**
     * Lists the audit trail, the newest first.
     *
     * @param account about whose things; null: everybody's
     */
    Page<AuditEntry> audit(@Nullable String account, Page.Request request);

    /**
     * Lists what the audit trail has about the things of an account, the newest first, for its owner: nothing of an account
     * that had the name before.
     */
    Page<AuditEntry> ownAudit(String account, Page.Request request);

    /**
     * Forgets old history, so that it does not grow without end.
     *
     * @param changesBefore of the change log; who reads it must not be further behind
     * @param auditBefore of the audit trail
     */
    void forget(Instant changesBefore, Instant auditBefore);

    // ---- as a whole

    /**
     * Writes everything as JSON lines: a snapshot, hashes of secrets included, secrets never. Uses little memory however much
     * there is. {@code out} is neither buffered, so it should be, nor closed.
     *
     * @throws IOException if {@code out} throws it
     */
    void exportTo(OutputStream out) throws IOException;

    /**
     * Reads what {@link #exportTo} wrote, into a store that has no more than the first start puts there. All or nothing; other
     * changes wait meanwhile, so {@code in} should be a file, not somebody's connection. This store's keys of the operator stay
     * valid beside the imported ones. Refused as NOT_EMPTY or MALFORMED.
     *
     * @return the number of rows
     * @throws IOException if {@code in} throws it
     */
    Outcome<Long> importFrom(Actor by, InputStream in) throws IOException;

    /** Closes it when the verbs under way are done, or {@link StoreSettings#patience} is over. */
    @Override
    void close();
}
