package io.porthouse.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** Leaks on purpose, in test classes that only this one runs: what the guard finds there fails them, not the build. */
class LeakGuardTest {

    private static final List<ByteBuf> HELD = new ArrayList<>();

    static class CleanCase {
        @Test
        void releases() {
            ByteBufAllocator.DEFAULT.buffer(16).writeLong(1).release();
        }
    }

    static class LeakingCase {
        @Test
        void forgetsToRelease() {
            ByteBufAllocator.DEFAULT.buffer(16).writeLong(1);
        }
    }

    static class LeakingSliceCase {
        @Test
        void forgetsToReleaseItsRetainedSlice() {
            ByteBuf whole = ByteBufAllocator.DEFAULT.directBuffer(16).writeLong(1);
            whole.retainedSlice(0, 4);
            whole.release();
        }
    }

    static class LeakingCompositeCase {
        @Test
        void forgetsToReleaseAComposite() {
            CompositeByteBuf composite = ByteBufAllocator.DEFAULT.compositeBuffer();
            composite.addComponent(true, ByteBufAllocator.DEFAULT.buffer(16).writeLong(1));
        }
    }

    static class HoldingCase {
        @Test
        void keepsABufferBeyondItsEnd() {
            HELD.add(ByteBufAllocator.DEFAULT.buffer(16).writeLong(1));
        }
    }

    static class LaterCase {
        @Test
        void dropsTheBufferOfAnother() {
            HELD.clear();
            ByteBufAllocator.DEFAULT.buffer(16).release();
        }
    }

    @Test
    void letsAClassPassThatReleases() {
        assertThat(failuresOf(CleanCase.class)).isEmpty();
    }

    @Test
    void failsAClassThatLeaksAndShowsTheAccessRecords() {
        assertThat(failuresOf(LeakingCase.class))
                .singleElement()
                .asString()
                .contains("1 leak(s) found after " + LeakingCase.class.getName())
                .contains("LEAK: ByteBuf was never released.")
                .contains("Hint: allocated while " + LeakingCase.class.getName() + " ran")
                .contains("writeLong")
                .contains("LeakGuardTest$LeakingCase.forgetsToRelease(LeakGuardTest.java:");
    }

    @Test
    void seesRetainedSlicesAndComposites() {
        assertThat(failuresOf(LeakingSliceCase.class))
                .singleElement()
                .asString()
                .contains("forgetsToReleaseItsRetainedSlice");
        assertThat(failuresOf(LeakingCompositeCase.class))
                .singleElement()
                .asString()
                .contains("forgetsToReleaseAComposite");
    }

    @Test
    void saysWhichClassALateLeakComesFrom() {
        assertThat(failuresOf(HoldingCase.class, LaterCase.class))
                .singleElement()
                .asString()
                .contains("found after " + LaterCase.class.getName())
                .contains("allocated while " + HoldingCase.class.getName() + " ran");
    }

    /** Runs the classes as the build runs them, in the order given. */
    private static List<String> failuresOf(Class<?>... testClasses) {
        EngineTestKit.Builder run = EngineTestKit.engine("junit-jupiter")
                .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true");
        for (Class<?> testClass : testClasses) {
            run.selectors(selectClass(testClass));
        }
        EngineExecutionResults results = run.execute();
        assertThat(results.testEvents().succeeded().count()).isEqualTo(testClasses.length);
        return results.containerEvents().failed().stream()
                .map(LeakGuardTest::failureMessage)
                .toList();
    }

    private static String failureMessage(Event failed) {
        return failed.getRequiredPayload(TestExecutionResult.class)
                .getThrowable()
                .map(Throwable::getMessage)
                .orElse("");
    }
}
