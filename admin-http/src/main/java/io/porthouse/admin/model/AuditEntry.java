package io.porthouse.admin.model;

import java.time.Instant;

/**
 * One line of the audit trail.
 *
 * @param id rises with time
 * @param action such as {@code token.grant}
 * @param account whose things it was about; empty: nobody's
 * @param subject what was touched, such as {@code TOKEN t0abc}
 * @param detail what about it, for people; may be empty
 * @param change the number of the change that it was; 0: it changed nothing that is kept
 */
public record AuditEntry(
        long id, Instant at, Actor actor, String action, String account, String subject, String detail, long change) {}
