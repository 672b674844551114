package snafu;

import java.util.ArrayList;
import java.util.List;

/** What is wrong with a payload, all of it, each thing under the parameter's name. */
final class Problems extends Exception {
	private static final long serialVersionUID = 1;
	private static final int CAP = 50; // more are only counted

	private final List<String> names = new ArrayList<>();
	private final List<String> texts = new ArrayList<>();
	private String usage = "";
	int count;

	Problems() {
		super(null, null, false, false);
	}

	void add(String name, String text) {
		if (count++ < CAP) {
			names.add(name.length() > 100 ? name.substring(0, 100) + "..." : name);
			texts.add(text);
		}
	}

	/** The signature, or several. */
	Problems usage(String text) {
		usage = text;
		return this;
	}

	/** As langs/result.h has it. */
	void write(Out out) {
		StringBuilder message = new StringBuilder();
		for (int i = 0; i < names.size(); i++)
			message.append(i > 0 ? "; " : "").append(names.get(i)).append(": ")
				.append(texts.get(i));
		if (!usage.isEmpty())
			message.append("; usage: ").append(usage);
		out.raw("{\"errorType\":\"ArgumentError\",\"errorMessage\":");
		out.string(message);
		out.raw(",\"arguments\":[");
		for (int i = 0; i < names.size(); i++) {
			out.raw(i > 0 ? ",{\"name\":" : "{\"name\":");
			out.string(names.get(i));
			out.raw(",\"problem\":");
			out.string(texts.get(i));
			out.put('}');
		}
		out.raw("]}");
	}
}
