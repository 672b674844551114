package snafu;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;

/**
 * JSON bytes (RFC 8259, strictly) into a small tree: null, Boolean, Long, BigInteger, {@link Real},
 * String, {@link ArrayList} and {@link Obj}. Numbers lose no digit. One parser serves one thread
 * and is used again for every call. Nesting and number length are capped, so that hostile input
 * costs no more than its own size.
 */
final class Json {
	static final int DEPTH_CAP = 128;
	static final int DIGITS_CAP = 20_000; // BigInteger's parsing takes more than linear time

	/** A number with a fraction or an exponent, as it was written. */
	static final class Real {
		final String text;

		Real(String text) {
			this.text = text;
		}

		double value() {
			return Double.parseDouble(text);
		}

		@Override
		public String toString() {
			return text;
		}
	}

	/** An object: members in their order, also those given twice. */
	static final class Obj {
		String[] keys = new String[4];
		Object[] values = new Object[4];
		int size;

		void add(String key, Object value) {
			if (size == keys.length) {
				keys = java.util.Arrays.copyOf(keys, size * 2);
				values = java.util.Arrays.copyOf(values, size * 2);
			}
			keys[size] = key;
			values[size++] = value;
		}

		int find(String key) {
			for (int i = 0; i < size; i++)
				if (keys[i].equals(key))
					return i;
			return -1;
		}
	}

	/** The bytes are not JSON. */
	static final class Malformed extends Exception {
		private static final long serialVersionUID = 1;

		Malformed(String message) {
			super(message, null, false, false);
		}
	}

	private byte[] bytes;
	private int at;
	private int end;
	private int depth;

	/** The value that the first SIZE bytes are. */
	Object parse(byte[] text, int size) throws Malformed {
		bytes = text;
		at = 0;
		end = size;
		depth = 0;
		Object value = value(skipSpace());
		if (skipSpace() >= 0)
			throw malformed("something follows the end of the value");
		return value;
	}

	private Malformed malformed(String problem) {
		return new Malformed("malformed JSON at byte " + at + ": " + problem);
	}

	/** The next byte that is no white space, not yet taken; -1 at the end. */
	private int skipSpace() {
		while (at < end) {
			int c = bytes[at];
			if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
				return c & 0xff;
			at++;
		}
		return -1;
	}

	private Object value(int c) throws Malformed {
		switch (c) {
		case '"':
			return string();
		case '{':
			return object();
		case '[':
			return array();
		case 't':
			return word("true", Boolean.TRUE);
		case 'f':
			return word("false", Boolean.FALSE);
		case 'n':
			return word("null", null);
		case -1:
			throw malformed("it ends where a value should be");
		default:
			if (c == '-' || c >= '0' && c <= '9')
				return number();
			throw malformed("no value begins like this");
		}
	}

	private Object word(String word, Object value) throws Malformed {
		for (int i = 0; i < word.length(); i++)
			if (at + i >= end || bytes[at + i] != word.charAt(i))
				throw malformed("no value begins like this");
		at += word.length();
		return value;
	}

	private void enter() throws Malformed {
		if (++depth > DEPTH_CAP)
			throw malformed("more than " + DEPTH_CAP + " arrays and objects inside each other");
		at++;
	}

	private Object array() throws Malformed {
		ArrayList<Object> list = new ArrayList<>();
		enter();
		int c = skipSpace();
		if (c != ']') {
			for (;;) {
				list.add(value(c));
				c = skipSpace();
				if (c == ']')
					break;
				if (c != ',')
					throw malformed("',' or ']' is missing");
				at++;
				c = skipSpace();
			}
		}
		at++;
		depth--;
		return list;
	}

	private Object object() throws Malformed {
		Obj object = new Obj();
		enter();
		int c = skipSpace();
		if (c != '}') {
			for (;;) {
				if (c != '"')
					throw malformed("a member's name in quotes is missing");
				String key = string();
				if (skipSpace() != ':')
					throw malformed("':' is missing");
				at++;
				object.add(key, value(skipSpace()));
				c = skipSpace();
				if (c == '}')
					break;
				if (c != ',')
					throw malformed("',' or '}' is missing");
				at++;
				c = skipSpace();
			}
		}
		at++;
		depth--;
		return object;
	}

	private int digits() throws Malformed {
		int start = at;
		while (at < end && bytes[at] >= '0' && bytes[at] <= '9')
			at++;
		if (at == start)
			throw malformed("a digit is missing");
		return at - start;
	}

