package io.porthouse.cli;

import io.netty.buffer.ByteBuf;
import io.porthouse.client.IncomingEnvelope;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeSink;

/** Counts one envelope's bytes, and keeps nothing. */
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
        transfer.add(data.readableBytes());
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
