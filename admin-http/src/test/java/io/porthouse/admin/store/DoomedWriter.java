package io.porthouse.admin.store;

import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.store.Outcome.Done;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * A process that changes a store until it is killed, and tells of each change that it was answered: {@code number account
 * connections}.
 */
final class DoomedWriter {

    private static final int ACCOUNTS = 2;

    private DoomedWriter() {}

    /** Starts it on a store in {@code directory}. */
    static Process start(Path directory) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = List.of(
                java,
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                DoomedWriter.class.getName(),
                directory.toString());
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Runs until it is killed; the argument is the directory. */
    @SuppressWarnings("SystemOut") // it speaks to the test through it
    public static void main(String[] arguments) {
        Store store = TestDatabase.open(StoreSettings.inDirectory(Path.of(arguments[0])));
        for (int i = 0; i < ACCOUNTS; i++) {
            String name = "account" + i;
            Outcome<?> unused = store.createAccount(Actor.SYSTEM, NewAccount.of(name, StoreContract.USER, "x"));
            new Thread(() -> change(store, name)).start();
        }
    }

    @SuppressWarnings("SystemOut")
    private static void change(Store store, String name) {
        for (int i = 0; ; i++) {
            int tokens = i;
            Outcome<?> outcome = store.changeAccount(
                    Actor.SYSTEM, name, OptionalLong.empty(), is -> is.withLimits(new Limits(1, tokens, 1)));
            if (outcome instanceof Done<?> done) {
                System.out.println(done.change().number() + " " + name + " " + tokens);
            }
        }
    }
}
