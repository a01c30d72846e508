package io.porthouse.protocol;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a token may do in a room. */
public enum Right {
    @JsonProperty("read")
    READ,
    @JsonProperty("write")
    WRITE
}
