package shop;

public class Broken {
	public static String whole() {
		return "whole";
	}

	public static int half(int n) {
		return n / "2";
	}
}
