/** JMH benchmarks of the stations that a message passes. */
@NullMarked
package io.porthouse.benchmarks;

import org.jspecify.annotations.NullMarked;
