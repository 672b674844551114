package snafu;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A name that calls can use: one method, or all overloads of one. Shared by threads. */
final class Bound {
	private static final int SIGNATURES_CAP = 12; // listed in an error
	private static final int VARIADIC_COST = 50; // plain overloads come first, as in Java
	private static final int WHOLE_COST = 100; // of what takes the payload's bytes
	private static final Object[] NOTHING = {};

	final Class<?> owner;
	private final Candidate[] candidates;
	private final boolean takesThis; // "this" in a payload is the object
	private final boolean fresh; // for isolated calls: no object is kept
	private final boolean any; // a handler takes any JSON value
	private volatile Worlds worlds; // null until the first isolated call

	Bound(Class<?> owner, List<Candidate> candidates) {
		this(owner, candidates.toArray(new Candidate[0]), false);
	}

	private Bound(Class<?> owner, Candidate[] candidates, boolean fresh) {
		boolean object = false;
		boolean events = false;
		this.owner = owner;
		this.candidates = candidates;
		this.fresh = fresh;
		for (Candidate candidate : candidates) {
			object |= candidate.needsObject;
			events |= candidate.events != null && candidate.events.whole;
		}
		takesThis = object;
		any = events;
	}

	/** What an isolated call calls: the same function with its classes' state as when just loaded. */
	Bound fresh() throws ReflectiveOperationException {
		Worlds made = worlds;
		if (made == null)
			worlds = made = new Worlds(this); // two threads may make one: no harm
		return made.take();
	}

	/** The same without any kept object, for classes that have no state of their own. */
	Bound alone() {
		return new Bound(owner, candidates, true);
	}

	/** The same in classes defined anew; they are not yet initialised. */
	Bound in(Fresh loader) throws ReflectiveOperationException {
		Candidate[] same = new Candidate[candidates.length];
		for (int i = 0; i < same.length; i++)
			same[i] = candidates[i].in(loader);
		return new Bound(loader.same(owner), same, true);
	}

	/** Whether all calls get the payload as it came. */
	boolean isRaw() {
		return candidates.length == 1 && candidates[0].events != null
			&& candidates[0].events.streams;
	}

	/** Calls with a payload: an object, a list, or nothing at all (Bridge.ABSENT); handlers take any
	 * JSON value, and streams bytes. */
	Object call(Object payload, Call call) throws Problems, Failure {
		if (!any && payload != Bridge.ABSENT && !(payload instanceof Json.Obj)
				&& !(payload instanceof List)) {
			Problems problems = new Problems();
			problems.add("payload", "expected an object (arguments by name) or an array "
				+ "(by position), got " + Json.describe(payload));
			throw problems.usage(signatures());
		}
		Candidate candidate = candidates.length == 1 ? candidates[0] : choose(payload);
		Problems problems = new Problems();
		Object[] arguments = bind(candidate, payload, problems);
		Convention.Exchange exchange = null;
		if (candidate.events != null && candidate.events.convention != null) {
			exchange = candidate.events.convention.begin(Events.bytes(payload), call);
			arguments = exchange.arguments;
		} else if (candidate.events != null) {
			arguments = candidate.events.complete(arguments, payload, call);
		}
		Object self = candidate.needsObject ? self(payload, problems) : null;
		if (problems.count > 0)
			throw problems.usage(signatures());
		try {
			Object value = candidate.invoke(self, arguments);
			if (exchange != null)
				return exchange.result(value);
			return candidate.events == null ? value : candidate.events.result(value, arguments);
		} catch (InvocationTargetException e) {
			throw new Failure(e.getCause());
		} catch (ReflectiveOperationException e) {
			throw new Failure(e);
		}
	}

	private String signatures() {
		StringBuilder text = new StringBuilder();
		for (int i = 0; i < candidates.length && i < SIGNATURES_CAP; i++)
			text.append(i > 0 ? " | " : "").append(candidates[i].signature());
		if (candidates.length > SIGNATURES_CAP)
			text.append(" | ... (").append(candidates.length).append(" overloads)");
		return text.toString();
	}

