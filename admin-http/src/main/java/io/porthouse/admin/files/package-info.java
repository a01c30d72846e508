/** Files that only their owner may read. */
@NullMarked
package io.porthouse.admin.files;

import org.jspecify.annotations.NullMarked;
