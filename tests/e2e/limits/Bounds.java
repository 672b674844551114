import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Functions for tests/e2e/limits.py: each goes for one limit. */
public class Bounds {
    public static void loop() {
        for (;;) {
        }
    }

    public static int hog(int mebibytes) {
        List<byte[]> held = new ArrayList<>();
        for (int i = 0; i < mebibytes; i++) {
            held.add(new byte[1 << 20]);
        }
        return held.size();
    }

    public static int files(int number) throws IOException {
        List<FileInputStream> held = new ArrayList<>();
        try {
            while (held.size() < number) {
                held.add(new FileInputStream("/dev/null"));
            }
            return held.size();
        } finally {
            for (FileInputStream each : held) {
                each.close();
            }
        }
    }

    /** How many there were before it was over. */
    public static int children(int number) throws Exception {
        List<Process> held = new ArrayList<>();
        try {
            while (held.size() < number) {
                held.add(new ProcessBuilder("/usr/bin/sleep", "600").start());
            }
        } catch (IOException | OutOfMemoryError over) {
            // That was the limit.
        } finally {
            for (Process each : held) {
                each.destroyForcibly();
                each.waitFor();
            }
        }
        return held.size();
    }

    public static int write(int kibibytes) throws IOException {
        Path path = Path.of("/tmp/snafu-limits-" + ProcessHandle.current().pid());
        try (FileOutputStream file = new FileOutputStream(path.toFile())) {
            for (int i = 0; i < kibibytes; i++) {
                file.write(new byte[1024]);
            }
            return kibibytes;
        } finally {
            Files.delete(path);
        }
    }

    public static String text(int size) {
        return "x".repeat(size);
    }

    public static int length(String text) {
        return text.length();
    }

    /** Waits until there is a file. */
    public static boolean meet(String go) throws InterruptedException {
        while (!Files.exists(Path.of(go))) {
            Thread.sleep(10);
        }
        return true;
    }

    public static boolean queued(String go) throws InterruptedException {
        return meet(go);
    }
}
