package io.porthouse.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.porthouse.admin.secrets.Secrets;
import io.porthouse.cli.AdminOutput.Column;
import io.porthouse.cli.admin.AdminException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code porthouse account}: accounts, over the router's API. */
@Command(
        name = "account",
        description = "Make, change, show and delete accounts and their API keys.",
        subcommands = {AccountKeyCommand.class, ResetPasswordCommand.class},
        footerHeading = "%nExamples:%n",
        footer = {
            "  porthouse account create alice",
            "  porthouse account suspend alice",
            "  porthouse account limits alice --rooms 10 --tokens 100",
            "  porthouse account key create ci",
            "  porthouse account reset-password operator"
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class AccountCommand extends CommandGroup {

    private static final String NAME = "The account's name.";

    /** What an account may have; what is not given stays as it is. */
    static final class LimitOptions {
        @Option(names = "--rooms", paramLabel = "N", description = "The most rooms.")
        private @Nullable Integer rooms;

        @Option(names = "--tokens", paramLabel = "N", description = "The most tokens.")
        private @Nullable Integer tokens;

        @Option(names = "--connections", paramLabel = "N", description = "The most connections at once.")
        private @Nullable Integer connections;

        ObjectNode limits() {
            ObjectNode limits = JsonNodeFactory.instance.objectNode();
            RoomRuleOptions.put(limits, "rooms", rooms);
            RoomRuleOptions.put(limits, "tokens", tokens);
            RoomRuleOptions.put(limits, "connections", connections);
            return limits;
        }
    }

    /** What an account is. */
    enum RoleName {
        user,
        operator
    }

    @Command(
            name = "list",
            description = "List the accounts that you may see: your own, and all if you are an operator.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void list(@Mixin AdminOptions admin) throws CommandException, AdminException, InterruptedException {
        admin.output()
                .list(
                        admin.client(),
                        "/accounts",
                        new Column("NAME", "/name"),
                        new Column("ROLE", "/role"),
                        new Column("SUSPENDED", "/suspended"),
                        new Column("ROOMS", "/limits/rooms"),
                        new Column("TOKENS", "/limits/tokens"),
                        new Column("CONNECTIONS", "/limits/connections"),
                        new Column("MADE", "/createdAt"));
    }

    @Command(
            name = "show",
            description = "Show an account.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void show(
            @Mixin AdminOptions admin,
            @Parameters(paramLabel = "NAME", arity = "0..1", description = NAME + " By default your own.") @Nullable
                    String name)
            throws CommandException, AdminException, InterruptedException {
        var client = admin.client();
        admin.output().show(client.get(AdminPaths.account(name == null ? AdminPaths.own(client) : name)));
    }

    @Command(
            name = "create",
            description = "Make an account, and print its password, once.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void create(
            @Mixin AdminOptions admin,
            @Mixin LimitOptions limits,
            @Option(
                            names = "--password-file",
                            paramLabel = "FILE",
                            description = "A file with the password to give it; by default one is made.")
                    @Nullable
                    Path passwordFile,
            @Option(names = "--role", paramLabel = "user|operator", description = "What it is; by default a user.")
                    @Nullable
                    RoleName role,
            @Option(names = "--invitation", paramLabel = "CODE", description = "The invitation to use up.") @Nullable
                    String invitation,
            @Parameters(paramLabel = "NAME", description = NAME) String name)
            throws CommandException, AdminException, InterruptedException {
        String password = passwordFile == null ? new Secrets(new SecureRandom()).newPassword() : read(passwordFile);
        ObjectNode body =
                JsonNodeFactory.instance.objectNode().put("name", name).put("password", password);
        RoomRuleOptions.put(body, "role", role == null ? null : role.name());
        RoomRuleOptions.put(body, "invitation", invitation);
        ObjectNode asked = limits.limits();
        if (!asked.isEmpty()) {
            body.set("limits", asked);
        }
        ObjectNode made = (ObjectNode) admin.client().change("POST", "/accounts", body);
        if (passwordFile == null) {
            admin.output().made(made.put("password", password), "account " + name, "password");
        } else {
            admin.output().done(made, "account " + name + " made");
        }
    }

    @Command(
            name = "suspend",
            description = "Suspend an account: its connections are closed at once, and it can do nothing.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void suspend(@Mixin AdminOptions admin, @Parameters(paramLabel = "NAME", description = NAME) String name)
            throws CommandException, AdminException, InterruptedException {
        patch(admin, name, JsonNodeFactory.instance.objectNode().put("suspended", true), "suspended");
    }

    @Command(
            name = "resume",
            description = "End the suspension of an account.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void resume(@Mixin AdminOptions admin, @Parameters(paramLabel = "NAME", description = NAME) String name)
            throws CommandException, AdminException, InterruptedException {
        patch(admin, name, JsonNodeFactory.instance.objectNode().put("suspended", false), "resumed");
    }

    @Command(
            name = "limits",
            description =
                    "Change what an account may have; above a lowered limit nothing is taken away but connections.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void limits(
            @Mixin AdminOptions admin,
            @Mixin LimitOptions limits,
            @Parameters(paramLabel = "NAME", description = NAME) String name)
            throws CommandException, AdminException, InterruptedException {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.set("limits", limits.limits());
        patch(admin, name, body, "changed");
    }

    @Command(
            name = "role",
            description = "Make an account an operator, who may everything, or a user.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void role(
            @Mixin AdminOptions admin,
            @Parameters(index = "0", paramLabel = "NAME", description = NAME) String name,
            @Parameters(index = "1", paramLabel = "user|operator", description = "What it is to be.") RoleName role)
            throws CommandException, AdminException, InterruptedException {
        patch(admin, name, JsonNodeFactory.instance.objectNode().put("role", role.name()), "is now " + role);
    }

    @Command(
            name = "delete",
            description = "Delete an account with its rooms, tokens and keys; its connections are closed at once.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void delete(@Mixin AdminOptions admin, @Parameters(paramLabel = "NAME", description = NAME) String name)
            throws CommandException, AdminException, InterruptedException {
        admin.output()
                .done(admin.client().change("DELETE", AdminPaths.account(name), null), "account " + name + " deleted");
    }

    @Command(
            name = "invite",
            description = "Make an invitation by which somebody can sign up, and print its code, once.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void invite(
            @Mixin AdminOptions admin,
            @Option(names = "--role", paramLabel = "user|operator", description = "What the account will be.") @Nullable
                    RoleName role,
            @Option(names = "--expires", paramLabel = "TIME", description = "Until when it is good; a week by default.")
                    @Nullable
                    String expires)
            throws CommandException, AdminException, InterruptedException {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        RoomRuleOptions.put(body, "role", role == null ? null : role.name());
        RoomRuleOptions.put(body, "expiresAt", expires);
        var made = admin.client().change("POST", "/invitations", body);
        admin.output().made(made, "invitation " + made.path("id").asText(), "code");
    }

    private static void patch(AdminOptions admin, String name, ObjectNode body, String what)
            throws CommandException, AdminException, InterruptedException {
        admin.output()
                .done(admin.client().change("PATCH", AdminPaths.account(name), body), "account " + name + " " + what);
    }

    private static String read(Path file) throws CommandException {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new CommandException(ExitCode.USAGE, file + " cannot be read; it should hold the password", e);
        }
    }
}
