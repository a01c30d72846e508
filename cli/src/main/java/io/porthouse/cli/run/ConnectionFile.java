package io.porthouse.cli.run;

import io.porthouse.admin.files.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The {@code .porthouse} of a working directory, by which clients find the router. Written for whoever tries a router out;
 * one that a person wrote or changed is never touched. The router's own begins with a comment that holds a checksum of the
 * rest, so that any change makes it the person's.
 */
final class ConnectionFile {

    static final String NAME = ".porthouse";

    private static final Pattern MARK =
            Pattern.compile("# Written by `porthouse run` \\[([0-9a-f]{8})\\]; change anything, and it is yours\\.");

    private ConnectionFile() {}

    /** What became of the file. */
    enum Outcome {
        /** It now leads to this router. */
        WRITTEN,
        /** It is somebody else's, and was left alone. */
        FOREIGN,
        /** The directory cannot be written. */
        FAILED
    }

    /**
     * Writes the file, or renews the router's own.
     *
     * @param address {@code tcp://host:port}
     * @param admin {@code http://host:port}; null: there is no admin listener
     */
    static Outcome write(Path directory, String address, String secret, @Nullable String admin) {
        Path file = directory.resolve(NAME);
        String lines = "address = \"" + address + "\"\ntoken = \"" + secret + "\"\n"
                + (admin == null ? "" : "admin = \"" + admin + "\"\n");
        String text =
                "# Written by `porthouse run` [" + checksum(lines) + "]; change anything, and it is yours.\n" + lines;
        try {
            if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
                PrivateFiles.writeNew(file, text);
                return Outcome.WRITTEN;
            }
            if (!isOwn(file)) {
                return Outcome.FOREIGN;
            }
            PrivateFiles.replace(file, text);
            return Outcome.WRITTEN;
        } catch (FileAlreadyExistsException e) {
            return Outcome.FOREIGN;
        } catch (IOException e) {
            return Outcome.FAILED;
        }
    }

    private static boolean isOwn(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        String text = Files.readString(file, StandardCharsets.ISO_8859_1);
        int end = text.indexOf('\n');
        if (end < 0) {
            return false;
        }
        Matcher mark = MARK.matcher(text.substring(0, end));
        return mark.matches()
                && Optional.ofNullable(mark.group(1)).equals(Optional.of(checksum(text.substring(end + 1))));
    }

    private static String checksum(String lines) {
        CRC32 crc = new CRC32();
        crc.update(lines.getBytes(StandardCharsets.ISO_8859_1));
        return String.format("%08x", crc.getValue());
    }
}
