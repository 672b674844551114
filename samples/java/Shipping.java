import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What a parcel costs: the rules of a small mail-order house. */
public class Shipping {
    /** Where it goes. */
    public enum Zone { DOMESTIC, EUROPE, WORLD }

    /** A parcel: kilograms and centimetres. */
    public record Parcel(double weight, double length, double width, double height) {
        /** The weight that is paid for: bulky parcels count as heavier. */
        public double chargeable() {
            return Math.max(weight, length * width * height / 5000);
        }
    }

    private final List<String> journal = new ArrayList<>();

    /** The price of a parcel within the country. */
    public static double price(double weight) {
        return price(weight, Zone.DOMESTIC);
    }

    /**
     * The price of a parcel by weight.
     *
     * @param weight kilograms
     * @param zone where it goes
     */
    public static double price(double weight, Zone zone) {
        if (weight <= 0 || weight > 30)
            throw new IllegalArgumentException("parcels weigh up to 30 kg, not " + weight);
        double base = weight <= 2 ? 4.99 : weight <= 10 ? 8.49 : 16.99;
        return cents(base * switch (zone) { case DOMESTIC -> 1; case EUROPE -> 1.8; case WORLD -> 3.5; });
    }

    /** The price of a parcel by weight and size. */
    public static double price(Parcel parcel, Zone zone) {
        return price(parcel.chargeable(), zone);
    }

    /** The dearest of some parcels, if there are any. */
    public static Optional<Parcel> heaviest(List<Parcel> parcels) {
        return parcels.stream().max(Comparator.comparingDouble(Parcel::chargeable));
    }

    /** What it costs to send some weights to several zones. */
    public static Map<Zone, Double> totals(Map<Zone, List<Double>> weights) {
        Map<Zone, Double> sums = new TreeMap<>();
        weights.forEach((zone, list) ->
            sums.put(zone, cents(list.stream().mapToDouble(weight -> price(weight, zone)).sum())));
        return sums;
    }

    /** The label's lines, joined. */
    public static String label(String name, String... lines) {
        return name.toUpperCase() + "\n" + String.join("\n", lines);
    }

    /** Notes a shipment; returns its number. An instance keeps its journal. */
    public int ship(String to, double weight) {
        journal.add(to + ": " + price(weight));
        return journal.size();
    }

    /** All that was shipped. */
    public List<String> journal() {
        return List.copyOf(journal);
    }

    private static double cents(double amount) {
        return Math.round(amount * 100) / 100.0;
    }
}
