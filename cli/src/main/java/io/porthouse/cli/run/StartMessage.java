package io.porthouse.cli.run;

import io.porthouse.admin.FirstStart;
import io.porthouse.admin.model.Account;
import io.porthouse.router.Transport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a router says once it runs: for the person at the terminal. */
final class StartMessage {

    private final Node node;
    private final String version;
    private final Launcher launcher;
    private final Path directory;

    /** @param directory the working directory, absolute */
    StartMessage(Node node, String version, Launcher launcher, Path directory) {
        this.node = node;
        this.version = version;
        this.launcher = launcher;
        this.directory = directory;
    }

    /** One line, for a log. */
    String summary() {
        return "porthouse " + version + " listens on " + node.url() + " (" + transport() + ")"
                + node.adminUrl().map(url -> ", admin on " + url).orElse("") + ", data in " + node.data();
    }

    /** Lines for a terminal; with the commands to try if the router made its own token. */
    List<String> lines(Optional<ConnectionFile.Outcome> connectionFile) {
        List<String> lines = new ArrayList<>();
        lines.add("porthouse " + version);
        lines.add("  listening on  " + node.url() + " (" + transport() + ")");
        node.adminUrl()
                .ifPresent(url -> lines.add("  admin on      " + url + " (account \"" + Account.OPERATOR
                        + "\", its password in " + node.data().resolve(FirstStart.PASSWORD_FILE) + ")"));
        lines.add("  data in       " + node.data());
        node.localToken().ifPresent(token -> {
            lines.add("");
            if (connectionFile.equals(Optional.of(ConnectionFile.Outcome.WRITTEN))) {
                lines.add("Try it in a second and a third terminal:");
                lines.add("  " + inDirectory("listen"));
                lines.add("  " + inDirectory("pump \"hello\""));
            } else {
                lines.add("The " + ConnectionFile.NAME + " in " + directory + " "
                        + (connectionFile.equals(Optional.of(ConnectionFile.Outcome.FOREIGN))
                                ? "is not this router's and was left alone."
                                : "could not be written."));
                lines.add("To connect from a second and a third terminal:");
                lines.add("  " + withToken(token, "listen"));
                lines.add("  " + withToken(token, "pump \"hello\""));
            }
        });
        lines.add("");
        lines.add("Stop it with Ctrl-C.");
        return lines;
    }

    /** From the working directory, because that is where the connection file is. */
    private String inDirectory(String command) {
        return "cd " + Launcher.quoted(directory.toString()) + " && " + launcher.from(directory) + " " + command;
    }

    /** The secret itself is not shown: terminals are recorded, and other users see command lines. */
    private String withToken(LocalToken token, String command) {
        return "PORTHOUSE_TOKEN=$(cat " + Launcher.quoted(token.file().toString()) + ") " + launcher.absolute() + " "
                + command + " --connect " + node.url();
    }

    private String transport() {
        Transport transport = node.settings().transport();
        return transport.name().toLowerCase(Locale.ROOT) + ", "
                + node.settings().loops() + " loops";
    }
}
