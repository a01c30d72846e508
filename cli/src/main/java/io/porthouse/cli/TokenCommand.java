package io.porthouse.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.porthouse.cli.AdminOutput.Column;
import io.porthouse.cli.admin.AdminClient;
import io.porthouse.cli.admin.AdminException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code porthouse token}: tokens and their grants, over the router's API. */
@Command(
        name = "token",
        description = {
            "Make, change, show and delete the tokens that devices and services connect with.",
            "Every change reaches the live connections of the token before the command ends."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  porthouse token create sensor-7 --grant readings=write",
            "  porthouse token grant t01abc lobby",
            "  porthouse token withdraw t01abc lobby",
            "  porthouse token delete t01abc"
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class TokenCommand extends CommandGroup {

    private static final String ID = "The token's id; token list has it.";
    private static final String ROOM = "The room: account/name, or name in your own account.";
    private static final String NEVER = "never";

    /** What of a token can be set. */
    static final class Settings {
        @Option(names = "--max-connections", paramLabel = "N", description = "The most connections at once.")
        private @Nullable Integer maxConnections;

        @Option(
                names = "--expires",
                paramLabel = "TIME",
                description = "Until when it is good, such as 2027-01-31T12:00:00Z; or never.")
        private @Nullable String expires;

        @Option(
                names = "--makes-rooms",
                paramLabel = "yes|no",
                arity = "1",
                description = "Whether joining a room that does not exist makes a transient one.")
        private RoomRuleOptions.@Nullable YesNo makesRooms;

        ObjectNode body() {
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            RoomRuleOptions.put(body, "maxConnections", maxConnections);
            RoomRuleOptions.put(body, "mayCreateTransientRooms", makesRooms);
            if (NEVER.equals(expires)) {
                body.putNull("expiresAt");
            } else {
                RoomRuleOptions.put(body, "expiresAt", expires);
            }
            return body;
        }
    }

    /** A secret of the owner's own. */
    static final class OwnSecret {
        @Option(
                names = "--secret-file",
                paramLabel = "FILE",
                description = "A file with the secret to use; by default the router makes one.")
        private @Nullable Path file;

        void putInto(ObjectNode body) throws CommandException {
            if (file != null) {
                try {
                    body.put("secret", Files.readString(file).strip());
                } catch (IOException e) {
                    throw new CommandException(ExitCode.USAGE, file + " cannot be read; it should hold the secret", e);
                }
            }
        }
    }

    @Command(
            name = "list",
            description = "List tokens; their secrets are known to nobody.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void list(
            @Mixin AdminOptions admin,
            @Option(
                            names = "--account",
                            paramLabel = "NAME",
                            description = "Whose; by default your own, and all that there are to an operator.")
                    @Nullable
                    String account)
            throws CommandException, AdminException, InterruptedException {
        admin.output()
                .list(
                        admin.client(),
                        AdminPaths.query("/tokens", "account", account),
                        new Column("ID", "/id"),
                        new Column("ACCOUNT", "/account"),
                        new Column("NAME", "/name"),
                        new Column("EXPIRES", "/expiresAt"),
                        new Column("CONFIGURED", "/configured"),
                        new Column("GRANTS", "/grants"));
    }

    @Command(
            name = "show",
            description = "Show a token and its grants.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void show(@Mixin AdminOptions admin, @Parameters(paramLabel = "ID", description = ID) String id)
            throws CommandException, AdminException, InterruptedException {
        admin.output().show(admin.client().get(AdminPaths.token(id)));
    }

    @Command(
            name = "create",
            description = "Make a token, and print its secret, once.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void create(
            @Mixin AdminOptions admin,
            @Mixin Settings settings,
            @Mixin OwnSecret secret,
            @Option(names = "--account", paramLabel = "NAME", description = "Whose it is; by default yours.") @Nullable
                    String account,
            @Option(
                            names = "--grant",
                            paramLabel = Grants.FORM,
                            description = "What it may, each room on its own; manual: it does not join by itself.")
                    @Nullable
                    List<String> grants,
            @Parameters(paramLabel = "NAME", description = "What you know it by.") String name)
            throws CommandException, AdminException, InterruptedException {
        ObjectNode body = settings.body().put("name", name);
        RoomRuleOptions.put(body, "account", account);
        ArrayNode array = body.putArray("grants");
        for (String grant : grants == null ? List.<String>of() : grants) {
            array.add(Grants.parse(grant));
        }
        secret.putInto(body);
        var made = admin.client().change("POST", "/tokens", body);
        admin.output().made(made, "token " + made.path("id").asText(), "secret");
    }

    @Command(
            name = "set",
            description = "Change a token's settings.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void set(
            @Mixin AdminOptions admin,
            @Mixin Settings settings,
            @Option(names = "--name", paramLabel = "NAME", description = "What you know it by.") @Nullable String name,
            @Parameters(paramLabel = "ID", description = ID) String id)
            throws CommandException, AdminException, InterruptedException {
        ObjectNode body = settings.body();
        RoomRuleOptions.put(body, "name", name);
        admin.output().done(admin.client().change("PATCH", AdminPaths.token(id), body), "token " + id + " changed");
    }

    @Command(
            name = "grant",
            description = {
                "Grant a token a room, or change what it may there.",
                "Its live connections join at once, unless the grant says manual."
            },
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void grant(
            @Mixin AdminOptions admin,
            @Parameters(index = "0", paramLabel = "ID", description = ID) String id,
            @Parameters(
                            index = "1",
                            paramLabel = Grants.FORM,
                            description = "The room and the rights; both rights if none is named.")
                    String grant)
            throws CommandException, AdminException, InterruptedException {
        AdminClient client = admin.client();
        ObjectNode body = Grants.parse(grant);
        String room = body.remove("room").asText();
        String path = AdminPaths.token(id) + AdminPaths.room(client, room);
        admin.output().done(client.change("PUT", path, body), room + " granted to token " + id);
    }

    @Command(
            name = "withdraw",
            description = "Withdraw a room from a token; its live connections leave it at once.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void withdraw(
            @Mixin AdminOptions admin,
            @Parameters(index = "0", paramLabel = "ID", description = ID) String id,
            @Parameters(index = "1", paramLabel = "ROOM", description = ROOM) String room)
            throws CommandException, AdminException, InterruptedException {
        AdminClient client = admin.client();
        String path = AdminPaths.token(id) + AdminPaths.room(client, room);
        admin.output().done(client.change("DELETE", path, null), room + " withdrawn from token " + id);
    }

    @Command(
            name = "rotate",
            description = "Give a token a new secret, and print it, once; connections with the old one are closed.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void rotate(
            @Mixin AdminOptions admin,
            @Mixin OwnSecret secret,
            @Parameters(paramLabel = "ID", description = ID) String id)
            throws CommandException, AdminException, InterruptedException {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        secret.putInto(body);
        var rotated = admin.client().change("POST", AdminPaths.token(id) + "/rotate", body);
        admin.output().made(rotated, "new secret of token " + id, "secret");
    }

    @Command(
            name = "delete",
            description = "Delete a token; its connections are closed at once.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void delete(@Mixin AdminOptions admin, @Parameters(paramLabel = "ID", description = ID) String id)
            throws CommandException, AdminException, InterruptedException {
        admin.output().done(admin.client().change("DELETE", AdminPaths.token(id), null), "token " + id + " deleted");
    }
}
