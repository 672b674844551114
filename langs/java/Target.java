package snafu;

import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.*;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What a parameter's type makes of a JSON value. One object for each type, shared by all threads;
 * cost() says how well a value suits, which tells overloads apart, convert() makes the argument.
 */
final class Target {
	/** The cost of a value that does not suit at all. */
	static final int NO = 10_000;

	private static final int BOOLEAN = 0, BYTE = 1, SHORT = 2, INT = 3, LONG = 4, FLOAT = 5,
		DOUBLE = 6, CHAR = 7, STRING = 8, BIG_INTEGER = 9, BIG_DECIMAL = 10, ANY = 11, ENUM = 12,
		ARRAY = 13, COLLECTION = 14, MAP = 15, OPTIONAL = 16, TEXT = 17, BEAN = 18, STREAM = 19,
		NONE = 20;

	// A literal in Java is an int; one that needs no narrowing comes next.
	private static final int[] WIDTH_COST = {0, 10, 8, 0, 2};

	/** What is known of a class, and of the types made with it, lives and dies with the class. */
	private static final class Known {
		final Target plain;
		final ConcurrentHashMap<Type, Target> made = new ConcurrentHashMap<>();

		Known(Target plain) {
			this.plain = plain;
		}
	}

	private static final ClassValue<Known> KNOWN = new ClassValue<>() {
		@Override
		protected Known computeValue(Class<?> type) {
			return new Known(new Target(type));
		}
	};

	final Type type;
	final Class<?> raw;
	private final int kind;
	private final int text; // TEXT: Texts.kind()
	private String reason; // NONE: why no JSON value can be of this type
	private Target items; // ARRAY, COLLECTION, OPTIONAL, STREAM, the values of a MAP
	private Target keys; // MAP

	static Target of(Type type) {
		if (type instanceof Class)
			return KNOWN.get((Class<?>) type).plain;
		Type plain = Types.plain(type);
		if (plain instanceof Class)
			return KNOWN.get((Class<?>) plain).plain;
		ConcurrentHashMap<Type, Target> made = KNOWN.get(Types.youngest(plain)).made;
		Target target = made.get(plain);
		if (target == null) {
			target = new Target(plain);
			made.put(plain, target); // two threads may make the same: no harm
		}
		return target;
	}

	/** TYPE is plain. */
	private Target(Type type) {
		this.type = type;
		raw = Types.raw(type);
		int plain = plainKind(raw);
		text = plain < 0 ? Texts.kind(raw) : -1;
		kind = plain >= 0 ? plain : text >= 0 ? TEXT : structureKind();
	}

	private static int plainKind(Class<?> c) {
		if (c == String.class || c == CharSequence.class)
			return STRING;
		if (c == int.class || c == Integer.class)
			return INT;
		if (c == long.class || c == Long.class)
			return LONG;
		if (c == double.class || c == Double.class)
			return DOUBLE;
		if (c == boolean.class || c == Boolean.class)
			return BOOLEAN;
		if (c == byte.class || c == Byte.class)
			return BYTE;
		if (c == short.class || c == Short.class)
			return SHORT;
		if (c == float.class || c == Float.class)
			return FLOAT;
		if (c == char.class || c == Character.class)
			return CHAR;
		if (c == BigInteger.class)
			return BIG_INTEGER;
		if (c == BigDecimal.class)
			return BIG_DECIMAL;
		if (c == Object.class || c == Number.class || c == Comparable.class
				|| c == java.io.Serializable.class)
			return ANY;
		return -1;
	}

