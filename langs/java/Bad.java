package snafu;

/** A JSON value that does not fit the type it is for; not an exception of the user's code. */
final class Bad extends Exception {
	private static final long serialVersionUID = 1;

	private String path = "";
	private final String problem;

	Bad(String problem) {
		super(null, null, false, false);
		this.problem = problem;
	}

	/** "expected int, got the string "abc"". */
	static Bad type(String expected, Object got) {
		return new Bad("expected " + expected + ", got " + Json.describe(got));
	}

	/** Says where inside the argument it was, from the inside out: "[2]", ".name". */
	Bad in(String step) {
		path = step + path;
		return this;
	}

	@Override
	public String getMessage() {
		return path.isEmpty() ? problem : "at " + path + ": " + problem;
	}
}