	private boolean isThis(String key) {
		return takesThis && key.equals("this");
	}

	private Object self(Object payload, Problems problems) throws Failure {
		int given = payload instanceof Json.Obj ? ((Json.Obj) payload).find("this") : -1;
		try {
			return given < 0 ? fresh ? Beans.makeKept(owner, true) : Instances.of(owner)
				: Beans.makeThis(owner, ((Json.Obj) payload).values[given]);
		} catch (Bad e) {
			problems.add("this", e.getMessage());
			return null;
		}
	}

	private Object[] bind(Candidate candidate, Object payload, Problems problems) throws Failure {
		if (candidate.events != null && candidate.events.takesWhole(candidate, payload))
			return candidate.targets.length == 0 ? NOTHING : new Object[] {convert(candidate, 0,
				payload == Bridge.ABSENT ? null : payload, problems)};
		if (payload != Bridge.ABSENT && !(payload instanceof Json.Obj)
				&& !(payload instanceof List)) {
			problems.add("payload", "expected an object or an array, got "
				+ Json.describe(payload));
			return new Object[candidate.targets.length];
		}
		if (payload instanceof Json.Obj)
			return byName(candidate, (Json.Obj) payload, problems);
		return byPosition(candidate, payload == Bridge.ABSENT ? Arrays.asList(NOTHING)
			: (List<?>) payload, problems);
	}

	private Object[] byName(Candidate candidate, Json.Obj object, Problems problems)
			throws Failure {
		Object[] arguments = new Object[candidate.names.length];
		boolean[] given = new boolean[arguments.length];
		for (int i = 0; i < object.size; i++) {
			int k = candidate.index(object.keys[i]);
			if (k < 0 && isThis(object.keys[i]))
				continue;
			if (k < 0)
				problems.add(object.keys[i], "unknown" + Near.hint(object.keys[i],
					Arrays.asList(candidate.names)));
			else if (given[k])
				problems.add(object.keys[i], "given twice");
			else if (candidate.variadic && k == arguments.length - 1
					&& !spreads(candidate, object.values[i]))
				arguments[k] = convert(candidate, k, Arrays.asList(object.values[i]), problems);
			else
				arguments[k] = convert(candidate, k, object.values[i], problems);
			if (k >= 0)
				given[k] = true;
		}
		for (int k = 0; k < arguments.length; k++)
			if (!given[k])
				arguments[k] = left(candidate, k, problems);
		return arguments;
	}

	/** Whether the value is the array of a variadic parameter, not its only item. */
	private static boolean spreads(Candidate candidate, Object value) {
		Target last = candidate.targets[candidate.targets.length - 1];
		return value == null || value instanceof List || last.cost(value) < Target.NO;
	}

	private Object[] byPosition(Candidate candidate, List<?> values, Problems problems)
			throws Failure {
		int count = candidate.names.length;
		Object[] arguments = new Object[count];
		boolean rest = takesRest(candidate, values);
		int plain = rest ? count - 1 : count;
		for (int k = 0; k < plain; k++)
			arguments[k] = k < values.size() ? convert(candidate, k, values.get(k), problems)
				: left(candidate, k, problems);
		if (rest)
			arguments[plain] = convert(candidate, plain, plain >= values.size()
				? Arrays.asList(NOTHING) : values.subList(plain, values.size()), problems);
		else if (values.size() > count)
			problems.add("argument " + (count + 1), "unknown: it takes " + count
				+ (count == 1 ? " argument, got " : " arguments, got ") + values.size());
		return arguments;
	}

	/** Whether the last parameter takes all values from its place on, not just one as it is. */
	private static boolean takesRest(Candidate candidate, List<?> values) {
		int last = candidate.names.length - 1;
		return candidate.variadic && !(values.size() == last + 1
			&& candidate.targets[last].cost(values.get(last)) < Target.NO);
	}

