package snafu;

import java.lang.reflect.InvocationTargetException;

/** What the user's code threw, as the JSON error of langs/result.h. */
final class Report {
	private static final int FRAMES_CAP = 48; // of one exception; the middle of more is left out
	private static final int CAUSES_CAP = 8;
	private static final int MESSAGE_CAP = 8000;

	private Report() {
	}

	/** The exception that a person cares for: wrappers of the JVM's own are taken off. */
	static Throwable unwrap(Throwable thrown) {
		for (int i = 0; i < CAUSES_CAP; i++) {
			boolean wrapper = thrown instanceof ExceptionInInitializerError
				|| thrown instanceof InvocationTargetException || thrown instanceof Failure
				|| thrown instanceof java.util.concurrent.ExecutionException;
			if (!wrapper || thrown.getCause() == null)
				break;
			thrown = thrown.getCause();
		}
		return thrown;
	}

	static void write(Out out, Throwable wrapped) {
		Throwable thrown = unwrap(wrapped);
		out.raw("{\"errorType\":");
		out.string(type(thrown));
		out.raw(",\"errorMessage\":");
		out.string(message(thrown));
		int before = out.size;
		try {
			trace(out, thrown);
		} catch (Throwable e) { // no room; or its getStackTrace() or getCause() fails
			out.size = before; // do without
		}
		out.put('}');
	}

	static String type(Throwable thrown) {
		return thrown instanceof ExitGuard.Exit ? "SystemExit" : thrown.getClass().getName();
	}

	/** Its message, even if asking for it fails. */
	static String message(Throwable thrown) {
		String text;
		try {
			text = thrown.getMessage();
		} catch (Throwable again) {
			text = "(its getMessage() threw " + again.getClass().getName() + ")";
		}
		if (text == null)
			return "";
		return text.length() > MESSAGE_CAP ? text.substring(0, MESSAGE_CAP) + "..." : text;
	}

	private static void trace(Out out, Throwable thrown) {
		boolean first = true;
		out.raw(",\"stackTrace\":[");
		for (int i = 0; thrown != null && i < CAUSES_CAP; i++) {
			if (i > 0) {
				out.put(',');
				out.string("Caused by: " + thrown.getClass().getName() + ": " + message(thrown));
				first = false;
			}
			StackTraceElement[] frames = thrown.getStackTrace();
			int count = users(frames);
			for (int k = 0; k < count; k++) {
				if (!first)
					out.put(',');
				first = false;
				if (k == FRAMES_CAP / 2 && count > FRAMES_CAP) {
					k = count - FRAMES_CAP / 2;
					out.string("... " + (k - FRAMES_CAP / 2) + " more");
					out.put(',');
				}
				out.string("at " + frames[k]);
			}
			Throwable cause = thrown.getCause();
			thrown = cause == thrown ? null : cause;
		}
		out.put(']');
	}

	/** How many frames lie above the bridge's own, or above the reflection that it called by. */
	private static int users(StackTraceElement[] frames) {
		int count = 0;
		while (count < frames.length && !isBridge(frames[count]))
			count++;
		if (count == frames.length)
			return count;
		while (count > 0 && isReflection(frames[count - 1].getClassName()))
			count--;
		return count;
	}

	/** A user's package may be called snafu too; and Snafu is above the user's frames. */
	private static boolean isBridge(StackTraceElement frame) {
		return frame.getClassName().startsWith("snafu.") && "app".equals(frame.getClassLoaderName())
			&& !frame.getClassName().equals("snafu.Snafu");
	}

	private static boolean isReflection(String name) {
		return name.startsWith("java.lang.reflect.") || name.startsWith("jdk.internal.reflect.")
			|| name.startsWith("java.lang.invoke.");
	}
}
