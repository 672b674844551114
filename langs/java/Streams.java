package snafu;

import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.stream.BaseStream;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Streams as parameters; apart, so that functions without them do not load all that. */
final class Streams {
	private Streams() {
	}

	static boolean isStream(Class<?> raw) {
		return BaseStream.class.isAssignableFrom(raw) && raw.isInterface();
	}

	static Type item(Type type, Class<?> raw) {
		return raw == IntStream.class ? Integer.class : raw == LongStream.class ? Long.class
			: raw == DoubleStream.class ? Double.class : Types.argument(type, 0);
	}

	static Object make(Class<?> raw, Object[] items) {
		if (raw == IntStream.class)
			return Arrays.stream(items).mapToInt(item -> (Integer) item);
		if (raw == LongStream.class)
			return Arrays.stream(items).mapToLong(item -> (Long) item);
		if (raw == DoubleStream.class)
			return Arrays.stream(items).mapToDouble(item -> (Double) item);
		return Stream.of(items);
	}
}
