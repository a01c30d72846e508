package io.porthouse.cli.run;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;

/** How many files, and so connections, the system lets this process have open. */
final class OpenFiles {

    /** Below this a router serves, but fewer clients than people expect of it. */
    static final long ENOUGH = 4096;

    private OpenFiles() {}

    /** Returns a warning if the limit of this process is low. */
    static Optional<String> warning() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? warning(unix.getMaxFileDescriptorCount())
                : Optional.empty();
    }

    static Optional<String> warning(long limit) {
        if (limit < 0 || limit >= ENOUGH) {
            return Optional.empty();
        }
        return Optional.of("only " + limit + " files may be open at once, so fewer clients can connect; raise it"
                + " (ulimit -n 65536 in the shell, or LimitNOFILE=65536 in the systemd unit)");
    }
}
