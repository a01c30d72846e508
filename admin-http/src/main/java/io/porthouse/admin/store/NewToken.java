package io.porthouse.admin.store;

import io.porthouse.admin.model.RoomGrant;
import io.porthouse.admin.model.TokenSettings;
import java.util.List;

/**
 * A token to be made.
 *
 * @param grants on rooms of the account, each room once; at most {@link io.porthouse.admin.model.Token#MAX_GRANTS}
 * @param secretHash {@link io.porthouse.admin.secrets.Secrets#hash} of the secret
 */
public record NewToken(String account, TokenSettings settings, List<RoomGrant> grants, String secretHash) {

    public NewToken {
        grants = List.copyOf(grants);
    }
}
