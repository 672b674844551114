package snafu;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.Type;
import java.util.Arrays;

/** One method or constructor that a bound name can mean. Shared by threads. */
final class Candidate {
	private static final Class<?>[] WIDENING = {byte.class, short.class, int.class, long.class,
		float.class, double.class};

	final Executable executable;
	final String[] names; // without those that Events fills in
	final Target[] targets;
	final boolean variadic;
	final boolean needsObject;
	final Events events; // null for a plain one

	Candidate(Executable executable, String[] names) {
		Type[] types = executable.getGenericParameterTypes();
		Class<?>[] raw = executable.getParameterTypes();
		boolean generic = types.length == raw.length; // not so where the compiler added some
		this.executable = executable;
		events = Events.of(executable);
		int count = events == null ? raw.length : events.given(raw.length);
		this.names = count == names.length ? names : Arrays.copyOf(names, count);
		targets = new Target[count];
		for (int i = 0; i < count; i++)
			targets[i] = Target.of(generic ? types[i] : raw[i]);
		variadic = events == null && (executable.isVarArgs() || isMain());
		needsObject = executable instanceof Method
			&& !Modifier.isStatic(executable.getModifiers());
		executable.setAccessible(true);
	}

	/** BASE with EXECUTABLE, which is the same in a class that was defined anew. */
	private Candidate(Candidate base, Executable executable) {
		Type[] types = executable.getGenericParameterTypes();
		Class<?>[] raw = executable.getParameterTypes();
		this.executable = executable;
		names = base.names;
		events = base.events == null ? null : Events.of(executable);
		targets = new Target[base.targets.length];
		for (int i = 0; i < targets.length; i++)
			targets[i] = base.targets[i].isPermanent() ? base.targets[i]
				: Target.of(types.length == raw.length ? types[i] : raw[i]);
		variadic = base.variadic;
		needsObject = base.needsObject;
		executable.setAccessible(true);
	}

	/** The same for the classes as LOADER has them. */
	Candidate in(Fresh loader) throws ReflectiveOperationException {
		Class<?> owner = loader.same(executable.getDeclaringClass());
		if (owner == executable.getDeclaringClass())
			return this;
		Class<?>[] raw = executable.getParameterTypes();
		for (int i = 0; i < raw.length; i++)
			raw[i] = loader.same(raw[i]);
		return new Candidate(this, executable instanceof Method
			? owner.getDeclaredMethod(executable.getName(), raw)
			: owner.getDeclaredConstructor(raw));
	}

	/** A program's main takes its arguments like a variadic method. */
	private boolean isMain() {
		return executable.getName().equals("main") && targets.length == 1
			&& targets[0].raw == String[].class;
	}

	int index(String name) {
		for (int i = 0; i < names.length; i++)
			if (names[i].equals(name))
				return i;
		return -1;
	}

	Object invoke(Object self, Object[] arguments) throws ReflectiveOperationException {
		return executable instanceof Method ? ((Method) executable).invoke(self, arguments)
			: ((Constructor<?>) executable).newInstance(arguments);
	}

	/** Java's rule: each parameter of this one would do for OTHER's as well. */
	boolean isMoreSpecific(Candidate other) {
		if (targets.length != other.targets.length)
			return targets.length < other.targets.length;
		for (int i = 0; i < targets.length; i++)
			if (!isSubtype(targets[i].raw, other.targets[i].raw))
				return false;
		return true;
	}

	private static boolean isSubtype(Class<?> a, Class<?> b) {
		if (b.isAssignableFrom(a))
			return true;
		if (a.isPrimitive() != b.isPrimitive())
			return a.isPrimitive();
		int from = -1;
		int to = -1;
		for (int i = 0; i < WIDENING.length; i++) {
			from = WIDENING[i] == a ? i : from;
			to = WIDENING[i] == b ? i : to;
		}
		return from >= 0 && from < to;
	}

	String signature() {
		return signature(executable, names);
	}

	/** {@code int indexOf(String str, int... from)}; NAMES may be null. */
	static String signature(Executable executable, String[] names) {
		StringBuilder text = new StringBuilder();
		Parameter[] parameters = executable.getParameters();
		boolean method = executable instanceof Method;
		if (method)
			text.append(Types.name(((Method) executable).getGenericReturnType())).append(' ');
		text.append(method ? executable.getName() : executable.getDeclaringClass().getSimpleName());
		text.append('(');
		for (int i = 0; i < parameters.length; i++) {
			String type = Types.name(parameters[i].getParameterizedType());
			if (parameters[i].isVarArgs() && type.endsWith("[]"))
				type = type.substring(0, type.length() - 2) + "...";
			text.append(i > 0 ? ", " : "").append(type).append(' ');
			text.append(names != null && i < names.length ? names[i] : parameters[i].getName());
		}
		return text.append(')').toString();
	}

	/** The parameters' names: from the class file, or from the scanner's list of overloads, each
	 * name, type, name, type...; or arg0, arg1... */
	static String[] names(Executable executable, String[][] described) {
		Parameter[] parameters = executable.getParameters();
		String[] names = new String[parameters.length];
		String[] best = null;
		int most = -1;
		boolean known = parameters.length == 0 || parameters[0].isNamePresent();
		for (int i = 0; i < described.length && !known; i++) {
			int same = described[i].length == 2 * names.length ? 0 : -1;
			for (int k = 0; k < names.length && same >= 0; k++)
				if (simple(described[i][2 * k + 1]).equals(parameters[k].getType().getSimpleName()))
					same++;
			if (same > most) {
				most = same;
				best = described[i];
			}
		}
		for (int i = 0; i < names.length; i++)
			names[i] = best != null ? best[2 * i] : parameters[i].getName();
		return names;
	}

	/** "String[]" of "final java.lang.String...", "List" of "java.util.List<? super T>". */
	private static String simple(String type) {
		StringBuilder bare = new StringBuilder();
		int depth = 0;
		for (int i = 0; i < type.length(); i++) {
			char c = type.charAt(i);
			depth += c == '<' ? 1 : 0;
			if (depth == 0 && c != ' ')
				bare.append(c);
			else if (depth == 0)
				bare.setLength(0);
			depth -= c == '>' ? 1 : 0;
		}
		String text = bare.toString().replace("...", "[]");
		return text.substring(text.lastIndexOf('.') + 1);
	}
}
