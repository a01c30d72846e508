/** {@code porthouse run}: what a router needs around it, from the data directory to its end. */
@NullMarked
package io.porthouse.cli.run;

import org.jspecify.annotations.NullMarked;
