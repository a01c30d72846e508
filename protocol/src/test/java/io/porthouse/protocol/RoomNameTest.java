package io.porthouse.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoomNameTest {

    @Test
    void shortNamesBelongToTheOwnAccount() {
        assertThat(RoomName.parse("lobby", "alice")).contains(new RoomName("alice", "lobby"));
        assertThat(RoomName.parse("bob/lobby", "alice")).contains(new RoomName("bob", "lobby"));
    }

    @Test
    void textIsTheFullName() {
        RoomName name = new RoomName("alice", "a.b_c-D9");
        assertThat(name).hasToString("alice/a.b_c-D9");
        assertThat(RoomName.parse(name.toString(), "someone")).contains(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "a/",
                "/a",
                "a/b/c",
                "a b",
                "lobby\n",
                "ü",
                "r*",
                "a\u0000",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            })
    void whatIsNoNameIsNotRead(String text) {
        assertThat(RoomName.parse(text, "alice")).isEmpty();
    }

    @Test
    void partsAreChecked() {
        assertThatIllegalArgumentException().isThrownBy(() -> new RoomName("alice", "a/b"));
        assertThatIllegalArgumentException().isThrownBy(() -> new RoomName("", "a"));
        assertThat(RoomName.isPart("x".repeat(64))).isTrue();
        assertThat(RoomName.isPart("x".repeat(65))).isFalse();
    }
}
