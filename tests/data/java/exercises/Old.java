public class Old {
	/** Français, before UTF-8. */
	public static String word() {
		return "garçon";
	}
}