	private int structureKind() {
		if (raw.isArray()) {
			items = of(type instanceof GenericArrayType
				? ((GenericArrayType) type).getGenericComponentType() : raw.getComponentType());
			return ARRAY;
		}
		if (raw.isEnum())
			return ENUM;
		if (Optional.class == raw) {
			items = of(Types.argument(type, 0));
			return OPTIONAL;
		}
		if (raw == OptionalInt.class || raw == OptionalLong.class || raw == OptionalDouble.class) {
			items = of(raw == OptionalInt.class ? int.class
				: raw == OptionalLong.class ? long.class : double.class);
			return OPTIONAL;
		}
		if (Streams.isStream(raw)) {
			items = of(Streams.item(type, raw));
			return STREAM;
		}
		if (Containers.isCollection(raw)) {
			items = of(Types.argument(type, 0));
			return COLLECTION;
		}
		if (Map.class.isAssignableFrom(raw) && Containers.canMake(raw)) {
			boolean named = raw == Properties.class;
			keys = of(named ? String.class : Types.argument(type, 0));
			items = of(named ? String.class : Types.argument(type, 1));
			return MAP;
		}
		reason = Beans.obstacle(raw);
		return reason == null ? BEAN : NONE;
	}

	/** Whether it is made of the JDK's classes only, which are the same for all loaders. */
	boolean isPermanent() {
		return Loader.age(Types.youngest(type).getClassLoader()) == Loader.PERMANENT;
	}

	/** Whether the caller may leave an argument of this type out. */
	boolean optional() {
		return kind == OPTIONAL;
	}

	boolean isArray() {
		return kind == ARRAY;
	}

	Target items() {
		return items;
	}

	/** How badly VALUE suits, 0 is best, NO not at all. What a conversion checks in depth
	 * (dates, members of beans) is not looked at. */
	int cost(Object value) {
		if (kind == NONE)
			return value == null ? 5 : NO;
		if (value == null)
			return raw.isPrimitive() ? NO : kind == OPTIONAL ? 1 : 0;
		int boxed = raw.isPrimitive() ? 0 : 1;
		switch (kind) {
		case BOOLEAN:
			return value instanceof Boolean ? boxed : NO;
		case BYTE:
		case SHORT:
		case INT:
		case LONG:
			return value instanceof Long && fits((Long) value) ? WIDTH_COST[kind] + boxed : NO;
		case FLOAT:
		case DOUBLE:
			return !isNumber(value) ? NO : (value instanceof Json.Real ? 0 : 15)
				+ (kind == FLOAT ? 3 : 0) + boxed;
		case BIG_INTEGER:
			return value instanceof BigInteger ? 0 : value instanceof Long ? 13 : NO;
		case BIG_DECIMAL:
			return !isNumber(value) ? NO : value instanceof Json.Real ? 6 : 22;
		case CHAR:
			return value instanceof String && ((String) value).length() == 1 ? 3 + boxed : NO;
		case STRING:
			return value instanceof String ? raw == String.class ? 0 : 1 : NO;
		case ANY:
			return raw == Number.class && !isNumber(value) ? NO
				: raw == Comparable.class && (value instanceof Json.Obj || value instanceof List)
				? NO : 40;
		case ENUM:
			return value instanceof String && constant((String) value) != null ? 2 : NO;
		case TEXT:
			return value instanceof String ? raw == Class.class ? 30
				: CharSequence.class.isAssignableFrom(raw) ? 2 : 5 : NO;
		case OPTIONAL:
			return items.cost(value) + 1;
		case ARRAY:
			return arrayCost(value);
		case COLLECTION:
		case STREAM:
			return value instanceof List ? 2 + itemsCost((List<?>) value, kind == STREAM ? 2 : 0)
				: NO;
		case MAP:
			return value instanceof Json.Obj ? 4 : NO;
		default:
			return Beans.cost(raw, value);
		}
	}

	private int arrayCost(Object value) {
		if (value instanceof String)
			return raw == byte[].class ? 6 : raw == char[].class ? 4 : NO;
		return value instanceof List ? 1 + itemsCost((List<?>) value, 0) : NO;
	}

