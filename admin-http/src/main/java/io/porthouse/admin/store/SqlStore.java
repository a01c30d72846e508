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
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The store in an SQL database: which part of it does what. */
final class SqlStore implements Store {

    private final Database database;
    private final Changes changes;
    private final AccountVerbs accounts;
    private final RoomVerbs rooms;
    private final TokenVerbs tokens;
    private final History history;

    private SqlStore(Database database, Clock clock, RandomGenerator random, Duration patience) {
        Ids ids = new Ids(clock, random);
        this.database = database;
        this.changes = new Changes(database, clock, patience);
        this.accounts = new AccountVerbs(changes, ids);
        this.rooms = new RoomVerbs(changes);
        this.tokens = new TokenVerbs(changes, ids);
        this.history = new History(database);
    }

    static SqlStore open(StoreSettings settings, Clock clock, RandomGenerator random, MeterRegistry metrics) {
        return new SqlStore(Database.open(settings, metrics), clock, random, settings.patience());
    }

    @Override
    public Outcome<Account> createAccount(Actor by, NewAccount account) {
        return accounts.create(by, account);
    }

    @Override
    public Optional<Account> account(String name) {
        return database.read(handle -> AccountTable.find(handle, name));
    }

    @Override
    public Optional<Credentials> credentials(String name) {
        return database.read(handle -> AccountTable.credentials(handle, name));
    }

    @Override
    public Page<Account> accounts(Page.Request request) {
        return database.read(handle -> AccountTable.list(handle, request));
    }

    @Override
    public Outcome<Account> changeAccount(
            Actor by, String name, OptionalLong ifVersion, UnaryOperator<AccountSettings> change) {
        return accounts.change(by, name, ifVersion, change);
    }

    @Override
    public Outcome<Account> setPassword(Actor by, String name, String passwordHash) {
        return accounts.setPassword(by, name, passwordHash);
    }

    @Override
    public Outcome<Account> deleteAccount(Actor by, String name, OptionalLong ifVersion) {
        return accounts.delete(by, name, ifVersion);
    }

    @Override
    public Outcome<ApiKey> createKey(Actor by, String account, String name, String keyHash) {
        return accounts.createKey(by, account, name, keyHash);
    }

    @Override
    public Optional<KeyOwner> keyOwner(String keyHash) {
        return database.read(handle -> KeyTable.owner(handle, keyHash));
    }

    @Override
    public Page<ApiKey> keys(String account, Page.Request request) {
        return database.read(handle -> KeyTable.list(handle, account, request));
    }

    @Override
    public Outcome<ApiKey> deleteKey(Actor by, String account, String id) {
        return accounts.deleteKey(by, account, id);
    }

    @Override
    public Outcome<Invitation> createInvitation(Actor by, String codeHash, Role role, Instant expiresAt) {
        return accounts.createInvitation(by, codeHash, role, expiresAt);
    }

    @Override
    public Page<Invitation> invitations(Page.Request request) {
        return database.read(handle -> InvitationTable.list(handle, request));
    }

    @Override
    public Outcome<Invitation> deleteInvitation(Actor by, String id) {
        return accounts.deleteInvitation(by, id);
    }

    @Override
    public Outcome<Room> createRoom(Actor by, RoomName name, RoomRules rules, Transience transience) {
        return rooms.create(by, name, rules, transience);
    }

    @Override
    public Optional<Room> room(RoomName name) {
        return database.read(handle -> RoomTable.find(handle, name));
    }

    @Override
    public Page<Room> rooms(RoomFilter filter, Page.Request request) {
        return database.read(handle -> RoomTable.list(handle, filter, request));
    }

    @Override
    public Outcome<Room> changeRules(Actor by, RoomName name, OptionalLong ifVersion, UnaryOperator<RoomRules> change) {
        return rooms.change(by, name, ifVersion, change);
    }

    @Override
    public Outcome<Room> deleteRoom(Actor by, RoomName name, OptionalLong ifVersion) {
        return rooms.delete(by, name, ifVersion);
    }

    @Override
    public Outcome<Token> createToken(Actor by, NewToken token) {
        return tokens.create(by, token);
    }

    @Override
    public Optional<Token> token(String id) {
        return database.read(handle -> TokenTable.find(handle, id));
    }

    @Override
    public Page<Token> tokens(@Nullable String account, Page.Request request) {
        return database.read(handle -> TokenTable.list(handle, account, request));
    }

    @Override
    public Outcome<Token> changeToken(
            Actor by, String id, OptionalLong ifVersion, UnaryOperator<TokenSettings> change) {
        return tokens.change(by, id, ifVersion, change);
    }

    @Override
    public Outcome<Token> grant(Actor by, String id, OptionalLong ifVersion, RoomGrant grant) {
        return tokens.grant(by, id, ifVersion, grant);
    }

    @Override
    public Outcome<Token> withdraw(Actor by, String id, OptionalLong ifVersion, RoomName room) {
        return tokens.withdraw(by, id, ifVersion, room);
    }

    @Override
    public Outcome<Token> rotate(Actor by, String id, OptionalLong ifVersion, String secretHash) {
        return tokens.rotate(by, id, ifVersion, secretHash);
    }

    @Override
    public Outcome<Token> deleteToken(Actor by, String id, OptionalLong ifVersion) {
        return tokens.delete(by, id, ifVersion);
    }

    @Override
    public Reading<TokenState> readToken(String secretHash) {
        return database.read(handle -> TokenTable.read(handle, secretHash));
    }

    @Override
    public Reading<RoomRules> readRoom(RoomName name) {
        return database.read(handle -> RoomTable.read(handle, name));
    }

    @Override
    public long lastChange() {
        return database.read(ChangeLog::last);
    }

    @Override
    public ChangesRead changesAfter(long number, int most) {
        return database.read(handle -> ChangeLog.after(handle, number, most));
    }

    @Override
    public void record(Actor by, String action, String account, String subject, String detail) {
        Draft.Entry entry = new Draft.Entry(action, account, subject, detail);
        history.record(changes.now(), by, entry);
    }

    @Override
    public Page<AuditEntry> audit(@Nullable String account, Page.Request request) {
        return database.read(handle -> AuditTrail.list(handle, account, request));
    }

    @Override
    public Page<AuditEntry> ownAudit(String account, Page.Request request) {
        return database.read(handle -> AuditTrail.listOwn(handle, account, request));
    }

    @Override
    public void forget(Instant changesBefore, Instant auditBefore) {
        // Times are kept in milliseconds, so that is what they are compared in.
        history.forget(changesBefore.truncatedTo(ChronoUnit.MILLIS), auditBefore.truncatedTo(ChronoUnit.MILLIS));
    }

    @Override
    public void exportTo(OutputStream out) throws IOException {
        new Exporter(database).write(out, changes.now());
    }

    @Override
    public Outcome<Long> importFrom(Actor by, InputStream in) throws IOException {
        return new Importer(changes).read(by, in);
    }

    @Override
    public void close() {
        database.close();
    }
}
