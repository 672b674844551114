package shop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;

/** Needs other files of its tree in every way there is. */
public class Cart {
	private static final List<Item> ITEMS = new ArrayList<>();

	public static int put(Item item) {
		ITEMS.add(item);
		return ITEMS.size();
	}

	public static int total() {
		int total = 0;
		for (Item item : ITEMS)
			total += Prices.of(item);
		return total;
	}

	/** From src/main/resources. */
	public static String greeting() throws IOException {
		try (BufferedReader in = new BufferedReader(new InputStreamReader(
				Cart.class.getResourceAsStream("/greeting.txt")))) {
			return in.readLine();
		}
	}

	/** A class that no source names. */
	public static Object plugin(String name) throws ReflectiveOperationException {
		return Class.forName("shop.plugin." + name).getMethod("run").invoke(null);
	}

	/** A class in a file of another name. */
	public static String helper() {
		return new CartHelper().help();
	}

	/** A method of a class that does not compile, but for others of it. */
	public static String whole() {
		return Broken.whole();
	}

	/** One of those others. */
	public static int broken() {
		return Broken.half(4);
	}
}
