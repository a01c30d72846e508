package io.porthouse.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.porthouse.cli.AdminOutput.Column;
import io.porthouse.cli.admin.AdminClient;
import io.porthouse.cli.admin.AdminException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code porthouse room}: rooms and their rules, over the router's API. */
@Command(
        name = "room",
        description = "Make, change, show and delete rooms.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  porthouse room create lobby --text yes",
            "  porthouse room list",
            "  porthouse room set alice/lobby --max-members 100",
            "  porthouse room delete lobby"
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class RoomCommand extends CommandGroup {

    private static final String ROOM = "The room: account/name, or name in your own account.";

    @Command(
            name = "list",
            description = "List rooms.",
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
                        AdminPaths.query("/rooms", "account", account),
                        new Column("ROOM", "/room"),
                        new Column("TEXT", "/rules/text"),
                        new Column("PUBLIC", "/rules/public"),
                        new Column("OVERFLOW", "/rules/overflow"),
                        new Column("TRANSIENT", "/transience"),
                        new Column("MADE", "/createdAt"));
    }

    @Command(
            name = "show",
            description = "Show a room, its rules, and how many are in it.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void show(@Mixin AdminOptions admin, @Parameters(paramLabel = "ROOM", description = ROOM) String room)
            throws CommandException, AdminException, InterruptedException {
        AdminClient client = admin.client();
        admin.output().show(client.get(AdminPaths.room(client, room)));
    }

    @Command(
            name = "create",
            description = "Make a room.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void create(
            @Mixin AdminOptions admin,
            @Mixin RoomRuleOptions rules,
            @Option(
                            names = "--transient",
                            paramLabel = "peer|peerless",
                            description = "It ends with the member that opened it, or with its last one.")
                    @Nullable
                    String transience,
            @Parameters(paramLabel = "ROOM", description = ROOM) String room)
            throws CommandException, AdminException, InterruptedException {
        int slash = room.indexOf('/');
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("name", room.substring(slash + 1));
        if (slash >= 0) {
            body.put("account", room.substring(0, slash));
        }
        RoomRuleOptions.put(body, "transience", transience);
        body.set("rules", rules.rules());
        var made = admin.client().change("POST", "/rooms", body);
        admin.output().done(made, "room " + made.path("room").asText() + " made");
    }

    @Command(
            name = "set",
            description = "Change rules of a room; they hold for its members at once.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void set(
            @Mixin AdminOptions admin,
            @Mixin RoomRuleOptions rules,
            @Parameters(paramLabel = "ROOM", description = ROOM) String room)
            throws CommandException, AdminException, InterruptedException {
        AdminClient client = admin.client();
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.set("rules", rules.rules());
        admin.output().done(client.change("PATCH", AdminPaths.room(client, room), body), "room " + room + " changed");
    }

    @Command(
            name = "delete",
            description = "Delete a room: its members are told at once, and its grants go with it.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void delete(@Mixin AdminOptions admin, @Parameters(paramLabel = "ROOM", description = ROOM) String room)
            throws CommandException, AdminException, InterruptedException {
        AdminClient client = admin.client();
        admin.output().done(client.change("DELETE", AdminPaths.room(client, room), null), "room " + room + " deleted");
    }
}
