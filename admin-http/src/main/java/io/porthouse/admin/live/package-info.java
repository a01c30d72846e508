/** Where the control plane meets the router. */
@NullMarked
package io.porthouse.admin.live;

import org.jspecify.annotations.NullMarked;
