package snafu;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.security.ProtectionDomain;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The classes of a Loader as the loaders of isolated calls (Fresh) want them: where each name leads
 * to, and the class file's bytes, read once. Shared by threads.
 */
final class Templates {
	private static final long KEPT_CAP = 64L << 20; // bytes of a loader's class files from jars and folders
	private static final int FILE_CAP = 16 << 20; // bytes of one

	/** A name's class, and when it is the loader's own, its bytes. */
	static final class Template {
		final Class<?> base;
		final boolean own; // else BASE is the JDK's or ours, or, when null, the parent's
		private final byte[] bytes;
		final int offset;
		final int length;
		final ProtectionDomain domain;

		private Template(Class<?> base, boolean own, byte[] bytes, int offset, int length) {
			this.base = base;
			this.own = own;
			this.bytes = bytes;
			this.offset = offset;
			this.length = length;
			domain = own && base.getProtectionDomain().getCodeSource() != null
				&& base.getProtectionDomain().getCodeSource().getLocation() != null
				? base.getProtectionDomain() : null;
		}

		/** Of the class file, with LENGTH bytes from OFFSET on. */
		byte[] bytes() throws ClassNotFoundException {
			return bytes != null ? bytes : file((Loader) base.getClassLoader(), base.getName());
		}
	}

	private final Loader loader;
	private final AtomicLong kept = new AtomicLong();
	private final ConcurrentHashMap<String, Template> known = new ConcurrentHashMap<>();

	Templates(Loader loader) {
		this.loader = loader;
	}

	/** Where NAME leads to; loads the class in the loader itself, too, but does not initialise it. */
	Template of(String name) throws ClassNotFoundException {
		Template template = known.get(name);
		if (template == null) {
			template = make(Class.forName(name, false, loader));
			known.put(name, template); // two threads may make the same: no harm
		}
		return template;
	}

	private Template make(Class<?> base) throws ClassNotFoundException {
		ClassLoader owner = base.getClassLoader();
		if (!(owner instanceof Loader))
			return new Template(base, false, null, 0, 0);
		if (owner == loader.getParent())
			return new Template(null, false, null, 0, 0);
		Unit unit = ((Loader) owner).unitOfClass(base.getName()); // OWNER may be an older one
		if (unit != null)
			return new Template(base, true, unit.bytes, unit.offset(base.getName()),
				unit.length(base.getName()));
		byte[] read = file(loader, base.getName());
		boolean keep = kept.addAndGet(read.length) <= KEPT_CAP;
		if (!keep)
			kept.addAndGet(-read.length);
		return new Template(base, true, keep ? read : null, 0, read.length);
	}

	/** A class file of a jar or folder. */
	private static byte[] file(Loader loader, String name) throws ClassNotFoundException {
		URL url = loader.findResource(name.replace('.', '/') + ".class");
		if (url == null)
			throw new ClassNotFoundException(name);
		try (InputStream in = url.openStream()) {
			byte[] bytes = in.readNBytes(FILE_CAP + 1);
			if (bytes.length > FILE_CAP)
				throw new ClassNotFoundException(name + " is too large");
			return bytes;
		} catch (IOException e) {
			throw new ClassNotFoundException(name, e);
		}
	}
}
