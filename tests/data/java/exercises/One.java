public class One {
	public static String who() {
		return new Node().name();
	}
}

class Node {
	String name() {
		return "one";
	}
}
