package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.testkit.Seeds;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Members of every speed, rooms of every rule, and rules that change, against what each member may have received: all of
 * what was published or a word on what was not, envelopes whole or cancelled, and nobody suspended for ever.
 */
final class FlowModelTest {

    @Test
    void whatIsNotDeliveredIsToldAndNobodyWaitsForEver() throws Exception {
        FlowTally tally = new FlowTally();
        Seeds.forEach(random -> Shallow.run(() -> {
            for (int i = 0; i < 2; i++) {
                new FlowPlay(new Random(random.nextLong()), tally).play(150);
            }
        }));
        assertThat(tally.all()).as("what came about").doesNotContain(0);
    }

    @Test
    @Tag("long")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void soItIsInManyPlays() throws Exception {
        for (int round = 0; round < 40; round++) {
            Seeds.forEach(random ->
                    Shallow.run(() -> new FlowPlay(new Random(random.nextLong()), new FlowTally()).play(600)));
        }
    }
}
