package io.porthouse.cli;

import io.netty.buffer.ByteBuf;
import io.porthouse.client.IncomingEnvelope;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeSink;

/** Waits for the end of one envelope, and keeps nothing. */
final class ShowingSink implements EnvelopeSink {

    private final Listener listener;
    private final IncomingEnvelope envelope;
    private final Progress.Transfer transfer;

    ShowingSink(Listener listener, IncomingEnvelope envelope, Progress.Transfer transfer) {
        this.listener = listener;
        this.envelope = envelope;
        this.transfer = transfer;
    }

    @Override
    public void data(ByteBuf data) {
        // The progress counts it.
    }

    @Override
    public void complete() {
        listener.arrived(envelope, transfer, null);
    }

    @Override
    public void failed(EnvelopeFailure reason) {
        listener.lost(envelope, reason);
    }
}
