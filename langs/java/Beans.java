package snafu;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Making objects of the user's classes from JSON: records, beans, and whatever has constructors
 * with named parameters. */
final class Beans {
	private Beans() {
	}

	/** What is known of a class. Made once for each; threads share it. */
	private static final class Info {
		final List<Constructor<?>> constructors = new ArrayList<>(); // fewest parameters first
		final Map<String, AnnotatedElement> setters = new LinkedHashMap<>(); // Method or Field
		Executable factory; // takes one string
	}

	private static final ClassValue<Info> INFO = new ClassValue<>() {
		@Override
		protected Info computeValue(Class<?> type) {
			return inspect(type);
		}
	};

	/** Whether a class is the JDK's, whose insides are nobody's data. */
	static boolean isForeign(Class<?> c) {
		String name = c.getName();
		return name.startsWith("java.") || name.startsWith("javax.") || name.startsWith("jdk.")
			|| name.startsWith("sun.") || name.startsWith("com.sun.");
	}

	/** Why no object of the class can be made; null when one can. */
	static String obstacle(Class<?> c) {
		if (c.isAnnotation() || c.isInterface())
			return "it is an interface";
		if (Modifier.isAbstract(c.getModifiers()))
			return "it is an abstract class";
		if (isForeign(c))
			return "its contents are no data";
		if (isInner(c))
			return "it is an inner class, which needs an outer object";
		Info info = INFO.get(c);
		if (info.factory != null)
			return null;
		for (Constructor<?> constructor : info.constructors)
			if (named(constructor))
				return null;
		return "it has neither a constructor without arguments nor one with known names";
	}

	static boolean isInner(Class<?> c) {
		return c.getEnclosingClass() != null && !Modifier.isStatic(c.getModifiers());
	}

	private static Info inspect(Class<?> c) {
		Info info = new Info();
		Constructor<?>[] constructors = c.getDeclaredConstructors();
		java.util.Arrays.sort(constructors, new java.util.Comparator<Constructor<?>>() {
			@Override
			public int compare(Constructor<?> a, Constructor<?> b) {
				return Integer.compare(a.getParameterCount(), b.getParameterCount());
			}
		});
		for (Constructor<?> constructor : constructors) {
			if (constructor.isSynthetic() || !open(constructor))
				continue;
			info.constructors.add(constructor);
			if (constructor.getParameterCount() == 1
					&& constructor.getParameterTypes()[0] == String.class)
				info.factory = constructor;
		}
		for (String name : new String[] {"valueOf", "fromString", "parse", "of"}) {
			Executable factory = factory(c, name);
			if (factory != null)
				info.factory = factory;
		}
		for (Class<?> at = c; at != null && at != Object.class; at = at.getSuperclass())
			addSetters(info, at);
		return info;
	}

	private static Executable factory(Class<?> c, String name) {
		for (Class<?> parameter : new Class<?>[] {String.class, CharSequence.class}) {
			try {
				Method method = c.getDeclaredMethod(name, parameter);
				if (Modifier.isStatic(method.getModifiers()) && method.getReturnType() == c
						&& Modifier.isPublic(method.getModifiers()) && open(method))
					return method;
			} catch (NoSuchMethodException e) {
				// the next, then
			}
		}
		return null;
	}

	private static void addSetters(Info info, Class<?> c) {
		for (Method method : c.getDeclaredMethods()) {
			String name = method.getName();
			if (name.length() > 3 && name.startsWith("set") && method.getParameterCount() == 1
					&& !Modifier.isStatic(method.getModifiers()) && !method.isSynthetic()
					&& !Modifier.isPrivate(method.getModifiers()) && open(method))
				info.setters.putIfAbsent(Members.property(name.substring(3)), method);
		}
		for (Field field : c.getDeclaredFields())
			if ((field.getModifiers() & (Modifier.STATIC | Modifier.FINAL)) == 0
					&& !field.isSynthetic() && open(field))
				info.setters.putIfAbsent(field.getName(), field);
	}

	private static boolean open(java.lang.reflect.AccessibleObject member) {
		try {
			member.setAccessible(true);
			return true;
		} catch (RuntimeException e) {
			return false; // a class of a closed module
		}
	}

