/** Functions for tests/e2e/executors.py. */
public final class Works {
	private static int count;

	private Works() {
	}

	public static int twice(int x) {
		return 2 * x;
	}

	public static int bump() {
		return ++count;
	}

	public static int fail(String text) {
		throw new IllegalStateException(text);
	}

	public static java.util.List<Object> through(java.util.List<String> path) {
		var all = new java.util.ArrayList<Object>();
		if (path.isEmpty()) {
			all.add("end");
			return all;
		}
		all.add(path.get(0));
		Object rest = snafu.Snafu.call(path.get(0),
			java.util.Map.of("path", path.subList(1, path.size())));
		all.addAll((java.util.List<?>) rest);
		return all;
	}
}
