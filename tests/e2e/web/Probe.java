import java.util.List;

/** Functions that the stand-in for the Java gateway plays. */
public class Probe {
    /**
     * Gives its arguments back.
     *
     * @param n a whole number
     */
    public static Object echo(int n, double x, boolean flag, String word, List<Integer> list,
            byte[] data, Object any) {
        return null;
    }

    public static String hello() {
        return "hello";
    }

    public static String wait(String path) {
        return "released";
    }

    public static String large(int n) {
        return "x".repeat(n);
    }

    public static void raise() {
        throw new IllegalStateException();
    }

    /** Overloaded: by a number. */
    public static String over(int number) {
        return "";
    }

    /** Overloaded: by a text. */
    public static String over(String text, int times) {
        return "";
    }
}