	private static Object convert(Candidate candidate, int k, Object value, Problems problems)
			throws Failure {
		try {
			return candidate.targets[k].convert(value);
		} catch (Bad e) {
			problems.add(candidate.names[k], e.getMessage());
			return null;
		}
	}

	/** The argument where none was given. */
	private static Object left(Candidate candidate, int k, Problems problems) throws Failure {
		if (candidate.variadic && k == candidate.names.length - 1)
			return convert(candidate, k, new ArrayList<>(), problems);
		if (candidate.targets[k].optional())
			return convert(candidate, k, null, problems);
		problems.add(candidate.names[k], "missing (" + candidate.targets[k].describe() + ")");
		return null;
	}

	/** The overload that suits best: by names, then count, then types; Java's own rule of the
	 * most specific decides a draw. */
	private Candidate choose(Object payload) throws Problems, Failure {
		Candidate best = null;
		int least = Target.NO;
		for (Candidate candidate : candidates) {
			int cost = cost(candidate, payload);
			if (cost < least || best != null && cost == least && candidate.isMoreSpecific(best)) {
				best = candidate;
				least = cost;
			}
		}
		if (best != null)
			return best;
		Problems fewest = null;
		for (Candidate candidate : candidates) {
			Problems problems = new Problems();
			bind(candidate, payload, problems);
			if (problems.count > 0 && (fewest == null || problems.count < fewest.count))
				fewest = problems;
			else if (problems.count == 0)
				return candidate;
		}
		throw fewest.usage(signatures());
	}

	private int cost(Candidate candidate, Object payload) {
		if (candidate.events != null && candidate.events.takesWhole(candidate, payload))
			return candidate.targets.length == 0 ? WHOLE_COST : payload == Bridge.ABSENT ? 1
				: candidate.targets[0].cost(payload);
		if (payload != Bridge.ABSENT && !(payload instanceof Json.Obj)
				&& !(payload instanceof List))
			return Target.NO;
		return payload instanceof Json.Obj ? costByName(candidate, (Json.Obj) payload)
			: costByPosition(candidate, payload == Bridge.ABSENT ? Arrays.asList(NOTHING)
				: (List<?>) payload);
	}

	private int costByName(Candidate candidate, Json.Obj object) {
		int cost = 0;
		int given = 0;
		for (int i = 0; i < object.size; i++) {
			int k = candidate.index(object.keys[i]);
			if (k < 0) {
				if (!isThis(object.keys[i]))
					return Target.NO;
				cost += candidate.needsObject ? 0 : VARIADIC_COST;
				continue;
			}
			given++;
			Target target = candidate.targets[k];
			boolean last = candidate.variadic && k == candidate.names.length - 1;
			cost += last && !spreads(candidate, object.values[i])
				? target.items().cost(object.values[i]) : target.cost(object.values[i]);
			cost += last ? VARIADIC_COST : 0;
		}
		for (int k = 0; k < candidate.names.length && given < candidate.names.length; k++)
			if (object.find(candidate.names[k]) < 0)
				cost += candidate.variadic && k == candidate.names.length - 1 ? 2 * VARIADIC_COST
					: candidate.targets[k].optional() ? 1 : Target.NO;
		return cost;
	}

	private static int costByPosition(Candidate candidate, List<?> values) {
		int count = candidate.names.length;
		boolean rest = takesRest(candidate, values);
		int cost = rest ? VARIADIC_COST : 0;
		if (values.size() > count && !rest)
			return Target.NO;
		for (int k = 0; k < count && cost < Target.NO; k++) {
			if (rest && k == count - 1)
				for (int i = k; i < values.size() && cost < Target.NO; i++)
					cost += candidate.targets[k].items().cost(values.get(i));
			else if (k < values.size())
				cost += candidate.targets[k].cost(values.get(k));
			else
				cost += candidate.targets[k].optional() ? 1 : Target.NO;
		}
		return cost;
	}
}
