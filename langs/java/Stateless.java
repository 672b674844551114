package snafu;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;

/**
 * Whether a class may serve isolated calls as it is, without being defined anew. It may when
 * neither it nor any user's class that it can get at has state of its own: no static fields but
 * compile-time constants, no initialiser, no locks (a class's lock is state, too), no native code,
 * and no way to other classes by their names. What is not known to be so counts as state.
 *
 * The classes that can be got at are those that the class files name, and so on from there. What
 * the JDK keeps (system properties, its own caches) is the process's, for all calls.
 */
final class Stateless {
	private static final int CLASSES_CAP = 3000;

	/** The parts of the JDK from which no way leads to users' classes that are not named. */
	private static final String[] PACKAGES = {"java/lang/", "java/util/", "java/util/function/",
		"java/util/stream/", "java/util/regex/", "java/util/concurrent/",
		"java/util/concurrent/atomic/", "java/util/concurrent/locks/", "java/util/zip/",
		"java/math/", "java/time/", "java/time/chrono/", "java/time/format/",
		"java/time/temporal/", "java/time/zone/", "java/text/", "java/io/", "java/nio/",
		"java/nio/charset/", "java/nio/file/", "java/security/", "java/lang/annotation/"};

	/** But for these. */
	private static final Set<String> BARRED = Set.of("java/lang/Class", "java/lang/ClassLoader",
		"java/lang/ClassValue", "java/lang/Compiler", "java/lang/Module", "java/lang/ModuleLayer",
		"java/lang/Package", "java/lang/StackWalker", "java/util/ServiceLoader",
		"java/util/ResourceBundle", "java/util/ListResourceBundle",
		"java/util/PropertyResourceBundle", "java/io/ObjectInputStream",
		"java/io/ObjectStreamClass", "java/security/SecureClassLoader", "java/security/Provider");

	/** What the compiler needs for lambdas, texts and records, and is in no class's own hands. */
	private static final Set<String> LINKAGE = Set.of("java/lang/invoke/MethodHandles",
		"java/lang/invoke/MethodHandles$Lookup", "java/lang/invoke/CallSite",
		"java/lang/invoke/MethodType", "java/lang/invoke/MethodHandle",
		"java/lang/invoke/TypeDescriptor", "java/lang/invoke/LambdaMetafactory",
		"java/lang/invoke/StringConcatFactory", "java/lang/runtime/ObjectMethods");
	private static final Set<String> LINKERS = Set.of("java/lang/invoke/LambdaMetafactory",
		"java/lang/invoke/StringConcatFactory", "java/lang/runtime/ObjectMethods");

	private final Set<String> seen = new HashSet<>();
	private final ArrayDeque<Templates.Template> left = new ArrayDeque<>();

	private Stateless() {
	}

	/** Loads what OWNER names, but initialises nothing. */
	static boolean is(Class<?> owner) {
		try {
			return owner.getClassLoader() instanceof Loader
				&& new Stateless().check(owner.getName(), (Loader) owner.getClassLoader());
		} catch (IOException | ClassNotFoundException | RuntimeException | LinkageError e) {
			return false; // no class file that we can read
		}
	}

	private boolean check(String name, Loader loader) throws IOException, ClassNotFoundException {
		seen.add(name.replace('.', '/'));
		left.add(loader.templates.of(name));
		while (!left.isEmpty()) {
			Templates.Template template = left.remove();
			ClassFile file = new ClassFile(template.bytes(), template.offset, template.length);
			if (file.stateful)
				return false;
			for (String owner : file.owners)
				if (LINKAGE.contains(owner) && !LINKERS.contains(owner))
					return false;
			for (String other : file.names)
				if (seen.add(other) && !follow(other, (Loader) template.base.getClassLoader()))
					return false;
			if (seen.size() > CLASSES_CAP)
				return false;
		}
		return true;
	}

	private boolean follow(String name, Loader loader) {
		if (name.startsWith("java/") || name.startsWith("javax/") || name.startsWith("jdk/"))
			return LINKAGE.contains(name) || !BARRED.contains(name) && isPlain(name);
		Templates.Template template;
		try {
			template = find(name.replace('/', '.'), loader);
		} catch (ClassNotFoundException | LinkageError e) {
			return true; // no class at all: a text that looks like a name, or never used
		}
		if (template == null)
			return Loader.isOurs(name.replace('/', '.')); // else the JDK's, of another package
		left.add(template);
		return true;
	}

	/** Null for what is not the user's. */
	private static Templates.Template find(String name, Loader loader)
			throws ClassNotFoundException {
		Templates.Template template = loader.templates.of(name);
		if (template.own)
			return template;
		return template.base == null && loader.getParent() instanceof Loader
			? find(name, (Loader) loader.getParent()) : null;
	}

	private static boolean isPlain(String name) {
		String folder = name.substring(0, name.lastIndexOf('/') + 1);
		for (String known : PACKAGES)
			if (folder.equals(known))
				return true;
		return false;
	}
}
