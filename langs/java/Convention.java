package snafu;

import java.lang.reflect.Executable;

/**
 * How a provider calls a method that is not AWS's ({@link Events} has those): what it makes of the
 * payload's bytes, and of what the method gives. To add one: a class, and a line in {@link #of}.
 * Known by the types of the parameters, which the user's code brings along.
 */
abstract class Convention {
	/** Null when nothing is special. */
	static Convention of(Executable executable) {
		Class<?>[] types = executable.getParameterTypes();
		if (types.length == 0 || types.length > 2)
			return null;
		Convention made = GoogleFunctions.of(executable, types);
		return made != null ? made : OpenWhiskAction.of(executable, types);
	}

	/** One call under way. */
	abstract static class Exchange {
		final Object[] arguments;

		Exchange(Object... arguments) {
			this.arguments = arguments;
		}

		/** What the call gives; VALUE is what the method returned. */
		abstract Events.Written result(Object value) throws Failure;
	}

	abstract Exchange begin(byte[] payload, Call call) throws Problems, Failure;

	static Problems problem(String text) {
		Problems problems = new Problems();
		problems.add("payload", text);
		return problems;
	}
}
