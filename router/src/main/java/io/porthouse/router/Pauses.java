package io.porthouse.router;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Whether a room's publishers wait for slow members, of messages or of chunks, who waits, and who is told of it. A pause lasts
 * from the first member who holds the room up until the last one lets go. Thread-safe.
 */
final class Pauses {

    private final Pause messages = new Pause();
    private final Pause chunks = new Pause();

    /** Who is told of pauses; guarded by itself. */
    private final Set<Membership> uploaders = new LinkedHashSet<>(0);

    /** One kind of traffic. Guarded by itself, but for reading {@code on}. */
    private static final class Pause {
        volatile boolean on;
        int holders;
        final Set<Session> waiting = new LinkedHashSet<>(0);
    }

    private Pause of(Traffic traffic) {
        return traffic == Traffic.MESSAGES ? messages : chunks;
    }

    /** Returns whether this kind of traffic has to wait. */
    boolean isOn(Traffic traffic) {
        return of(traffic).on;
    }

    /** Returns whether any traffic has to wait. */
    boolean areOn() {
        return messages.on || chunks.on;
    }

    /** One more member holds the room up. */
    void begin(Traffic traffic) {
        Pause pause = of(traffic);
        synchronized (pause) {
            if (pause.holders++ > 0) {
                return;
            }
            pause.on = true;
        }
        tellUploaders();
    }

    /** One member less holds the room up; after the last one the publishers go on. */
    void end(Traffic traffic) {
        Pause pause = of(traffic);
        List<Session> resumed;
        synchronized (pause) {
            if (--pause.holders > 0) {
                return;
            }
            pause.on = false;
            resumed = List.copyOf(pause.waiting);
            pause.waiting.clear();
        }
        tellUploaders();
        resumed.forEach(session -> session.puddle.execute(() -> session.gate.resume(ReadGate.WAITS_FOR_ROOM)));
    }

    /**
     * Registers a publisher to be resumed.
     *
     * @return false if there is no pause any more, and the publisher can go on
     */
    boolean await(Traffic traffic, Session publisher) {
        Pause pause = of(traffic);
        synchronized (pause) {
            if (!pause.on) {
                return false;
            }
            pause.waiting.add(publisher);
            return true;
        }
    }

    /** A publisher that has nothing more to say here goes on. Its loop. */
    void awaitNoLonger(Session publisher) {
        boolean waited = forget(messages, publisher);
        waited |= forget(chunks, publisher);
        if (waited) {
            publisher.gate.resume(ReadGate.WAITS_FOR_ROOM);
        }
    }

    private static boolean forget(Pause pause, Session publisher) {
        synchronized (pause) {
            return pause.waiting.remove(publisher);
        }
    }

    /** The member is told when a pause begins and ends. */
    void addUploader(Membership member) {
        synchronized (uploaders) {
            uploaders.add(member);
        }
    }

    void removeUploader(Membership member) {
        synchronized (uploaders) {
            uploaders.remove(member);
        }
    }

    private void tellUploaders() {
        List<Membership> told;
        synchronized (uploaders) {
            told = List.copyOf(uploaders);
        }
        told.forEach(uploader -> uploader.session.puddle.execute(uploader::tellFlow));
    }
}
