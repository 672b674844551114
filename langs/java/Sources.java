package snafu;

import java.io.File;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * From a file and a class name to the loaded class. A source file is compiled when its first
 * function is bound, with whatever it needs of its tree (javac's -sourcepath), in a child process,
 * into one file of the cache (Unit). So a tree costs what is used of it, and a file that does not
 * compile harms no other.
 *
 * All sources share one class loader, as if they were one program, unless two files bring
 * different classes of the same name (a folder of exercises): then the later one gets a loader of
 * its own.
 *
 * When files change, another object of this class takes the place of the current one.
 */
final class Sources {
	private static String cache;
	private static String jar;
	private static String compilerHome;
	private static String javaHome;
	private static volatile Sources now; // what bind() takes; replaced when files change

	private final Object lock = new Object(); // never held while a class is loaded
	private final List<String> roots = new ArrayList<>(); // of the source trees
	private final Loader libraries;
	private final Loader shared;
	private final Map<String, Loader> loaders = new HashMap<>(); // by absolute source path
	private final Map<String, Project> projects = new HashMap<>(); // by source root
	private final Set<String> missing = new HashSet<>(); // classes that did not compile
	private final Set<String> changed = new HashSet<>(); // sources that did since the start

	private Sources(Loader libraries) {
		this.libraries = libraries;
		shared = new Loader(libraries, this);
	}

	static void start(String[] settings) {
		cache = settings[0];
		jar = settings[1];
		compilerHome = settings[2];
		javaHome = settings[3];
		now = new Sources(new Loader(ClassLoader.getPlatformClassLoader(), null));
		for (int i = 4; i < settings.length; i++)
			now.addPath(settings[i]);
	}

	/** A library (C) or the root of a source tree (S). */
	private void addPath(String entry) {
		String path = absolute(entry.substring(1));
		if (entry.charAt(0) == 'C')
			addLibrary(path);
		else if (!roots.contains(path))
			roots.add(path);
	}

	/** Files (F) are not what they were; the libraries and source trees as at the start. What the
	 * changed files have no part in stays where it is, with its state; when a library is among them,
	 * that is nothing. */
	static synchronized void change(String[] entries) {
		Sources old = now;
		Set<String> files = new HashSet<>();
		boolean library = false;
		for (String entry : entries) {
			if (entry.charAt(0) == 'F') {
				files.add(absolute(entry.substring(1)));
				library |= !entry.endsWith(".java");
			}
		}
		Sources made = new Sources(library
			? new Loader(ClassLoader.getPlatformClassLoader(), null) : old.libraries);
		for (String entry : entries)
			if (entry.charAt(0) != 'F')
				made.addPath(entry);
		synchronized (old.lock) {
			made.changed.addAll(old.changed);
			if (!library)
				made.keep(old, files);
		}
		made.changed.addAll(files);
		now = made;
	}

	/** Takes over from OLD what has nothing to do with FILES. */
	private void keep(Sources old, Set<String> files) {
		Map<Loader, Set<String>> affected = new HashMap<>();
		affected.put(old.shared, old.shared.affected(files));
		for (Map.Entry<String, Loader> entry : old.loaders.entrySet()) {
			Loader loader = entry.getValue();
			Set<String> names = affected.get(loader);
			if (names == null && loader != old.libraries)
				affected.put(loader, names = loader.affected(files));
			if (names != null && !loader.has(entry.getKey(), names))
				loaders.put(entry.getKey(), loader);
		}
		shared.keep(old.shared, affected.get(old.shared));
	}

	/** An absolute path without dots, also where the file does not exist. */
	private static String absolute(String path) {
		try {
			return new File(path).getCanonicalPath();
		} catch (java.io.IOException e) {
			return new File(path).getAbsolutePath();
		}
	}

	/** A jar, with the jars of the folder lib/ beside it, or a folder of classes. */
	private void addLibrary(String path) {
		boolean isJar = path.endsWith(".jar");
		Bridge.guardExit();
		libraries.addPath(path, !isJar);
		File beside = isJar ? new File(new File(path).getParentFile(), "lib") : null;
		String[] names = beside == null ? null : beside.list();
		for (int i = 0; names != null && i < names.length; i++)
			if (names[i].endsWith(".jar"))
				libraries.addPath(beside.getPath() + '/' + names[i], false);
	}

	/** CLASS_NAME has dots for nested classes too. FILE: .java, .class or .jar; BASE: the root of
	 * the packages, or the jar. */
	static Class<?> find(String className, String file, String root, String base)
			throws LoadFailed {
		Sources sources = now;
		ClassLoader loader = sources.libraries;
		if (file.endsWith(".java"))
			loader = sources.source(file, absolute(file), absolute(root), absolute(base),
				className);
		else
			sources.addLibrary(absolute(base));
		try {
			return load(loader, className);
		} catch (ClassNotFoundException e) {
			throw new LoadFailed("LoadError", "there is no class " + className + " in " + file);
		}
	}

	/** Tries a.b.C.D, a.b.C$D, a.b$C$D... */
	private static Class<?> load(ClassLoader loader, String className)
			throws ClassNotFoundException {
		String name = className;
		for (;;) {
			try {
				return Class.forName(name, false, loader);
			} catch (ClassNotFoundException e) {
				int dot = name.lastIndexOf('.');
				if (dot < 0)
					throw e;
				name = name.substring(0, dot) + '$' + name.substring(dot + 1);
			}
		}
	}

	private Loader source(String file, String path, String root, String base,
			String className) throws LoadFailed {
		synchronized (lock) {
			Loader loader = loaders.get(path);
			if (loader != null)
				return loader;
			if (shared.unitOf(path) != null) {
				loaders.put(path, shared);
				return shared;
			}
			Project project = project(base, root);
			Unit unit;
			try {
				unit = unit(file, path, base, project);
				refuseHalf(unit, file, path);
			} catch (LoadFailed e) {
				if (!isBuilt(project, className))
					throw e;
				Bridge.warn(file + " does not compile; the classes that stand in " + project.folder
					+ " are used: " + firstLine(e.getMessage()));
				return libraries;
			}
			loader = add(unit, base);
			loaders.put(path, loader);
			return loader;
		}
	}

	/** At the start, what does not compile is left out of a file, so that the rest works. When a file
	 * is changed while functions of it are in use, these are better as they were. */
	private void refuseHalf(Unit unit, String file, String path) throws LoadFailed {
		if (!changed.contains(path))
			return;
		for (String line : unit.warnings.split("\n"))
			if (line.startsWith(file + ':'))
				throw new LoadFailed("CompileError", line);
	}

	private static String firstLine(String text) {
		int end = text.indexOf('\n');
		return end < 0 ? text : text.substring(0, end);
	}

	private static boolean isBuilt(Project project, String className) {
		String path = className.replace('.', '/') + ".class";
		for (String folder : project.built)
			if (new File(folder, path).isFile())
				return true;
		return false;
	}

	private Loader add(Unit unit, String base) {
		Loader loader = shared;
		if (!shared.accepts(unit)) {
			loader = new Loader(libraries, null);
			for (String resources : projects.get(base).resources)
				loader.addPath(resources, true);
		}
		loader.add(unit);
		return loader;
	}

	private Project project(String base, String root) {
		Project project = projects.get(base);
		if (project == null) {
			project = new Project(base, root);
			projects.put(base, project);
			if (!roots.contains(base))
				roots.add(base);
			for (String resources : project.resources)
				shared.addPath(resources, true);
			if (!project.libraries.isEmpty() || !project.built.isEmpty())
				Bridge.guardExit();
			for (String library : project.libraries)
				libraries.addPath(library, false);
			for (String folder : project.built)
				libraries.addPath(folder, true);
		}
		return project;
	}

	/** From the cache, or compiled. */
	private Unit unit(String file, String path, String base, Project project)
			throws LoadFailed {
		String sourcePath = sourcePath(base);
		String classPath = classPath(project);
		String key = path + '\n' + sourcePath + '\n' + classPath + '\n'
			+ System.getProperty("java.vm.version");
		File cached = new File(cache, "java-" + Long.toHexString(hash(key)) + ".unit");
		Unit unit = Unit.load(cached);
		if (unit == null) {
			compile(file, cached, sourcePath, classPath);
			unit = Unit.load(cached);
		}
		if (unit == null)
			throw new LoadFailed("LoadError", file + " changed while it was compiled; try again");
		if (unit.mayExit)
			Bridge.guardExit();
		if (!unit.warnings.isEmpty())
			for (String line : unit.warnings.split("\n"))
				Bridge.warn(line);
		return unit;
	}

	private static long hash(String text) {
		long hash = 0xcbf29ce484222325L;
		for (int i = 0; i < text.length(); i++)
			hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
		return hash;
	}

	private String sourcePath(String base) {
		StringBuilder path = new StringBuilder(base);
		for (String other : roots)
			if (!other.equals(base))
				path.append(File.pathSeparatorChar).append(other);
		return path.toString();
	}

	private String classPath(Project project) {
		StringBuilder path = new StringBuilder();
		Set<String> paths = new LinkedHashSet<>();
		for (java.net.URL url : libraries.getURLs())
			paths.add(new File(java.net.URI.create(url.toString())).getPath());
		for (String entry : paths)
			path.append(path.length() > 0 ? ":" : "").append(entry);
		return path.toString();
	}

	private static void compile(String file, File output, String sourcePath, String classPath)
			throws LoadFailed {
		if (compilerHome.isEmpty())
			throw new LoadFailed("CompileError", "no Java compiler to compile " + file
				+ " with: install default-jdk-headless or set JAVA_HOME to a JDK");
		String release = compilerHome.equals(javaHome) ? "0"
			: Integer.toString(Runtime.version().feature());
		String[] arguments = {compilerHome + "/bin/java", "-Xshare:auto",
			"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xss16m",
			"-Dfile.encoding=UTF-8", "-cp", jar, "snafu.Compile", "",
			output.getPath(), release, file, sourcePath, classPath};
		StringBuilder joined = new StringBuilder();
		for (String argument : arguments)
			joined.append(argument).append('\0');
		java.nio.charset.Charset utf8 = java.nio.charset.StandardCharsets.UTF_8;
		Bridge.working(("compiling " + file).getBytes(utf8));
		byte[] reply = Bridge.child(joined.toString().getBytes(utf8));
		Bridge.working(null);
		if (reply[0] != 0)
			throw new LoadFailed("CompileError", new String(reply, 1, reply.length - 1,
				utf8).trim());
	}

	/** A class that nothing named when its user was compiled (Class.forName), from its own file in
	 * one of the trees. Null when there is none. */
	Unit compileMissing(Loader loader, String name) {
		int nested = name.indexOf('$');
		String outer = nested > 0 ? name.substring(0, nested) : name;
		synchronized (lock) {
			for (int i = 0; i < roots.size() && !missing.contains(outer); i++) {
				String base = roots.get(i);
				String path = base + '/' + outer.replace('.', '/') + ".java";
				if (!new File(path).isFile())
					continue;
				try {
					Unit unit = unit(path, path, base, project(base, base));
					if (loader.accepts(unit) && unit.classes().contains(name)) {
						loader.add(unit);
						return unit;
					}
				} catch (LoadFailed e) {
					Bridge.warn("class " + outer + " is missing: " + firstLine(e.getMessage()));
				}
			}
			missing.add(outer);
		}
		return null;
	}
}
