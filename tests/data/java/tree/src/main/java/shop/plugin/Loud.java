package shop.plugin;

public class Loud {
	public static String run() {
		return "LOUD";
	}
}
