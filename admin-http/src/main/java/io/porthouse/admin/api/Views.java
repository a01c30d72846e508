package io.porthouse.admin.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.porthouse.admin.http.Json;
import io.porthouse.admin.model.Account;
import io.porthouse.admin.model.ApiKey;
import io.porthouse.admin.model.AuditEntry;
import io.porthouse.admin.model.Invitation;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.model.Room;
import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.Token;
import io.porthouse.protocol.Right;
import io.porthouse.router.Grant;
import io.porthouse.router.RoomRules;
import io.porthouse.router.TokenState;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Things as JSON. */
final class Views {

    /** Shown as null, because it is more than the numbers of JavaScript can tell from others. */
    static final long UNLIMITED = Long.MAX_VALUE;

    private Views() {}

    static ObjectNode account(Account account) {
        Limits limits = account.settings().limits();
        ObjectNode view = Json.object()
                .put("name", account.name())
                .put("role", name(account.settings().role()))
                .put("suspended", account.settings().suspended());
        view.putObject("limits")
                .put("rooms", limits.rooms())
                .put("tokens", limits.tokens())
                .put("connections", limits.connections());
        return view.put("createdAt", account.createdAt().toString()).put("version", account.version());
    }

    static ObjectNode key(ApiKey key) {
        return Json.object()
                .put("id", key.id())
                .put("account", key.account())
                .put("name", key.name())
                .put("createdAt", key.createdAt().toString());
    }

    static ObjectNode invitation(Invitation invitation) {
        return Json.object()
                .put("id", invitation.id())
                .put("invitedBy", invitation.invitedBy())
                .put("role", name(invitation.role()))
                .put("createdAt", invitation.createdAt().toString())
                .put("expiresAt", invitation.expiresAt().toString())
                .put("usedBy", invitation.usedBy());
    }

    static ObjectNode room(Room room) {
        return Json.object()
                .put("room", room.name().toString())
                .put("account", room.name().account())
                .put("name", room.name().name())
                .put("transience", name(room.transience()))
                .put("createdAt", room.createdAt().toString())
                .put("version", room.version())
                .set("rules", rules(room.rules()));
    }

    /** Returns rules, named as on the wire and in the configuration file. */
    private static ObjectNode rules(RoomRules rules) {
        @Nullable Long maxEnvelopeBytes = rules.maxEnvelopeBytes() == UNLIMITED ? null : rules.maxEnvelopeBytes();
        return Json.object()
                .put("maxMessageBytes", rules.maxMessageBytes())
                .put("maxEnvelopeBytes", maxEnvelopeBytes)
                .put("maxMembers", rules.maxMembers())
                .put("messagesPerSecond", rules.messagesPerSecond())
                .put("text", rules.text())
                .put("public", rules.isPublic())
                .put("overflow", name(rules.overflow()))
                .put("envelopeOverflow", name(rules.envelopeOverflow()));
    }

    static ObjectNode token(Token token) {
        ObjectNode view = Json.object()
                .put("id", token.id())
                .put("account", token.account())
                .put("name", token.settings().name())
                .put("maxConnections", token.settings().maxConnections())
                .put("expiresAt", text(token.settings().expiresAt()))
                .put("mayCreateTransientRooms", token.settings().mayCreateTransientRooms())
                .put("configured", false)
                .put("createdAt", token.createdAt().toString())
                .put("version", token.version());
        ArrayNode grants = view.putArray("grants");
        for (RoomGrant grant : token.grants()) {
            grants.add(grant(grant.room().toString(), grant.may(), grant.autoJoin()));
        }
        return view;
    }

    /** Returns a token of the configuration file. */
    static ObjectNode configuredToken(TokenState token) {
        ObjectNode view = Json.object()
                .put("id", token.id())
                .put("account", token.account())
                .put("name", token.id())
                .put("maxConnections", token.maxConnections())
                .put("expiresAt", text(token.expiresAt()))
                .put("mayCreateTransientRooms", false)
                .put("configured", true);
        ArrayNode grants = view.putArray("grants");
        for (Grant grant : token.grants()) {
            String room = grant.account() + "/" + grant.name() + (grant.isPrefix() ? "*" : "");
            grants.add(grant(room, grant.may(), grant.autoJoin()));
        }
        return view;
    }

    private static ObjectNode grant(String room, Set<Right> may, boolean autoJoin) {
        ObjectNode view = Json.object().put("room", room);
        ArrayNode rights = view.putArray("may");
        for (Right right : Right.values()) {
            if (may.contains(right)) {
                rights.add(name(right));
            }
        }
        return view.put("autoJoin", autoJoin);
    }

    static ObjectNode auditEntry(AuditEntry entry) {
        return Json.object()
                .put("id", entry.id())
                .put("at", entry.at().toString())
                .put("by", entry.actor().account())
                .put("via", entry.actor().via())
                .put("address", entry.actor().address())
                .put("action", entry.action())
                .put("account", entry.account())
                .put("subject", entry.subject())
                .put("detail", entry.detail())
                .put("change", entry.change());
    }

    /** For the owner of the account that it is about: how and from where others came is not the owner's to know. */
    static ObjectNode ownAuditEntry(String account, AuditEntry entry) {
        String by = entry.actor().account();
        ObjectNode view = auditEntry(entry);
        return by.isEmpty() || by.equals(account) ? view : view.put("via", "").put("address", "");
    }

    static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static @Nullable String text(@Nullable Instant time) {
        return time == null ? null : time.toString();
    }
}
