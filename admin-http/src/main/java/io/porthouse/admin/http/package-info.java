/**
 * An HTTP/1.1 server for a control plane: connections, heads, bodies, answers, and every bound on them. It knows nothing of
 * accounts, rooms or tokens; what is answered is up to an {@link io.porthouse.admin.http.Application}.
 */
@NullMarked
package io.porthouse.admin.http;

import org.jspecify.annotations.NullMarked;
