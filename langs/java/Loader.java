package snafu;

import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Loads the user's classes: those that were compiled here, and those of jars and folders. */
final class Loader extends URLClassLoader {
	static {
		registerAsParallelCapable();
	}

	private final Map<String, Unit> compiled = new HashMap<>(); // guarded by itself
	private final Set<String> paths = new HashSet<>(); // guarded by itself
	private final Map<String, Loader> kept = new HashMap<>(); // by class; guarded by `compiled`
	private final Sources sources; // looks for classes still missing in its trees; or null
	final Templates templates = new Templates(this); // for Fresh

	Loader(ClassLoader parent, Sources sources) {
		super(new URL[0], parent);
		this.sources = sources;
	}

	/** The bridge's classes that users' code may name. */
	static boolean isOurs(String name) {
		return name.startsWith("snafu.") && (name.equals("snafu.Snafu")
			|| name.equals("snafu.CallException") || name.equals("snafu.Context"));
	}

	/** The age of the JDK's loaders. */
	static final int PERMANENT = 3;

	/** Of two loaders, the one of lower age is gone first, or at the same time. */
	static int age(ClassLoader loader) {
		return loader instanceof Fresh ? 0 : !(loader instanceof Loader) ? PERMANENT
			: loader.getParent() instanceof Loader ? 1 : 2;
	}

	@Override
	protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
		return isOurs(name) ? Class.forName(name) : super.loadClass(name, resolve);
	}

	/** A jar, or a folder of classes or resources; those that do not exist do no harm. */
	void addPath(String path, boolean folder) {
		synchronized (paths) {
			if (!paths.add(path))
				return;
		}
		try {
			addURL(new URL("file", null, folder ? escape(path) + '/' : escape(path)));
		} catch (MalformedURLException e) {
			Bridge.warn("cannot use " + path + ": " + e.getMessage());
		}
	}

	private static String escape(String path) {
		boolean plain = true;
		for (int i = 0; i < path.length() && plain; i++) {
			char c = path.charAt(i);
			plain = c > ' ' && c < 0x7f && c != '%' && c != '#' && c != '?' && c != '!';
		}
		return plain ? path : new java.io.File(path).toURI().getRawPath();
	}

	/** Whether all classes of UNIT can be added: none is there from another source. */
	boolean accepts(Unit unit) {
		synchronized (compiled) {
			for (String name : unit.classes()) {
				Loader older = kept.get(name);
				Unit other = older == null ? compiled.get(name) : older.unitOfClass(name);
				if (other != null && !other.source(name).equals(unit.source(name)))
					return false;
			}
		}
		return true;
	}

	void add(Unit unit) {
		synchronized (compiled) {
			for (String name : unit.classes())
				if (!kept.containsKey(name))
					part(folder(name));
			for (String name : unit.classes())
				if (!kept.containsKey(name))
					compiled.putIfAbsent(name, unit);
		}
	}

	private static String folder(String name) {
		return name.substring(0, name.lastIndexOf('.') + 1);
	}

	/** Classes of one package must have one loader, or they could not use each other. */
	private void part(String folder) {
		if (!kept.isEmpty())
			kept.keySet().removeIf(name -> folder(name).equals(folder));
	}

	/** The classes that are from FILES, or use such a class, and so on. */
	Set<String> affected(Set<String> files) {
		Map<String, Unit> all;
		Set<String> found = new HashSet<>();
		synchronized (compiled) {
			all = new HashMap<>(compiled);
			for (Map.Entry<String, Loader> entry : kept.entrySet())
				all.put(entry.getKey(), entry.getValue().unitOfClass(entry.getKey()));
		}
		Map<String, Set<String>> users = new HashMap<>();
		java.util.ArrayDeque<String> left = new java.util.ArrayDeque<>();
		for (Map.Entry<String, Unit> entry : all.entrySet()) {
			String name = entry.getKey();
			if (files.contains(entry.getValue().source(name)) && found.add(name))
				left.add(name);
			for (String used : entry.getValue().uses(name))
				users.computeIfAbsent(used, key -> new HashSet<>()).add(name);
		}
		while (!left.isEmpty())
			for (String user : users.getOrDefault(left.remove(), Set.of()))
				if (found.add(user))
					left.add(user);
		return found;
	}

	/** Whether one of NAMES is from a source. */
	boolean has(String source, Set<String> names) {
		for (String name : names) {
			Unit unit = unitOfClass(name);
			if (unit != null && source.equals(unit.source(name)))
				return true;
		}
		return false;
	}

	/** From now on OLD's classes are this one's, too, but for AFFECTED and their packages. */
	void keep(Loader old, Set<String> affected) {
		Set<String> folders = new HashSet<>();
		for (String name : affected)
			folders.add(folder(name));
		synchronized (old.compiled) {
			kept.putAll(old.kept);
			for (String name : old.compiled.keySet())
				kept.put(name, old);
		}
		kept.keySet().removeIf(name -> folders.contains(folder(name)));
	}

	/** The compiled classes' unit, null for others. */
	Unit unitOfClass(String name) {
		synchronized (compiled) {
			return compiled.get(name);
		}
	}

	/** The unit with the classes of a source file, null when none of them has it. */
	Unit unitOf(String source) {
		synchronized (compiled) {
			for (Map.Entry<String, Unit> entry : compiled.entrySet())
				if (source.equals(entry.getValue().source(entry.getKey())))
					return entry.getValue();
		}
		return null;
	}

	@Override
	protected Class<?> findClass(String name) throws ClassNotFoundException {
		Unit unit;
		Loader older;
		synchronized (compiled) {
			unit = compiled.get(name);
			older = unit == null ? kept.get(name) : null;
		}
		if (older != null)
			return older.loadClass(name);
		if (unit == null) {
			try {
				return super.findClass(name);
			} catch (ClassNotFoundException e) {
				unit = sources == null ? null : sources.compileMissing(this, name);
				if (unit == null)
					throw e;
			}
		}
		int dot = name.lastIndexOf('.');
		if (dot > 0 && getDefinedPackage(name.substring(0, dot)) == null) {
			try {
				definePackage(name.substring(0, dot), null, null, null, null, null, null, null);
			} catch (IllegalArgumentException e) {
				// another thread was quicker
			}
		}
		return defineClass(name, unit.bytes, unit.offset(name), unit.length(name));
	}
}
