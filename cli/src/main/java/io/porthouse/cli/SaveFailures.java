package io.porthouse.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Says why a file could not be written, and what to do. */
final class SaveFailures {

    private SaveFailures() {}

    static String explain(Path directory, IOException failure) {
        return "cannot save to " + directory + ": " + reason(failure);
    }

    private static String reason(IOException failure) {
        String text = String.valueOf(
                failure instanceof FileSystemException detailed && detailed.getReason() != null
                        ? detailed.getReason()
                        : failure.getMessage());
        if (text.contains("No space left")) {
            return "the disk is full; make space, or save elsewhere, and have it sent again";
        }
        if (text.contains("quota")) {
            return "the disk quota is used up; make space, or save elsewhere, and have it sent again";
        }
        if (failure instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (failure instanceof FileAlreadyExistsException) {
            return "it is not a directory";
        }
        return failure instanceof NoSuchFileException ? "it is gone" : text;
    }
}
