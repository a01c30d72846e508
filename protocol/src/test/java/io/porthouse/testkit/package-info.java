/** What the tests of every module share; it reaches them in this module's test jar. */
@NullMarked
package io.porthouse.testkit;

import org.jspecify.annotations.NullMarked;
