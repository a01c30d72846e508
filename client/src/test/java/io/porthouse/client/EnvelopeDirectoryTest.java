package io.porthouse.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.protocol.EnvelopeFailure;
import io.porthouse.protocol.EnvelopeMetadata;
import io.porthouse.protocol.EnvelopeSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnvelopeDirectoryTest {

    @TempDir
    private Path base;

    private Path dir;
    private EnvelopeDirectory directory;

    @BeforeEach
    void open() throws Exception {
        dir = base.resolve("in/here");
        directory = EnvelopeDirectory.open(dir);
    }

    private EnvelopeDirectory.Part part(String text) throws IOException {
        EnvelopeDirectory.Part part = directory.begin();
        assertThat(part.channel().write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))))
                .isEqualTo(text.length());
        return part;
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aFileHasItsNameOnlyWhenItIsKept() throws Exception {
        EnvelopeDirectory.Part part = part("text");
        assertThat(files()).hasSize(1).allMatch(name -> name.matches("\\.porthouse-.*\\.part"));
        assertThat(directory.keep(part, "a.txt")).isEqualTo(dir.resolve("a.txt"));
        assertThat(files()).containsExactly("a.txt");
        assertThat(dir.resolve("a.txt")).hasContent("text");
    }

    @Test
    void whatExistsIsNeverReplaced() throws Exception {
        Files.writeString(dir.resolve("a.txt"), "mine");
        Files.createDirectory(dir.resolve("a-2.txt"));
        Path outside = base.resolve("outside");
        Files.createSymbolicLink(dir.resolve("a-3.txt"), outside);
        assertThat(directory.keep(part("theirs"), "a.txt")).isEqualTo(dir.resolve("a-4.txt"));
        assertThat(dir.resolve("a.txt")).hasContent("mine");
        assertThat(dir.resolve("a-4.txt")).hasContent("theirs");
        assertThat(outside).doesNotExist();
    }

    @Test
    void hostileNamesStayInside() throws Exception {
        for (String name : List.of("../x", "/etc/passwd", "a\0b", "x".repeat(300), "..", "", "\ud800")) {
            Path file = directory.keep(part("text"), name);
            assertThat(file.getParent()).isEqualTo(dir);
            assertThat(Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)).isTrue();
        }
        assertThat(files()).hasSize(7);
        try (Stream<Path> above = Files.list(base)) {
            assertThat(above).containsExactly(base.resolve("in"));
        }
    }

    /** Puts something in the place of all that is arriving that cannot be deleted. */
    private void obstruct() throws IOException {
        for (String name : files()) {
            Files.delete(dir.resolve(name));
            Files.createDirectories(dir.resolve(name).resolve("full"));
        }
    }

    @Test
    void whatCannotBeKeptLeavesNoEmptyFile() throws Exception {
        EnvelopeDirectory.Part part = part("text");
        Files.delete(dir.resolve(files().get(0)));
        assertThatThrownBy(() -> directory.keep(part, "a.txt")).isInstanceOf(NoSuchFileException.class);
        assertThat(files()).isEmpty();
    }

    @Test
    void whatCannotBeRemovedIsLostAllTheSame() throws Exception {
        List<IOException> lost = new ArrayList<>();
        EnvelopeSink sink = directory
                .handler((envelope, file) -> {}, (envelope, failure) -> lost.add(failure))
                .onEnvelope(new IncomingEnvelope("acme/lobby", 0, 1, 4, false, EnvelopeMetadata.NONE));
        obstruct();
        sink.failed(EnvelopeFailure.CANCELLED);
        assertThat(lost).hasSize(1).allMatch(failure -> failure instanceof EnvelopeException);
        assertThat(lost.get(0).getSuppressed()).hasSize(1);
    }

    @Test
    void closingGoesOnBehindWhatCannotBeRemoved() throws Exception {
        for (int i = 0; i < 10; i++) {
            assertThat(part("obstructed")).isNotNull();
        }
        obstruct();
        List<String> obstructed = files();
        for (int i = 0; i < 10; i++) {
            assertThat(part("open")).isNotNull();
        }
        assertThatThrownBy(directory::close).isInstanceOf(UncheckedIOException.class);
        assertThat(files()).isEqualTo(obstructed);
        directory.close();
    }

    @Test
    void closingLeavesOnlyWhatWasKept() throws Exception {
        assertThat(directory.keep(part("whole"), "whole")).exists();
        EnvelopeDirectory.Part dropped = part("dropped");
        directory.drop(dropped);
        EnvelopeDirectory.Part open = part("open");
        directory.close();
        assertThat(files()).containsExactly("whole");
        assertThatThrownBy(() -> directory.keep(open, "late")).isInstanceOf(IOException.class);
        assertThatThrownBy(directory::begin).isInstanceOf(IOException.class);
        directory.drop(open);
        assertThat(files()).containsExactly("whole");
    }
}
