import java.util.ArrayList;
import java.util.List;

/** Functions for tests/e2e/faults-functions.py. */
public final class Reckless {
	private Reckless() {
	}

	public static int twice(int x) {
		return 2 * x;
	}

	public static void halt() {
		Runtime.getRuntime().halt(7);
	}

	public static void exit() {
		System.exit(7);
	}

	/** Writes to address 0. */
	public static void crash() throws Exception {
		var field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
		field.setAccessible(true);
		((sun.misc.Unsafe) field.get(null)).putAddress(0, 1);
	}

	public static void loop() {
		while (true) {
			Thread.onSpinWait();
		}
	}

	/** Does not take the hint that memory is out. */
	public static void leak() {
		List<byte[]> kept = new ArrayList<>();
		while (true) {
			try {
				kept.add(new byte[1 << 20]);
			} catch (OutOfMemoryError error) {
				Thread.yield();
			}
		}
	}

	public static long child() throws Exception {
		return new ProcessBuilder("sleep", "600").start().pid();
	}

	public static int recurse(int n) {
		return recurse(n + 1) + 1;
	}

	/** Threads that never end, as many as there may be. */
	public static int threads() {
		int count = 0;
		try {
			while (count < 5000) {
				var thread = new Thread(Reckless::loop0);
				thread.start();
				count++;
			}
		} catch (Throwable error) {
			return -count;
		}
		return count;
	}

	private static void loop0() {
		while (true) {
			try {
				Thread.sleep(1000000);
			} catch (InterruptedException error) {
				continue;
			}
		}
	}

	public static void flood() {
		while (true) {
			System.out.print("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		}
	}

	public static Iterable<Integer> endless() {
		return () -> java.util.stream.Stream.iterate(0, n -> n + 1).iterator();
	}
}
