package io.porthouse.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;

/** Files that are alike only if they are equal. */
final class RandomFile {

    private static final int BLOCK_BYTES = 1 << 20;

    private RandomFile() {}

    /** Writes random bytes, the same for the same length; returns their SHA-256. */
    static String write(Path file, long bytes) throws IOException {
        MessageDigest sha256 = sha256();
        Random random = new Random(bytes);
        byte[] block = new byte[BLOCK_BYTES];
        try (OutputStream out = Files.newOutputStream(file)) {
            for (long left = bytes; left > 0; left -= block.length) {
                random.nextBytes(block);
                int length = (int) Math.min(left, block.length);
                sha256.update(block, 0, length);
                out.write(block, 0, length);
            }
        }
        return HexFormat.of().formatHex(sha256.digest());
    }

    /** Returns the SHA-256 of a file. */
    static String sha256(Path file) throws IOException {
        MessageDigest sha256 = sha256();
        byte[] block = new byte[BLOCK_BYTES];
        try (InputStream in = Files.newInputStream(file)) {
            for (int read = in.read(block); read >= 0; read = in.read(block)) {
                sha256.update(block, 0, read);
            }
        }
        return HexFormat.of().formatHex(sha256.digest());
    }

    /** Returns a digest that has seen nothing yet. */
    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
