package io.porthouse.cli;

import io.netty.buffer.ByteBuf;
import io.porthouse.client.IncomingEnvelope;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Writes one envelope into a file. */
final class SavingSink implements EnvelopeSink {

    private final Listener listener;
    private final IncomingEnvelope envelope;
    private final Progress.Transfer transfer;
    private final SaveDirectory directory;
    private final SaveDirectory.Part part;

    SavingSink(Listener listener, IncomingEnvelope envelope, Progress.Transfer transfer, SaveDirectory directory)
            throws IOException {
        this.listener = listener;
        this.envelope = envelope;
        this.transfer = transfer;
        this.directory = directory;
        part = directory.begin();
    }

    @Override
    public void data(ByteBuf data) {
        int bytes = data.readableBytes();
        try {
            for (ByteBuffer buffer : data.nioBuffers()) {
                while (buffer.hasRemaining()) {
                    int unused = part.channel().write(buffer);
                }
            }
            transfer.add(bytes);
        } catch (IOException e) {
            directory.drop(part);
            listener.cannotSave(e);
        }
    }

    @Override
    public void complete() {
        try {
            Path file = directory.keep(part, envelope.metadata().name().orElse(""));
            listener.arrived(envelope, transfer, file);
        } catch (IOException e) {
            directory.drop(part);
            listener.cannotSave(e);
        }
    }

    @Override
    public void failed(EnvelopeFailure reason) {
        directory.drop(part);
        listener.lost(envelope, reason);
    }
}
