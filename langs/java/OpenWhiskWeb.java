package snafu;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * One call of an OpenWhisk web action: the request's parts are members of the JsonObject that it
 * gets, and the reply's of the one that it gives. All of Gson is called by name: it is the user's.
 */
final class OpenWhiskWeb extends Convention.Exchange {
	private static final Set<String> RESERVED = Set.of("__ow_method", "__ow_headers", "__ow_path",
		"__ow_user", "__ow_query", "__ow_body");
	private static final Set<String> TEXTS = Set.of("application/xml", "application/javascript",
		"application/x-www-form-urlencoded");

	/** Makes a JsonElement of a text. */
	interface Parser {
		Object parse(String json) throws Failure;
	}

	private final HttpMessage message;

	OpenWhiskWeb(HttpMessage message, Parser parser) throws Problems, Failure {
		super(new Object[1]);
		this.message = message;
		arguments[0] = object(parser);
	}

	/** What METHOD of TARGET, which is Gson's, gives. */
	private static Object ask(Object target, String name, Object... given) throws Failure {
		try {
			for (Method method : target.getClass().getMethods())
				if (method.getName().equals(name) && fits(method.getParameterTypes(), given))
					return method.invoke(target, given);
			throw new NoSuchMethodException(target.getClass().getName() + "." + name);
		} catch (InvocationTargetException e) {
			throw new Failure(e.getCause());
		} catch (ReflectiveOperationException e) {
			throw new Failure(e);
		}
	}

	private static boolean fits(Class<?>[] types, Object[] given) {
		for (int i = 0; i < Math.min(types.length, given.length); i++)
			if (!types[i].isInstance(given[i]))
				return false;
		return types.length == given.length;
	}

	private static boolean is(Object element, String kind) throws Failure {
		return element != null && (Boolean) ask(element, "isJson" + kind);
	}

	private static boolean isText(String type) {
		return type.startsWith("text/") || type.endsWith("+xml") || type.endsWith("+json")
			|| TEXTS.contains(type);
	}

	// ---- the request -------------------------------------------------------------------

	private Object object(Parser parser) throws Problems, Failure {
		String type = HttpMessage.mimetype(message.first("Content-Type", ""));
		boolean json = HttpMessage.isJson(type) && message.body.length > 0;
		if (json)
			HttpMessage.json(message.body);
		Object body = json ? parser.parse(text()) : null;
		Object object = is(body, "Object") ? body : parser.parse("{}");
		if (type.equals("application/x-www-form-urlencoded"))
			addMissing(object, HttpMessage.parameters(text()));
		addMissing(object, message.parameters());
		for (String name : RESERVED)
			if ((Boolean) ask(object, "has", name))
				throw Convention.problem(name + " is not for callers to give");
		addOwn(object, parser.parse("{}"));
		if (json && body != object)
			ask(object, "add", "__ow_body", body);
		else if (!json && message.body.length > 0 && !type.equals("application/x-www-form-urlencoded"))
			ask(object, "addProperty", "__ow_body",
				isText(type) ? text() : Base64.getEncoder().encodeToString(message.body));
		return object;
	}

	private String text() {
		return new String(message.body, StandardCharsets.UTF_8);
	}

	/** Of those given twice, the last one. */
	private static void addMissing(Object object, Map<String, List<String>> given) throws Failure {
		for (Map.Entry<String, List<String>> entry : given.entrySet()) {
			List<String> values = entry.getValue();
			if (!(Boolean) ask(object, "has", entry.getKey()))
				ask(object, "addProperty", entry.getKey(), values.get(values.size() - 1));
		}
	}

	private void addOwn(Object object, Object headers) throws Failure {
		for (Map.Entry<String, List<String>> entry : message.headers.entrySet())
			ask(headers, "addProperty", entry.getKey().toLowerCase(Locale.ROOT),
				entry.getValue().get(entry.getValue().size() - 1));
		ask(object, "add", "__ow_headers", headers);
		ask(object, "addProperty", "__ow_method", message.method.toLowerCase(Locale.ROOT));
		ask(object, "addProperty", "__ow_path", message.path.equals("/") ? "" : message.path);
	}

	// ---- the reply ---------------------------------------------------------------------

	@Override
	Events.Written result(Object value) throws Failure {
		Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
		int status = 0;
		if (is(value, "Object") && (Boolean) ask(value, "has", "error")) {
			Object error = ask(value, "get", "error");
			status = is(error, "Object") ? 502 : 400;
			value = is(error, "Object") ? error : value;
		}
		if (!is(value, "Object") || !hasParts(value))
			return json(status, headers, value);
		addHeaders(headers, ask(value, "get", "headers"));
		Object body = ask(value, "get", "body"), said = ask(value, "get", "statusCode");
		if (said != null)
			status = (Integer) ask(said, "getAsInt");
		boolean words = is(body, "Primitive") && (Boolean) ask(body, "isString");
		if (body == null || is(body, "Null") || words && ((String) ask(body, "getAsString")).isEmpty()) {
			headers.remove("Content-Type");
			return message.reply(status == 0 ? 204 : status, headers, new byte[0]);
		}
		if (!words)
			return json(status, headers, body);
		headers.putIfAbsent("Content-Type", List.of("text/html; charset=utf-8"));
		return message.reply(status == 0 ? 200 : status, headers,
			decode((String) ask(body, "getAsString"), headers.get("Content-Type").get(0)));
	}

	private static boolean hasParts(Object value) throws Failure {
		return (Boolean) ask(value, "has", "statusCode") || (Boolean) ask(value, "has", "body")
			|| (Boolean) ask(value, "has", "headers");
	}

	private Events.Written json(int status, Map<String, List<String>> headers, Object value)
			throws Failure {
		headers.putIfAbsent("Content-Type", List.of("application/json"));
		return message.reply(status == 0 ? 200 : status, headers,
			String.valueOf(value).getBytes(StandardCharsets.UTF_8));
	}

	private static void addHeaders(Map<String, List<String>> headers, Object given) throws Failure {
		if (!is(given, "Object"))
			return;
		for (Object entry : (Set<?>) ask(given, "entrySet")) {
			List<String> values = new ArrayList<>();
			Object said = ((Map.Entry<?, ?>) entry).getValue();
			if (is(said, "Array"))
				for (Object one : (Iterable<?>) said)
					values.add((String) ask(one, "getAsString"));
			else
				values.add((String) ask(said, "getAsString"));
			headers.put((String) ((Map.Entry<?, ?>) entry).getKey(), values);
		}
	}

	/** A body that is no text comes as base64, and JSON may. */
	private static byte[] decode(String words, String type) throws Failure {
		String mimetype = HttpMessage.mimetype(type);
		boolean json = HttpMessage.isJson(mimetype);
		byte[] plain = words.getBytes(StandardCharsets.UTF_8);
		if (isText(mimetype) && !json)
			return plain;
		try {
			byte[] decoded = Base64.getDecoder().decode(words);
			// Many a number, and a word, is base64 as well.
			String start = new String(decoded, StandardCharsets.ISO_8859_1).trim();
			boolean likely = start.startsWith("{") || start.startsWith("[") || start.startsWith("\"");
			return json && !likely ? plain : decoded;
		} catch (IllegalArgumentException e) {
			if (json)
				return plain;
			throw new Failure(new IllegalArgumentException("a body of the type " + mimetype
				+ " has to be in base64"));
		}
	}
}
