import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import snafu.CallException;
import snafu.Snafu;

/** Functions for tests/e2e/calls.py, which copies this file once for each executor; see hop.py. */
public final class Hop@TAG@ {
	private Hop@TAG@() {
	}

	public static String relay(String path, String value) {
		String said = "@TAG@|" + Snafu.context().requestId() + "|"
			+ Snafu.context().remainingMillis() + "|" + Snafu.context().depth();
		System.out.println("hop " + said);
		if (path.isEmpty())
			return said + ";" + value;
		String[] parts = path.split(",", 2);
		return said + ";" + Snafu.call(parts[0], String.class,
			Map.of("path", parts.length > 1 ? parts[1] : "", "value", value));
	}

	public static Map<String, Object> nest(List<String> path, Object value) {
		Map<String, Object> all = new LinkedHashMap<>();
		all.put("tag", "@TAG@");
		all.put("value", value);
		all.put("inner", path.isEmpty() ? value
			: Snafu.call(path.get(0), path.subList(1, path.size()), value));
		return all;
	}

	public static String fail(String path, String value) {
		throw new IllegalStateException("odd: " + value);
	}

	public static String caught(String path, String value) {
		String[] parts = path.split(",", 2);
		try {
			return Snafu.call(parts[0], String.class,
				Map.of("path", parts.length > 1 ? parts[1] : "", "value", value));
		} catch (CallException e) {
			return e.type() + "/" + e.error();
		}
	}

	public static String ping(String to, String back) {
		try {
			String[] words = Snafu.call(to, String.class, Map.of("to", back, "back", to)).split(" ");
			return Integer.parseInt(words[0]) + 1 + " " + words[1];
		} catch (CallException e) {
			return "0 " + e.type();
		}
	}

	public static int fib(int n) {
		return n < 2 ? n : Snafu.call("Hop@TAG@.fib", int.class, Map.of("n", n - 1))
			+ Snafu.call("Hop@TAG@.fib", int.class, Map.of("n", n - 2));
	}

	public static String hang(String path, String value) throws InterruptedException {
		while (true)
			Thread.sleep(10);
	}
}
