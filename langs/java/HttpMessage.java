package snafu;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * An HTTP request as the payload of a call, and the reply to it: exporter/connectors/web/http.c has
 * the form. A payload that is JSON stands for the body of a request; its caller wants the reply's
 * body, not HTTP.
 */
final class HttpMessage {
	private static final String[] METHODS = {"GET ", "POST ", "PUT ", "DELETE ", "PATCH ", "HEAD ",
		"OPTIONS "};
	private static final int SAID_CAP = 2000; // characters of a body in an error

	/** A reply says that the function failed, and its caller wants no HTTP. */
	static final class HttpError extends Exception {
		private static final long serialVersionUID = 1;

		HttpError(String message) {
			super(message, null, false, false);
		}
	}

	final String method;
	final String path;
	final String query; // "" for none
	final String prefix;
	final Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
	final byte[] body;
	final boolean direct;

	private HttpMessage(String head, byte[] body) {
		String[] lines = head.split("\r\n");
		String[] words = lines[0].split(" ");
		int mark = words[1].indexOf('?');
		method = words[0];
		path = mark < 0 ? words[1] : words[1].substring(0, mark);
		query = mark < 0 ? "" : words[1].substring(mark + 1);
		for (int i = 1; i < lines.length; i++) {
			int colon = lines[i].indexOf(": ");
			if (colon > 0)
				headers.computeIfAbsent(lines[i].substring(0, colon), key -> new ArrayList<>())
					.add(lines[i].substring(colon + 2));
		}
		prefix = first("X-Forwarded-Prefix", "");
		direct = first("Prefer", "").contains("respond-async");
		this.body = body;
	}

	private HttpMessage(byte[] json) {
		method = json.length == 0 ? "GET" : "POST";
		path = "/";
		query = "";
		prefix = "";
		headers.put("Host", List.of("snafu"));
		headers.put("Content-Length", List.of(String.valueOf(json.length)));
		if (json.length > 0)
			headers.put("Content-Type", List.of("application/json"));
		body = json;
		direct = true;
	}

	/** The request that PAYLOAD is, or stands for. */
	static HttpMessage read(byte[] payload) throws Problems {
		if (isMessage(payload)) {
			int end = headEnd(payload);
			String head = end < 0 ? ""
				: new String(payload, 0, end, StandardCharsets.UTF_8);
			String first = head.substring(0, Math.max(head.indexOf("\r\n"), 0));
			if (first.split(" ").length == 3 && first.endsWith(" HTTP/1.1"))
				return new HttpMessage(head, Arrays.copyOfRange(payload, end + 4, payload.length));
		}
		if (payload.length > 0)
			json(payload);
		return new HttpMessage(payload);
	}

	static boolean isMessage(byte[] payload) {
		String start = new String(payload, 0, Math.min(8, payload.length),
			StandardCharsets.ISO_8859_1);
		for (String name : METHODS)
			if (start.startsWith(name))
				return true;
		return false;
	}

	private static int headEnd(byte[] bytes) {
		for (int i = 0; i + 3 < bytes.length; i++)
			if (bytes[i] == '\r' && bytes[i + 1] == '\n' && bytes[i + 2] == '\r'
					&& bytes[i + 3] == '\n')
				return i;
		return -1;
	}

	static Object json(byte[] bytes) throws Problems {
		try {
			return new Json().parse(bytes, bytes.length);
		} catch (Json.Malformed e) {
			throw Convention.problem(e.getMessage());
		}
	}

	String first(String name, String other) {
		List<String> values = headers.get(name);
		return values == null || values.isEmpty() ? other : values.get(0);
	}

	static String mimetype(String type) {
		int end = type.indexOf(';');
		return (end < 0 ? type : type.substring(0, end)).trim().toLowerCase(java.util.Locale.ROOT);
	}

	static boolean isJson(String type) {
		String plain = mimetype(type);
		return plain.equals("application/json") || plain.endsWith("+json");
	}

	/** Names and values of the query, decoded. */
	Map<String, List<String>> parameters() {
		return parameters(query);
	}

	static Map<String, List<String>> parameters(String query) {
		Map<String, List<String>> parameters = new LinkedHashMap<>();
		for (String part : query.isEmpty() ? new String[0] : query.split("&")) {
			int equals = part.indexOf('=');
			String name = decode(equals < 0 ? part : part.substring(0, equals));
			parameters.computeIfAbsent(name, key -> new ArrayList<>())
				.add(equals < 0 ? "" : decode(part.substring(equals + 1)));
		}
		return parameters;
	}

	private static String decode(String text) {
		try {
			return java.net.URLDecoder.decode(text, StandardCharsets.UTF_8);
		} catch (IllegalArgumentException e) { // an escape that is none
			return text;
		}
	}

	/** The reply to this request, for whoever it is for. */
	Events.Written reply(int status, Map<String, List<String>> said, byte[] bytes)
			throws Failure {
		if (direct)
			return value(status, said, bytes);
		StringBuilder head = new StringBuilder("HTTP/1.1 ").append(status).append("\r\n");
		for (Map.Entry<String, List<String>> entry : said.entrySet())
			for (String one : entry.getValue())
				append(head, entry.getKey(), one);
		byte[] start = head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
		byte[] whole = Arrays.copyOf(start, start.length + bytes.length);
		System.arraycopy(bytes, 0, whole, start.length, bytes.length);
		return new Events.Written(whole, true);
	}

	private static void append(StringBuilder head, String name, String value) throws Failure {
		if ((name + value).indexOf('\n') >= 0 || (name + value).indexOf('\r') >= 0)
			throw new Failure(new IllegalArgumentException(
				"a header of the reply has a line break in it: " + name));
		head.append(name).append(": ").append(value).append("\r\n");
	}

	private static Events.Written value(int status, Map<String, List<String>> said, byte[] bytes)
			throws Failure {
		if (status >= 400) {
			String text = new String(bytes, StandardCharsets.UTF_8).trim();
			if (text.length() > SAID_CAP)
				text = text.substring(0, SAID_CAP);
			throw new Failure(new HttpError(status + (text.isEmpty() ? "" : ": " + text)));
		}
		List<String> type = said.get("Content-Type");
		if (type != null && isJson(type.get(0)))
			return new Events.Written(bytes, false);
		Out out = new Out(new byte[bytes.length + 16]);
		out.begin(1 << 30);
		if (bytes.length == 0)
			out.raw("null");
		else
			out.string(new String(bytes, StandardCharsets.UTF_8));
		return new Events.Written(Arrays.copyOf(out.bytes, out.size), true);
	}
}
