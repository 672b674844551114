package snafu;

/** The objects whose methods are called without a "this": one for each class, made on the first
 * such call and kept. */
final class Instances {
	private Instances() {
	}

	private static final class Holder {
		volatile Object object;
	}

	private static final ClassValue<Holder> HOLDERS = new ClassValue<>() {
		@Override
		protected Holder computeValue(Class<?> type) {
			return new Holder();
		}
	};

	static Object of(Class<?> c) throws Bad, Failure {
		Holder holder = HOLDERS.get(c);
		Object object = holder.object;
		if (object != null)
			return object;
		synchronized (holder) {
			if (holder.object == null)
				holder.object = Beans.makeKept(c, false);
			return holder.object;
		}
	}
}
