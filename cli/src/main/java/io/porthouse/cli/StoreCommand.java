package io.porthouse.cli;

import io.porthouse.cli.admin.AdminException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code porthouse store}: all that is kept, out of a running router and into one. */
@Command(
        name = "store",
        description = {
            "Copy accounts, rooms and tokens out of a running router, and into one that has none.",
            "It takes an operator's key. An export holds the hashes of passwords, tokens and keys: keep it to yourself."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  porthouse store export backup.jsonl", "  porthouse store import backup.jsonl"},
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class StoreCommand extends CommandGroup {

    private static final String PATH = "/store";
    private static final String STANDARD_STREAM = "-";

    @ParentCommand
    private io.porthouse.cli.Porthouse parent;

    @Command(
            name = "export",
            description = "Write all that is kept, as lines of JSON.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void exportTo(
            @Mixin AdminOptions admin,
            @Parameters(paramLabel = "FILE", description = "A new file, readable by you only; - for standard output.")
                    String file)
            throws CommandException, AdminException, IOException, InterruptedException {
        if (file.equals(STANDARD_STREAM)) {
            admin.client().download(PATH, parent.streams().out());
            return;
        }
        Path path = Path.of(file);
        try (OutputStream out = create(path)) {
            admin.client().download(PATH, out);
        } catch (AdminException | IOException | RuntimeException e) {
            Files.deleteIfExists(path);
            throw e;
        }
        spec().commandLine().getOut().println(SafeText.of(file) + ": " + Files.size(path) + " bytes written");
    }

    @Command(
            name = "import",
            description = "Take over what an export holds; the router must have nothing but what its first start made.",
            mixinStandardHelpOptions = true,
            versionProvider = Version.class)
    void importFrom(
            @Mixin AdminOptions admin,
            @Parameters(paramLabel = "FILE", description = "What export wrote; - for standard input.") String file)
            throws CommandException, AdminException, IOException, InterruptedException {
        var lines = file.equals(STANDARD_STREAM)
                ? BodyPublishers.ofInputStream(() -> parent.streams().in())
                : BodyPublishers.ofInputStream(() -> open(Path.of(file)));
        if (!file.equals(STANDARD_STREAM) && !Files.isReadable(Path.of(file))) {
            throw new CommandException(
                    ExitCode.FAILED, file + ": cannot be read; check its name and permissions", null);
        }
        var answer = admin.client().upload(PATH, lines);
        admin.output().done(answer, answer.path("rows").asLong() + " rows imported");
    }

    private static OutputStream create(Path path) throws CommandException, IOException {
        try {
            Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            return Files.newOutputStream(path, StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException e) {
            throw new CommandException(ExitCode.FAILED, path + " is there already; give another name", e);
        }
    }

    private static InputStream open(Path path) {
        try {
            return Files.newInputStream(path);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
