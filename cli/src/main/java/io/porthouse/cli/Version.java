package io.porthouse.cli;

import java.util.Optional;
import picocli.CommandLine;

/** The version of this program. */
final class Version implements CommandLine.IVersionProvider {

    /** Returns the version as the jar says, {@code dev} where there is no jar. */
    static String text() {
        return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("dev");
    }

    @Override
    public String[] getVersion() {
        return new String[] {"porthouse " + text()};
    }
}
