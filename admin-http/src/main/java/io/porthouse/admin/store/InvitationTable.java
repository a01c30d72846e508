package io.porthouse.admin.store;

import io.porthouse.admin.model.Invitation;
import io.porthouse.admin.model.Role;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;

/** The table {@code invitations}. */
final class InvitationTable {

    private static final RowMapper<Invitation> INVITATION = (row, context) -> new Invitation(
            row.getString("id"),
            row.getString("invited_by"),
            Role.valueOf(row.getString("role")),
            Columns.time(row, "created_at"),
            Columns.time(row, "expires_at"),
            row.getString("used_by"));

    private InvitationTable() {}

    static boolean hasCode(Handle handle, String codeHash) {
        return findByCode(handle, codeHash).isPresent();
    }

    private static Optional<Invitation> findByCode(Handle handle, String codeHash) {
        return handle.createQuery("select * from invitations where code_hash = :hash")
                .bind("hash", codeHash)
                .map(INVITATION)
                .findOne();
    }

    /** Finds an invitation that can be used now. */
    static Optional<Invitation> usable(Handle handle, String codeHash, Instant now) {
        return findByCode(handle, codeHash)
                .filter(invitation -> invitation.usedBy() == null && now.isBefore(invitation.expiresAt()));
    }

    static Optional<Invitation> find(Handle handle, String id) {
        return handle.createQuery("select * from invitations where id = :id")
                .bind("id", id)
                .map(INVITATION)
                .findOne();
    }

    static Page<Invitation> list(Handle handle, Page.Request request) {
        String after = request.after();
        List<Invitation> read = handle.createQuery(
                        "select * from invitations where id > :after order by id limit :limit")
                .bind("after", after == null ? "" : after)
                .bind("limit", request.fetch())
                .map(INVITATION)
                .list();
        return request.page(read, Invitation::id);
    }

    static void insert(Handle handle, Invitation invitation, String codeHash) {
        handle.createUpdate("""
                        insert into invitations (id, code_hash, invited_by, role, created_at, expires_at)
                        values (:id, :hash, :invitedBy, :role, :createdAt, :expiresAt)
                        """)
                .bind("id", invitation.id())
                .bind("hash", codeHash)
                .bind("invitedBy", invitation.invitedBy())
                .bind("role", invitation.role().name())
                .bind("createdAt", invitation.createdAt())
                .bind("expiresAt", invitation.expiresAt())
                .execute();
    }

    static void use(Handle handle, String id, String account) {
        handle.createUpdate("update invitations set used_by = :account where id = :id")
                .bind("account", account)
                .bind("id", id)
                .execute();
    }

    static void delete(Handle handle, String id) {
        handle.createUpdate("delete from invitations where id = :id")
                .bind("id", id)
                .execute();
    }
}
