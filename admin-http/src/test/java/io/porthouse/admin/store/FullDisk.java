package io.porthouse.admin.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import org.h2.store.fs.FileBaseDefault;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;

/** A file system of H2's, {@code full:}, whose disk has no space left when a test wants it so. */
public final class FullDisk extends FilePathWrapper {

    private static volatile boolean isFull;

    /** H2 makes one for each path. */
    public FullDisk() {}

    /** Makes it known to H2. */
    public static void register() {
        FilePath.register(new FullDisk());
    }

    /** Sets whether each write fails from now on. */
    public static void setFull(boolean full) {
        isFull = full;
    }

    /** Returns the settings of a store on this disk. */
    public static StoreSettings store(Path directory) {
        return StoreSettings.embedded("full:" + directory.resolve("store"));
    }

    @Override
    public String getScheme() {
        return "full";
    }

    @Override
    public FileChannel open(String mode) throws IOException {
        return new Channel(unwrap().open(mode));
    }

    private static final class Channel extends FileBaseDefault {
        private final FileChannel file;

        Channel(FileChannel file) {
            this.file = file;
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public synchronized int read(ByteBuffer target, long position) throws IOException {
            return file.read(target, position);
        }

        @Override
        public synchronized int write(ByteBuffer source, long position) throws IOException {
            if (isFull) {
                throw new IOException("No space left on device");
            }
            return file.write(source, position);
        }

        @Override
        protected void implTruncate(long size) throws IOException {
            FileChannel unused = file.truncate(size);
        }

        @Override
        public void force(boolean metaData) throws IOException {
            file.force(metaData);
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) throws IOException {
            return file.tryLock(position, size, shared);
        }

        @Override
        protected void implCloseChannel() throws IOException {
            file.close();
        }
    }
}
