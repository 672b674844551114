package snafu;

import java.util.Collections;
import java.util.List;

/** A call of another function that did not end well: {@link Snafu}. */
public final class CallException extends RuntimeException {
	private static final long serialVersionUID = 1;

	private final String status;
	private final String type;
	private final String error;
	private final List<String> trace;

	CallException(String function, String status, String type, String error, List<String> trace) {
		super(function + ": " + type + ": " + error);
		this.status = status;
		this.type = type;
		this.error = error;
		this.trace = Collections.unmodifiableList(trace);
	}

	/** How it ended: "raised", "bad-arguments", "unknown-function", "over-limit", "deadline", ... */
	public String status() {
		return status;
	}

	/** The error's type, as in {@code java.lang.IllegalStateException} or {@code ValueError}. */
	public String type() {
		return type;
	}

	/** The error's own message. */
	public String error() {
		return error;
	}

	/** The other function's stack trace, innermost first or last as its language has it; empty when
	 * it gave none. */
	public List<String> trace() {
		return trace;
	}
}
