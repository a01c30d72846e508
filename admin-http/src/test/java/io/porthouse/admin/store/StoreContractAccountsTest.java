package io.porthouse.admin.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.AccountSettings;
import io.porthouse.admin.model.ApiKey;
import io.porthouse.admin.model.Credentials;
import io.porthouse.admin.model.Invitation;
import io.porthouse.admin.model.KeyOwner;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Role;
import io.porthouse.admin.model.Subject;
import io.porthouse.admin.model.Subject.Kind;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.admin.store.NewAccount.FirstKey;
import io.porthouse.admin.store.Outcome.Done;
import io.porthouse.admin.store.Outcome.Refusal;
import io.porthouse.admin.store.Outcome.Unchanged;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class StoreContractAccountsTest extends StoreContract {

    @Test
    void aNewAccountIsThereWithItsVersion() {
        Outcome<Account> outcome = store.createAccount(BY, NewAccount.of("alice", USER, "hash"));

        Account alice = done(outcome);
        assertThat(alice)
                .isEqualTo(new Account("alice", USER, TestClock.START.truncatedTo(ChronoUnit.MILLIS), number(outcome)));
        assertThat(store.account("alice")).contains(alice);
        assertThat(store.credentials("alice")).contains(new Credentials(alice, "hash"));
        assertThat(((Done<Account>) outcome).change().touched()).containsExactly(new Subject(Kind.ACCOUNT, "alice"));
        assertThat(store.account("bob")).isEmpty();
        assertThat(store.credentials("bob")).isEmpty();
    }

    @Test
    void aNameIsTakenOnlyOnceAndOnlyIfItIsOne() {
        account("alice");

        assertThat(refusal(store.createAccount(BY, NewAccount.of("alice", OPERATOR, "x"))))
                .isEqualTo(Refusal.NAME_TAKEN);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.createAccount(BY, NewAccount.of("no/name", USER, "x")))
                .withMessageContaining("name");
        assertThat(store.lastChange()).isEqualTo(1);
        account("Alice");
    }

    @Test
    void aChangeIsAppliedToWhatIsThere() {
        Account before = account("alice");

        Account after = done(store.changeAccount(
                BY, "alice", OptionalLong.of(before.version()), is -> is.withLimits(new Limits(1, 2, 3))));

        assertThat(after.settings()).isEqualTo(new AccountSettings(Role.USER, false, new Limits(1, 2, 3)));
        assertThat(after.version()).isEqualTo(2);
        assertThat(after.createdAt()).isEqualTo(before.createdAt());
        assertThat(store.account("alice")).contains(after);
    }

    @Test
    void whatChangesNothingWritesNothing() {
        Account alice = account("alice");

        assertThat(store.changeAccount(BY, "alice", ANY, is -> is)).isEqualTo(new Unchanged<>(alice));
        assertThat(refusal(store.changeAccount(BY, "bob", ANY, is -> is))).isEqualTo(Refusal.NOT_FOUND);
        assertThat(refusal(store.changeAccount(BY, "alice", OptionalLong.of(7), is -> is.withSuspended(true))))
                .isEqualTo(Refusal.VERSION_MISMATCH);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.changeAccount(BY, "alice", ANY, is -> {
                    throw new IllegalArgumentException("no");
                }));
        assertThat(store.lastChange()).isEqualTo(1);
        assertThat(store.audit(null, Page.Request.first(10)).items()).hasSize(1);
        assertThat(store.account("alice")).contains(alice);
    }

    @Test
    void aVersionNeverComesBack() {
        Account first = account("alice");
        done(store.deleteAccount(BY, "alice", OptionalLong.of(first.version())));
        Account second = account("alice");

        assertThat(refusal(store.deleteAccount(BY, "alice", OptionalLong.of(first.version()))))
                .isEqualTo(Refusal.VERSION_MISMATCH);
        assertThat(second.version()).isGreaterThan(first.version());
    }

    @Test
    void aNewPasswordReplacesTheOld() {
        Account before = account("alice");

        Account after = done(store.setPassword(BY, "alice", "another"));

        assertThat(after.version()).isGreaterThan(before.version());
        assertThat(store.credentials("alice")).contains(new Credentials(after, "another"));
        assertThat(refusal(store.setPassword(BY, "bob", "another"))).isEqualTo(Refusal.NOT_FOUND);
        assertThat(store.credentials("alice").orElseThrow().toString()).doesNotContain("another");
    }

    @Test
    void theLastOperatorStays() {
        done(store.createAccount(BY, NewAccount.of("operator", OPERATOR, "x")));
        done(store.createAccount(BY, NewAccount.of("second", OPERATOR.withSuspended(true), "x")));

        assertThat(refusal(store.deleteAccount(BY, "operator", ANY))).isEqualTo(Refusal.LAST_OPERATOR);
        assertThat(refusal(store.changeAccount(BY, "operator", ANY, is -> is.withRole(Role.USER))))
                .isEqualTo(Refusal.LAST_OPERATOR);
        assertThat(refusal(store.changeAccount(BY, "operator", ANY, is -> is.withSuspended(true))))
                .isEqualTo(Refusal.LAST_OPERATOR);
        done(store.changeAccount(BY, "second", ANY, is -> is.withSuspended(false)));
        done(store.deleteAccount(BY, "operator", ANY));
    }

    @Test
    void allThatAnAccountOwnsGoesWithIt() {
        account("alice");
        account("bob");
        room(FOO);
        token("alice", "s1", reads(FOO));
        ApiKey key = done(store.createKey(BY, "alice", "laptop", Secrets.hash("k")));

        Outcome<Account> outcome = store.deleteAccount(BY, "alice", ANY);

        assertThat(((Done<Account>) outcome).change().touched())
                .containsExactly(new Subject(Kind.ACCOUNT, "alice"), new Subject(Kind.ROOM, "alice/foo"));
        assertThat(store.account("alice")).isEmpty();
        assertThat(store.room(FOO)).isEmpty();
        assertThat(store.readToken(Secrets.hash("s1")).state()).isNull();
        assertThat(store.tokens(null, Page.Request.first(10)).items()).isEmpty();
        assertThat(store.keyOwner(Secrets.hash("k"))).isEmpty();
        assertThat(refusal(store.deleteKey(BY, "alice", key.id()))).isEqualTo(Refusal.NOT_FOUND);
        account("alice");
        assertThat(store.credentials("alice").orElseThrow().passwordHash()).isEqualTo("hash of alice");
    }

    @Test
    void aKeyStandsForItsAccount() {
        Account alice = account("alice");
        account("bob");
        ApiKey key = done(store.createKey(BY, "alice", "laptop", Secrets.hash("k")));

        assertThat(store.keyOwner(Secrets.hash("k"))).contains(new KeyOwner(key, alice, store.lastChange()));
        assertThat(refusal(store.createKey(BY, "bob", "same", Secrets.hash("k"))))
                .isEqualTo(Refusal.SECRET_TAKEN);
        assertThat(refusal(store.createKey(BY, "carol", "none", Secrets.hash("c"))))
                .isEqualTo(Refusal.NOT_FOUND);
        assertThat(refusal(store.deleteKey(BY, "bob", key.id()))).isEqualTo(Refusal.NOT_FOUND);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> store.createKey(BY, "bob", "two\nlines", Secrets.hash("d")));
        done(store.deleteKey(BY, "alice", key.id()));
        assertThat(store.keyOwner(Secrets.hash("k"))).isEmpty();
    }

    @Test
    void keysAreListedAsTheyWereMadeAndBounded() {
        account("alice");
        for (int i = 0; i < ApiKey.MAX_PER_ACCOUNT; i++) {
            done(store.createKey(BY, "alice", "key " + i, Secrets.hash("k" + i)));
            clock.advance(Duration.ofMillis(1));
        }

        assertThat(refusal(store.createKey(BY, "alice", "more", Secrets.hash("k"))))
                .isEqualTo(Refusal.LIMIT_REACHED);
        List<ApiKey> keys = all(7, request -> store.keys("alice", request));
        assertThat(keys).hasSize(ApiKey.MAX_PER_ACCOUNT);
        assertThat(keys)
                .extracting(ApiKey::name)
                .startsWith("key 0", "key 1", "key 2")
                .endsWith("key 99");
        assertThat(store.keys("bob", Page.Request.first(7)).items()).isEmpty();
    }

    @Test
    void anAccountComesWithItsFirstKey() {
        FirstKey key = new FirstKey("first", Secrets.hash("k"));
        done(store.createAccount(BY, new NewAccount("operator", OPERATOR, null, null, key)));

        assertThat(store.keyOwner(Secrets.hash("k")).orElseThrow().account().name())
                .isEqualTo("operator");
        assertThat(store.credentials("operator").orElseThrow().passwordHash()).isNull();
    }

    @Test
    void anInvitationMakesOneAccountInItsTime() {
        var inAnHour = clock.instant().plus(Duration.ofHours(1));
        Invitation invitation = done(store.createInvitation(BY, Secrets.hash("code"), Role.OPERATOR, inAnHour));
        done(store.createInvitation(BY, Secrets.hash("late"), Role.USER, inAnHour));

        NewAccount invited = new NewAccount("alice", USER, "x", Secrets.hash("code"), null);
        assertThat(done(store.createAccount(BY, invited)).settings().role()).isEqualTo(Role.OPERATOR);
        NewAccount again = new NewAccount("bob", USER, "x", Secrets.hash("code"), null);
        assertThat(refusal(store.createAccount(BY, again))).isEqualTo(Refusal.INVITATION_VOID);
        clock.advance(Duration.ofHours(1));
        NewAccount late = new NewAccount("bob", USER, "x", Secrets.hash("late"), null);
        assertThat(refusal(store.createAccount(BY, late))).isEqualTo(Refusal.INVITATION_VOID);
        NewAccount unknown = new NewAccount("bob", USER, "x", Secrets.hash("?"), null);
        assertThat(refusal(store.createAccount(BY, unknown))).isEqualTo(Refusal.INVITATION_VOID);

        assertThat(all(1, store::invitations)).extracting(Invitation::usedBy).containsExactlyInAnyOrder("alice", null);
        done(store.deleteInvitation(BY, invitation.id()));
        assertThat(refusal(store.deleteInvitation(BY, invitation.id()))).isEqualTo(Refusal.NOT_FOUND);
        assertThat(store.account("bob")).isEmpty();
    }

    @Test
    void accountsAreListedByNameWhateverChangesMeanwhile() {
        List.of("b", "A", "a", "_", "c", "Z").forEach(this::account);

        Page<Account> first = store.accounts(Page.Request.first(3));
        assertThat(first.items()).extracting(Account::name).containsExactly("A", "Z", "_");
        done(store.deleteAccount(BY, "_", ANY));
        account("0");
        account("aa");
        Page<Account> second = store.accounts(new Page.Request(first.next(), 3));
        assertThat(second.items()).extracting(Account::name).containsExactly("a", "aa", "b");
        Page<Account> third = store.accounts(new Page.Request(second.next(), 3));
        assertThat(third.items()).extracting(Account::name).containsExactly("c");
        assertThat(third.next()).isNull();
    }
}
