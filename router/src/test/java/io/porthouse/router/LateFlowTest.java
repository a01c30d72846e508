package io.porthouse.router;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A FLOW whose turn on the publisher's loop comes when the pause that it is about is over, and another has begun. */
final class LateFlowTest {

    @Test
    void whoIsDoneIsNotToldOfAPauseWhoseEndNobodyTells() {
        try (ManualRouter router = new ManualRouter(RouterHarness.settings(), name -> RoomRules.DEFAULT)) {
            ManualPeer publisher = router.connect(0, "lobby");
            Membership member = publisher.session.rooms.resolve(publisher.handle("lobby"));
            Pauses pauses = member.room.pauses();
            pauses.begin(Traffic.CHUNKS);
            member.tellPaused();
            router.run();
            assertThat(publisher.take())
                    .singleElement()
                    .satisfies(flow -> assertThat(flow.body()).containsExactly(1));
            pauses.end(Traffic.CHUNKS);
            router.run();
            assertThat(publisher.take())
                    .singleElement()
                    .satisfies(flow -> assertThat(flow.body()).containsExactly(0));
            // One that the end of a pause has left behind.
            pauses.begin(Traffic.CHUNKS);
            member.tellFlow();
            pauses.end(Traffic.CHUNKS);
            router.run();
            assertThat(publisher.take()).isEmpty();
        }
    }
}