	private static boolean named(Executable executable) {
		Parameter[] parameters = executable.getParameters();
		return parameters.length == 0 || parameters[0].isNamePresent();
	}

	static int cost(Class<?> c, Object value) {
		Info info = INFO.get(c);
		if (value instanceof String)
			return info.factory != null ? 8 : Target.NO;
		if (!(value instanceof Json.Obj))
			return Target.NO;
		Json.Obj object = (Json.Obj) value;
		int unknown = 0;
		for (int i = 0; i < object.size; i++)
			if (!info.setters.containsKey(object.keys[i]) && !parameterNames(info)
					.contains(object.keys[i]))
				unknown++;
		return unknown == 0 ? 3 : 100 * unknown;
	}

	private static List<String> parameterNames(Info info) {
		List<String> names = new ArrayList<>();
		for (Constructor<?> constructor : info.constructors)
			if (named(constructor))
				for (Parameter parameter : constructor.getParameters())
					names.add(parameter.getName());
		return names;
	}

	/** An object for a parameter. */
	static Object make(Target target, Object value) throws Bad, Failure {
		Info info = INFO.get(target.raw);
		if (value instanceof Json.Obj)
			return byName(info, target.type, (Json.Obj) value);
		if (value instanceof String && info.factory != null)
			return create(info.factory, new Object[] {value});
		throw Bad.type(Types.name(target.type) + " (an object)", value);
	}

	/** The object of a method: the constructor's arguments by name or position, or one alone. */
	static Object makeThis(Class<?> c, Object value) throws Bad, Failure {
		if (c.isEnum())
			return Target.of(c).convert(value);
		if (Modifier.isAbstract(c.getModifiers()))
			throw new Bad(c.getSimpleName() + " is abstract: no object of it can be made");
		if (isInner(c))
			throw new Bad(c.getSimpleName() + " is an inner class, which needs an outer object");
		Info info = INFO.get(c);
		if (value instanceof Json.Obj)
			return byName(info, c, (Json.Obj) value);
		if (value instanceof List)
			return byPosition(info, c, (List<?>) value);
		List<Object> alone = new ArrayList<>();
		alone.add(value);
		return byPosition(info, c, alone);
	}

	private static Object byPosition(Info info, Class<?> c, List<?> values) throws Bad, Failure {
		Constructor<?> best = null;
		int least = Integer.MAX_VALUE;
		for (Constructor<?> constructor : info.constructors) {
			Type[] types = constructor.getGenericParameterTypes();
			int cost = 0;
			if (types.length != values.size())
				continue;
			for (int i = 0; i < types.length; i++)
				cost += Target.of(types[i]).cost(values.get(i));
			if (cost < least) {
				least = cost;
				best = constructor;
			}
		}
		if (best == null)
			throw new Bad("no constructor of " + c.getSimpleName() + " takes " + values.size()
				+ " arguments; it has " + list(info));
		Type[] types = best.getGenericParameterTypes();
		Object[] arguments = new Object[types.length];
		for (int i = 0; i < types.length; i++) {
			try {
				arguments[i] = Target.of(types[i]).convert(values.get(i));
			} catch (Bad e) {
				throw e.in("[" + i + "]");
			}
		}
		return create(best, arguments);
	}

	private static String list(Info info) {
		StringBuilder text = new StringBuilder();
		for (Constructor<?> constructor : info.constructors)
			text.append(text.length() > 0 ? ", " : "")
				.append(Candidate.signature(constructor, null));
		return text.length() == 0 ? "none" : text.toString();
	}

	private static Object byName(Info info, Type type, Json.Obj object) throws Bad, Failure {
		Constructor<?> best = null;
		int bestUsed = -1;
		for (Constructor<?> constructor : info.constructors) {
			int used = named(constructor) ? used(constructor, object) : -1;
			if (used > bestUsed) {
				best = constructor;
				bestUsed = used;
			}
		}
		if (best == null)
			throw missing(info, object);
		boolean[] taken = new boolean[object.size];
		Object made = create(best, arguments(best, type, object, taken));
		for (int i = 0; i < object.size; i++)
			if (!taken[i])
				set(info, made, type, object.keys[i], object.values[i]);
		return made;
	}

