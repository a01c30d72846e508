package io.porthouse.admin.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file for what is too large for memory. Only its owner may read it, and it is gone with the process at the latest. */
final class Spool implements AutoCloseable {

    private final FileChannel file;

    private Spool(FileChannel file) {
        this.file = file;
    }

    /** Makes an empty one. */
    static Spool in(Path directory) throws IOException {
        Path path = Files.createTempFile(directory, "import-", ".tmp");
        return new Spool(FileChannel.open(
                path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE));
    }

    /** Adds bytes. */
    void write(byte[] part) {
        ByteBuffer bytes = ByteBuffer.wrap(part);
        try {
            while (bytes.hasRemaining()) {
                int unused = file.write(bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns everything that was written; no more may be. */
    InputStream read() throws IOException {
        return Channels.newInputStream(file.position(0));
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
