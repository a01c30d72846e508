package io.porthouse.admin.model;

/**
 * Who does something, for the audit trail.
 *
 * @param account who; empty: nobody that is known
 * @param via how it came: {@code session}, {@code key <id>}, or the command
 * @param address from where; empty: from this process
 */
public record Actor(String account, String via, String address) {

    /** The router itself, such as when it starts for the first time. */
    public static final Actor SYSTEM = new Actor("", "system", "");
}
