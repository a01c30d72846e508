package io.porthouse.admin.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Who may do something that few may do at once. */
class TurnsTest {

    private final Turns turns = new Turns(3, 2);

    @Test
    void noAccountTakesTheTurnsOfOthers() {
        assertThat(turns.tryTake("greedy")).isTrue();
        assertThat(turns.tryTake("greedy")).isTrue();
        assertThat(turns.tryTake("greedy")).isFalse();
        assertThat(turns.tryTake("alice")).isTrue();
        assertThat(turns.tryTake("bob")).as("more than there are in all").isFalse();
    }

    @Test
    void whatIsGivenBackIsThereForTheNext() {
        assertThat(turns.tryTake("alice")).isTrue();
        assertThat(turns.tryTake("alice")).isTrue();
        turns.giveBack("alice");
        assertThat(turns.tryTake("alice")).isTrue();
        assertThat(turns.tryTake("alice")).isFalse();
        turns.giveBack("alice");
        turns.giveBack("alice");
        for (String name : new String[] {"a", "b", "c"}) {
            assertThat(turns.tryTake(name)).isTrue();
        }
    }
}
