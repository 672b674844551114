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
	private static final int MONITORENTER = 0xc2, TABLESWITCH = 0xaa,
		LOOKUPSWITCH = 0xab, WIDE = 0xc4, IINC = 0x84, OPCODES = 0xca;

	/** Sizes of the instructions 0 to 201, with their operands; 0 for those that vary. */
	private static final String SIZES = "111111111111111123233222221111111111111111111111111111222221111111111111"
		+ "111111111111111111111111111111111111111111111111111111111111311111111111"
		+ "1111111113333333333333333200111111333333355323113311043355";

	/** Internal names, also of classes that are only mentioned in a descriptor. */
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
		in.skipNBytes(6); // access flags, this and super class: among the pool's classes
		in.skipNBytes(2L * in.readUnsignedShort());
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
			if (tags[i] == 7)
				addName(texts[refers[i]]);
			else if (tags[i] >= 9 && tags[i] <= 11)
				owners.add(texts[refers[refers[i]]]);
			else if (tags[i] == 1)
				addDescriptor(texts[i]);
		}
	}

	private void addName(String name) {
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
				if (attribute.equals("Code") && locks(body))
					stateful = true;
			}
			if (fields)
				stateful |= (flags & STATIC) != 0 && !(constant && (flags & FINAL) != 0);
			else
				stateful |= name.equals("<clinit>") || (flags & NATIVE) != 0
					|| (flags & STATIC) != 0 && (flags & SYNCHRONIZED) != 0;
		}
	}

	/** Whether a Code attribute takes a lock: that may be one of a class, which calls would share. */
	private static boolean locks(byte[] body) {
		int length = number(body, 4);
		for (int at = 8; at < 8 + length;) {
			int code = body[at] & 0xff;
			if (code == MONITORENTER || code >= OPCODES)
				return true;
			int size = SIZES.charAt(code) - '0';
			int aligned = at + 4 - (at - 8) % 4; // where a switch's numbers begin
			if (code == TABLESWITCH)
				size = aligned + 4 * (number(body, aligned + 8) - number(body, aligned + 4) + 4)
					- at;
			else if (code == LOOKUPSWITCH)
				size = aligned + 8 * (number(body, aligned + 4) + 1) - at;
			else if (code == WIDE)
				size = (body[at + 1] & 0xff) == IINC ? 6 : 4;
			if (size <= 0)
				return true;
			at += size;
		}
		return false;
	}

	private static int number(byte[] body, int at) {
		return (body[at] & 0xff) << 24 | (body[at + 1] & 0xff) << 16 | (body[at + 2] & 0xff) << 8
			| body[at + 3] & 0xff;
	}
}