	/** The worst of the items; the first hundred stand for all. */
	private int itemsCost(List<?> list, int more) {
		int worst = 0;
		for (int i = 0; i < list.size() && i < 100 && worst < NO; i++)
			worst = Math.max(worst, items.cost(list.get(i)));
		return Math.min(NO, worst + more);
	}

	private boolean fits(long n) {
		switch (kind) {
		case BYTE:
			return n == (byte) n;
		case SHORT:
			return n == (short) n;
		case INT:
			return n == (int) n;
		default:
			return true;
		}
	}

	private static boolean isNumber(Object value) {
		return value instanceof Long || value instanceof Json.Real || value instanceof BigInteger;
	}

	private Object constant(String name) {
		for (Object constant : raw.getEnumConstants())
			if (((Enum<?>) constant).name().equals(name))
				return constant;
		return null;
	}

	/** The Java value that VALUE stands for. */
	Object convert(Object value) throws Bad, Failure {
		if (value == null)
			return nothing();
		switch (kind) {
		case INT:
			if (value instanceof Long && (Long) value == (int) (long) (Long) value)
				return (int) (long) (Long) value;
			return integer(value);
		case STRING:
			if (value instanceof String)
				return value;
			throw expected(value);
		case LONG:
			return value instanceof Long ? value : integer(value);
		case BYTE:
		case SHORT:
			return integer(value);
		case DOUBLE:
		case FLOAT:
			return real(value);
		case BOOLEAN:
			if (value instanceof Boolean)
				return value;
			throw expected(value);
		case CHAR:
			if (value instanceof String && ((String) value).length() == 1)
				return ((String) value).charAt(0);
			throw expected(value);
		case BIG_INTEGER:
			return bigInteger(value);
		case BIG_DECIMAL:
			if (isNumber(value))
				return Texts.decimal(value);
			throw expected(value);
		case ANY:
			return any(value);
		default:
			return structure(value);
		}
	}

	private Object structure(Object value) throws Bad, Failure {
		switch (kind) {
		case ENUM:
			Object constant = value instanceof String ? constant((String) value) : null;
			if (constant == null)
				throw expected(value);
			return constant;
		case ARRAY:
			return array(value);
		case COLLECTION:
			if (value instanceof List)
				return Containers.collection(this, (List<?>) value);
			throw expected(value);
		case STREAM:
			if (value instanceof List)
				return Streams.make(raw, (Object[]) list((List<?>) value, Object.class));
			throw expected(value);
		case MAP:
			if (value instanceof Json.Obj)
				return Containers.map(this, keys, (Json.Obj) value);
			throw expected(value);
		case OPTIONAL:
			return present(items.convert(value));
		case TEXT:
			if (value instanceof Long && Date.class == raw)
				return new Date((Long) value);
			if (value instanceof String)
				return Texts.read(text, (String) value, Bridge.loader());
			throw expected(value);
		case BEAN:
			return Beans.make(this, value);
		default:
			throw new Bad("a " + Types.name(type) + " cannot be given as JSON: " + reason);
		}
	}

	private Object nothing() throws Bad {
		if (raw.isPrimitive())
			throw expected(null);
		if (kind != OPTIONAL)
			return null;
		return raw == OptionalInt.class ? OptionalInt.empty()
			: raw == OptionalLong.class ? OptionalLong.empty()
			: raw == OptionalDouble.class ? (Object) OptionalDouble.empty() : Optional.empty();
	}

	private Object present(Object value) {
		return raw == OptionalInt.class ? OptionalInt.of((Integer) value)
			: raw == OptionalLong.class ? OptionalLong.of((Long) value)
			: raw == OptionalDouble.class ? OptionalDouble.of((Double) value)
			: (Object) Optional.ofNullable(value);
	}

	private Bad expected(Object got) {
		return Bad.type(describe(), got);
	}

