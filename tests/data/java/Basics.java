import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.util.*;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Stream;

/** Every kind of parameter and result that the tests of the Java gateway need. */
public class Basics {
	public enum Colour { RED, GREEN { @Override public int weight() { return 7; } };
		public int weight() { return ordinal(); }
	}

	public record Point(int x, int y) {
		public int sum() { return x + y; }
	}

	public record Box<T>(T content, List<T> more) { }

	public static class Bean {
		private String name;
		private int age;
		public List<Point> path = new ArrayList<>();
		public String getName() { return name; }
		public void setName(String name) { this.name = name; }
		public int getAge() { return age; }
		public void setAge(int age) {
			if (age < 0)
				throw new IllegalArgumentException("age " + age);
			this.age = age;
		}
	}

	static class Hidden {
		private final String word;
		Hidden(String word) { this.word = word; }
		String shout(int times) { return word.toUpperCase().repeat(times); }
	}

	public class Inner {
		public int up() { return ++count; }
	}

	private int count;

	public int next() { return ++count; }

	public static int nothing() { return 1; }
	public static int add(int a, int b, int c) { return a + b + c; }
	public static void silent() { }
	public static byte small(byte b) { return b; }
	public static long large(long n) { return n; }
	public static char letter(char c) { return ++c; }
	public static float single(float f) { return f; }
	public static double half(double d) { return d / 2; }
	public static Integer boxed(Integer i) { return i == null ? null : i + 1; }
	public static BigInteger square(BigInteger n) { return n.multiply(n); }
	public static BigDecimal exact(BigDecimal d) { return d; }
	public static String echo(String text) { return text; }
	public static Object any(Object value) { return value; }
	public static String kind(Object value) {
		return value == null ? "null" : value.getClass().getSimpleName();
	}
	public static int[] twice(int[] numbers) {
		int[] out = numbers.clone();
		for (int i = 0; i < out.length; i++)
			out[i] *= 2;
		return out;
	}
	public static byte[] reverse(byte[] bytes) {
		byte[] out = new byte[bytes.length];
		for (int i = 0; i < out.length; i++)
			out[i] = bytes[out.length - 1 - i];
		return out;
	}
	public static String join(String separator, String... parts) {
		return String.join(separator, parts);
	}
	public static int total(List<Integer> numbers) {
		int sum = 0;
		for (int n : numbers)
			sum += n;
		return sum;
	}
	public static Map<String, List<Integer>> group(SortedMap<Integer, Set<String>> in) {
		Map<String, List<Integer>> out = new TreeMap<>();
		in.forEach((k, v) -> v.forEach(s -> out.computeIfAbsent(s, x -> new ArrayList<>()).add(k)));
		return out;
	}
	public static long count(Stream<String> words) { return words.distinct().count(); }
	public static String maybe(Optional<String> name) { return "hello " + name.orElse("you"); }
	public static OptionalInt firstOf(OptionalInt n) { return n; }
	public static Colour mix(Colour a, Colour b) { return a == b ? a : Colour.RED; }
	public static Point move(Point p, int dx) { return new Point(p.x() + dx, p.y()); }
	public static Point corner(Box<Point> box) { return box.more().get(0); }
	public static Bean older(Bean bean) { bean.setAge(bean.getAge() + 1); return bean; }
	public static LocalDate tomorrow(LocalDate day) { return day.plusDays(1); }
	public static Date epoch(Date date) { return date; }
	public static UUID id(UUID id) { return id; }
	public static String apply(Function<String, String> f) { return f.apply("x"); }
	public static String orNone(Comparator<String> c) { return String.valueOf(c); }

	public static String pick(int n) { return "int"; }
	public static String pick(long n) { return "long"; }
	public static String pick(double n) { return "double"; }
	public static String pick(String s) { return "String"; }
	public static String pick(Object o) { return "Object"; }
	public static String pick(int[] a) { return "int[]"; }
	public static String pick(List<String> l, int n) { return "List,int"; }
	public static String pick(String name, int n) { return "name"; }
	public static String pick(String title, long n) { return "title"; }

	public static double nan() { return Double.NaN; }
	public static Object cycle() {
		List<Object> list = new ArrayList<>();
		list.add(Map.of("up", list));
		return list;
	}
	public static Object deep(int n) {
		Object o = 1;
		for (int i = 0; i < n; i++)
			o = List.of(o);
		return o;
	}
	public static Object thread() { return Thread.currentThread(); }
	public static Iterator<Integer> naturals() { return Stream.iterate(1, n -> n + 1).iterator(); }
	public static Stream<String> words(String text) { return Arrays.stream(text.split(" ")); }
	public static CompletableFuture<String> later(String text, boolean fail) {
		return CompletableFuture.supplyAsync(() -> {
			if (fail)
				throw new IllegalStateException(text);
			return text;
		});
	}
	public static Class<?> type() { return String.class; }

	public static int fail(String why) { throw new IllegalStateException(why); }
	public static int parse(String text) {
		try {
			return Integer.parseInt(text);
		} catch (NumberFormatException e) {
			throw new RuntimeException("not a number", e);
		}
	}
	public static int endless(int n) { return endless(n + 1) + 1; }
	public static long hog() {
		List<long[]> all = new ArrayList<>();
		for (;;)
			all.add(new long[1 << 24]);
	}
	public static void exit(int status) { System.exit(status); }
	public static void halt(int status) { Runtime.getRuntime().halt(status); }
	public static void spin() throws InterruptedException { Thread.sleep(600_000); }
	public static boolean interrupted() { return Thread.interrupted(); }
	public static String loader() {
		return Thread.currentThread().getContextClassLoader().getResource("Basics.java") != null
			? "found" : "lost";
	}
	private static int secret() { return 42; }
	static int packaged() { return 2; }

	public static void main(String[] args) { System.out.println("main " + args.length); }
}
