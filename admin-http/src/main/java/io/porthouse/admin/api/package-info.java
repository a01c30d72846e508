/**
 * The HTTP API: who may do what with accounts, rooms and tokens, in JSON.
 *
 * <p>{@link io.porthouse.admin.api.AdminServer} is what a program starts. Each resource is a small class that puts its routes
 * into one table; what all of them share is done once: {@code Api} takes a request through the table, {@code Authentication}
 * finds who calls, {@code JsonObject} reads, {@code Paging} lists, {@code Preconditions} knows versions, {@code Refusals} turns
 * what the store refuses into problems, and {@code ChangeAnswers} answers changes, after they took effect.
 */
@NullMarked
package io.porthouse.admin.api;

import org.jspecify.annotations.NullMarked;
