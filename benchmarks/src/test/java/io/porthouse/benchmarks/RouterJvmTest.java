package io.porthouse.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Fork;

/** What benchmarks measure is the JVM that {@code bin/porthouse run} starts. */
final class RouterJvmTest {

    private static final Pattern TUNING = Pattern.compile("-Dio\\.netty\\.[^\\s)]+|--add-opens=\\S+|-XX:\\+Use\\w+");

    @Test
    void benchmarksRunWithTheOptionsOfTheRouter() throws Exception {
        String launcher = Files.readString(Path.of("..", "bin", "porthouse"));
        // Its second collector is for the other commands.
        String forRun =
                launcher.substring(launcher.indexOf("options=("), launcher.indexOf("*)", launcher.indexOf("run)")));
        List<String> options =
                TUNING.matcher(forRun).results().map(MatchResult::group).toList();
        assertThat(options).hasSizeGreaterThan(5);
        assertThat(RouterJvm.class.getAnnotation(Fork.class).jvmArgsAppend()).containsAll(options);
    }
}
