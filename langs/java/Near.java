package snafu;

/** The known name that a mistyped one is nearest to. */
final class Near {
	private static final int NAME_CAP = 64;

	private Near() {
	}

	/** " (did you mean 'count'?)", or nothing when none is near. */
	static String hint(String name, Iterable<String> known) {
		String best = null;
		int least = Math.max(2, name.length() / 3) + 1;
		if (name.length() > NAME_CAP)
			return "";
		for (String candidate : known) {
			int distance = candidate.length() > NAME_CAP ? least
				: distance(name.toLowerCase(), candidate.toLowerCase());
			if (distance < least) {
				least = distance;
				best = candidate;
			}
		}
		return best == null ? "" : " (did you mean '" + best + "'?)";
	}

	/** Levenshtein's. */
	private static int distance(String a, String b) {
		int[] row = new int[b.length() + 1];
		for (int j = 0; j < row.length; j++)
			row[j] = j;
		for (int i = 1; i <= a.length(); i++) {
			int diagonal = row[0];
			row[0] = i;
			for (int j = 1; j < row.length; j++) {
				int next = Math.min(Math.min(row[j], row[j - 1]) + 1,
					diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1));
				diagonal = row[j];
				row[j] = next;
			}
		}
		return row[b.length()];
	}
}