	/** How many parameters have a value, -1 when one that needs it has none. */
	private static int used(Constructor<?> constructor, Json.Obj object) {
		int used = 0;
		Parameter[] parameters = constructor.getParameters();
		for (Parameter parameter : parameters) {
			if (object.find(parameter.getName()) >= 0)
				used++;
			else if (!Target.of(parameter.getParameterizedType()).optional())
				return -1;
		}
		return used;
	}

	private static Bad missing(Info info, Json.Obj object) {
		for (Constructor<?> constructor : info.constructors) {
			StringBuilder names = new StringBuilder();
			if (!named(constructor))
				continue;
			for (Parameter parameter : constructor.getParameters())
				if (object.find(parameter.getName()) < 0)
					names.append(names.length() > 0 ? ", " : "").append(parameter.getName());
			return new Bad("missing: " + names + "; it takes "
				+ Candidate.signature(constructor, null));
		}
		return new Bad("the names of its constructors' parameters are not known: give an array");
	}

	private static Object[] arguments(Constructor<?> constructor, Type type, Json.Obj object,
			boolean[] taken) throws Bad, Failure {
		Parameter[] parameters = constructor.getParameters();
		Object[] arguments = new Object[parameters.length];
		for (int i = 0; i < parameters.length; i++) {
			String name = parameters[i].getName();
			Target target = Target.of(Types.within(type, parameters[i].getParameterizedType()));
			int k = object.find(name);
			try {
				arguments[i] = target.convert(k < 0 ? null : object.values[k]);
			} catch (Bad e) {
				throw e.in("." + name);
			}
			for (; k >= 0 && k < object.size; k++)
				taken[k] |= object.keys[k].equals(name);
		}
		return arguments;
	}

	private static void set(Info info, Object made, Type type, String name, Object value)
			throws Bad, Failure {
		AnnotatedElement setter = info.setters.get(name);
		try {
			if (setter instanceof Method) {
				Method method = (Method) setter;
				method.invoke(made, Target.of(Types.within(type,
					method.getGenericParameterTypes()[0])).convert(value));
			} else if (setter instanceof Field) {
				Field field = (Field) setter;
				field.set(made, Target.of(Types.within(type, field.getGenericType()))
					.convert(value));
			} else {
				List<String> known = new ArrayList<>(info.setters.keySet());
				known.addAll(parameterNames(info));
				throw new Bad(made.getClass().getSimpleName() + " has no member of this name"
					+ Near.hint(name, known));
			}
		} catch (Bad e) {
			throw e.in("." + name);
		} catch (InvocationTargetException e) {
			throw new Failure(e.getCause());
		} catch (IllegalAccessException e) {
			throw new Bad("cannot be set").in("." + name);
		}
	}

	private static Object create(Executable executable, Object[] arguments) throws Bad, Failure {
		try {
			return executable instanceof Constructor
				? ((Constructor<?>) executable).newInstance(arguments)
				: ((Method) executable).invoke(null, arguments);
		} catch (InvocationTargetException e) {
			throw new Failure(e.getCause());
		} catch (ReflectiveOperationException e) {
			throw new Bad("cannot be made: " + e);
		}
	}

	/** The object that the methods of a class share when the caller gives none. FRESH: with nothing
	 * in it that is kept. */
	static Object makeKept(Class<?> c, boolean fresh) throws Bad, Failure {
		if (c.isEnum())
			throw new Bad("missing (" + Target.of(c).describe() + ")");
		if (Modifier.isAbstract(c.getModifiers()))
			throw new Bad(c.getSimpleName() + " is abstract: no object of it can be made");
		boolean inner = isInner(c);
		try {
			Constructor<?> constructor = inner
				? c.getDeclaredConstructor(c.getEnclosingClass()) : c.getDeclaredConstructor();
			constructor.setAccessible(true);
			if (!inner)
				return constructor.newInstance();
			Class<?> outer = c.getEnclosingClass();
			return constructor.newInstance(fresh ? makeKept(outer, true) : Instances.of(outer));
		} catch (InvocationTargetException e) {
			throw new Failure(e.getCause());
		} catch (NoSuchMethodException e) {
			throw new Bad("missing (the object; its class has "
				+ (isForeign(c) ? "other constructors" : list(INFO.get(c))) + ")");
		} catch (ReflectiveOperationException e) {
			throw new Bad("cannot be made: " + e);
		}
	}
}
