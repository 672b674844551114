import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import snafu.CallException;
import snafu.Context;
import snafu.Snafu;

/** Functions with state, for tests/unit/test-lang-java-fresh.c. */
public class Fresh {
	private static int n;
	private static final List<String> MEMORY = new ArrayList<>();
	private static final ThreadLocal<int[]> LOCAL = ThreadLocal.withInitial(() -> new int[1]);
	private static final AtomicReference<Object> LATER = new AtomicReference<>();
	private int own;

	static {
		MEMORY.add("first");
	}

	static class Other {
		static int n;
	}

	enum Colour {
		RED, GREEN;
		int used;
	}

	public record P(int x, List<P> y) { }

	/** Without state of its own: Stateless finds nothing against sharing it. */
	public static class Plain {
		static final int CONSTANT = 7;
		private int own;

		public int ownObject() {
			return ++own;
		}

		public static int same() {
			return CONSTANT - 7;
		}

		public static String hello(String name) {
			return "hello " + name;
		}
	}

	/** No more than a counter. */
	public static class Counter {
		private static int n;

		public static int count() {
			return ++n;
		}
	}

	public static int count() {
		return ++n;
	}

	public static List<String> remember(String s) {
		MEMORY.add(s);
		return MEMORY;
	}

	public static int other() {
		return ++Other.n;
	}

	public int ownObject() {
		return ++own;
	}

	public static int local() {
		return ++LOCAL.get()[0];
	}

	public static List<Integer> lambda(int count) {
		List<Integer> list = new ArrayList<>();
		for (int i = 1; i <= count; i++) {
			int k = i;
			java.util.function.IntSupplier supplier = () -> k;
			list.add(supplier.getAsInt());
		}
		return list;
	}

	public static List<String> enumerate() {
		List<String> list = new ArrayList<>();
		for (Colour colour : Colour.values())
			list.add(colour + ":" + (++colour.used + colour.ordinal()));
		return list;
	}

	public static P record(P p) {
		return new P(p.y().get(0).x(), List.of(new P(p.x(), List.of())));
	}

	public static String byName(String name) throws ClassNotFoundException {
		Class<?> c = Class.forName(name);
		return c.getName() + (c.getClassLoader() == Fresh.class.getClassLoader() ? " is mine" : "");
	}

	public static boolean resource() {
		return Fresh.class.getResource("/Fresh.java") != null;
	}

	public static boolean contextLoader() {
		return Thread.currentThread().getContextClassLoader() == Fresh.class.getClassLoader();
	}

	public static boolean identity() {
		return new Plain().getClass() == Plain.class;
	}

	public static void fail() {
		throw new IllegalStateException("no");
	}

	public static void print(String text, int times) {
		for (int i = 0; i < times; i++) {
			System.out.println("out " + text);
			System.err.println("err " + text);
		}
	}

	public static void printInThread(String text) throws InterruptedException {
		Thread thread = new Thread(() -> System.out.println("in a thread: " + text));
		thread.start();
		thread.join();
	}

	public static void printAround() {
		System.out.println("before");
		Snafu.call("Fresh.print", "inside", 1);
		System.out.println("after");
	}

	public static long sum(int k) {
		return k == 0 ? 0 : k + ((Number) Snafu.call("Fresh.sum", k - 1)).longValue();
	}

	public static P callByName() {
		return Snafu.call("Fresh.record", P.class,
			Map.of("p", new P(1, List.of(new P(5, List.of()))))).y().isEmpty() ? null : new P(5, List.of());
	}

	public static int callTyped() {
		return Snafu.call("Fresh.sum", Integer.class, 3) + Snafu.call("Fresh.sum", int.class, 1);
	}

	public static int callInThread() throws InterruptedException {
		AtomicReference<Object> found = new AtomicReference<>();
		Thread thread = new Thread(() -> found.set(Snafu.call("Fresh.sum", Integer.class, 2)));
		thread.start();
		thread.join();
		return (Integer) found.get();
	}

	public static String async() {
		return Snafu.callAsync("Fresh.sum", 2);
	}

	public static List<Object> caught() {
		try {
			return List.of(Snafu.call("Fresh.fail"));
		} catch (CallException e) {
			return List.of(e.status(), e.type(), e.error(),
				e.trace().get(0).startsWith("at Fresh.fail"));
		}
	}

	public static Object uncaught() {
		return Snafu.call("Fresh.fail");
	}

	public static Object endless() {
		return Snafu.call("Fresh.endless");
	}

	public static Iterator<Object> render() {
		return new Iterator<>() {
			private int left = 3;

			@Override
			public boolean hasNext() {
				return left > 0;
			}

			@Override
			public Object next() {
				left--;
				return Snafu.call("Fresh.sum", 2);
			}
		};
	}

	private static List<Object> describe(Context c) {
		return List.of(c.requestId(), c.function(), c.tenant(), c.trigger(), c.clientContext(),
			c.remainingMillis() > 50000 && c.remainingMillis() <= 60000, c.memoryLimit(), c.depth());
	}

	public static List<Object> context() {
		return describe(Snafu.context());
	}

	public static String contextInThread() throws InterruptedException {
		AtomicReference<String> found = new AtomicReference<>();
		Thread thread = new Thread(() -> found.set(Snafu.context().requestId()));
		thread.start();
		thread.join();
		return found.get();
	}

	/** Its thread waits until the call is over. */
	public static void later() {
		new Thread(() -> {
			synchronized (LATER) {
				while (LATER.get() == null)
					try {
						LATER.wait();
					} catch (InterruptedException e) {
						return;
					}
				LATER.set(Snafu.call("Fresh.sum", 2));
				LATER.notifyAll();
			}
		}).start();
	}

	public static Object laterDone() throws InterruptedException {
		synchronized (LATER) {
			LATER.set("go");
			LATER.notifyAll();
			while (LATER.get().equals("go"))
				LATER.wait();
			return LATER.get();
		}
	}

	public static void sleep() throws InterruptedException {
		System.setProperty("fresh.asleep", "true");
		Thread.sleep(3_600_000);
	}

	/** For another call: properties are the process's. */
	public static boolean asleep() throws InterruptedException {
		while (System.getProperty("fresh.asleep") == null)
			Thread.sleep(1);
		return true;
	}

	public static List<Object> sleepInside() {
		try {
			return List.of(Snafu.call("Fresh.sleep"));
		} catch (CallException e) {
			return List.of(e.type().replace("java.lang.", ""), Thread.currentThread().isInterrupted());
		}
	}

	public static boolean interrupted() {
		return Thread.interrupted();
	}

	public static long metaspace() {
		for (java.lang.management.MemoryPoolMXBean pool
				: java.lang.management.ManagementFactory.getMemoryPoolMXBeans())
			if (pool.getName().equals("Metaspace"))
				return pool.getUsage().getCommitted();
		return -1;
	}
}
