package io.porthouse.cli.run;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How this program is started from a shell. */
public final class Launcher {

    private final @Nullable Path script;
    private final @Nullable Path jar;

    Launcher(@Nullable Path script, @Nullable Path jar) {
        this.script = script;
        this.jar = jar;
    }

    /** Finds out by where the program's own jar lies: in a clone, its {@code bin/porthouse} is near. */
    public static Launcher find() {
        Optional<Path> jar = ownJar();
        Path script = jar.map(Launcher::scriptOf).orElse(null);
        return new Launcher(script, jar.orElse(null));
    }

    /** The command as one writes it in {@code directory}, quoted for a shell where needed. */
    String from(Path directory) {
        if (script != null && script.startsWith(directory)) {
            return quoted(directory.relativize(script).toString());
        }
        return absolute();
    }

    /** The command as one writes it anywhere. */
    String absolute() {
        if (script != null) {
            return quoted(script.toString());
        }
        return jar == null ? "porthouse" : "java -jar " + quoted(jar.toString());
    }

    /** Quotes a text for a shell, if it needs that. */
    static String quoted(String text) {
        return text.matches("[A-Za-z0-9_./+:@%-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    private static @Nullable Path scriptOf(Path jar) {
        for (Path at = jar.getParent(); at != null; at = at.getParent()) {
            Path candidate = at.resolve("bin").resolve("porthouse");
            if (Files.isExecutable(candidate) && Files.isRegularFile(candidate)) {
                return candidate;
            }
            // The jar is at most a few directories deep in its clone, or installed elsewhere.
            if (Files.exists(at.resolve(".git"))) {
                return null;
            }
        }
        return null;
    }

    private static Optional<Path> ownJar() {
        try {
            CodeSource source = Launcher.class.getProtectionDomain().getCodeSource();
            Path path = source == null ? null : Path.of(source.getLocation().toURI());
            return Optional.ofNullable(path).filter(Files::isRegularFile);
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }
}
