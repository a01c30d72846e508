package io.porthouse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProgressTest {

    private final StringWriter screen = new StringWriter();
    private long now;

    private Progress progress(boolean terminal) {
        return new Progress(new PrintWriter(screen), terminal, () -> now);
    }

    private void pass(long millis) {
        now += TimeUnit.MILLISECONDS.toNanos(millis);
    }

    @Test
    void aBarShowsHowFarItIs() {
        Progress.Transfer transfer = progress(true).begin("film\u001b[2J.mkv", 100_000_000);
        pass(500);
        transfer.at(25_000_000);
        assertThat(screen.toString())
                .isEqualTo(
                        "\rfilm\\x1b[2J.mkv  [######------------------]  25 %  25.0 MB of 100 MB  50.0 MB/s\u001b[K");
    }

    @Test
    void itIsDrawnTenTimesASecondAtMost() {
        Progress.Transfer transfer = progress(true).begin("a", 1000);
        for (int i = 0; i < 1000; i++) {
            pass(1);
            transfer.at(i + 1);
        }
        assertThat(screen.toString().chars().filter(c -> c == '\r').count()).isEqualTo(10);
    }

    @Test
    void withoutALengthThereIsNoBar() {
        Progress.Transfer transfer = progress(true).begin("x".repeat(40), -1);
        pass(1000);
        transfer.at(1_234_567);
        assertThat(screen.toString()).isEqualTo("\r" + "x".repeat(27) + "…  1.23 MB  1.23 MB/s\u001b[K");
    }

    @Test
    void aClaimThatIsTooSmallDoesNotBreakTheBar() {
        Progress.Transfer transfer = progress(true).begin("a", 10);
        pass(1000);
        transfer.at(1000);
        assertThat(screen.toString()).contains("[########################] 100 %");
    }

    @Test
    void theLineIsTakenAway() {
        Progress progress = progress(true);
        progress.clear();
        assertThat(screen.toString()).isEmpty();
        progress.begin("a", 10).at(1);
        progress.clear();
        assertThat(screen.toString()).endsWith("\r\u001b[K");
    }

    @Test
    void whereNobodyWatchesNothingIsDrawn() {
        Progress progress = progress(false);
        progress.begin("a", 10).at(1);
        progress.clear();
        assertThat(screen.toString()).isEmpty();
    }
}
