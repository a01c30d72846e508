package io.porthouse.cli.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.porthouse.cli.run.ConnectionFile.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a router leaves on disk: who may read it, and what is never touched. */
class FilesTest {

    @TempDir
    private Path dir;

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void theDataDirectoryIsPrivate() throws Exception {
        Path path = dir.resolve("deep/data");
        try (DataDirectory data = DataDirectory.open(path)) {
            assertThat(mode(path)).isEqualTo("rwx------");
            assertThat(data.path()).isEqualTo(path);
        }
    }

    @Test
    void oneRouterAtATimeHasTheDataDirectory() throws Exception {
        try (DataDirectory data = DataDirectory.open(dir)) {
            assertThatThrownBy(() -> DataDirectory.open(dir))
                    .hasMessage(
                            "another router (process " + ProcessHandle.current().pid()
                                    + ") is using the data directory " + data.path()
                                    + "; stop it, or give this one its own with --data");
        }
        DataDirectory.open(dir).close();
    }

    @Test
    void aDataDirectoryThatIsNoneIsOneClearLine() throws Exception {
        Path file = Files.createFile(dir.resolve("file"));
        assertThatThrownBy(() -> DataDirectory.open(file))
                .hasMessage("the data directory " + file
                        + " cannot be written (it is not a directory); make it writable, or give another with --data");
        assertThatThrownBy(() -> DataDirectory.open(file.resolve("below")))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("give another with --data");
    }

    @Test
    void theTokenIsMadeOnceAndPrivate() throws Exception {
        try (DataDirectory data = DataDirectory.open(dir)) {
            LocalToken token = LocalToken.of(data, new Random(1));
            assertThat(token.secret()).matches("ph_[a-z2-7]{32}");
            assertThat(mode(token.file())).isEqualTo("rw-------");
            assertThat(token).hasToString("LocalToken[" + token.file() + "]");
            assertThat(LocalToken.of(data, new Random(2))).isEqualTo(token);
            assertThat(token.state().grants()).singleElement().satisfies(grant -> {
                assertThat(grant.covers(LocalToken.ROOM)).isTrue();
                assertThat(grant.autoJoin()).isTrue();
            });
        }
    }

    @Test
    void everyBitOfTheTokenIsRandom() throws Exception {
        Set<String> secrets = new HashSet<>();
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            try (DataDirectory data = DataDirectory.open(dir.resolve("d" + i))) {
                secrets.add(LocalToken.of(data, random).secret());
            }
        }
        assertThat(secrets).hasSize(200);
        for (int at = "ph_".length(); at < "ph_".length() + 32; at++) {
            int position = at;
            assertThat(secrets.stream()
                            .map(secret -> secret.charAt(position))
                            .distinct()
                            .count())
                    .isGreaterThan(24);
        }
    }

    @Test
    void aDamagedTokenIsNotReplacedInSilence() throws Exception {
        try (DataDirectory data = DataDirectory.open(dir)) {
            Files.writeString(data.file("token"), "short\n");
            assertThatThrownBy(() -> LocalToken.of(data, new Random(1)))
                    .hasMessageContaining("does not hold a token; delete it");
        }
    }

    @Test
    void theConnectionFileIsPrivateAndRenewed() throws Exception {
        Path file = dir.resolve(".porthouse");
        assertThat(ConnectionFile.write(dir, "tcp://127.0.0.1:1", "secret-one", "http://127.0.0.1:3"))
                .isEqualTo(Outcome.WRITTEN);
        assertThat(mode(file)).isEqualTo("rw-------");
        assertThat(Files.readString(file))
                .endsWith("address = \"tcp://127.0.0.1:1\"\ntoken = \"secret-one\"\nadmin = \"http://127.0.0.1:3\"\n");

        assertThat(ConnectionFile.write(dir, "tcp://127.0.0.1:2", "secret-two", null))
                .isEqualTo(Outcome.WRITTEN);
        assertThat(mode(file)).isEqualTo("rw-------");
        assertThat(Files.readString(file)).endsWith("address = \"tcp://127.0.0.1:2\"\ntoken = \"secret-two\"\n");
        assertThat(dir).isDirectoryNotContaining("glob:**.porthouse.*");
    }

    @Test
    void aConnectionFileOfSomebodyElseIsNeverTouched() throws Exception {
        Path file = dir.resolve(".porthouse");
        for (String foreign : new String[] {
            "address = \"tcp://elsewhere:1\"\n",
            "",
            "# Written by `porthouse run` [00000000]; change anything, and it is yours.\naddress = \"tcp://127.0.0.1:1\"\n"
        }) {
            Files.writeString(file, foreign);
            assertThat(ConnectionFile.write(dir, "tcp://127.0.0.1:2", "secret", null))
                    .isEqualTo(Outcome.FOREIGN);
            assertThat(Files.readString(file)).isEqualTo(foreign);
            Files.delete(file);
        }
    }

    @Test
    void aConnectionFileThatAPersonChangedIsTheirs() throws Exception {
        Path file = dir.resolve(".porthouse");
        ConnectionFile.write(dir, "tcp://127.0.0.1:1", "secret", null);
        String changed = Files.readString(file).replace("127.0.0.1", "example.org");
        Files.writeString(file, changed);
        assertThat(ConnectionFile.write(dir, "tcp://127.0.0.1:2", "secret", null))
                .isEqualTo(Outcome.FOREIGN);
        assertThat(Files.readString(file)).isEqualTo(changed);
    }

    @Test
    void linksAreNotFollowed() throws Exception {
        Path target = dir.resolve("target");
        Files.createSymbolicLink(dir.resolve(".porthouse"), target);
        assertThat(ConnectionFile.write(dir, "tcp://127.0.0.1:2", "secret", null))
                .isEqualTo(Outcome.FOREIGN);
        assertThat(target).doesNotExist();
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsNoReasonToFail() {
        assertThat(ConnectionFile.write(dir.resolve("missing"), "tcp://127.0.0.1:2", "secret", null))
                .isEqualTo(Outcome.FAILED);
    }
}
