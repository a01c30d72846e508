package io.porthouse.testkit;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * Fails every test class after which Netty's leak detector finds a buffer that was dropped without a release. JUnit
 * loads it through {@code META-INF/services}, so a test need not know of it.
 *
 * <p>Netty only notices a leak when the garbage collector has found the buffer and the next one is allocated. Both are
 * brought about here at the end of each class. A buffer that something still held at that time
 * is found later, at the end of another class; so each report says which class was running at its allocation.
 */
public final class LeakGuard implements BeforeAllCallback, AfterAllCallback {

    /** A buffer that nobody released: who allocated it, and every place that touched it. */
    record Leak(String resourceType, String records) {}

    private static final String NO_CLASS = "no test class";
    private static final Pattern TEST_MACHINERY = Pattern.compile(
            "\\t(org\\.junit\\.|org\\.apache\\.maven\\.surefire\\.|java\\.base/jdk\\.internal\\.reflect\\.)");
    private static final long COLLECTION_TIMEOUT_MILLIS = 30_000;

    private static final Queue<GuardedDetector<?>> DETECTORS = new ConcurrentLinkedQueue<>();
    private static final Queue<Leak> LEAKS = new ConcurrentLinkedQueue<>();

    private static volatile String running = NO_CLASS;
    /** Whether there has been any buffer yet: until then there is nothing to look for. */
    private static volatile boolean allocated;

    // Here and not in a callback: buffers ask for their detector once, when their own class is initialised.
    static {
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new GuardedDetectorFactory());
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        running = context.getRequiredTestClass().getName();
        // What a test instance or another extension held beyond the last class is freed only when the run ends.
        context.getRoot()
                .getStore(Namespace.create(LeakGuard.class))
                .computeIfAbsent(LastCheck.class, key -> new LastCheck(), LastCheck.class);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        Class<?> ended = context.getRequiredTestClass();
        try {
            failOnLeaks("after " + ended.getName());
        } finally {
            Class<?> enclosing = ended.getEnclosingClass();
            running = enclosing == null ? NO_CLASS : enclosing.getName();
        }
    }

    private static void failOnLeaks(String when) {
        List<Leak> leaks = takeLeaks();
        if (leaks.isEmpty()) {
            return;
        }
        StringBuilder message = new StringBuilder()
                .append(leaks.size())
                .append(" leak(s) found ")
                .append(when);
        for (Leak leak : leaks) {
            message.append("\nLEAK: ").append(leak.resourceType()).append(" was never released. ");
            leak.records()
                    .lines()
                    .filter(line -> !TEST_MACHINERY.matcher(line).lookingAt())
                    .forEach(line -> message.append(line).append('\n'));
        }
        throw new AssertionError(message.toString());
    }

    /** Makes Netty report what has leaked so far, and hands it over: a leak is taken once. */
    static List<Leak> takeLeaks() {
        if (allocated) {
            // The collector hands over what it found in no particular order; all that one collection found has
            // arrived when something of the next one has.
            awaitCollection();
            awaitCollection();
            DETECTORS.forEach(GuardedDetector::report);
        }
        List<Leak> taken = new ArrayList<>();
        for (Leak leak = LEAKS.poll(); leak != null; leak = LEAKS.poll()) {
            taken.add(leak);
        }
        return taken;
    }

    private static void awaitCollection() {
        ReferenceQueue<Object> collected = new ReferenceQueue<>();
        WeakReference<Object> canary = new WeakReference<>(new Object(), collected);
        System.gc();
        try {
            if (collected.remove(COLLECTION_TIMEOUT_MILLIS) != canary) {
                throw new AssertionError("no garbage collection within " + COLLECTION_TIMEOUT_MILLIS
                        + " ms of asking for one: leaks cannot be seen");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while looking for leaks", e);
        }
    }

    /** The check at the end of the whole run; JUnit closes it together with what it is stored in. */
    private static final class LastCheck implements AutoCloseable {
        @Override
        public void close() {
            failOnLeaks("at the end of the run");
        }
    }

    private static final class GuardedDetectorFactory extends ResourceLeakDetectorFactory {
        @Override
        @Deprecated // as in Netty, which calls this one by way of the other overloads
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                Class<T> resource, int samplingInterval, long maxActive) {
            GuardedDetector<T> detector = new GuardedDetector<>(resource, samplingInterval);
            DETECTORS.add(detector);
            return detector;
        }
    }

    private static final class GuardedDetector<T> extends ResourceLeakDetector<T> {
        GuardedDetector(Class<?> resourceType, int samplingInterval) {
            super(resourceType, samplingInterval);
        }

        /** Tracking anything makes the detector report what the collector has found. */
        @SuppressWarnings("unchecked") // a tracker never calls the object that it tracks, only watches it go
        void report() {
            T probe = (T) new Object();
            trackForcibly(probe).close(probe);
        }

        @Override
        protected Object getInitialHint(String resourceType) {
            allocated = true;
            return "allocated while " + running + " ran";
        }

        // Otherwise Netty keeps silent when its logger is off.
        @Override
        protected boolean needReport() {
            return true;
        }

        @Override
        protected void reportTracedLeak(String resourceType, String records) {
            LEAKS.add(new Leak(resourceType, records));
        }

        @Override
        protected void reportUntracedLeak(String resourceType) {
            LEAKS.add(new Leak(resourceType, "Nothing was recorded of it."));
        }
    }
}
