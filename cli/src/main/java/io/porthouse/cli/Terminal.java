package io.porthouse.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether a person is watching. */
final class Terminal {

    private Terminal() {}

    /**
     * Returns whether standard error is a terminal. The JDK knows of standard input and output together only, and those are
     * a pipe or a file in just the uses that want a progress bar.
     */
    static boolean isStandardError() {
        try {
            String device = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return device.startsWith("/dev/pts/") || device.startsWith("/dev/tty") || device.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException notLinux) {
            return false;
        }
    }
}
