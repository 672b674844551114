package snafu;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.Adler32;
import java.util.zip.CRC32;

/**
 * The classes that one compilation made, in one file of the cache: the sources it read, with
 * checksums, the libraries, the warnings, then the classes. Being one file it is replaced in one
 * step, and a reader has it whole.
 */
final class Unit {
	private static final int MAGIC = 0x534e4157; // raised with the format
	private static final int CAP = 256 << 20; // bytes

	/** One class: the source it is from, and where its bytes are. */
	private static final class Entry {
		String source;
		int offset;
		int length;
	}

	final byte[] bytes;
	final String warnings;
	boolean mayExit; // calls something of the name exit or halt
	private final Map<String, Entry> entries = new LinkedHashMap<>();

	private Unit(byte[] bytes, String warnings) {
		this.bytes = bytes;
		this.warnings = warnings;
	}

	Set<String> classes() {
		return entries.keySet();
	}

	/** The absolute path of the source, null when the class is not in here. */
	String source(String name) {
		Entry entry = entries.get(name);
		return entry == null ? null : entry.source;
	}

	/** The classes that a class uses. */
	Set<String> uses(String name) {
		try {
			java.util.HashSet<String> names = new java.util.HashSet<>();
			for (String used : new ClassFile(bytes, offset(name), length(name)).names)
				names.add(used.replace('/', '.'));
			return names;
		} catch (IOException e) {
			return Set.of();
		}
	}

	int offset(String name) {
		return entries.get(name).offset;
	}

	int length(String name) {
		return entries.get(name).length;
	}

	static long checksum(byte[] bytes) {
		CRC32 crc = new CRC32();
		Adler32 adler = new Adler32();
		crc.update(bytes, 0, bytes.length);
		adler.update(bytes, 0, bytes.length);
		return crc.getValue() << 32 | adler.getValue();
	}

	static byte[] read(File file) throws IOException {
		try (FileInputStream in = new FileInputStream(file)) {
			if (file.length() > CAP)
				throw new IOException(file + " is too large");
			return in.readAllBytes();
		}
	}

	/** The unit in FILE if it is still what its sources would give; else null. */
	static Unit load(File file) {
		if (!file.isFile())
			return null;
		try {
			byte[] bytes = read(file);
			ByteArrayInputStream stream = new ByteArrayInputStream(bytes);
			DataInputStream in = new DataInputStream(stream);
			if (in.readInt() != MAGIC)
				return null;
			String[] sources = new String[in.readInt()];
			for (int i = 0; i < sources.length; i++) {
				sources[i] = in.readUTF();
				long size = in.readLong();
				long sum = in.readLong();
				File source = new File(sources[i]);
				if (source.length() != size || checksum(read(source)) != sum)
					return null;
			}
			for (int n = in.readInt(); n > 0; n--) {
				File library = new File(in.readUTF());
				if (library.length() != in.readLong() | library.lastModified() != in.readLong())
					return null;
			}
			Unit unit = new Unit(bytes, in.readUTF());
			unit.mayExit = in.readBoolean();
			unit.readEntries(in, sources, bytes.length);
			return unit;
		} catch (IOException | RuntimeException e) {
			return null; // cut off, or a source is gone
		}
	}

	private void readEntries(DataInputStream in, String[] sources, int end) throws IOException {
		int count = in.readInt();
		int total = in.readInt();
		for (int i = 0; i < count; i++) {
			Entry entry = new Entry();
			String name = in.readUTF();
			entry.source = sources[in.readInt()];
			entry.length = in.readInt();
			entries.put(name, entry);
		}
		if (in.available() != total)
			throw new IOException("cut off");
		int offset = end - total;
		for (Entry entry : entries.values()) {
			entry.offset = offset;
			offset += entry.length;
		}
	}

	/** Whether a class file has the name as a constant. */
	private static boolean names(byte[] bytes, String name) {
		return new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1)
			.contains("\1\0\4" + name);
	}

	/** Writes what load() reads. SOURCES: absolute paths and their bytes; CLASSES: by name, the
	 * bytes; ORIGINS: by name, the source. */
	static void write(OutputStream stream, Map<String, byte[]> sources, List<String> libraries,
			String warnings, Map<String, byte[]> classes, Map<String, String> origins)
			throws IOException {
		DataOutputStream out = new DataOutputStream(stream);
		List<String> order = new java.util.ArrayList<>(sources.keySet());
		out.writeInt(MAGIC);
		out.writeInt(order.size());
		for (String source : order) {
			out.writeUTF(source);
			out.writeLong(sources.get(source).length);
			out.writeLong(checksum(sources.get(source)));
		}
		out.writeInt(libraries.size());
		for (String library : libraries) {
			out.writeUTF(library);
			out.writeLong(new File(library).length());
			out.writeLong(new File(library).lastModified());
		}
		out.writeUTF(warnings.length() > 10_000 ? warnings.substring(0, 10_000) : warnings);
		int total = 0;
		boolean mayExit = false;
		for (byte[] bytes : classes.values()) {
			total += bytes.length;
			mayExit |= names(bytes, "exit") || names(bytes, "halt");
		}
		out.writeBoolean(mayExit);
		out.writeInt(classes.size());
		out.writeInt(total);
		for (Map.Entry<String, byte[]> entry : classes.entrySet()) {
			out.writeUTF(entry.getKey());
			out.writeInt(order.indexOf(origins.get(entry.getKey())));
			out.writeInt(entry.getValue().length);
		}
		for (byte[] bytes : classes.values())
			out.write(bytes);
		out.flush();
	}
}
