package io.porthouse.admin.http;

/** Ends the handling of a request with a {@link Problem}. Has no stack trace: it tells of a request, not of a defect. */
public final class ProblemException extends RuntimeException {

    private final transient Problem problem;

    ProblemException(Problem problem) {
        super(problem.detail(), null, false, false);
        this.problem = problem;
    }

    /** Returns what is answered. */
    public Problem problem() {
        return problem;
    }
}
