package io.porthouse.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;

/**
 * Where envelopes become files. One that is still arriving has a temporary name; it gets its own in one step, once it is
 * verified, and never the name of something that is there. Closing removes what has not arrived. Thread-safe.
 *
 * <pre>{@code
 * EnvelopeDirectory downloads = EnvelopeDirectory.open(Path.of("downloads"));
 * connection.receiveEnvelopes("films", downloads.handler(
 *         (envelope, file) -> System.out.println("saved " + file),
 *         (envelope, failure) -> System.out.println(failure.getMessage())));
 * }</pre>
 */
public final class EnvelopeDirectory implements AutoCloseable {

    /** A directory with so many files of one name has a different problem. */
    private static final int MOST_OF_A_NAME = 100_000;

    /** A file that is arriving. Written by one thread. */
    static final class Part {
        private final Path path;
        private final FileChannel channel;

        private Part(Path path, FileChannel channel) {
            this.path = path;
            this.channel = channel;
        }

        FileChannel channel() {
            return channel;
        }
    }

    private final Path directory;
    private final Set<Part> arriving = new HashSet<>();
    private boolean closed;

    private EnvelopeDirectory(Path directory) {
        this.directory = directory;
    }

    /**
     * Takes a directory, and makes it if it is missing.
     *
     * @throws IOException if it cannot be one, or may not be written
     */
    public static EnvelopeDirectory open(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory);
        }
        if (!Files.isWritable(directory)) {
            throw new IOException("it may not be written; check its permissions");
        }
        return new EnvelopeDirectory(directory);
    }

    /** The directory, as it was named. */
    public Path path() {
        return directory;
    }

    /**
     * Returns a handler that makes a file of each envelope, named as its sender wants or the nearest that is safe and free.
     *
     * @param saved takes where the file is, once it is whole and verified
     * @param lost takes why there is none: an {@link EnvelopeException} if the envelope did not arrive whole, else what is
     *     wrong with the directory. Told once for each envelope; the rest of it flows by
     */
    public EnvelopeHandler handler(
            BiConsumer<IncomingEnvelope, Path> saved, BiConsumer<IncomingEnvelope, IOException> lost) {
        return envelope -> new FileSink(this, envelope, saved, lost);
    }

    /** Begins a file under a temporary name. */
    synchronized Part begin() throws IOException {
        if (closed) {
            throw new IOException("nothing more is saved");
        }
        Path path = directory.resolve(".porthouse-" + UUID.randomUUID() + ".part");
        Part part = new Part(path, FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        arriving.add(part);
        return part;
    }

    /**
     * Gives a whole, verified file the name that its sender wants, or the nearest one that is safe and free.
     *
     * @return where it is
     */
    synchronized Path keep(Part part, String claimedName) throws IOException {
        if (!arriving.contains(part)) {
            throw new IOException("nothing more is saved");
        }
        part.channel.close();
        String name = FileNames.of(claimedName);
        for (int number = 1; number <= MOST_OF_A_NAME; number++) {
            Path path = resolve(FileNames.numbered(name, number));
            if (takes(path, part.path)) {
                arriving.remove(part);
                return path;
            }
        }
        throw new IOException("there are too many files named " + name);
    }

    /** Removes a file that will not arrive. */
    synchronized void drop(Part part) throws IOException {
        if (arriving.remove(part)) {
            delete(part);
        }
    }

    /**
     * Removes what has not arrived, and saves nothing more. What is kept stays. Idempotent.
     *
     * @throws UncheckedIOException if some of it cannot be removed; the rest is
     */
    @Override
    public synchronized void close() {
        closed = true;
        UncheckedIOException failure = null;
        for (Part part : arriving) {
            try {
                delete(part);
            } catch (IOException e) {
                failure = failure == null ? new UncheckedIOException(e) : failure;
            }
        }
        arriving.clear();
        if (failure != null) {
            throw failure;
        }
    }

    private Path resolve(String name) {
        try {
            return directory.resolve(name);
        } catch (InvalidPathException notInThisLocale) {
            return directory.resolve(FileNames.ascii(name));
        }
    }

    /** Returns whether the part has the name now: not if it was taken, be it by a dangling link, or at this very moment. */
    private static boolean takes(Path path, Path part) throws IOException {
        try {
            link(path, part);
            return true;
        } catch (FileAlreadyExistsException taken) {
            return false;
        }
    }

    private static void link(Path path, Path part) throws IOException {
        try {
            Files.createLink(path, part);
        } catch (FileAlreadyExistsException taken) {
            throw taken;
        } catch (UnsupportedOperationException | FileSystemException noLinksHere) {
            // The name is taken by an empty file of our own first, which then is replaced.
            Files.createFile(path);
            replace(path, part);
            return;
        }
        Files.delete(part);
    }

    /** Puts the part in the place of an empty file of our own, which does not stay if that fails. */
    private static void replace(Path empty, Path part) throws IOException {
        boolean moved = false;
        try {
            Files.move(part, empty, StandardCopyOption.ATOMIC_MOVE);
            moved = true;
        } finally {
            if (!moved) {
                Files.deleteIfExists(empty);
            }
        }
    }

    private static void delete(Part part) throws IOException {
        try {
            part.channel.close();
        } finally {
            Files.deleteIfExists(part.path);
        }
    }
}
