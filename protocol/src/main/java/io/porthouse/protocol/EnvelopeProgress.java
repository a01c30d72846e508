package io.porthouse.protocol;

/** Is told how far the sending of an envelope is. Called by the thread that sends, so it should not take long. */
@FunctionalInterface
public interface EnvelopeProgress {

    /** Nobody wants to know. */
    EnvelopeProgress NONE = (bytes, totalBytes) -> {};

    /**
     * One chunk more was taken for sending.
     *
     * @param bytes how much of the payload was taken so far; a send buffer of it may not have left yet
     * @param totalBytes how much there will be, or {@link Chunk#UNKNOWN_TOTAL}
     */
    void sent(long bytes, long totalBytes);
}
