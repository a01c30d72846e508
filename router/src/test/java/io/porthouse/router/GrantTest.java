package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which rooms a grant is about, and which grants there can be. */
final class GrantTest {

    private static final Set<Right> READ = Set.of(Right.READ);

    @ParameterizedTest
    @CsvSource({
        "lobby, false, acme/lobby, true",
        "lobby, false, acme/lobby2, false",
        "lobby, false, acme/Lobby, false",
        "lobby, false, acme/lobb, false",
        "lobby, false, other/lobby, false",
        "r, true, acme/r, true",
        "r, true, acme/r1, true",
        "r, true, acme/R1, false",
        "r, true, acme/x-r, false",
        "r, true, other/r1, false",
        "r, true, acme2/r1, false",
        "'', true, acme/anything, true",
        "'', true, other/anything, false",
        "., true, acme/.hidden, true",
        "., true, acme/xhidden, false",
    })
    void itCoversARoomByItsNameOrTheBeginningOfIt(String name, boolean isPrefix, String room, boolean covers) {
        Grant grant = new Grant("acme", name, isPrefix, READ, false);
        assertThat(grant.covers(RoomName.parse(room, "").orElseThrow())).isEqualTo(covers);
    }

    @Test
    void itsRightsStayAsTheyWere() {
        Set<Right> rights = EnumSet.of(Right.READ);
        Grant grant = new Grant("acme", "lobby", false, rights, true);
        rights.add(Right.WRITE);
        assertThat(grant.may()).containsExactly(Right.READ);
    }

    @ParameterizedTest
    @CsvSource({
        "'', lobby, false, not a room name",
        "a/b, lobby, false, not a room name",
        "acme, '', false, not a room name",
        "acme, r*, true, not a room name",
        "acme, a b, false, not a room name",
    })
    void whatIsNoNameIsRefused(String account, String name, boolean isPrefix, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Grant(account, name, isPrefix, READ, false))
                .withMessage(message);
    }

    @Test
    void aGrantNeedsARight() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Grant("acme", "lobby", false, Set.of(), false))
                .withMessageContaining("read");
    }

    @Test
    void whatIsAPrefixCannotBeJoinedByItself() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Grant("acme", "r", true, READ, true))
                .withMessageContaining("*");
    }
}
