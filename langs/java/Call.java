package snafu;

import java.util.Arrays;

/**
 * One call of a function under way: what its threads, the calling one and those that the function
 * starts, find out about it, and what they print.
 */
final class Call {
	/** A thread knows its call; one that is started by a thread of a call belongs to that call. */
	private static final InheritableThreadLocal<Call> CURRENT = new InheritableThreadLocal<>() {
		@Override
		protected Call childValue(Call parent) {
			if (parent != null && !parent.over)
				parent.context(); // now, while the thread that has it is here
			return parent;
		}
	};

	private final CallState state; // of the calling thread
	private final Call outer; // of the same thread: it has called this one
	private final long pointer; // struct snafu_context, good on the calling thread until the end
	private final int logCap;
	private byte[] log; // guarded by this, as the next two
	private int logged;
	private volatile boolean over;
	private volatile Context context;

	private Call(CallState state, Call outer, long pointer, int logCap) {
		this.state = state;
		this.outer = outer;
		this.pointer = pointer;
		this.logCap = logCap;
	}

	static Call begin(CallState state, long pointer, int logCap) {
		Call call = new Call(state, CURRENT.get(), pointer, logCap);
		CURRENT.set(call);
		return call;
	}

	/** What was printed, null when nothing was. */
	byte[] end() {
		CURRENT.set(outer);
		synchronized (this) {
			over = true;
			return log == null ? null : Arrays.copyOf(log, logged);
		}
	}

	/** That of the calling thread; also one that is over, for a thread that has outlived it. */
	static Call current() {
		return CURRENT.get();
	}

	Context context() {
		Context made = context;
		if (made == null) // only the calling thread can be the first
			context = made = new Context(Bridge.context(pointer));
		return made;
	}

	/** Adds to what was printed; of much the end is kept. */
	synchronized void print(byte[] bytes, int from, int size) {
		if (over || logCap == 0)
			return;
		if (size > logCap) {
			from += size - logCap;
			size = logCap;
		}
		if (log == null)
			log = new byte[Math.max(size, Math.min(logCap, 256))];
		if (log.length - logged < size && log.length < 2L * logCap)
			log = Arrays.copyOf(log, (int) Math.min(2L * logCap, 2L * log.length + size));
		if (log.length - logged < size) {
			int kept = logCap - size;
			System.arraycopy(log, logged - kept, log, 0, kept);
			logged = kept;
		}
		System.arraycopy(bytes, from, log, logged, size);
		logged += size;
	}

	/** Calls another function for the call that this thread belongs to. A thread that has outlived
	 * its call belongs to none. Returns the status' name, a NUL, the payload. */
	static byte[] invoke(byte[] function, byte[] payload, boolean asynchronous) {
		Call call = CURRENT.get();
		boolean interrupted = Thread.interrupted(); // not meant for the call that is now made
		try {
			if (call == null || call.over)
				return Bridge.invoke(function, payload, asynchronous, 0, null, 0, 0, 0);
			if (call.state.isMine())
				return Bridge.invoke(function, payload, asynchronous, call.pointer, null, 0, 0, 0);
			Context context = call.context();
			return Bridge.invoke(function, payload, asynchronous, 0, context.packed(),
				context.deadline, context.memory, context.depth);
		} finally {
			if (interrupted || call != null && call.state.isMine() && call.state.interrupted())
				Thread.currentThread().interrupt();
		}
	}
}
