package snafu;

/** What isolated calls of a function call: the function itself when its classes have no state, else
 * the same in classes that are defined anew for each call. Shared by threads. */
final class Worlds {
	private final Bound base;
	private final Bound shared; // null: each call needs its own

	Worlds(Bound base) {
		this.base = base;
		shared = Stateless.is(base.owner) ? base.alone() : null;
	}

	Bound take() throws ReflectiveOperationException {
		return shared != null ? shared : make();
	}

	private Bound make() throws ReflectiveOperationException {
		return base.in(Fresh.of((Loader) base.owner.getClassLoader()));
	}
}
