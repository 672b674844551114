package snafu;

/**
 * What a function may know about the call that it serves: {@link Snafu#context()}. An object of it
 * stays good after the call; it is the same for all threads that the function starts.
 */
public final class Context {
	private final byte[] packed;
	private final String[] texts; // request id, function, tenant, trigger, client context
	final long deadline; // the host's clock in milliseconds; 0: none
	final long memory; // bytes; 0: no limit
	final int depth;
	private final long end; // System.nanoTime()

	/** PACKED: the texts, then in decimal digits the deadline, the milliseconds that are left, the
	 * memory, the depth; each with a NUL behind it. */
	Context(byte[] packed) {
		this.packed = packed;
		texts = Bridge.split(packed);
		deadline = Long.parseLong(texts[5]);
		end = System.nanoTime() + Long.parseLong(texts[6]) * 1_000_000;
		memory = Long.parseLong(texts[7]);
		depth = Integer.parseInt(texts[8]);
	}

	byte[] packed() {
		return packed;
	}

	/** The call's id, a UUID. */
	public String requestId() {
		return texts[0];
	}

	/** The function's id, as in {@code shop.Cart.total}. */
	public String function() {
		return texts[1];
	}

	/** Whose function it is; empty where there are no tenants. */
	public String tenant() {
		return texts[2];
	}

	/** The door that the call came through: "http", "cli", "function", ... */
	public String trigger() {
		return texts[3];
	}

	/** What the caller gave along, JSON; may be empty. */
	public String clientContext() {
		return texts[4];
	}

	/** Milliseconds until the host gives the call up, at least 0; Long.MAX_VALUE when it never
	 * does. */
	public long remainingMillis() {
		return deadline == 0 ? Long.MAX_VALUE
			: Math.max(0, (end - System.nanoTime()) / 1_000_000);
	}

	/** Bytes that the function may use, 0 when nobody limits it. */
	public long memoryLimit() {
		return memory;
	}

	/** How many calls of functions by functions are around this one. */
	public int depth() {
		return depth;
	}
}
