/* Every construct that declares or hides a method; compiled and read both ways by
 * tests/e2e/scan-java.py. */
package org.example.constructs;

import java.io.Serializable;
import java.util.*;
import java.util.function.*;

public class Constructs<T extends Comparable<T> & Serializable> implements Iterable<T> {
	static int counter = 0, others[] = {1, 2, 3};
	private static final Map<String, Function<Integer, Integer>> TABLE = new HashMap<>() {{
		put("a", x -> x + 1);
	}};
	static final Runnable FIELD = new Runnable() {
		@Override
		public void run() {
			class InField {
				void deep(int a) { }
			}
			new InField().deep(1);
		}
	};
	static { class InInitialiser { int f() { return 1; } } counter += new InInitialiser().f(); }
	{ counter++; }

	public enum Plain { A, B, C }
	public enum Colour implements IntSupplier {
		RED("r") {
			@Override int cost() { return 1; }
		},
		@Deprecated GREEN("g", 1, 2) { int cost() { return 2; } void own() { } },
		BLUE;

		private final String name;
		Colour() { this("x"); }
		Colour(String name, int... more) { this.name = name; }
		int cost() { return 0; }
		public int getAsInt() { return cost(); }
		static Colour parse(String text) { return valueOf(text); }
	}
	public record Pair<A, B>(A first, List<? extends B>[] second) implements Serializable {
		public Pair { Objects.requireNonNull(first); }
		Pair(A first) { this(first, null); }
		static Pair<String, Integer> of(String text) { return new Pair<>(text); }
		@Override public A first() { return first; }
	}
	record Range(int low, int... high) { }
	public @interface Note {
		int value() default 5;
		String[] names() default {"a", "b"};
		Class<?>[] classes() default {};
		Plain plain() default Plain.A;
		int CONSTANT = 1 + 2;
		class Holder { void inAnnotation() { } }
	}
	public interface Speaker<S> extends Supplier<S> {
		String NAME = "x".concat("y");
		String speak(String... words) throws IllegalStateException;
		default <U extends S> int loud(U u) { return 1; }
		static int quiet() { return 0; }
		private void hidden() { }
		private static void hiddenToo() { }
		interface Inner { void a(); class Deep { Deep(int x) { } void b() { } } }
	}
	public static sealed abstract class Shape permits Circle, Square {
		abstract double area();
		protected abstract Optional<Shape> next();
		public String toString() { return "shape"; }
	}
	static final class Circle extends Shape {
		double area() { return 1; }
		protected Optional<Shape> next() { return Optional.empty(); }
	}
	static non-sealed class Square extends Shape {
		@Override double area() { return 1; }
		@Override protected Optional<Shape> next() { return Optional.of(this); }
	}
	class Inner {
		final int x;
		Inner(int x) { this.x = x; }
		<V> Inner(List<V> list) { this(list.size()); }
		class Deeper { Deeper() { } T get() { return null; } }
	}
	public static class Bean {
		public String label;
		private int count = 1, other = 2;
		public int getCount() { return count + other; }
		public void setCount(int count) { this.count = count; }
		public Bean getNext() { return null; }
	}

	private Constructs() { }
	protected Constructs(T value, @Note(3) final int[]... more) { }
	<X extends Exception> Constructs(X problem) throws X { throw problem; }

	public static int mixed(final int count, /* a } comment */ double ratio, byte[] data,
	                        String... rest) { return count; }
	public static int mixed(int count) { String s = "}"; char c = '}'; return s.length() + c; }
	public static long[] mixed(long[][] a, int b[], Map.Entry<String, int[]> c)[] { return null; }
	public <U extends T, V> Map<String, List<U[]>> generic(
		Map<? super U, ? extends Collection<? super V>> map, U u, T[] array) throws Exception {
		return null;
	}
	static <E extends Enum<E> & Comparable<E>, F> F bounds(Class<E> type, Function<? super E, ?> f) {
		return null;
	}
	native synchronized void nothing();
	strictfp final float old() { return 1f; }
	public Iterator<T> iterator() {
		return new Iterator<T>() {
			private int at;
			@Override public boolean hasNext() { return at++ < 3; }
			@Override public T next() { return null; }
		};
	}
	@SuppressWarnings({"unchecked", "rawtypes"}) @Deprecated
	java.util.List<java.lang.String> qualified(java.util.List raw, Constructs.Inner inner) {
		return null;
	}
	String text(Object value) {
		String block = """
			hello "}" { \""" x
			""";
		if (value instanceof String string && !string.isEmpty())
			return string;
		return switch (counter) {
			case 1, 2 -> { yield "one"; }
			default -> block + (char) 65 + (counter > 0 ? 'a' : '\'') + 0x1p3 + 1e-5 + .5f;
		};
	}
	void lambdas() {
		Supplier<Runnable> outer = () -> () -> { counter++; };
		BiFunction<Integer, Integer, Integer> add = (a, b) -> { return a + b; };
		Function<Integer, int[]> make = int[]::new;
		Supplier<Constructs<String>> more = Constructs::new;
		label: for (int i = 0, j = 1; i < j; i += 2, j--) { if (i > 3) break label; else continue; }
		do { counter >>>= 1; } while (counter > 5);
		synchronized (this) { assert counter != 3 : "no"; }
		try (AutoCloseable a = null; var b = a) { } catch (IllegalStateException | Error e) { }
		catch (Exception e) { } finally { ; }
		int[][] grid = {{1, 2}, {3,},}, copy = new int[3][];
		List<Map<String, List<int[]>>> nested = new ArrayList<>();
		boolean less = counter < 3 && grid.length > (copy.length);
	}
	public static void main(String[] args) {
		record Local(int a) { int twice() { return 2 * a; } }
		enum LocalEnum { ONE { void z() { } }; void z() { } }
		interface LocalInterface { void g(); default int h() { return 1; } }
		class LocalClass<Q> extends Bean { Q q; LocalClass(Q q) { } Q back() { return q; } }
		new LocalClass<>(1).back();
		new Thread(() -> { }) { @Override public void run() { helper(); } private void helper() { } };
	}
}

class Beside { static int f() { return 1; } }

interface BesideInterface { int g(); }
