/** The {@code porthouse} command, whose {@code run} wires a router together. */
@NullMarked
package io.porthouse.cli;

import org.jspecify.annotations.NullMarked;
