package io.porthouse.router;

import io.porthouse.protocol.Right;
import io.porthouse.protocol.RoomName;
import java.util.Set;

/** The control plane in a storm: each verb returns when it was answered, so when the router must act by it. */
public interface StormPlane {

    /** Makes a room. */
    void createRoom(RoomName room) throws Exception;

    /** Deletes a room, and each grant on it. */
    void deleteRoom(RoomName room) throws Exception;

    /** Changes a room's rules. */
    void setRules(RoomName room, RoomRules rules) throws Exception;

    /** Makes a token without grants; returns its id. */
    String createToken(String account, String secret) throws Exception;

    /** Deletes a token. */
    void deleteToken(String id) throws Exception;

    /** Gives a token another secret. */
    void rotate(String id, String secret) throws Exception;

    /** Grants a room, to be joined without asking, or changes what is granted there. */
    void grant(String id, RoomName room, Set<Right> may) throws Exception;

    /** Withdraws a room. */
    void withdraw(String id, RoomName room) throws Exception;

    /** Bounds a token's connections. */
    void setMaxConnections(String id, int most) throws Exception;

    /** Suspends an account, or lets it go on. */
    void setSuspended(String account, boolean suspended) throws Exception;
}
