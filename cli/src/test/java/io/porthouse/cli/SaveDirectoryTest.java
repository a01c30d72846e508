package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SaveDirectoryTest {

    @TempDir
    private Path base;

    private Path dir;
    private SaveDirectory directory;

    @BeforeEach
    void open() throws Exception {
        dir = base.resolve("in/here");
        directory = SaveDirectory.open(dir);
    }

    private SaveDirectory.Part part(String text) throws IOException {
        SaveDirectory.Part part = directory.begin();
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
        SaveDirectory.Part part = part("text");
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

    @Test
    void closingLeavesOnlyWhatWasKept() throws Exception {
        assertThat(directory.keep(part("whole"), "whole")).exists();
        SaveDirectory.Part dropped = part("dropped");
        directory.drop(dropped);
        SaveDirectory.Part open = part("open");
        directory.close();
        assertThat(files()).containsExactly("whole");
        assertThatThrownBy(() -> directory.keep(open, "late")).isInstanceOf(IOException.class);
        assertThatThrownBy(directory::begin).isInstanceOf(IOException.class);
        directory.drop(open);
        assertThat(files()).containsExactly("whole");
    }

    @Test
    void whatIsNoDirectoryIsSaidToBeNone() throws Exception {
        Path file = Files.writeString(base.resolve("file"), "");
        assertThatThrownBy(() -> SaveDirectory.open(file))
                .isInstanceOf(CommandException.class)
                .hasMessage("cannot save to " + file + ": it is not a directory; give another directory with --save");
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
