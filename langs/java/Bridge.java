package snafu;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;

/**
 * The Java side of langs/java.c, and the only class it calls. Strings come and go as UTF-8 bytes,
 * several of them with a NUL between.
 *
 * What runs before the first call keeps to plain classes: no lambdas, streams, string formats or
 * regular expressions, which cost tens of milliseconds at the start of a JVM.
 */
final class Bridge {
	/** The payload of a call that gives no bytes at all. */
	static final Object ABSENT = new Object();

	// How a call ended; langs/java.c has the same list.
	private static final int OK = 0, BAD_ARGUMENTS = 1, RAISED = 2, BAD_RESULT = 3, LOAD_FAILED = 4,
		INTERNAL = 5;
	private static final long OUT_CHANGED = 1L << 40, LOGGED = 1L << 41;
	private static final int ERROR_CAP = 64 << 10; // room for an error even where results have less

	private static PrintStream stdout;
	private static boolean guarded;

	private Bridge() {
	}

	// In langs/java.c: a warning for the person; a child process, its arguments, an empty one, and
	// what it gets on stdin. Returns its output, with 0 before it when it ended well, else 1.
	static native void warn(byte[] text);

	/** What takes long now; null: it is over. */
	static native void working(byte[] text);

	static native byte[] child(byte[] arguments);

	private static native void guard(Object manager);

	/** What Context takes, of the struct snafu_context that a call was given. */
	static native byte[] context(long pointer);

	/** Calls another function for the call whose context POINTER is, or PACKED with its numbers, or
	 * for nobody. Returns the status' name, a NUL, the payload. */
	static native byte[] invoke(byte[] function, byte[] payload, boolean asynchronous,
		long pointer, byte[] packed, long deadline, long memory, int depth);

	/** Puts the guard against System.exit() up, when the first class is loaded that may call it:
	 * it costs 15 ms. Where there are no security managers any more, halt0() in langs/java.c is the
	 * only guard. */
	static synchronized void guardExit() {
		if (guarded)
			return;
		guarded = true;
		if (Runtime.version().feature() < 24)
			guard(new ExitGuard());
	}

	/** SETTINGS: the cache directory, this bridge's jar, the JDK that has a compiler (or ""), the
	 * home of this JVM, then the libraries (jars, class folders), each with a C before it, and the
	 * roots of the source trees, each with an S. */
	static void start(byte[] settings) {
		capture();
		Sources.start(split(settings));
	}

	private static void capture() {
		System.setOut(Capture.over(System.out));
		System.setErr(Capture.over(System.err));
		stdout = System.out;
	}

	/** For Train, which runs without langs/java.c. */
	static void train() {
		guarded = true;
		capture();
	}

	/** ENTRIES: the files that differ, each with an F before it, then as in start(). */
	static void change(byte[] entries) {
		Sources.change(split(entries));
	}

	static CallState enter() {
		return new CallState();
	}

	static String[] split(byte[] bytes) {
		ArrayList<String> parts = new ArrayList<>();
		int start = 0;
		for (int i = 0; i < bytes.length; i++) {
			if (bytes[i] == 0) {
				parts.add(new String(bytes, start, i - start, StandardCharsets.UTF_8));
				start = i + 1;
			}
		}
		return parts.toArray(new String[0]);
	}

	static void warn(String text) {
		warn(text.getBytes(StandardCharsets.UTF_8));
	}

	/** Whether the user's code left threads for which the JVM's end would wait. */
	static boolean hasUserThreads() {
		Thread[] threads = new Thread[Thread.activeCount() + 64];
		ThreadGroup group = Thread.currentThread().getThreadGroup();
		while (group.getParent() != null)
			group = group.getParent();
		int count = group.enumerate(threads);
		for (int i = 0; i < count; i++)
			if (!threads[i].isDaemon() && threads[i] != Thread.currentThread())
				return true;
		return count == threads.length;
	}

	static ClassLoader loader() {
		return Thread.currentThread().getContextClassLoader();
	}

	/** REQUEST: id, file, root, library or source root, then for each overload the count of its
	 * strings and these: name, type, name, type... Returns null when it fails: the error is then
	 * in STATE's output. */
	static Bound bind(CallState state, byte[] request) {
		state.begin(ERROR_CAP);
		try {
			return Binder.bind(split(request));
		} catch (LoadFailed e) {
			error(state, e.type, e.getMessage());
		} catch (Throwable e) {
			Throwable cause = Report.unwrap(e);
			state.out.begin(ERROR_CAP);
			Report.write(state.out, cause);
		} finally {
			state.end();
		}
		return null;
	}

