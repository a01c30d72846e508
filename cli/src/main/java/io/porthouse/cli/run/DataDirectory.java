package io.porthouse.cli.run;

import io.porthouse.admin.files.PrivateFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a router keeps what must outlive it. Held by one router at a time, by a lock that the system drops with it. */
final class DataDirectory implements AutoCloseable {

    private static final String LOCK = "lock";
    private static final int PID_BYTES = 20;

    private final Path path;
    private final FileChannel lockFile;

    private DataDirectory(Path path, FileChannel lockFile) {
        this.path = path;
        this.lockFile = lockFile;
    }

    /**
     * Makes the directory if it does not exist, and takes its lock.
     *
     * @throws StartException if it cannot be written, or another router holds it
     */
    static DataDirectory open(Path directory) throws StartException {
        return open(directory, "stop it, or give this one its own with --data");
    }

    /**
     * Takes a directory for something other than a router.
     *
     * @param advice what to do if a router holds it
     */
    static DataDirectory open(Path directory, String advice) throws StartException {
        Path path = directory.toAbsolutePath().normalize();
        FileChannel lockFile;
        try {
            PrivateFiles.createDirectory(path);
            lockFile = PrivateFiles.open(path.resolve(LOCK));
        } catch (IOException e) {
            throw new StartException(
                    "the data directory " + path + " cannot be written (" + reason(e)
                            + "); make it writable, or give another with --data",
                    e);
        }
        try {
            FileLock lock = tryLock(lockFile);
            if (lock == null) {
                String holder = holder(lockFile);
                lockFile.close();
                throw new StartException(
                        "another router" + holder + " is using the data directory " + path + "; " + advice, null);
            }
            int unused = lockFile.truncate(0)
                    .write(ByteBuffer.wrap(
                            Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
        } catch (IOException e) {
            throw new StartException("the data directory " + path + " cannot be locked (" + reason(e) + ")", e);
        }
        return new DataDirectory(path, lockFile);
    }

    /** The directory, absolute. */
    Path path() {
        return path;
    }

    /** Returns the path of a file in the directory. */
    Path file(String name) {
        return path.resolve(name);
    }

    /** Lets other routers have the directory. */
    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException e) {
            // The system drops the lock with the process, which is about to end.
            assert !lockFile.isOpen();
        }
    }

    private static @Nullable FileLock tryLock(FileChannel file) throws IOException {
        try {
            return file.tryLock();
        } catch (OverlappingFileLockException sameProcess) {
            return null;
        }
    }

    /** Who holds the lock, as far as the file tells. */
    private static String holder(FileChannel file) {
        try {
            ByteBuffer pid = ByteBuffer.allocate(PID_BYTES);
            int read = file.read(pid, 0);
            String text = read <= 0 ? "" : new String(pid.array(), 0, read, StandardCharsets.US_ASCII);
            return text.matches("[0-9]+") ? " (process " + text + ")" : "";
        } catch (IOException e) {
            return "";
        }
    }

    private static String reason(IOException e) {
        if (e instanceof java.nio.file.AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof java.nio.file.FileAlreadyExistsException exists && Files.exists(Path.of(exists.getFile()))) {
            return "it is not a directory";
        }
        return String.valueOf(e.getMessage());
    }
}
