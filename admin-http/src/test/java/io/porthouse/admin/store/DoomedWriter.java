package io.porthouse.admin.store;

import io.porthouse.admin.model.Actor;
import io.porthouse.admin.model.Limits;
import io.porthouse.admin.store.Outcome.Done;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
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
    public static void main(String[] arguments) {
        PrintWriter toTest = new PrintWriter(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        Store store = TestDatabase.open(StoreSettings.inDirectory(Path.of(arguments[0])));
        for (int i = 0; i < ACCOUNTS; i++) {
            String name = "account" + i;
            Outcome<?> unused = store.createAccount(Actor.SYSTEM, NewAccount.of(name, StoreContract.USER, "x"));
            new Thread(() -> change(store, name, toTest)).start();
        }
    }

    private static void change(Store store, String name, PrintWriter toTest) {
        for (int i = 0; ; i++) {
            int tokens = i;
            Outcome<?> outcome = store.changeAccount(
                    Actor.SYSTEM, name, OptionalLong.empty(), is -> is.withLimits(new Limits(1, tokens, 1)));
            if (outcome instanceof Done<?> done) {
                toTest.println(done.change().number() + " " + name + " " + tokens);
            }
        }
    }
}
