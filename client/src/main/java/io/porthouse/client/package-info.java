/** The Java client of a Porthouse router. */
@NullMarked
package io.porthouse.client;

import org.jspecify.annotations.NullMarked;
