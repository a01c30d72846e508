package io.porthouse.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** One line on a terminal that shows how far transfers are; nothing elsewhere. Thread-safe. */
final class Progress {

    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int BAR_WIDTH = 24;
    private static final int NAME_WIDTH = 28;

    private final PrintWriter err;
    private final boolean shown;
    private final LongSupplier nanos;
    private long drawnAt;
    private boolean visible;

    /**
     * @param shown whether {@code err} is a terminal
     * @param nanos a clock
     */
    Progress(PrintWriter err, boolean shown, LongSupplier nanos) {
        this.err = err;
        this.shown = shown;
        this.nanos = nanos;
        drawnAt = nanos.getAsLong() - INTERVAL_NANOS;
    }

    /**
     * Begins to show one payload.
     *
     * @param totalBytes negative if unknown
     */
    Transfer begin(String name, long totalBytes) {
        return new Transfer(name, totalBytes);
    }

    /** Takes the line away, so that something else can be written. */
    synchronized void clear() {
        if (visible) {
            visible = false;
            err.print("\r\u001b[K");
            err.flush();
        }
    }

    private synchronized void draw(Transfer transfer) {
        long now = nanos.getAsLong();
        if (!shown || now - drawnAt < INTERVAL_NANOS) {
            return;
        }
        drawnAt = now;
        visible = true;
        err.print("\r" + transfer.line(now) + "\u001b[K");
        err.flush();
    }

    /** One payload on its way. Used by one thread. */
    final class Transfer {
        private final String name;
        private final long totalBytes;
        private final long begunAt = nanos.getAsLong();
        private long bytes;

        private Transfer(String name, long totalBytes) {
            String safe = SafeText.of(name);
            this.name = safe.length() <= NAME_WIDTH ? safe : safe.substring(0, NAME_WIDTH - 1) + "…";
            this.totalBytes = totalBytes;
        }

        /** So much went by now. */
        void at(long bytesSoFar) {
            bytes = bytesSoFar;
            draw(this);
        }

        /** How many bytes went. */
        long bytes() {
            return bytes;
        }

        /** The rate from the beginning to now. */
        String rate() {
            return Amounts.rate(bytes, nanos.getAsLong() - begunAt);
        }

        private String line(long now) {
            String rate = Amounts.rate(bytes, now - begunAt);
            if (totalBytes <= 0) {
                return name + "  " + Amounts.bytes((double) bytes) + "  " + rate;
            }
            double done = Math.min(1.0, (double) bytes / totalBytes);
            int filled = (int) (done * BAR_WIDTH);
            String bar = "#".repeat(filled) + "-".repeat(BAR_WIDTH - filled);
            String percent = String.format(Locale.ROOT, "%3d %%", (int) (done * 100));
            return name + "  [" + bar + "] " + percent + "  " + Amounts.bytes((double) bytes) + " of "
                    + Amounts.bytes((double) totalBytes) + "  " + rate;
        }
    }
}
