package shop;

public record Item(String name, int price, int count) {
}
