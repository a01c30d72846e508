package io.porthouse.admin.api;

/** Where a handler runs. */
enum Lane {
    /** On the event loop: it only looks at what is in memory. */
    LOOP,
    /** On a thread that may wait for the store. */
    STORE,
    /** On a thread for passwords, which take long on purpose, so that nobody else waits behind them. */
    PASSWORDS
}
