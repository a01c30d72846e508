package io.porthouse.testkit;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Lets every {@code await()} wait as long as a slow and busy machine may need: a limit is there to end what hangs, and costs
 * nothing otherwise. JUnit loads it through {@code META-INF/services}, so a test need not know of it.
 */
public final class Patience implements BeforeAllCallback {

    /** Shorter than the limit of a whole test, so that what was awaited is named. */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Override
    public void beforeAll(ExtensionContext context) {
        Awaitility.setDefaultTimeout(LIMIT);
    }
}
