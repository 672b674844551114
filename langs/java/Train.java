package snafu;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * A program that the build runs: it does what the start of the bridge and a first call do, so that
 * the JVM can write an archive of the classes that these need (class-data sharing), from which it
 * starts sooner.
 */
public final class Train {
	private static int calls;

	private Train() {
	}

	/** The function that is called. */
	public static Map<String, Object> call(int n, String text, List<Double> list, boolean last) {
		return Map.of("n", n + ++calls, "text", text, "list", list, "last", last);
	}

	/** ARGUMENTS: the bridge's jar. */
	public static void main(String[] arguments) throws Exception {
		Bridge.train();
		Sources.start(new String[] {"", arguments[0], "", "", 'C' + arguments[0]});
		CallState state = Bridge.enter();
		Bound bound = Binder.bind(new String[] {"snafu.Train.call", arguments[0], ".",
			arguments[0], "8", "n", "int", "text", "String", "list", "List<Double>", "last",
			"boolean"});
		byte[] payload = "{\"n\": 1, \"text\": \"\u00e4\", \"list\": [1, 2.5], \"last\": true}"
			.getBytes(StandardCharsets.UTF_8);
		System.arraycopy(payload, 0, state.in, 0, payload.length);
		for (int i = 0; i < 4; i++)
			Bridge.call(state, bound, payload.length, 1000, 100, 0, i % 2 == 1);
		String result = new String(state.out.bytes, 0, state.out.size, StandardCharsets.UTF_8);
		if (!result.contains("\"text\":\"\u00e4\""))
			throw new IllegalStateException(result);
		Bridge.call(state, bound, 1, 1000, 100, 0, false); // an error
		for (String name : new String[] {"Unit", "Unit$Entry", "Project", "ExitGuard", "Snafu",
				"CallException", "Context", "LoadFailed", "Report", "Instances", "Beans",
				"Containers", "Members", "Texts", "Streams"})
			Class.forName("snafu." + name, false, Train.class.getClassLoader());
		for (String name : new String[] {"java.io.DataInputStream", "java.util.zip.CRC32",
				"java.util.zip.Adler32", "java.util.LinkedHashMap$LinkedKeySet",
				"java.util.LinkedHashMap$LinkedKeyIterator",
				"java.util.LinkedHashMap$LinkedValues",
				"java.util.LinkedHashMap$LinkedValueIterator", "java.util.regex.Pattern", "java.util.regex.Matcher",
				"java.lang.reflect.InvocationTargetException"})
			Class.forName(name);
	}
}
