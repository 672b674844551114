package snafu;

import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.Arrays;

/** The little arithmetic of generic types that binding needs. */
final class Types {
	private Types() {
	}

	/** A parameterized type whose variables were replaced. */
	private static final class Parameterized implements ParameterizedType {
		private final Class<?> raw;
		private final Type[] arguments;

		Parameterized(Class<?> raw, Type[] arguments) {
			this.raw = raw;
			this.arguments = arguments;
		}

		@Override
		public Type[] getActualTypeArguments() {
			return arguments.clone();
		}

		@Override
		public Type getRawType() {
			return raw;
		}

		@Override
		public Type getOwnerType() {
			return raw.getDeclaringClass();
		}

		@Override
		public boolean equals(Object other) {
			return other instanceof ParameterizedType
				&& ((ParameterizedType) other).getRawType() == raw
				&& Arrays.equals(((ParameterizedType) other).getActualTypeArguments(), arguments);
		}

		@Override
		public int hashCode() {
			return Arrays.hashCode(arguments) ^ raw.hashCode();
		}
	}

	static Class<?> raw(Type type) {
		if (type instanceof Class)
			return (Class<?>) type;
		if (type instanceof ParameterizedType)
			return (Class<?>) ((ParameterizedType) type).getRawType();
		if (type instanceof GenericArrayType)
			return Array.newInstance(raw(((GenericArrayType) type).getGenericComponentType()), 0)
				.getClass();
		if (type instanceof WildcardType)
			return raw(((WildcardType) type).getUpperBounds()[0]);
		if (type instanceof TypeVariable)
			return raw(((TypeVariable<?>) type).getBounds()[0]);
		return Object.class;
	}

	/** Of the classes that a type is made of, the one that is unloaded first. */
	static Class<?> youngest(Type type) {
		Class<?> found = raw(type);
		while (found.isArray())
			found = found.getComponentType();
		if (type instanceof GenericArrayType)
			return youngest(((GenericArrayType) type).getGenericComponentType());
		if (!(type instanceof ParameterizedType))
			return found;
		for (Type argument : ((ParameterizedType) type).getActualTypeArguments()) {
			Class<?> other = youngest(plain(argument));
			if (Loader.age(other.getClassLoader()) < Loader.age(found.getClassLoader()))
				found = other;
		}
		return found;
	}

	/** Argument I of a parameterized type, or Object where the type is raw. */
	static Type argument(Type type, int i) {
		if (type instanceof ParameterizedType) {
			Type[] arguments = ((ParameterizedType) type).getActualTypeArguments();
			if (i < arguments.length)
				return plain(arguments[i]);
		}
		return Object.class;
	}

	/** Wildcards and variables give way to what bounds them. */
	static Type plain(Type type) {
		if (type instanceof WildcardType) {
			Type[] lower = ((WildcardType) type).getLowerBounds();
			return plain(lower.length > 0 ? lower[0] : ((WildcardType) type).getUpperBounds()[0]);
		}
		if (type instanceof TypeVariable)
			return raw(type); // its bound may speak of itself: Comparable<T>
		return type;
	}

	/** TYPE, a part of the class that OWNER is, with the class's variables replaced. */
	static Type within(Type owner, Type type) {
		if (type instanceof TypeVariable && owner instanceof ParameterizedType) {
			TypeVariable<?>[] variables = raw(owner).getTypeParameters();
			for (int i = 0; i < variables.length; i++)
				if (variables[i].equals(type))
					return argument(owner, i);
		}
		if (type instanceof ParameterizedType && owner instanceof ParameterizedType) {
			Type[] arguments = ((ParameterizedType) type).getActualTypeArguments();
			for (int i = 0; i < arguments.length; i++)
				arguments[i] = within(owner, arguments[i]);
			return new Parameterized(raw(type), arguments);
		}
		if (type instanceof GenericArrayType) {
			Type item = within(owner, ((GenericArrayType) type).getGenericComponentType());
			return Array.newInstance(raw(item), 0).getClass();
		}
		return plain(type);
	}

	/** {@code List<String>} rather than {@code java.util.List<java.lang.String>}. */
	static String name(Type type) {
		if (type instanceof Class)
			return ((Class<?>) type).getSimpleName();
		if (type instanceof GenericArrayType)
			return name(((GenericArrayType) type).getGenericComponentType()) + "[]";
		if (!(type instanceof ParameterizedType))
			return type.getTypeName();
		StringBuilder text = new StringBuilder(raw(type).getSimpleName());
		char before = '<';
		for (Type argument : ((ParameterizedType) type).getActualTypeArguments()) {
			text.append(before == '<' ? "<" : ", ").append(name(argument));
			before = ',';
		}
		return text.append('>').toString();
	}
}
