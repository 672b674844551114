/* tests/e2e/instance/Probe.java — functions for tests/e2e/instance.py. */
public class Probe {
    private static int calls;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
    }

    public static int count(int step) {
        return calls += step;
    }

    public static int speak(int n) {
        System.out.println("Java says " + n);
        return n;
    }

    public static String environment(String name) {
        return System.getenv(name);
    }

    public static long memory() {
        return Runtime.getRuntime().maxMemory();
    }

    public static int hog(int mebibytes) {
        byte[][] all = new byte[mebibytes][];
        for (int i = 0; i < mebibytes; i++)
            all[i] = new byte[1 << 20];
        return all.length;
    }

    public static int hang(int n) throws InterruptedException {
        Thread.sleep(1000L * 1000 * n);
        return n;
    }
}
