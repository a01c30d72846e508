/**
 * The control plane: accounts, rooms and tokens, their store, and the HTTP API and pages through which people change
 * them. It asks the router for what it needs by plain method calls, and the router never sees it.
 */
@NullMarked
package io.porthouse.admin;

import org.jspecify.annotations.NullMarked;
