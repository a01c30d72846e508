package io.porthouse.admin.model;

/**
 * Whom an API key stands for.
 *
 * @param change the number of the last change when this was read, in one snapshot with it
 */
public record KeyOwner(ApiKey key, Account account, long change) {}
