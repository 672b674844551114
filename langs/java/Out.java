package snafu;

import java.util.Arrays;

/** Growing UTF-8 bytes with a cap, and the JSON forms of plain values. Used by one thread. */
final class Out {
	/** The cap was reached. */
	static final class Full extends RuntimeException {
		private static final long serialVersionUID = 1;

		Full() {
			super(null, null, false, false);
		}
	}

	private static final byte[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b',
		'c', 'd', 'e', 'f'};

	byte[] bytes;
	int size;
	boolean lossy; // half a surrogate pair was replaced since begin()
	private int cap;

	Out(byte[] first) {
		bytes = first;
	}

	/** Empties it; from now on it holds up to CAP bytes. */
	void begin(int newCap) {
		size = 0;
		lossy = false;
		cap = newCap;
	}

	private void room(int more) {
		if (more > cap - size)
			throw new Full();
		if (bytes.length - size < more)
			bytes = Arrays.copyOf(bytes,
				(int) Math.min(cap, Math.max((long) size + more, bytes.length * 2L)));
	}

	void put(char c) {
		if (size == bytes.length || size == cap)
			room(1);
		bytes[size++] = (byte) c;
	}

	/** ASCII text as it is. */
	@SuppressWarnings("deprecation")
	void raw(String ascii) {
		int length = ascii.length();
		room(length);
		ascii.getBytes(0, length, bytes, size);
		size += length;
	}

	/** UTF-8 as it is. */
	void bytes(byte[] utf8) {
		room(utf8.length);
		System.arraycopy(utf8, 0, bytes, size, utf8.length);
		size += utf8.length;
	}

	void number(long n) {
		if (n == Long.MIN_VALUE) {
			raw("-9223372036854775808");
			return;
		}
		room(20);
		if (n < 0) {
			bytes[size++] = '-';
			n = -n;
		}
		int digits = 1;
		for (long limit = 10; digits < 19 && n >= limit; limit *= 10)
			digits++;
		int k = size += digits;
		do {
			bytes[--k] = (byte) ('0' + n % 10);
			n /= 10;
		} while (n > 0);
	}

	/** A string with its quotes. Half a surrogate pair, which UTF-8 lacks, becomes U+FFFD. */
	void string(CharSequence text) {
		int length = text.length();
		room(length + 2);
		bytes[size++] = '"';
		int i = 0;
		while (i < length) {
			char c = text.charAt(i++);
			if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
				if (size == bytes.length || size == cap)
					room(1);
				bytes[size++] = (byte) c;
			} else if (Character.isHighSurrogate(c) && i < length
					&& Character.isLowSurrogate(text.charAt(i))) {
				point(Character.toCodePoint(c, text.charAt(i++)));
			} else {
				lossy |= Character.isSurrogate(c);
				point(Character.isSurrogate(c) ? 0xfffd : c);
			}
		}
		put('"');
	}

	private void point(int c) {
		room(6);
		byte[] b = bytes;
		if (c < 0x80) {
			escape(c);
		} else if (c < 0x800) {
			b[size++] = (byte) (0xc0 | c >> 6);
			b[size++] = (byte) (0x80 | c & 0x3f);
		} else if (c < 0x10000) {
			b[size++] = (byte) (0xe0 | c >> 12);
			b[size++] = (byte) (0x80 | c >> 6 & 0x3f);
			b[size++] = (byte) (0x80 | c & 0x3f);
		} else {
			b[size++] = (byte) (0xf0 | c >> 18);
			b[size++] = (byte) (0x80 | c >> 12 & 0x3f);
			b[size++] = (byte) (0x80 | c >> 6 & 0x3f);
			b[size++] = (byte) (0x80 | c & 0x3f);
		}
	}

	private void escape(int c) {
		int k = "\"\\\b\f\n\r\t".indexOf(c);
		if (k >= 0) {
			bytes[size++] = '\\';
			bytes[size++] = (byte) "\"\\bfnrt".charAt(k);
		} else if (c == 0x7f) {
			bytes[size++] = (byte) c;
		} else {
			raw("\\u00");
			bytes[size++] = HEX[c >> 4];
			bytes[size++] = HEX[c & 15];
		}
	}
}
