package snafu;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** io.cloudevents.CloudEvent, made of an HTTP request (HTTP protocol binding 1.0): of headers ce-*
 * and the body, or of JSON that has all; of other JSON when nobody sent HTTP. */
final class GoogleEvent implements InvocationHandler {
	private static final Set<String> OWN = Set.of("specversion", "id", "source", "type", "time",
		"subject", "datacontenttype", "dataschema");

	private final Map<String, String> attributes = new TreeMap<>();
	private byte[] data; // null: none

	GoogleEvent(HttpMessage message, Context call) throws Problems, Failure {
		if (message.first("ce-specversion", null) != null)
			takeHeaders(message);
		else
			takeWhole(message, call);
		for (String name : List.of("id", "source", "type"))
			if (attributes.getOrDefault(name, "").isEmpty())
				throw Convention.problem("the CloudEvent has no " + name);
	}

	private void takeHeaders(HttpMessage message) {
		for (Map.Entry<String, List<String>> entry : message.headers.entrySet()) {
			String name = entry.getKey().toLowerCase(java.util.Locale.ROOT);
			if (name.startsWith("ce-"))
				attributes.put(name.substring(3), entry.getValue().get(0));
		}
		String type = message.first("Content-Type", null);
		if (type != null)
			attributes.put("datacontenttype", type);
		data = message.body.length == 0 ? null : message.body;
	}

	private void takeWhole(HttpMessage message, Context call) throws Problems, Failure {
		boolean json = message.direct || HttpMessage.isJson(message.first("Content-Type", ""));
		Object whole = json && message.body.length > 0 ? HttpMessage.json(message.body) : null;
		Json.Obj object = whole instanceof Json.Obj ? (Json.Obj) whole : new Json.Obj();
		if (object.find("specversion") >= 0) {
			for (int i = 0; i < object.size; i++)
				if (!object.keys[i].startsWith("data") || OWN.contains(object.keys[i]))
					attributes.put(object.keys[i], String.valueOf(object.values[i]));
			takeData(object);
			return;
		}
		if (!message.direct)
			throw Convention.problem("this is no CloudEvent: neither has it the header "
				+ "ce-specversion, nor is it JSON with \"specversion\"");
		attributes.putAll(Map.of("specversion", "1.0", "id", call.requestId(), "source", "/snafu",
			"type", "snafu.call", "datacontenttype", "application/json"));
		data = message.body.length == 0 ? null : message.body;
	}

	private void takeData(Json.Obj object) throws Problems, Failure {
		Object plain = GoogleFunctions.member(object, "data");
		String encoded = GoogleFunctions.text(object, "data_base64", null);
		if (encoded != null) {
			try {
				data = Base64.getDecoder().decode(encoded);
			} catch (IllegalArgumentException e) {
				throw Convention.problem("data_base64 is no base64");
			}
		} else if (plain != null) {
			String type = attributes.getOrDefault("datacontenttype", "application/json");
			data = plain instanceof String && !HttpMessage.isJson(type)
				? ((String) plain).getBytes(StandardCharsets.UTF_8) : Events.write(plain);
		}
	}

	@Override
	public Object invoke(Object proxy, Method method, Object[] arguments) {
		switch (method.getName()) {
		case "getId":
			return attributes.get("id");
		case "getType":
			return attributes.get("type");
		case "getSource":
			return uri(attributes.get("source"));
		case "getSubject":
			return attributes.get("subject");
		case "getDataContentType":
			return attributes.get("datacontenttype");
		case "getDataSchema":
			return uri(attributes.get("dataschema"));
		case "getTime":
			return time(attributes.get("time"));
		case "getSpecVersion":
			return version(method.getReturnType());
		case "getData":
			return data == null ? null : GoogleFunctions.proxy(method.getReturnType(), this::bytes);
		case "getExtension":
			return OWN.contains(arguments[0]) ? null : attributes.get(arguments[0]);
		case "getAttribute":
			return OWN.contains(arguments[0]) ? attributes.get(arguments[0]) : null;
		case "getExtensionNames":
			return names(false);
		case "getAttributeNames":
			return names(true);
		default:
			return GoogleFunctions.other(proxy, method, arguments);
		}
	}

	private Set<String> names(boolean own) {
		Set<String> names = new java.util.TreeSet<>();
		for (String name : attributes.keySet())
			if (OWN.contains(name) == own)
				names.add(name);
		return names;
	}

	private Object bytes(Object proxy, Method method, Object[] arguments) {
		return method.getName().equals("toBytes") ? data.clone()
			: GoogleFunctions.other(proxy, method, arguments);
	}

	private static URI uri(String text) {
		try {
			return text == null ? null : URI.create(text);
		} catch (IllegalArgumentException e) {
			return URI.create("urn:unreadable");
		}
	}

	private static OffsetDateTime time(String text) {
		try {
			return text == null ? null : OffsetDateTime.parse(text);
		} catch (DateTimeParseException e) {
			return null;
		}
	}

	/** Of the enum SpecVersion, V1 or V03. */
	private Object version(Class<?> type) {
		for (Object constant : type.getEnumConstants())
			if (((Enum<?>) constant).name().equals(
					"0.3".equals(attributes.get("specversion")) ? "V03" : "V1"))
				return constant;
		return null;
	}
}
