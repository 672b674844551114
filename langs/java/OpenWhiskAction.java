package snafu;

import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;

/** Apache OpenWhisk: {@code static JsonObject main(JsonObject)}, with the Gson that the user's code
 * brings along. {@link OpenWhiskWeb} has web actions. */
final class OpenWhiskAction extends Convention {
	private static final String GSON = "com.google.gson.";

	private final Class<?> object;

	private OpenWhiskAction(Class<?> object) {
		this.object = object;
	}

	static Convention of(Executable executable, Class<?>[] types) {
		return executable.getName().equals("main") && types.length == 1
			&& Modifier.isStatic(executable.getModifiers())
			&& types[0].getName().equals(GSON + "JsonObject") ? new OpenWhiskAction(types[0]) : null;
	}

	@Override
	Exchange begin(byte[] payload, Call call) throws Problems, Failure {
		if (HttpMessage.isMessage(payload)) // only web actions are called so
			return new OpenWhiskWeb(HttpMessage.read(payload), this::parse);
		String json = payload.length == 0 ? "{}" : new String(payload, StandardCharsets.UTF_8);
		if (payload.length > 0 && !(HttpMessage.json(payload) instanceof Json.Obj))
			throw problem("an action takes an object");
		return new Exchange(parse(json)) {
			@Override
			Events.Written result(Object value) {
				return new Events.Written(String.valueOf(value).getBytes(StandardCharsets.UTF_8),
					false);
			}
		};
	}

	/** An old Gson has no static parseString(), a new one has both. */
	private Object parse(String json) throws Failure {
		try {
			Class<?> parser = Class.forName(GSON + "JsonParser", true, object.getClassLoader());
			return parser.getMethod("parse", String.class)
				.invoke(parser.getConstructor().newInstance(), json);
		} catch (InvocationTargetException e) {
			throw new Failure(e.getCause());
		} catch (ReflectiveOperationException e) {
			throw new Failure(e);
		}
	}
}
