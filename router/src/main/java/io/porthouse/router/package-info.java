/** The data plane: listeners, sessions, rooms and live tokens, on one puddle per event loop. */
@NullMarked
package io.porthouse.router;

import org.jspecify.annotations.NullMarked;
