/** The wire contract PH/1: frame layout, walking a buffer of frames, control bodies, envelopes and codes. */
@NullMarked
package io.porthouse.protocol;

import org.jspecify.annotations.NullMarked;
