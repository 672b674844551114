package snafu;

/** A function's class cannot be had. */
final class LoadFailed extends Exception {
	private static final long serialVersionUID = 1;

	final String type;

	LoadFailed(String type, String message) {
		super(message, null, false, false);
		this.type = type;
	}
}
