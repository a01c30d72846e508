package io.porthouse.client;

import io.netty.buffer.ByteBuf;
import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Writes one envelope into a file of an {@link EnvelopeDirectory}. */
final class FileSink implements EnvelopeSink {

    private final EnvelopeDirectory directory;
    private final IncomingEnvelope envelope;
    private final BiConsumer<IncomingEnvelope, Path> saved;
    private final BiConsumer<IncomingEnvelope, IOException> lost;

    /** Null once there will be no file. */
    private EnvelopeDirectory.@Nullable Part part;

    FileSink(
            EnvelopeDirectory directory,
            IncomingEnvelope envelope,
            BiConsumer<IncomingEnvelope, Path> saved,
            BiConsumer<IncomingEnvelope, IOException> lost) {
        this.directory = directory;
        this.envelope = envelope;
        this.saved = saved;
        this.lost = lost;
        try {
            part = directory.begin();
        } catch (IOException e) {
            lost.accept(envelope, e);
        }
    }

    @Override
    public void data(ByteBuf data) {
        if (part == null) {
            return;
        }
        try {
            for (ByteBuffer buffer : data.nioBuffers()) {
                while (buffer.hasRemaining()) {
                    int unused = part.channel().write(buffer);
                }
            }
        } catch (IOException e) {
            giveUp(e);
        }
    }

    @Override
    public void complete() {
        if (part == null) {
            return;
        }
        Path file;
        try {
            file = directory.keep(part, envelope.metadata().name().orElse(""));
        } catch (IOException e) {
            giveUp(e);
            return;
        }
        part = null;
        saved.accept(envelope, file);
    }

    @Override
    public void failed(EnvelopeFailure reason) {
        giveUp(new EnvelopeException(envelope, reason, envelope.space().loss(reason)));
    }

    private void giveUp(IOException failure) {
        EnvelopeDirectory.Part given = part;
        if (given == null) {
            return;
        }
        part = null;
        try {
            directory.drop(given);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
        lost.accept(envelope, failure);
    }
}