	private BigInteger bigInteger(Object value) throws Bad {
		if (value instanceof Long)
			return BigInteger.valueOf((Long) value);
		if (value instanceof BigInteger)
			return (BigInteger) value;
		if (value instanceof Json.Real) { // 1e3 and 2.0 are whole numbers
			try {
				return Texts.decimal(value).toBigIntegerExact();
			} catch (ArithmeticException e) {
				throw expected(value);
			}
		}
		throw expected(value);
	}

	private Object integer(Object value) throws Bad {
		if (!isNumber(value))
			throw expected(value);
		BigInteger big = bigInteger(value);
		if (big.bitLength() > 63 || !fits(big.longValue()))
			throw new Bad(Json.describe(value) + " is out of the range of " + raw.getSimpleName());
		long n = big.longValue();
		switch (kind) {
		case BYTE:
			return (byte) n;
		case SHORT:
			return (short) n;
		case INT:
			return (int) n;
		default:
			return n;
		}
	}

	private Object real(Object value) throws Bad {
		if (!isNumber(value))
			throw expected(value);
		double d = value instanceof Long ? (double) (Long) value
			: Double.parseDouble(value.toString());
		float f = kind == FLOAT ? Float.parseFloat(value.toString()) : 0;
		if (Double.isInfinite(d) || Float.isInfinite(f))
			throw new Bad(Json.describe(value) + " is out of the range of " + raw.getSimpleName());
		return kind == FLOAT ? (Object) f : (Object) d;
	}

	private Object array(Object value) throws Bad, Failure {
		if (value instanceof String && raw == char[].class)
			return ((String) value).toCharArray();
		if (value instanceof String && raw == byte[].class) {
			try {
				return Base64.getDecoder().decode((String) value);
			} catch (IllegalArgumentException e) {
				throw Bad.type("base64", value);
			}
		}
		if (value instanceof List)
			return list((List<?>) value, Types.raw(items.type));
		throw expected(value);
	}

	/** An array of the converted items. */
	private Object list(List<?> list, Class<?> component) throws Bad, Failure {
		Object array = Array.newInstance(component, list.size());
		for (int i = 0; i < list.size(); i++)
			Array.set(array, i, item(list.get(i), i));
		return array;
	}

	/** Item I of a list, converted. */
	Object item(Object value, int i) throws Bad, Failure {
		try {
			return items.convert(value);
		} catch (Bad e) {
			throw e.in("[" + i + "]");
		}
	}

	/** What JSON itself says, for parameters that take anything. */
	private Object any(Object value) throws Bad {
		Object made = natural(value);
		if (!raw.isInstance(made))
			throw expected(value);
		return made;
	}

	static Object natural(Object value) throws Bad {
		if (value instanceof Json.Real) {
			double d = ((Json.Real) value).value();
			if (!Double.isInfinite(d)) {
				BigDecimal exact = Texts.decimal(value);
				boolean same = exact.compareTo(new BigDecimal(Double.toString(d))) == 0;
				return same ? (Object) d : exact;
			}
			return Texts.decimal(value);
		}
		if (value instanceof List) {
			ArrayList<Object> list = new ArrayList<>(((List<?>) value).size());
			for (Object item : (List<?>) value)
				list.add(natural(item));
			return list;
		}
		if (value instanceof Json.Obj) {
			Json.Obj object = (Json.Obj) value;
			LinkedHashMap<String, Object> map = new LinkedHashMap<>();
			for (int i = 0; i < object.size; i++)
				map.put(object.keys[i], natural(object.values[i]));
			return map;
		}
		return value;
	}

	/** What it takes, in words: "int", "one of RED, GREEN". */
	String describe() {
		if (kind != ENUM)
			return Types.name(type) + (kind == CHAR ? " (a string of one character)"
				: raw == byte[].class ? " (base64)" : "");
		StringBuilder words = new StringBuilder("one of ");
		for (Object constant : raw.getEnumConstants()) {
			if (words.length() > 7)
				words.append(", ");
			if (words.length() > 200)
				return words.append("...").toString();
			words.append(((Enum<?>) constant).name());
		}
		return words.toString();
	}
}
