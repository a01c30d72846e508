package io.porthouse.cli;

/** What the command tells the shell. */
final class ExitCode {

    static final int OK = 0;

    /** It did not work. */
    static final int FAILED = 1;

    /** It was not asked for correctly: options, configuration, or nothing that says where to connect. */
    static final int USAGE = 2;

    /** The router said no; its code and text were printed. */
    static final int REFUSED = 3;

    private ExitCode() {}
}
