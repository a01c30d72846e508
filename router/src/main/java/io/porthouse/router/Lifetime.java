package io.porthouse.router;

/** How one life of a room ends, other than by its deletion. Another JOIN may begin another life. */
public enum Lifetime {
    /** When nobody is in it any more; nobody is told, because nobody is there. */
    LASTING,
    /** With its last member; who only publishes there is told that the room is gone. */
    PEERLESS,
    /** With the member that came first; all others are told that the room is gone. */
    PEER
}
