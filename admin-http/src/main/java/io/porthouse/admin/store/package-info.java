/**
 * Where accounts, rooms and tokens are kept: {@link io.porthouse.admin.store.Store}, on H2 in the data directory or on
 * PostgreSQL. All SQL is in here.
 *
 * <p>A change is one transaction, and the first thing that it does is to take the next number from the one row of
 * {@code change_counter}. That row is locked until the transaction ends, so that
 *
 * <ul>
 *   <li>changes happen one after the other, and each sees everything before it: checks of limits, names and versions need
 *       no locks of their own;
 *   <li>numbers are committed in their order, and what is rolled back gives its number back: who reads "all above 4" never
 *       misses a 5 that comes late, and there are no holes;
 *   <li>two changes can't deadlock.
 * </ul>
 *
 * The price is that there is one change at a time, which is some hundreds a second: they are made by people.
 */
@NullMarked
package io.porthouse.admin.store;

import org.jspecify.annotations.NullMarked;
