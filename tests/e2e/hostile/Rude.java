import java.util.concurrent.CompletableFuture;

/** Functions that behave badly, for tests/e2e/hostile.py. */
public class Rude {
	static class Odd extends RuntimeException {
		@Override
		public StackTraceElement[] getStackTrace() {
			throw new IllegalStateException();
		}
	}

	public static String echo(String text) {
		return text;
	}

	public static void odd() {
		throw new Odd();
	}

	public static void noOutput() {
		System.setOut(null);
	}

	public static void interruptSelf() {
		Thread.currentThread().interrupt();
	}

	public static boolean isInterrupted() {
		return Thread.currentThread().isInterrupted();
	}

	public static String[] half() {
		return new String[] {"whole", "\ud800"};
	}

	public static CompletableFuture<Integer> never() {
		return new CompletableFuture<>();
	}
}
