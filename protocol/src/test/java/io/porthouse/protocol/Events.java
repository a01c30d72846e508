package io.porthouse.protocol;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Writes down what an assembler reports, and fails if that breaks the contract of {@link EnvelopeSink}. */
final class Events implements EnvelopeListener {

    sealed interface Event {
        EnvelopeKey key();
    }

    record Begin(EnvelopeKey key, long totalBytes, boolean text, String metadata) implements Event {}

    /** The payload is a buffer because buffers, unlike arrays, are equal if their contents are. */
    record Complete(EnvelopeKey key, ByteBuffer payload) implements Event {}

    record Failed(EnvelopeKey key, EnvelopeFailure reason, int bytes) implements Event {}

    record Refused(EnvelopeKey key, EnvelopeFailure reason) implements Event {}

    final List<Event> all = new ArrayList<>();
    final Set<EnvelopeKey> open = new HashSet<>();

    @Override
    public EnvelopeSink begin(EnvelopeKey key, long totalBytes, boolean text, EnvelopeMetadata metadata) {
        all.add(new Begin(key, totalBytes, text, metadata.json()));
        if (!open.add(key)) {
            throw new AssertionError("begun twice: " + key);
        }
        return new Sink(key);
    }

    @Override
    public void refused(EnvelopeKey key, EnvelopeFailure reason) {
        all.add(new Refused(key, reason));
    }

    private final class Sink implements EnvelopeSink {
        private final EnvelopeKey key;
        private final ByteArrayOutputStream payload = new ByteArrayOutputStream();
        private boolean ended;

        Sink(EnvelopeKey key) {
            this.key = key;
        }

        @Override
        public void data(ByteBuf data) {
            if (ended || !data.isReadable()) {
                throw new AssertionError("data " + (ended ? "behind the end" : "without bytes"));
            }
            byte[] bytes = new byte[data.readableBytes()];
            data.getBytes(data.readerIndex(), bytes);
            payload.writeBytes(bytes);
        }

        @Override
        public void complete() {
            end(new Complete(key, ByteBuffer.wrap(payload.toByteArray())));
        }

        @Override
        public void failed(EnvelopeFailure reason) {
            end(new Failed(key, reason, payload.size()));
        }

        private void end(Event event) {
            if (ended) {
                throw new AssertionError("ended twice: " + event);
            }
            ended = true;
            open.remove(key);
            all.add(event);
        }
    }
}
