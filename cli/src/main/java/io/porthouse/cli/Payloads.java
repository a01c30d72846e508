package io.porthouse.cli;

import io.porthouse.client.Connection;
import io.porthouse.client.SendReceipt;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Bytes that are text if they can be. */
final class Payloads {

    private Payloads() {}

    /** Sends to the default room: marked as text if it is UTF-8. */
    static CompletableFuture<SendReceipt> send(Connection connection, byte[] payload) {
        Optional<String> text = text(payload);
        return text.isPresent() ? connection.send(text.get()) : connection.send(payload);
    }

    /** Returns the payload as text, if it is UTF-8. */
    static Optional<String> text(byte[] payload) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(payload))
                    .toString());
        } catch (CharacterCodingException notText) {
            return Optional.empty();
        }
    }
}
