package snafu;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Reader;
import java.lang.reflect.Method;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** HttpRequest and HttpResponse of Google's functions framework, for one call. */
final class GoogleHttp extends Convention.Exchange {
	private final HttpMessage message;
	private final Map<String, List<String>> said = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
	private final ByteArrayOutputStream output = new ByteArrayOutputStream();
	private BufferedWriter writer;
	private BufferedReader reader;
	private ByteArrayInputStream input;
	private int status = 200;

	GoogleHttp(HttpMessage message, Class<?>[] types) {
		super(new Object[2]);
		this.message = message;
		arguments[0] = GoogleFunctions.proxy(types[0], this::request);
		arguments[1] = GoogleFunctions.proxy(types[1], this::response);
	}

	private Object request(Object proxy, Method method, Object[] given) {
		switch (method.getName()) {
		case "getMethod":
			return message.method;
		case "getUri":
			return "http://" + message.first("Host", "localhost") + message.prefix + message.path
				+ (message.query.isEmpty() ? "" : "?" + message.query);
		case "getPath":
			return message.path;
		case "getQuery":
			return message.query.isEmpty() ? Optional.empty() : Optional.of(message.query);
		case "getQueryParameters":
			return message.parameters();
		case "getFirstQueryParameter":
			return first(message.parameters(), given[0]);
		case "getContentType":
			return Optional.ofNullable(message.first("Content-Type", null));
		case "getContentLength":
			return (long) message.body.length;
		case "getCharacterEncoding":
			return Optional.ofNullable(charset(null));
		case "getInputStream":
			return input();
		case "getReader":
			return reader();
		case "getHeaders":
			return message.headers;
		case "getFirstHeader":
			return Optional.ofNullable(message.first((String) given[0], null));
		default: // getParts() among them
			return GoogleFunctions.other(proxy, method, given);
		}
	}

	private static Optional<String> first(Map<String, List<String>> all, Object name) {
		List<String> values = all.get(name);
		return values == null ? Optional.empty() : Optional.of(values.get(0));
	}

	private String charset(String other) {
		String type = message.first("Content-Type", "");
		int at = type.toLowerCase(java.util.Locale.ROOT).indexOf("charset=");
		return at < 0 ? other : type.substring(at + 8).replace("\"", "").split("[; ]")[0];
	}

	private ByteArrayInputStream input() {
		if (input == null)
			input = new ByteArrayInputStream(message.body);
		return input;
	}

	private BufferedReader reader() {
		if (reader == null) {
			String name = charset("UTF-8");
			Charset charset = Charset.isSupported(name) ? Charset.forName(name)
				: StandardCharsets.UTF_8;
			Reader plain = new InputStreamReader(input(), charset);
			reader = new BufferedReader(plain);
		}
		return reader;
	}

	private Object response(Object proxy, Method method, Object[] given) {
		switch (method.getName()) {
		case "setStatusCode":
			status = (Integer) given[0];
			return null;
		case "setContentType":
			said.put("Content-Type", List.of((String) given[0]));
			return null;
		case "getContentType":
			return first(said, "Content-Type");
		case "appendHeader":
			said.computeIfAbsent((String) given[0], key -> new ArrayList<>())
				.add((String) given[1]);
			return null;
		case "getHeaders":
			return said;
		case "getOutputStream":
			return output;
		case "getWriter":
			if (writer == null)
				writer = new BufferedWriter(new OutputStreamWriter(output, StandardCharsets.UTF_8));
			return writer;
		default:
			return GoogleFunctions.other(proxy, method, given);
		}
	}

	@Override
	Events.Written result(Object value) throws Failure {
		try {
			if (writer != null)
				writer.flush();
		} catch (IOException e) {
			throw new Failure(e);
		}
		if (output.size() > 0 && !said.containsKey("Content-Type"))
			said.put("Content-Type", List.of(writer != null ? "text/plain; charset=utf-8"
				: "application/octet-stream"));
		return message.reply(status, said, output.toByteArray());
	}
}