	private Object number() throws Malformed {
		int start = at;
		boolean negative = bytes[at] == '-';
		if (negative)
			at++;
		int first = at;
		int count = digits();
		if (count > 1 && bytes[first] == '0') {
			at = first;
			throw malformed("a number has a leading zero");
		}
		boolean real = false;
		if (at < end && bytes[at] == '.') {
			real = true;
			at++;
			digits();
		}
		if (at < end && (bytes[at] | 0x20) == 'e') {
			real = true;
			at++;
			if (at < end && (bytes[at] == '+' || bytes[at] == '-'))
				at++;
			digits();
		}
		if (at - start > DIGITS_CAP)
			throw malformed("a number has more than " + DIGITS_CAP + " digits");
		if (!real && count <= 18) {
			long n = 0;
			for (int i = first; i < at; i++)
				n = n * 10 + (bytes[i] - '0');
			return negative ? -n : n;
		}
		String text = new String(bytes, start, at - start, StandardCharsets.ISO_8859_1);
		if (real)
			return new Real(text);
		BigInteger big = new BigInteger(text);
		return big.bitLength() < 64 ? (Object) big.longValue() : big;
	}

	private String string() throws Malformed {
		int start = ++at;
		int i = start;
		while (i < end) {
			int c = bytes[i];
			if (c == '"') {
				at = i + 1;
				return new String(bytes, start, i - start, StandardCharsets.ISO_8859_1);
			}
			if (c == '\\' || c < 0x20) // bytes are signed: also those from 0x80 on
				break;
			i++;
		}
		return slowString(start, i);
	}

	/** A string with escapes or with bytes beyond ASCII; plain ones up to I. */
	private String slowString(int start, int i) throws Malformed {
		StringBuilder text = new StringBuilder(i - start + 16);
		for (int k = start; k < i; k++)
			text.append((char) bytes[k]);
		at = i;
		for (;;) {
			if (at >= end)
				throw malformed("a string does not end");
			int c = bytes[at];
			if (c == '"') {
				at++;
				return text.toString();
			}
			if (c == '\\') {
				escape(text);
			} else if (c >= 0x20) {
				text.append((char) c);
				at++;
			} else if (c >= 0) {
				throw malformed("a control character in a string must be escaped");
			} else {
				sequence(text);
			}
		}
	}

	private void escape(StringBuilder text) throws Malformed {
		int c = at + 1 < end ? bytes[at + 1] : -1;
		if (c == 'u') {
			int unit = hex();
			if (Character.isHighSurrogate((char) unit) && at + 1 < end && bytes[at] == '\\'
					&& bytes[at + 1] == 'u') {
				text.append((char) unit);
				unit = hex();
				if (!Character.isLowSurrogate((char) unit))
					throw malformed("half a surrogate pair");
			} else if (Character.isSurrogate((char) unit)) {
				throw malformed("half a surrogate pair");
			}
			text.append((char) unit);
			return;
		}
		int k = c < 0 ? -1 : "\"\\/bfnrt".indexOf(c);
		if (k < 0)
			throw malformed("an escape that JSON does not have");
		text.append("\"\\/\b\f\n\r\t".charAt(k));
		at += 2;
	}

	/** The four digits of a \\u escape that begins here; passes over it. */
	private int hex() throws Malformed {
		if (at + 6 > end)
			throw malformed("an escape is cut off");
		int unit = 0;
		for (int i = at + 2; i < at + 6; i++) {
			int digit = bytes[i] < 0 ? -1 : Character.digit((char) bytes[i], 16);
			if (digit < 0)
				throw malformed("\\u takes four hexadecimal digits");
			unit = unit << 4 | digit;
		}
		at += 6;
		return unit;
	}

	/** One UTF-8 sequence of two to four bytes. */
	private void sequence(StringBuilder text) throws Malformed {
		int c = bytes[at] & 0xff;
		int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
		int least = more == 3 ? 0x10000 : more == 2 ? 0x800 : 0x80;
		int point = more == 3 ? c & 0x07 : more == 2 ? c & 0x0f : c & 0x1f;
		boolean good = c >= 0xc2 && c <= 0xf4 && at + more < end;
		for (int i = 1; good && i <= more; i++) {
			int next = bytes[at + i];
			good = (next & 0xc0) == 0x80;
			point = point << 6 | next & 0x3f;
		}
		if (!good || point < least || point > 0x10ffff || point >= 0xd800 && point < 0xe000)
			throw malformed("not UTF-8");
		text.appendCodePoint(point);
		at += more + 1;
	}

	/** A value in words, for messages: {@code the string "abc"}. */
	static String describe(Object value) {
		if (value == null)
			return "null";
		if (value instanceof Boolean)
			return value.toString();
		if (value instanceof String) {
			String text = (String) value;
			return "the string \"" + shortened(text) + '"';
		}
		if (value instanceof ArrayList)
			return "an array";
		if (value instanceof Obj)
			return "an object";
		return "the number " + shortened(value.toString());
	}

	private static String shortened(String text) {
		return text.length() > 40 ? text.substring(0, 40) + "..." : text;
	}
}
