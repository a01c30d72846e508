package io.porthouse.router;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Connects to the soak's router again and again, until the soak is over. */
abstract class SoakClient implements Callable<Boolean> {

    static final int ROOMS = 9;

    final RouterHarness harness;
    final Random random;

    /** Messages and chunks that it was told or has sent so far; any thread may look. */
    final AtomicLong progress = new AtomicLong();

    private volatile boolean over;
    private volatile @Nullable TestClient current;

    SoakClient(RouterHarness harness, Random random) {
        this.harness = harness;
        this.random = random;
    }

    /** Lives one connection, and may leave it as it likes. */
    abstract void live(TestClient client) throws IOException;

    /** What the kernel may hold for the next connection; 0: the default. */
    int receiveBufferBytes() {
        return 0;
    }

    final boolean isOver() {
        return over;
    }

    final String anyRoom() {
        return "r" + random.nextInt(ROOMS);
    }

    @Override
    public final Boolean call() throws IOException {
        while (!over) {
            try (TestClient client = new TestClient(harness.router.address(), receiveBufferBytes())) {
                current = client;
                if (!over) {
                    live(client);
                }
            } catch (EOFException | SocketException e) {
                // The end of the soak, or of a slow member under a rule that says so.
            }
        }
        return true;
    }

    /** The soak is over; any thread. */
    final void end() {
        over = true;
        TestClient client = current;
        if (client != null) {
            client.close();
        }
    }
}
