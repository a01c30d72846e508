package io.porthouse.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.porthouse.cli.AdminOutput.Column;
import io.porthouse.cli.admin.AdminClient;
import io.porthouse.cli.admin.AdminException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code porthouse account key}: API keys, over the router's API. */
@Command(
        name = "key",
        description = "Make, list and delete the API keys that programs use in an account's name.",
        footerHeading = "%nExamples:%n",
        footer = {"  porthouse account key create ci --account alice", "  porthouse account key list"},
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class AccountKeyCommand extends CommandGroup {

    /** Whose key. */
    static final class Owner {
        @Option(names = "--account", paramLabel = "NAME", description = "Whose; by default yours.")
        private @Nullable String account;

        String keys(AdminClient client) throws AdminException, InterruptedException {
            return AdminPaths.account(account == null ? AdminPaths.own(client) : account) + "/keys";
        }
    }

    @Command(
            name = "create",
            description = "Make an API key, and print it, once.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void create(
            @Mixin AdminOptions admin,
            @Mixin Owner owner,
            @Parameters(paramLabel = "NAME", description = "What you know it by.") String name)
            throws CommandException, AdminException, InterruptedException {
        AdminClient client = admin.client();
        var body = JsonNodeFactory.instance.objectNode().put("name", name);
        var made = client.change("POST", owner.keys(client), body);
        admin.output().made(made, "key " + made.path("id").asText(), "key");
    }

    @Command(
            name = "list",
            description = "List API keys; the keys themselves are known to nobody.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void list(@Mixin AdminOptions admin, @Mixin Owner owner)
            throws CommandException, AdminException, InterruptedException {
        AdminClient client = admin.client();
        admin.output()
                .list(
                        client,
                        owner.keys(client),
                        new Column("ID", "/id"),
                        new Column("ACCOUNT", "/account"),
                        new Column("NAME", "/name"),
                        new Column("MADE", "/createdAt"));
    }

    @Command(
            name = "delete",
            description = "Delete an API key; whoever uses it is refused from now on.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void delete(
            @Mixin AdminOptions admin,
            @Mixin Owner owner,
            @Parameters(paramLabel = "ID", description = "The key's id; key list has it.") String id)
            throws CommandException, AdminException, InterruptedException {
        AdminClient client = admin.client();
        String path = owner.keys(client) + "/" + AdminClient.element(id);
        admin.output().done(client.change("DELETE", path, null), "key " + id + " deleted");
    }
}
