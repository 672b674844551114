package snafu;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What a class file says of the state that its class keeps, and of the classes that it names: as
 * much as Stateless wants to know (The Java Virtual Machine Specification, chapter 4).
 */
final class ClassFile {
	private static final int STATIC = 0x0008, FINAL = 0x0010, SYNCHRONIZED = 0x0020,
		NATIVE = 0x0100;
	private static final int LDC = 0x12, LDC_W = 0x13, MONITORENTER = 0xc2, TABLESWITCH = 0xaa,
		LOOKUPSWITCH = 0xab, WIDE = 0xc4, IINC = 0x84, OPCODES = 0xca;

	/** new, anewarray, checkcast, instanceof, multianewarray. */
	private static final String TAKE_CLASS = "\u00bb\u00bd\u00c0\u00c1\u00c5";

	/** Sizes of the instructions 0 to 201, with their operands; 0 for those that vary. */
	private static final String SIZES = "111111111111111123233222221111111111111111111111111111222221111111111111"
		+ "111111111111111111111111111111111111111111111111111111111111311111111111"
		+ "1111111113333333333333333200111111333333355323113311043355";

	/** Internal names of the classes that its code uses, and those in descriptors; not of those that
	 * it is only written beside, such as the class around it. */
	final Set<String> names = new LinkedHashSet<>();
	/** Those of which it calls a method or touches a field. */
	final Set<String> owners = new LinkedHashSet<>();
	/** It keeps state, runs code when it is initialised, or locks. */
	boolean stateful;

	private final DataInputStream in;
	private final int[] tags;
	private final int[] refers;
	private final String[] texts;

	ClassFile(byte[] bytes, int offset, int length) throws IOException {
		in = new DataInputStream(new ByteArrayInputStream(bytes, offset, length));
		in.readLong(); // magic, version
		int count = in.readUnsignedShort();
		tags = new int[count];
		refers = new int[count];
		texts = new String[count];
		readPool();
		in.skipNBytes(4); // access flags, this class
		addClass(in.readUnsignedShort());
		for (int n = in.readUnsignedShort(); n > 0; n--)
			addClass(in.readUnsignedShort());
		readMembers(true);
		readMembers(false);
	}

	private void readPool() throws IOException {
		for (int i = 1; i < tags.length; i++) {
			tags[i] = in.readUnsignedByte();
			switch (tags[i]) {
			case 1:
				texts[i] = in.readUTF();
				break;
			case 7: // a class
			case 8: // a string
			case 16: // a method's type
			case 19:
			case 20:
				refers[i] = in.readUnsignedShort();
				break;
			case 15: // a method handle
				in.skipNBytes(3);
				break;
			case 5:
			case 6:
				in.skipNBytes(8);
				i++;
				break;
			default:
				refers[i] = in.readUnsignedShort();
				in.skipNBytes(2);
			}
		}
		for (int i = 1; i < tags.length; i++) {
			if (tags[i] >= 9 && tags[i] <= 11) {
				owners.add(texts[refers[refers[i]]]);
				addClass(refers[i]);
			} else if (tags[i] == 1) {
				addDescriptor(texts[i]);
			}
		}
	}

	/** Entry I of the pool, when it is a class. */
	private void addClass(int i) {
		if (i == 0 || tags[i] != 7)
			return;
		String name = texts[refers[i]];
		if (name.startsWith("["))
			addDescriptor(name);
		else
			names.add(name);
	}

	/** Descriptors, signatures; other texts that look like them do no harm. */
	private void addDescriptor(String text) {
		int start = -1;
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c == 'L' && start < 0) {
				start = i + 1;
			} else if (start >= 0 && (c == ';' || c == '<')) {
				if (i > start)
					names.add(text.substring(start, i));
				start = -1;
			}
		}
	}

	private void readMembers(boolean fields) throws IOException {
		for (int n = in.readUnsignedShort(); n > 0; n--) {
			int flags = in.readUnsignedShort();
			String name = texts[in.readUnsignedShort()];
			in.skipNBytes(2);
			boolean constant = false;
			for (int a = in.readUnsignedShort(); a > 0; a--) {
				String attribute = texts[in.readUnsignedShort()];
				byte[] body = in.readNBytes(in.readInt());
				constant |= attribute.equals("ConstantValue");
				if (attribute.equals("Code"))
					readCode(body);
			}
			if (fields)
				stateful |= (flags & STATIC) != 0 && !(constant && (flags & FINAL) != 0);
			else
				stateful |= name.equals("<clinit>") || (flags & NATIVE) != 0
					|| (flags & STATIC) != 0 && (flags & SYNCHRONIZED) != 0;
		}
	}

	/** A Code attribute. A lock that it takes may be one of a class, which calls would share. */
	private void readCode(byte[] body) {
		int end = 8 + number(body, 4);
		for (int at = 8; at < end;) {
			int code = body[at] & 0xff;
			int size = code < OPCODES ? size(body, at, code) : 0;
			stateful |= code == MONITORENTER || size <= 0;
			if (size <= 0)
				return;
			if (code == LDC)
				addClass(body[at + 1] & 0xff);
			else if (code == LDC_W || TAKE_CLASS.indexOf(code) >= 0)
				addClass(number(body, at) >> 8 & 0xffff);
			at += size;
		}
		for (int n = number(body, end) >> 16 & 0xffff, at = end + 2; n > 0; n--, at += 8)
			addClass(number(body, at + 4) & 0xffff); // what is caught
	}

	/** Of the instruction CODE at AT. */
	private static int size(byte[] body, int at, int code) {
		int aligned = at + 4 - (at - 8) % 4; // where a switch's numbers begin
		switch (code) {
		case TABLESWITCH:
			return aligned + 4 * (number(body, aligned + 8) - number(body, aligned + 4) + 4) - at;
		case LOOKUPSWITCH:
			return aligned + 8 * (number(body, aligned + 4) + 1) - at;
		case WIDE:
			return (body[at + 1] & 0xff) == IINC ? 6 : 4;
		default:
			return SIZES.charAt(code) - '0';
		}
	}

	private static int number(byte[] body, int at) {
		return (body[at] & 0xff) << 24 | (body[at + 1] & 0xff) << 16 | (body[at + 2] & 0xff) << 8
			| body[at + 3] & 0xff;
	}
}
