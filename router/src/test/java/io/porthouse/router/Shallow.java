package io.porthouse.router;

/**
 * Runs work on a thread of its own. Netty's leak detector records a stack trace at each access to a buffer, and the traces
 * below JUnit are so deep that they take most of the time of a test that does much with buffers.
 */
final class Shallow {

    private Shallow() {}

    /** Work that may fail. */
    @FunctionalInterface
    interface Work {
        void run() throws Exception;
    }

    /** Runs the work, and fails as it fails. */
    static void run(Work work) throws Exception {
        Throwable[] failure = new Throwable[1];
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Throwable e) {
                failure[0] = e;
            }
        });
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            thread.interrupt();
            throw e;
        }
        if (failure[0] instanceof Error error) {
            throw error;
        }
        if (failure[0] instanceof Exception exception) {
            throw exception;
        }
    }
}