	/** The bytes of the last error, for langs/java.c after a failed bind(). */
	static byte[] output(CallState state) {
		return java.util.Arrays.copyOf(state.out.bytes, state.out.size);
	}

	/** One call. SIZE is that of the payload, -1 for none; CAP and LOG_CAP are those of the result
	 * and of what it prints; CONTEXT points to a struct snafu_context. FRESH: the state of the
	 * function's classes is as when they are just loaded. Returns the output's size, the status
	 * above 32 bits, whether the output array is another one, and whether STATE has a log. */
	static long call(CallState state, Bound bound, int size, int cap, int logCap, long context,
			boolean fresh) {
		int status;
		Call call = Call.begin(state, context, logCap);
		state.begin(cap);
		try {
			status = run(state, fresh ? bound.fresh() : bound, size, cap, call);
		} catch (Throwable e) { // no memory, no stack
			status = INTERNAL;
			state.out.begin(ERROR_CAP);
			error(state, e.getClass().getName(), "the call could not be made: " + e.getMessage());
		}
		state.end();
		state.log = call.end();
		long more = state.log != null ? LOGGED : 0;
		if (state.shown != state.out.bytes) {
			state.shown = state.out.bytes;
			more |= OUT_CHANGED;
		}
		return (long) status << 32 | more | state.out.size;
	}

	private static int run(CallState state, Bound bound, int size, int cap, Call call) {
		Thread thread = Thread.currentThread();
		ClassLoader before = thread.getContextClassLoader();
		thread.setContextClassLoader(bound.owner.getClassLoader());
		try {
			Object payload = bound.isRaw() ? Events.raw(state.in, size)
				: size < 0 ? ABSENT : state.json.parse(state.in, size);
			Object value = bound.call(payload, call);
			if (value instanceof Events.Written)
				((Events.Written) value).write(state.out);
			else
				state.render.result(value);
			return OK;
		} catch (Json.Malformed e) {
			Problems problems = new Problems();
			problems.add("payload", e.getMessage());
			return problems(state, problems, cap);
		} catch (Problems e) {
			return problems(state, e, cap);
		} catch (Failure e) {
			return raised(state, e.getCause(), cap);
		} catch (Render.Unfit e) {
			state.out.begin(Math.max(cap, ERROR_CAP));
			error(state, "ResultError", e.getMessage());
			return BAD_RESULT;
		} catch (Out.Full e) {
			state.out.begin(Math.max(cap, ERROR_CAP));
			error(state, "ResultError", "the result is larger than the cap of " + cap + " bytes ([limits] result-size)");
			return BAD_RESULT;
		} catch (Throwable e) { // out of a getter or iterator, or no stack is left
			return raised(state, e, cap);
		} finally {
			PrintStream out = System.out;
			if (out != stdout && out != null)
				flush(out);
			thread.setContextClassLoader(before);
		}
	}

	/** A stream that a function has put in the place of ours. */
	private static void flush(PrintStream out) {
		try {
			out.flush();
		} catch (Throwable e) {
			// its trouble, not that of the call, which has its result
		}
	}

	private static int problems(CallState state, Problems problems, int cap) {
		state.out.begin(Math.max(cap, ERROR_CAP));
		problems.write(state.out);
		return BAD_ARGUMENTS;
	}

	private static int raised(CallState state, Throwable thrown, int cap) {
		state.out.begin(Math.max(cap, ERROR_CAP));
		if (thrown.getClass() == LinkageError.class
				&& Report.message(thrown).startsWith("does not compile: ")) { // Patch.PREFIX
			error(state, "CompileError", Report.message(thrown));
			return LOAD_FAILED;
		}
		Report.write(state.out, thrown);
		return RAISED;
	}

	private static void error(CallState state, String type, String message) {
		state.out.raw("{\"errorType\":");
		state.out.string(type);
		state.out.raw(",\"errorMessage\":");
		state.out.string(message.length() > 8000 ? message.substring(0, 8000) + "..." : message);
		state.out.put('}');
	}
}
