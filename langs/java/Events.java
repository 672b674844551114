package snafu;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Executable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What is special about the handlers of AWS Lambda: a last parameter of the type
 * {@code com.amazonaws.services.lambda.runtime.Context} is filled in, an only one before it is the
 * event and takes the whole payload, and streams take and give bytes.
 */
final class Events {
	private static final String RUNTIME = "com.amazonaws.services.lambda.runtime.";
	private static final int RAW_CAP = 1 << 30;

	final boolean whole; // the payload is the event, or the bytes of the stream
	final boolean streams;
	final Convention convention; // another provider's; takes bytes, as streams do
	private final Class<?> context; // the type of the last parameter; null: there is none

	private Events(boolean whole, boolean streams, Class<?> context, Convention convention) {
		this.whole = whole;
		this.streams = streams;
		this.convention = convention;
		this.context = context;
	}

	/** Null when nothing is special. */
	static Events of(Executable executable) {
		Convention convention = Convention.of(executable);
		if (convention != null)
			return new Events(true, true, null, convention);
		Class<?>[] raw = executable.getParameterTypes();
		Class<?> last = raw.length > 0 ? raw[raw.length - 1] : null;
		Class<?> context = last != null && last.isInterface()
			&& last.getName().endsWith(".runtime.Context") ? last : null;
		int count = context == null ? raw.length : raw.length - 1;
		if (count == 2 && raw[0] == InputStream.class && raw[1] == OutputStream.class
				&& executable.getName().startsWith("handle"))
			return new Events(true, true, context, null);
		boolean handler = count == 1 && executable.getName().equals("handleRequest")
			&& implementsHandler(executable.getDeclaringClass());
		return context == null && !handler ? null
			: new Events(count == 1, false, context, null);
	}

	private static boolean implementsHandler(Class<?> c) {
		for (Class<?> at = c; at != null; at = at.getSuperclass())
			for (Class<?> one : at.getInterfaces())
				if (one.getName().startsWith(RUNTIME + "Request"))
					return true;
		return false;
	}

	/** Of COUNT parameters, how many the payload fills. */
	int given(int count) {
		return streams ? 0 : context == null ? count : count - 1;
	}

	/** Whether the payload is the event. An event that is no object may also be given by its name,
	 * as arguments are elsewhere, and one that is no array by its position. */
	boolean takesWhole(Candidate candidate, Object payload) {
		if (!whole || streams || payload == Bridge.ABSENT)
			return whole;
		boolean named = payload instanceof Json.Obj && ((Json.Obj) payload).size == 1
			&& ((Json.Obj) payload).keys[0].equals(candidate.names[0]);
		boolean alone = payload instanceof java.util.List
			&& ((java.util.List<?>) payload).size() == 1;
		return !(named || alone) || candidate.targets[0].cost(payload) < Target.NO;
	}

	/** The payload of streams: SIZE bytes, or -1 for none. */
	static byte[] raw(byte[] bytes, int size) {
		return Arrays.copyOf(bytes, Math.max(size, 0));
	}

	/** All arguments, from those that were given. */
	Object[] complete(Object[] given, Object payload, Call call) throws Failure {
		int count = streams ? 2 : given.length;
		Object[] arguments = Arrays.copyOf(given, context == null ? count : count + 1);
		if (streams) {
			arguments[0] = new ByteArrayInputStream(bytes(payload));
			arguments[1] = new ByteArrayOutputStream();
		}
		if (context != null)
			arguments[count] = Lambda.context(context, call.context());
		return arguments;
	}

	/** The payload of what takes bytes. */
	static byte[] bytes(Object payload) throws Failure {
		return payload instanceof byte[] ? (byte[]) payload : write(payload);
	}

	/** JSON again, where streams stand beside overloads without. */
	static byte[] write(Object payload) throws Failure {
		Out out = new Out(new byte[512]);
		out.begin(RAW_CAP);
		try {
			if (payload != Bridge.ABSENT)
				new Render(out).result(Target.natural(payload));
		} catch (Render.Unfit | Bad e) {
			throw new Failure(e);
		}
		return Arrays.copyOf(out.bytes, out.size);
	}

	Object result(Object value, Object[] arguments) {
		return streams ? new Written(((ByteArrayOutputStream) arguments[1]).toByteArray(), false)
			: value;
	}

	/** What a handler wrote. */
	static final class Written {
		private final byte[] bytes;
		private final boolean exact; // whatever it is

		Written(byte[] bytes, boolean exact) {
			this.bytes = bytes;
			this.exact = exact;
		}

		/** As it is when it is JSON, else as a string; nothing is null. */
		void write(Out out) {
			if (exact) {
				out.bytes(bytes);
				return;
			}
			if (bytes.length == 0) {
				out.raw("null");
				return;
			}
			try {
				new Json().parse(bytes, bytes.length);
				out.bytes(bytes);
			} catch (Json.Malformed e) {
				out.string(new String(bytes, StandardCharsets.UTF_8));
			}
		}
	}
}
