package io.porthouse.router;

import io.porthouse.protocol.CloseCode;

/** Counts how connections end. Called from any loop, once a connection. */
interface Closes {
    /** One was closed with this code. */
    void count(CloseCode code);

    /** One broke off. */
    void countLost();
}
