package io.porthouse.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfFileTest {

    @TempDir
    private Path dir;

    private Path write(String name, String text) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    @Test
    void theEnvironmentComesFirst() throws IOException {
        Path named = write("named", "");
        write("work/.porthouse", "");
        assertThat(ConfFile.find(Map.of("PORTHOUSE_CONF", named.toString())::get, dir.resolve("work"), null))
                .isEqualTo(named);
    }

    @Test
    void aNamedFileThatIsMissingIsAnErrorAndNotPassedOver() throws IOException {
        write(".porthouse", "");
        assertThatThrownBy(() -> ConfFile.find(Map.of("PORTHOUSE_CONF", "/no/such")::get, dir, null))
                .hasMessageContaining("$PORTHOUSE_CONF names /no/such, which is not a file");
    }

    @Test
    void thenTheDirectoryAndThoseAboveThenHome() throws IOException {
        Path home = dir.resolve("home");
        Path deep = Files.createDirectories(dir.resolve("a/b/c"));
        Path atHome = write("home/.porthouse", "");
        assertThat(ConfFile.find(Map.<String, String>of()::get, deep, home.toString()))
                .isEqualTo(atHome);
        Path above = write("a/.porthouse", "");
        assertThat(ConfFile.find(Map.<String, String>of()::get, deep, home.toString()))
                .isEqualTo(above);
        Path here = write("a/b/c/.porthouse", "");
        assertThat(ConfFile.find(Map.<String, String>of()::get, deep, home.toString()))
                .isEqualTo(here);
    }

    @Test
    void theErrorNamesThePlacesSearched() {
        assertThatThrownBy(() -> ConfFile.find(Map.<String, String>of()::get, dir, "/nowhere"))
                .hasMessageContaining("$PORTHOUSE_CONF")
                .hasMessageContaining(dir.resolve(".porthouse").toString())
                .hasMessageContaining("directories above")
                .hasMessageContaining("/nowhere/.porthouse");
    }

    @Test
    void flatLinesAndCommentsAreRead() throws IOException {
        Address address = ConfFile.of(write("conf", """
                # a comment
                address = "tcp://example.org:7000"  # another
                  token="abc-def_123"

                later = "for others"
                """)).address();
        assertThat(address).isEqualTo(new Address("example.org", 7000, "abc-def_123"));
    }

    @Test
    void otherNamesAreForOtherReaders() throws IOException {
        Path file = write("conf", "key = \"phk_1\"\nadmin = \"\"\n");
        ConfFile found = ConfFile.of(file);
        assertThat(found.path()).isEqualTo(file);
        assertThat(found.value("key")).contains("phk_1");
        assertThat(found.value("admin")).isEmpty();
        assertThat(found.value("token")).isEmpty();
    }

    @Test
    void aTokenMayStandInTheAddress() throws IOException {
        assertThat(ConfFile.of(write("conf", "address = \"tcp://sesame-open-0000@h\"\n"))
                        .address())
                .isEqualTo(new Address("h", 7070, "sesame-open-0000"));
    }

    @Test
    void whatIsNotUnderstoodIsNamedByItsLine() throws IOException {
        Path file = write("conf", "address = \"tcp://h\"\nnonsense\n");
        assertThatThrownBy(() -> ConfFile.of(file).address()).hasMessageContaining(file + ":2 is not understood");
    }

    @Test
    void anAddressIsNeeded() throws IOException {
        Path file = write("conf", "token = \"t\"\n");
        assertThatThrownBy(() -> ConfFile.of(file).address()).hasMessageContaining(file + " has no address");
        Path wrong = write("wrong", "address = \"http://h\"\n");
        assertThatThrownBy(() -> ConfFile.of(wrong).address()).hasMessageContaining(wrong + ": address:");
    }
}
