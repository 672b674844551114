package snafu;

import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.util.*;
import java.util.concurrent.*;

/** Making collections and maps of the type that a parameter asks for. */
final class Containers {
	private Containers() {
	}

	/** Whether it takes an array: collections, and the interfaces that are less than one. */
	static boolean isCollection(Class<?> raw) {
		return raw == Iterable.class || raw == Iterator.class || raw == Enumeration.class
			|| raw == ListIterator.class
			|| Collection.class.isAssignableFrom(raw) && canMake(raw);
	}

	static boolean canMake(Class<?> raw) {
		return raw == EnumSet.class || raw == EnumMap.class || standard(raw) != null;
	}

	/** A class to make for an interface or abstract class, or the class itself; else null. */
	private static Class<?> standard(Class<?> raw) {
		if (!raw.isInterface() && !Modifier.isAbstract(raw.getModifiers())) {
			try {
				raw.getDeclaredConstructor();
				return raw;
			} catch (NoSuchMethodException e) {
				return null;
			}
		}
		Class<?>[] candidates = {ArrayList.class, LinkedHashSet.class, TreeSet.class,
			LinkedList.class, LinkedBlockingDeque.class, LinkedTransferQueue.class,
			LinkedHashMap.class, TreeMap.class, ConcurrentHashMap.class,
			ConcurrentSkipListMap.class};
		for (Class<?> candidate : candidates)
			if (raw.isAssignableFrom(candidate))
				return candidate;
		return null;
	}

	private static Object make(Class<?> raw) throws Bad, Failure {
		try {
			Constructor<?> constructor = standard(raw).getDeclaredConstructor();
			constructor.setAccessible(true);
			return constructor.newInstance();
		} catch (java.lang.reflect.InvocationTargetException e) {
			throw new Failure(e.getCause());
		} catch (ReflectiveOperationException | RuntimeException e) {
			throw new Bad("a " + raw.getSimpleName() + " cannot be made: " + e);
		}
	}

	@SuppressWarnings({"unchecked", "rawtypes"})
	static Object collection(Target target, List<?> list) throws Bad, Failure {
		Class<?> raw = target.raw;
		boolean loose = !Collection.class.isAssignableFrom(raw);
		Collection<Object> made;
		if (raw == EnumSet.class)
			made = (Collection) EnumSet.noneOf((Class) target.items().raw);
		else
			made = (Collection<Object>) make(loose ? ArrayList.class : raw);
		for (int i = 0; i < list.size(); i++) {
			try {
				made.add(target.item(list.get(i), i));
			} catch (NullPointerException | ClassCastException | IllegalArgumentException e) {
				throw new Bad("a " + raw.getSimpleName() + " does not take it").in("[" + i + "]");
			}
		}
		if (raw == Enumeration.class)
			return Collections.enumeration(made);
		return raw == Iterator.class || raw == ListIterator.class
			? ((List<Object>) made).listIterator() : made;
	}

	@SuppressWarnings({"unchecked", "rawtypes"})
	static Object map(Target target, Target keys, Json.Obj object) throws Bad, Failure {
		Map<Object, Object> map = target.raw == EnumMap.class ? new EnumMap(keys.raw)
			: (Map<Object, Object>) make(target.raw);
		for (int i = 0; i < object.size; i++) {
			String name = object.keys[i];
			try {
				map.put(key(keys, name), target.items().convert(object.values[i]));
			} catch (Bad e) {
				throw e.in("." + name);
			} catch (NullPointerException | ClassCastException | IllegalArgumentException e) {
				throw new Bad("a " + target.raw.getSimpleName() + " does not take it")
					.in("." + name);
			}
		}
		return map;
	}

	/** JSON's keys are strings; others are read from the text. */
	private static Object key(Target keys, String name) throws Bad, Failure {
		if (keys.cost(name) < Target.NO)
			return keys.convert(name);
		byte[] text = name.getBytes(java.nio.charset.StandardCharsets.UTF_8);
		try {
			return keys.convert(new Json().parse(text, text.length));
		} catch (Json.Malformed e) {
			throw Bad.type(keys.describe(), name);
		}
	}
}
