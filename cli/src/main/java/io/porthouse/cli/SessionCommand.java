package io.porthouse.cli;

import io.porthouse.cli.AdminOutput.Column;
import io.porthouse.cli.admin.AdminException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code porthouse session}: live connections, over the router's API. */
@Command(
        name = "session",
        description = "Show and end live connections.",
        footerHeading = "%nExamples:%n",
        footer = {"  porthouse session list --room lobby", "  porthouse session disconnect s17"},
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class SessionCommand extends CommandGroup {

    private static final String ID = "The session's id; session list has it.";

    @Command(
            name = "list",
            description = "List live connections.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void list(
            @Mixin AdminOptions admin,
            @Option(
                            names = "--account",
                            paramLabel = "NAME",
                            description = "Whose; by default your own, and all that there are to an operator.")
                    @Nullable
                    String account,
            @Option(names = "--of-token", paramLabel = "ID", description = "Only those of this token.") @Nullable
                    String token,
            @Option(names = "--room", paramLabel = "ROOM", description = "Only those that are in this room.") @Nullable
                    String room)
            throws CommandException, AdminException, InterruptedException {
        admin.output()
                .list(
                        admin.client(),
                        AdminPaths.query("/sessions", "account", account, "token", token, "room", room),
                        new Column("ID", "/id"),
                        new Column("ACCOUNT", "/account"),
                        new Column("TOKEN", "/token"),
                        new Column("CLIENT", "/client"),
                        new Column("ADDRESS", "/address"),
                        new Column("SINCE", "/since"),
                        new Column("RECEIVED", "/receivedBytes"),
                        new Column("SENT", "/sentBytes"),
                        new Column("LAG", "/lagBytes"),
                        new Column("ROOMS", "/rooms"));
    }

    @Command(
            name = "show",
            description = "Show one live connection.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void show(@Mixin AdminOptions admin, @Parameters(paramLabel = "ID", description = ID) String id)
            throws CommandException, AdminException, InterruptedException {
        admin.output().show(admin.client().get(AdminPaths.session(id)));
    }

    @Command(
            name = "disconnect",
            description = "End a live connection (3507). With a good token the client can connect again.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void disconnect(@Mixin AdminOptions admin, @Parameters(paramLabel = "ID", description = ID) String id)
            throws CommandException, AdminException, InterruptedException {
        admin.output()
                .done(admin.client().change("DELETE", AdminPaths.session(id), null), "session " + id + " disconnected");
    }
}
