package shop;

class Prices {
	static int of(Item item) {
		return item.price() * item.count();
	}
}

class CartHelper {
	String help() {
		return "helped";
	}
}
