package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.porthouse.client.EnvelopeDirectory;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SaveFailuresTest {

    @Test
    void whatIsNoDirectoryIsSaidToBeNone(@TempDir Path base) throws Exception {
        Path file = Files.writeString(base.resolve("file"), "");
        IOException failure = Assertions.catchThrowableOfType(IOException.class, () -> EnvelopeDirectory.open(file));
        assertThat(SaveFailures.explain(file, failure)).isEqualTo("cannot save to " + file + ": it is not a directory");
    }

    @Test
    void aFullDiskIsSaidToBeFull() {
        Path here = Path.of("here");
        String advice = "; make space, or save elsewhere, and have it sent again";
        assertThat(SaveFailures.explain(here, new IOException("No space left on device")))
                .isEqualTo("cannot save to here: the disk is full" + advice);
        assertThat(SaveFailures.explain(here, new FileSystemException("f", null, "No space left on device")))
                .isEqualTo("cannot save to here: the disk is full" + advice);
        assertThat(SaveFailures.explain(here, new IOException("Disk quota exceeded")))
                .isEqualTo("cannot save to here: the disk quota is used up" + advice);
    }
}
