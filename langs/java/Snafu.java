package snafu;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Calls from function to function, for the user's code: <pre>
 *   Object sum = Snafu.call("module.add", 1, 2);
 *   Point p = Snafu.call("shapes.centre", Point.class, Map.of("shape", shape));
 * </pre>
 * A function of any language that the host offers can be called, by its id or an unambiguous tail
 * of it. Arguments and results are what a call from outside takes and gives; results come as null,
 * Boolean, Long, Double (BigInteger, BigDecimal where those are too small), String, List and Map.
 * Nothing leaves the host. Any thread that the function started may call, too.
 */
public final class Snafu {
	private Snafu() {
	}

	/** Calls with arguments by position. */
	public static Object call(String function, Object... arguments) {
		return call(function, Object.class, arguments);
	}

	/** Calls with arguments by name. */
	public static Object call(String function, Map<String, ?> arguments) {
		return call(function, Object.class, arguments);
	}

	/** Calls with arguments by position; the result as a TYPE: a record, a bean, an array, ... */
	public static <T> T call(String function, Class<T> type, Object... arguments) {
		return convert(function, type, invoke(function, list(arguments), false));
	}

	/** Calls with arguments by name; the result as a TYPE. */
	public static <T> T call(String function, Class<T> type, Map<String, ?> arguments) {
		return convert(function, type, invoke(function, arguments, false));
	}

	/** Puts a call into the host's queue; returns its id. */
	public static String callAsync(String function, Object... arguments) {
		return id(function, invoke(function, list(arguments), true));
	}

	/** The same with arguments by name. */
	public static String callAsync(String function, Map<String, ?> arguments) {
		return id(function, invoke(function, arguments, true));
	}

	/** What is known about the call that this thread serves; null outside of any. */
	public static Context context() {
		Call call = Call.current();
		return call == null ? null : call.context();
	}

	private static List<?> list(Object[] arguments) {
		return arguments == null ? new ArrayList<>() : Arrays.asList(arguments);
	}

	private static Object invoke(String function, Object arguments, boolean asynchronous) {
		Out out = new Out(new byte[512]);
		out.begin(Integer.MAX_VALUE - 16);
		try {
			new Render(out).result(arguments);
		} catch (Render.Unfit e) {
			throw new IllegalArgumentException(e.getMessage().replaceFirst("^result",
				"the arguments of " + function + ": "));
		} catch (Failure e) {
			throw new IllegalArgumentException("the arguments of " + function + " cannot be read",
				e.getCause());
		}
		byte[] reply = Call.invoke(function.getBytes(StandardCharsets.UTF_8),
			Arrays.copyOf(out.bytes, out.size), asynchronous);
		int name = 0;
		while (reply[name] != 0)
			name++;
		String status = new String(reply, 0, name, StandardCharsets.UTF_8);
		byte[] payload = Arrays.copyOfRange(reply, name + 1, reply.length);
		Object value;
		try {
			value = payload.length == 0 ? null : new Json().parse(payload, payload.length);
		} catch (Json.Malformed e) {
			throw new CallException(function, "bad-result", "ResultError", e.getMessage(),
				new ArrayList<>());
		}
		if (!status.equals("ok"))
			throw failure(function, status, value);
		return value;
	}

	private static String text(Object value, String key) {
		Json.Obj object = value instanceof Json.Obj ? (Json.Obj) value : new Json.Obj();
		int k = object.find(key);
		return k < 0 || !(object.values[k] instanceof String) ? "" : (String) object.values[k];
	}

	private static CallException failure(String function, String status, Object value) {
		List<String> trace = new ArrayList<>();
		int k = value instanceof Json.Obj ? ((Json.Obj) value).find("stackTrace") : -1;
		Object lines = k < 0 ? null : ((Json.Obj) value).values[k];
		if (lines instanceof List)
			for (Object line : (List<?>) lines)
				trace.add(String.valueOf(line));
		return new CallException(function, status, text(value, "errorType"),
			text(value, "errorMessage"), trace);
	}

	private static String id(String function, Object value) {
		return text(value, "id");
	}

	private static <T> T convert(String function, Class<T> type, Object value) {
		try {
			@SuppressWarnings("unchecked")
			T made = (T) Target.of(type).convert(value);
			return made;
		} catch (Bad e) {
			throw new ClassCastException("the result of " + function + ": " + e.getMessage());
		} catch (Failure e) {
			throw new ClassCastException("the result of " + function + ": " + e.getCause());
		}
	}
}
