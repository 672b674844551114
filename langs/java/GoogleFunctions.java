package snafu;

import java.lang.reflect.Executable;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Google Cloud Functions: {@code HttpFunction.service}, {@code BackgroundFunction.accept},
 * {@code RawBackgroundFunction.accept} and {@code CloudEventsFunction.accept}. What they are given
 * are proxies of the interfaces that the user's code brings along.
 */
final class GoogleFunctions extends Convention {
	private static final String PACKAGE = "com.google.cloud.functions.";

	private enum Kind {
		HTTP, RAW, BACKGROUND, EVENT
	}

	private final Kind kind;
	private final Class<?>[] types;
	private final java.lang.reflect.Type data; // of a background function

	private GoogleFunctions(Kind kind, Class<?>[] types, java.lang.reflect.Type data) {
		this.kind = kind;
		this.types = types;
		this.data = data;
	}

	static Convention of(Executable executable, Class<?>[] types) {
		String name = executable.getName();
		String last = types[types.length - 1].getName();
		if (name.equals("service") && types.length == 2 && last.equals(PACKAGE + "HttpResponse"))
			return new GoogleFunctions(Kind.HTTP, types, null);
		if (!name.equals("accept"))
			return null;
		if (types.length == 1 && last.equals("io.cloudevents.CloudEvent"))
			return new GoogleFunctions(Kind.EVENT, types, null);
		if (types.length == 2 && last.equals(PACKAGE + "Context"))
			return new GoogleFunctions(types[0] == String.class ? Kind.RAW : Kind.BACKGROUND, types,
				executable.getGenericParameterTypes()[0]);
		return null;
	}

	static Object proxy(Class<?> type, InvocationHandler handler) {
		return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler);
	}

	/** What every object has, and what a later version of the interfaces may add. */
	static Object other(Object proxy, Method method, Object[] arguments) {
		switch (method.getName()) {
		case "equals":
			return proxy == arguments[0];
		case "hashCode":
			return System.identityHashCode(proxy);
		case "toString":
			return method.getDeclaringClass().getSimpleName() + " of Snafu";
		default:
			throw new UnsupportedOperationException(method.getDeclaringClass().getName() + "."
				+ method.getName() + " is nothing that Snafu has");
		}
	}

	@Override
	Exchange begin(byte[] payload, Call call) throws Problems, Failure {
		HttpMessage message = HttpMessage.read(payload);
		switch (kind) {
		case HTTP:
			return new GoogleHttp(message, types);
		case EVENT:
			return new Event(message, proxy(types[0], new GoogleEvent(message, call.context())));
		default:
			return background(message, call.context());
		}
	}

	/** What gives nothing back. */
	private static final class Event extends Exchange {
		private final HttpMessage message;

		Event(HttpMessage message, Object... arguments) {
			super(arguments);
			this.message = message;
		}

		@Override
		Events.Written result(Object value) throws Failure {
			if (message.direct)
				return new Events.Written(new byte[0], false);
			return message.reply(200, Map.of("Content-Type", List.of("text/plain; charset=utf-8")),
				"OK".getBytes(StandardCharsets.US_ASCII));
		}
	}

	private Exchange background(HttpMessage message, Context call) throws Problems, Failure {
		Object whole = message.body.length == 0 ? new Json.Obj() : HttpMessage.json(message.body);
		Json.Obj object = whole instanceof Json.Obj ? (Json.Obj) whole : new Json.Obj();
		Json.Obj about = null;
		Object given = whole;
		if (member(object, "context") instanceof Json.Obj && object.find("data") >= 0)
			about = (Json.Obj) member(object, "context");
		else if (object.find("eventId") >= 0 && object.find("data") >= 0)
			about = object;
		if (about != null)
			given = member(object, "data");
		Object context = proxy(types[1], new About(about, call));
		return new Event(message, data(given), context);
	}

	private Object data(Object given) throws Problems, Failure {
		if (kind == Kind.RAW)
			return new String(Events.write(given), StandardCharsets.UTF_8);
		try {
			return Target.of(data).convert(given);
		} catch (Bad e) {
			throw problem("data: " + e.getMessage());
		}
	}

	static Object member(Json.Obj object, String key) {
		int k = object == null ? -1 : object.find(key);
		return k < 0 ? null : object.values[k];
	}

	static String text(Json.Obj object, String key, String other) {
		Object value = member(object, key);
		return value instanceof String ? (String) value : other;
	}

	/** com.google.cloud.functions.Context. */
	private static final class About implements InvocationHandler {
		private final Json.Obj about; // null where the caller said nothing
		private final Context call;

		About(Json.Obj about, Context call) {
			this.about = about;
			this.call = call;
		}

		@Override
		public Object invoke(Object proxy, Method method, Object[] arguments) {
			switch (method.getName()) {
			case "eventId":
				return text(about, "eventId", call.requestId());
			case "timestamp":
				return text(about, "timestamp", Instant.now().toString());
			case "eventType":
				return text(about, "eventType", "snafu.call");
			case "resource":
				Object resource = member(about, "resource");
				return resource instanceof Json.Obj ? text((Json.Obj) resource, "name", "")
					: text(about, "resource", "");
			case "attributes":
				return new TreeMap<String, String>();
			default:
				return other(proxy, method, arguments);
			}
		}
	}
}
