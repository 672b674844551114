package snafu;

import java.util.concurrent.atomic.AtomicInteger;

/** What one attached thread keeps between its calls; calls inside of calls on the same thread have
 * their own. */
final class CallState extends AtomicInteger {
	private static final long serialVersionUID = 1;
	private static final int IDLE = 0, CALLING = 1, INTERRUPTING = 2, INTERRUPTED = 3;
	private static final int KEPT = 1 << 20; // bytes kept for the next call, at most
	private static final int FIRST = 8192;

	private final transient Thread thread = Thread.currentThread();
	final transient Json json = new Json();
	final transient Out out = new Out(new byte[FIRST]);
	final transient Render render = new Render(out);
	byte[] in = new byte[FIRST]; // langs/java.c writes the payload here
	byte[] shown; // the array of `out` that langs/java.c knows
	byte[] log; // what the last call printed, null when nothing

	boolean isMine() {
		return Thread.currentThread() == thread;
	}

	/** Whether somebody wants the call that runs to end. */
	boolean interrupted() {
		return get() >= INTERRUPTING;
	}

	void begin(int cap) {
		if (out.bytes.length > KEPT)
			out.bytes = new byte[FIRST];
		out.begin(cap);
		lazySet(CALLING);
	}

	/** The call is over: an interruption that was for it, or that it left behind, must not hit
	 * the next one. */
	void end() {
		if (!compareAndSet(CALLING, IDLE)) {
			while (get() == INTERRUPTING)
				Thread.onSpinWait();
			set(IDLE);
		}
		Thread.interrupted();
	}

	/** From another thread: interrupts the call that runs, if one does. */
	void interrupt() {
		if (!compareAndSet(CALLING, INTERRUPTING))
			return;
		thread.interrupt();
		set(INTERRUPTED);
	}
}
