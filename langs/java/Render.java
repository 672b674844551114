package snafu;

import java.math.BigDecimal;
import java.util.Enumeration;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.BaseStream;

/** A function's value as JSON. Used by one thread. */
final class Render {
	private static final int DEPTH_CAP = Json.DEPTH_CAP;

	/** The value has no JSON form. */
	static final class Unfit extends Exception {
		private static final long serialVersionUID = 1;

		Unfit(String message) {
			super(message, null, false, false);
		}
	}

	private final Out out;
	private final Object[] above = new Object[DEPTH_CAP]; // what is being written, outermost first
	private final Object[] steps = new Object[DEPTH_CAP]; // how to get from one to the next
	private int depth;

	Render(Out out) {
		this.out = out;
	}

	void result(Object value) throws Unfit, Failure {
		depth = 0;
		try {
			write(value);
		} finally {
			for (int i = 0; i < DEPTH_CAP && above[i] != null; i++)
				above[i] = steps[i] = null;
		}
	}

	private void write(Object value) throws Unfit, Failure {
		if (value == null)
			out.raw("null");
		else if (value instanceof String)
			text((String) value);
		else if (value instanceof Integer || value instanceof Long || value instanceof Short
				|| value instanceof Byte)
			out.number(((Number) value).longValue());
		else if (value instanceof Boolean)
			out.raw((Boolean) value ? "true" : "false");
		else if (value instanceof Double || value instanceof Float)
			real((Number) value);
		else if (value instanceof CharSequence || value instanceof Character)
			text(value.toString());
		else if (value.getClass().isArray())
			array(value);
		else
			object(value);
	}

	private void real(Number value) throws Unfit {
		double d = value.doubleValue();
		if (d != d || d == Double.POSITIVE_INFINITY || d == Double.NEGATIVE_INFINITY)
			throw unfit("is " + value + ", which JSON does not have");
		out.raw(value.toString());
	}

	private void text(CharSequence text) throws Unfit {
		out.string(text);
		if (out.lossy)
			throw unfit("has half a surrogate pair, which JSON does not have");
	}

	private void object(Object value) throws Unfit, Failure {
		if (value instanceof Number)
			number((Number) value);
		else if (value instanceof Enum)
			text(((Enum<?>) value).name());
		else if (value instanceof Map)
			map((Map<?, ?>) value);
		else if (value instanceof Iterable && !(value instanceof java.nio.file.Path))
			items(value, ((Iterable<?>) value).iterator());
		else
			other(value);
	}

	private void number(Number value) throws Unfit {
		String text = value.toString();
		if (value instanceof BigDecimal) {
			out.raw(text);
			return;
		}
		try { // BigInteger, AtomicLong, somebody's Fraction
			byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
			Object parsed = text.length() > Json.DIGITS_CAP ? value : new Json().parse(bytes,
				bytes.length);
			if (parsed instanceof Long || parsed instanceof Json.Real
					|| parsed instanceof java.math.BigInteger) {
				out.raw(text);
				return;
			}
		} catch (Json.Malformed e) {
			// not a number in JSON's notation
		}
		text(text);
	}

	private void other(Object value) throws Unfit, Failure {
		if (value instanceof Optional)
			write(((Optional<?>) value).orElse(null));
		else if (value instanceof Iterator)
			items(value, (Iterator<?>) value);
		else if (value instanceof BaseStream)
			stream((BaseStream<?, ?>) value);
		else if (value instanceof Future)
			write(await((Future<?>) value));
		else if (value instanceof Map.Entry)
			entry((Map.Entry<?, ?>) value);
		else if (value instanceof Throwable)
			throwable((Throwable) value);
		else if (value instanceof Enumeration)
			items(value, ((Enumeration<?>) value).asIterator());
		else if (value instanceof OptionalInt)
			write(((OptionalInt) value).isPresent() ? ((OptionalInt) value).getAsInt() : null);
		else if (value instanceof OptionalLong)
			write(((OptionalLong) value).isPresent() ? ((OptionalLong) value).getAsLong() : null);
		else if (value instanceof OptionalDouble)
			write(((OptionalDouble) value).isPresent() ? ((OptionalDouble) value).getAsDouble()
				: null);
		else if (value instanceof java.util.concurrent.atomic.AtomicBoolean)
			out.raw(value.toString());
		else
			bean(value);
	}

