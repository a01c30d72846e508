package io.porthouse.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.internal.OutOfDirectMemoryError;
import io.porthouse.protocol.ErrorCode;
import io.porthouse.protocol.Flags;
import io.porthouse.protocol.Frame;
import io.porthouse.protocol.FrameType;
import io.porthouse.protocol.RoomName;
import io.porthouse.router.Published.Outcome;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Publishes what no session sends. Thread-safe. */
final class ApiPublisher {

    private final Node node;

    ApiPublisher(Node node) {
        this.node = node;
    }

    CompletableFuture<Published> publish(RoomName name, boolean isText, byte[] payload) {
        CompletableFuture<Published> answer = new CompletableFuture<>();
        if (payload.length > node.settings.limits().maxFrameBytes() - Frame.HEADER_BYTES) {
            answer.complete(Published.refused(Outcome.TOO_LARGE));
            return answer;
        }
        byte[] body = payload.clone();
        Puddle[] puddles = node.puddles();
        Puddle puddle = puddles[Math.floorMod(name.hashCode(), puddles.length)];
        puddle.execute(() -> node.rooms.open(name, puddle, null, opened -> {
            try {
                if (opened.refusal() == ErrorCode.ROOM_UNREADABLE) {
                    answer.complete(Published.refused(Outcome.BUSY));
                } else {
                    publish(puddle, opened.room(), isText, body, answer);
                }
            } catch (RuntimeException | OutOfDirectMemoryError e) {
                answer.completeExceptionally(e);
            }
        }));
        return answer;
    }

    private static void publish(
            Puddle puddle, @Nullable Room room, boolean isText, byte[] body, CompletableFuture<Published> answer) {
        Outcome refusal = refusal(room, isText, body);
        if (room == null || refusal != null) {
            answer.complete(Published.refused(refusal == null ? Outcome.NO_ROOM : refusal));
        } else {
            int bytes = Frame.HEADER_BYTES + body.length;
            ByteBuf frame = puddle.allocate(bytes);
            Frame.writeHeader(frame, body.length, FrameType.ENVELOPE, isText ? Flags.TEXT : 0, 0, room.handle(), 0, 0);
            frame.writeBytes(body);
            Run run = Run.ofMessages(frame, 0, bytes, null, 1);
            frame.release();
            run.whenHandled(() -> answer.complete(new Published(Outcome.DONE, run.firstSequence(), run.recipients())));
            if (!room.publish(run, puddle)) {
                answer.complete(Published.refused(Outcome.NO_ROOM));
            }
        }
        if (room != null) {
            room.closeIfUnused();
        }
    }

    private static @Nullable Outcome refusal(@Nullable Room room, boolean isText, byte[] body) {
        if (room == null) {
            return Outcome.NO_ROOM;
        }
        RoomRules rules = room.rules();
        if (body.length > rules.maxMessageBytes()) {
            return Outcome.TOO_LARGE;
        }
        if (rules.text() && !(isText && MessageRouter.isUtf8(Unpooled.wrappedBuffer(body), 0, body.length))) {
            return Outcome.TEXT_ONLY;
        }
        boolean hasToWait = room.pauses().isOn(Traffic.MESSAGES) || room.findFullPuddle() != null;
        return hasToWait ? Outcome.BUSY : null;
    }
}
