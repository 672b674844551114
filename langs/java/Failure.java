package snafu;

/** Carries what the user's code threw past the code that binds and renders. */
final class Failure extends Exception {
	private static final long serialVersionUID = 1;

	Failure(Throwable cause) {
		super(null, cause, false, false);
	}
}