	private void bean(Object value) throws Unfit, Failure {
		String text = Texts.write(value);
		if (text != null) {
			text(text);
			return;
		}
		Class<?> c = value.getClass();
		Members.Member[] members = Beans.isForeign(c) || c.isHidden() ? null : Members.of(c);
		if (members == null || members.length == 0 && !c.isRecord())
			throw unfit("is a " + c.getTypeName() + ", which has no JSON form"
				+ (members == null ? "" : " (no public getters or fields)"));
		enter(value);
		char before = '{';
		for (Members.Member member : members) {
			out.put(before);
			before = ',';
			text(member.name);
			out.put(':');
			step(member.name);
			write(member.read(value));
		}
		if (before == '{')
			out.put('{');
		out.put('}');
		leave();
	}

	private void map(Map<?, ?> map) throws Unfit, Failure {
		enter(map);
		char before = '{';
		for (Map.Entry<?, ?> entry : map.entrySet()) {
			String key = key(entry.getKey());
			out.put(before);
			before = ',';
			text(key);
			out.put(':');
			step(key);
			write(entry.getValue());
		}
		if (before == '{')
			out.put('{');
		out.put('}');
		leave();
	}

	private String key(Object key) throws Unfit {
		if (key instanceof String)
			return (String) key;
		if (key instanceof Enum)
			return ((Enum<?>) key).name();
		if (key == null || key instanceof CharSequence || key instanceof Number
				|| key instanceof Boolean || key instanceof Character)
			return String.valueOf(key);
		String text = Texts.write(key);
		if (text == null)
			throw unfit("has a " + key.getClass().getTypeName() + " as a key: JSON's are strings");
		return text;
	}

	private void entry(Map.Entry<?, ?> entry) throws Unfit, Failure {
		enter(entry);
		out.raw("{\"key\":");
		step("key");
		write(entry.getKey());
		out.raw(",\"value\":");
		step("value");
		write(entry.getValue());
		out.put('}');
		leave();
	}

	private void throwable(Throwable value) {
		out.raw("{\"errorType\":");
		out.string(value.getClass().getName());
		out.raw(",\"errorMessage\":");
		out.string(String.valueOf(value.getMessage()));
		out.put('}');
	}

	private void array(Object array) throws Unfit, Failure {
		if (array instanceof byte[]) {
			text(java.util.Base64.getEncoder().encodeToString((byte[]) array));
			return;
		}
		if (array instanceof char[]) {
			text(new String((char[]) array));
			return;
		}
		enter(array);
		out.put('[');
		int length = java.lang.reflect.Array.getLength(array);
		for (int i = 0; i < length; i++) {
			if (i > 0)
				out.put(',');
			if (array instanceof int[]) {
				out.number(((int[]) array)[i]);
			} else {
				step(i);
				write(java.lang.reflect.Array.get(array, i));
			}
		}
		out.put(']');
		leave();
	}

	/** Whatever yields items, endlessly perhaps: the cap of OUT ends it. */
	private void items(Object container, Iterator<?> iterator) throws Unfit, Failure {
		enter(container);
		out.put('[');
		for (int i = 0; iterator.hasNext(); i++) {
			if (i > 0)
				out.put(',');
			step(i);
			write(iterator.next());
		}
		out.put(']');
		leave();
	}

	private void stream(BaseStream<?, ?> stream) throws Unfit, Failure {
		try (BaseStream<?, ?> closing = stream) {
			items(closing, closing.iterator());
		}
	}

	private static Object await(Future<?> future) throws Failure {
		try {
			return future.get();
		} catch (ExecutionException e) {
			throw new Failure(e.getCause());
		} catch (InterruptedException e) {
			throw new Failure(e);
		}
	}

	private void enter(Object value) throws Unfit {
		for (int i = 0; i < depth; i++)
			if (above[i] == value)
				throw unfit("refers back to " + path(i) + ": JSON has no cycles");
		if (depth == DEPTH_CAP)
			throw unfit("is more than " + DEPTH_CAP + " objects and arrays deep");
		above[depth++] = value;
	}

	private void step(Object step) {
		steps[depth - 1] = step;
	}

	private void leave() {
		above[--depth] = null;
		steps[depth] = null;
	}

	private Unfit unfit(String problem) {
		return new Unfit(path(depth) + " " + problem);
	}

	/** "result.orders[3].next"; long ones without their middle. */
	private String path(int length) {
		StringBuilder path = new StringBuilder("result");
		for (int i = 0; i < length; i++) {
			if (length > 12 && i == 6) {
				path.append("...");
				i = length - 4;
			}
			if (steps[i] instanceof Integer)
				path.append('[').append(steps[i]).append(']');
			else
				path.append('.').append(steps[i]);
		}
		return path.toString();
	}
}
