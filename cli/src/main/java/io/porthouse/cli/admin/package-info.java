/** The HTTP API, as a program sees it. */
@NullMarked
package io.porthouse.cli.admin;

import org.jspecify.annotations.NullMarked;
