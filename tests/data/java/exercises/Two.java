public class Two {
	public static String who() {
		return new Node().name();
	}
}

class Node {
	String name() {
		return "two";
	}
}
