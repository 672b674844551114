public class Starts {
	static final int N = Integer.parseInt("none");

	public static int n() {
		return N;
	}
}
