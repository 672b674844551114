package snafu;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** From a function's id to what can be called. */
final class Binder {
	private Binder() {
	}

	static Bound bind(String[] request) throws Exception {
		String id = request[0];
		int dot = id.lastIndexOf('.');
		if (dot <= 0)
			throw new LoadFailed("LoadError", "'" + id + "' is no Class.method");
		String className = id.substring(0, dot);
		String method = id.substring(dot + 1);
		Class<?> owner = Sources.find(className, request[1], request[2], request[3]);
		Class.forName(owner.getName(), true, owner.getClassLoader()); // runs its static blocks
		List<Candidate> candidates = candidates(owner, method, described(request));
		return new Bound(owner, candidates);
	}

	/** The overloads that the scanner saw. */
	private static String[][] described(String[] request) {
		ArrayList<String[]> overloads = new ArrayList<>();
		for (int at = 4; at < request.length;) {
			int count = Integer.parseInt(request[at++]);
			overloads.add(Arrays.copyOfRange(request, at, at + count));
			at += count;
		}
		return overloads.toArray(new String[0][]);
	}

	private static List<Candidate> candidates(Class<?> owner, String name, String[][] described)
			throws LoadFailed {
		List<Executable> found = new ArrayList<>();
		String obstacle = "there is no method " + name + " in " + owner.getName();
		for (Class<?> c = owner; c != null && found.size() < 1000; c = c.getSuperclass()) {
			for (Method method : c.getDeclaredMethods()) {
				if (!method.getName().equals(name) || method.isSynthetic()
						|| overridden(found, method))
					continue;
				String problem = obstacle(method, c, owner);
				if (problem == null)
					found.add(method);
				else
					obstacle = problem;
			}
		}
		if (found.isEmpty())
			defaults(owner, name, found);
		if (found.isEmpty() && (name.equals("<init>") || name.equals(owner.getSimpleName())))
			for (Constructor<?> constructor : owner.getDeclaredConstructors())
				if (!Modifier.isPrivate(constructor.getModifiers()) && !constructor.isSynthetic())
					found.add(constructor);
		if (found.isEmpty())
			throw new LoadFailed("LoadError", obstacle);
		List<Candidate> candidates = new ArrayList<>();
		for (Executable executable : found)
			candidates.add(new Candidate(executable, Candidate.names(executable, described)));
		sort(candidates);
		return candidates;
	}

	/** Default methods of interfaces, where the class itself has none of the name. */
	private static void defaults(Class<?> owner, String name, List<Executable> found) {
		for (Method method : owner.getMethods())
			if (method.getName().equals(name) && !method.isSynthetic()
					&& !Modifier.isAbstract(method.getModifiers()))
				found.add(method);
	}

	private static boolean overridden(List<Executable> found, Method method) {
		for (Executable other : found)
			if (Arrays.equals(other.getParameterTypes(), method.getParameterTypes()))
				return true;
		return false;
	}

	/** Why it cannot be called; null when it can. */
	private static String obstacle(Method method, Class<?> declaring, Class<?> owner) {
		int modifiers = method.getModifiers();
		String name = owner.getName() + "." + method.getName();
		if (Modifier.isPrivate(modifiers))
			return name + " is private";
		if (Modifier.isAbstract(modifiers) && !owner.isEnum())
			return name + " is abstract";
		if (declaring != owner && Beans.isForeign(declaring) && !Modifier.isPublic(modifiers))
			return name + " is not public";
		return null;
	}

	/** Few parameters first, then by the types' names: the same order in every run. */
	private static void sort(List<Candidate> candidates) {
		candidates.sort(new java.util.Comparator<Candidate>() {
			@Override
			public int compare(Candidate a, Candidate b) {
				int order = Integer.compare(a.targets.length, b.targets.length);
				return order != 0 ? order
					: a.executable.toString().compareTo(b.executable.toString());
			}
		});
	}
}
