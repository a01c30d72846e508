/** Secrets: how they are made, what is kept instead of them, and how they are checked. */
@NullMarked
package io.porthouse.admin.secrets;

import org.jspecify.annotations.NullMarked;
