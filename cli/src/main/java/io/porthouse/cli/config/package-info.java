/** The configuration file: reading it, checking it, and saying where it is wrong. */
@NullMarked
package io.porthouse.cli.config;

import org.jspecify.annotations.NullMarked;
