package snafu;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.Map;

/** What an object shows of itself: record components, getters, public fields. */
final class Members {
	static final class Member {
		final String name;
		private final AccessibleObject source; // Method or Field

		Member(String name, AccessibleObject source) {
			this.name = name;
			this.source = source;
		}

		Object read(Object object) throws Failure {
			try {
				return source instanceof Method ? ((Method) source).invoke(object)
					: ((Field) source).get(object);
			} catch (InvocationTargetException e) {
				throw new Failure(e.getCause());
			} catch (IllegalAccessException e) {
				throw new Failure(e);
			}
		}
	}

	private static final ClassValue<Member[]> MEMBERS = new ClassValue<>() {
		@Override
		protected Member[] computeValue(Class<?> type) {
			return inspect(type);
		}
	};

	private Members() {
	}

	/** None when the class shows nothing. */
	static Member[] of(Class<?> c) {
		return MEMBERS.get(c);
	}

	private static Member[] inspect(Class<?> c) {
		Map<String, Member> found = new LinkedHashMap<>();
		if (c.isRecord()) {
			for (RecordComponent component : c.getRecordComponents())
				add(found, component.getName(), component.getAccessor());
			return found.values().toArray(new Member[0]);
		}
		Map<String, Method> getters = new LinkedHashMap<>();
		for (Method method : c.getMethods()) {
			String name = property(method);
			if (name != null)
				getters.put(name, method);
		}
		// In the order of the fields, as the source has it; then the rest by name.
		for (Field field : fields(c)) {
			Method getter = getters.remove(field.getName());
			if (getter != null)
				add(found, field.getName(), getter);
			else if (Modifier.isPublic(field.getModifiers()))
				add(found, field.getName(), field);
		}
		for (Map.Entry<String, Method> entry : new java.util.TreeMap<>(getters).entrySet())
			add(found, entry.getKey(), entry.getValue());
		return found.values().toArray(new Member[0]);
	}

	private static java.util.List<Field> fields(Class<?> c) {
		java.util.List<Field> fields = c.getSuperclass() == null || Beans.isForeign(c)
			? new java.util.ArrayList<>() : fields(c.getSuperclass());
		for (Field field : c.getDeclaredFields())
			if (!Modifier.isStatic(field.getModifiers()) && !field.isSynthetic())
				fields.add(field);
		return fields;
	}

	private static void add(Map<String, Member> found, String name, AccessibleObject source) {
		try {
			source.setAccessible(true);
			found.putIfAbsent(name, new Member(name, source));
		} catch (RuntimeException e) {
			// of a closed module: not shown
		}
	}

	/** The property that a getter gives, null for other methods. */
	private static String property(Method method) {
		String name = method.getName();
		if (method.getParameterCount() != 0 || method.getReturnType() == void.class
				|| Modifier.isStatic(method.getModifiers()) || method.isSynthetic()
				|| method.getDeclaringClass() == Object.class
				|| Enum.class == method.getDeclaringClass())
			return null;
		if (name.length() > 3 && name.startsWith("get"))
			return property(name.substring(3));
		if (name.length() > 2 && name.startsWith("is") && method.getReturnType() == boolean.class)
			return property(name.substring(2));
		return null;
	}

	/** "Name" is name, "URL" stays, as java.beans.Introspector has it. */
	static String property(String capital) {
		if (capital.length() > 1 && Character.isUpperCase(capital.charAt(1))
				&& Character.isUpperCase(capital.charAt(0)))
			return capital;
		return Character.toLowerCase(capital.charAt(0)) + capital.substring(1);
	}
}
