package snafu;

import java.io.File;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URL;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.*;
import java.util.Calendar;
import java.util.Currency;
import java.util.Date;
import java.util.GregorianCalendar;
import java.util.Locale;
import java.util.TimeZone;
import java.util.UUID;
import java.util.regex.Pattern;

/** The types of the standard library whose JSON form is a string, and how they read it. */
final class Texts {
	private Texts() {
	}

	private static final Class<?>[] TYPES = {
		LocalDate.class, LocalTime.class, LocalDateTime.class, Instant.class,
		OffsetDateTime.class, OffsetTime.class, ZonedDateTime.class, Duration.class, Period.class,
		Year.class, YearMonth.class, MonthDay.class, ZoneId.class, ZoneOffset.class,
		Date.class, Calendar.class, GregorianCalendar.class, TimeZone.class,
		UUID.class, URI.class, URL.class, Path.class, File.class,
		Locale.class, Charset.class, Currency.class, Pattern.class, Class.class,
		StringBuilder.class, StringBuffer.class,
	};

	/** The number by which {@link #read} knows the type; -1 when it is none of them. */
	static int kind(Class<?> type) {
		for (int i = 0; i < TYPES.length; i++)
			if (TYPES[i] == type)
				return i;
		return -1;
	}

	static Object read(int kind, String text, ClassLoader loader) throws Bad {
		try {
			Object value = parse(TYPES[kind], text, loader);
			if (value != null)
				return value;
		} catch (RuntimeException | ReflectiveOperationException | LinkageError
				| java.net.MalformedURLException e) {
			// said below
		}
		throw Bad.type(TYPES[kind].getSimpleName() + hint(TYPES[kind]), text);
	}

	private static String hint(Class<?> type) {
		if (type == Date.class || type == Instant.class || Calendar.class.isAssignableFrom(type))
			return " (ISO 8601, 2024-12-31T23:59:59Z)";
		if (type == LocalDate.class)
			return " (ISO 8601, 2024-12-31)";
		if (type.getPackage() == LocalDate.class.getPackage())
			return " (ISO 8601)";
		return "";
	}

	private static Object parse(Class<?> type, String text, ClassLoader loader)
			throws ReflectiveOperationException, java.net.MalformedURLException {
		switch (type.getSimpleName()) {
		case "LocalDate":
			return LocalDate.parse(text);
		case "LocalTime":
			return LocalTime.parse(text);
		case "LocalDateTime":
			return LocalDateTime.parse(text);
		case "Instant":
			return instant(text);
		case "OffsetDateTime":
			return OffsetDateTime.parse(text);
		case "OffsetTime":
			return OffsetTime.parse(text);
		case "ZonedDateTime":
			return ZonedDateTime.parse(text);
		case "Duration":
			return Duration.parse(text);
		case "Period":
			return Period.parse(text);
		case "Year":
			return Year.parse(text);
		case "YearMonth":
			return YearMonth.parse(text);
		case "MonthDay":
			return MonthDay.parse(text);
		case "ZoneId":
			return ZoneId.of(text);
		case "ZoneOffset":
			return ZoneOffset.of(text);
		case "Date":
			return Date.from(instant(text));
		case "Calendar":
		case "GregorianCalendar":
			return GregorianCalendar.from(instant(text).atZone(ZoneOffset.UTC));
		case "TimeZone":
			return TimeZone.getTimeZone(ZoneId.of(text));
		case "UUID":
			return UUID.fromString(text);
		case "URI":
			return URI.create(text);
		case "URL":
			return new URL(text);
		case "Path":
			return Path.of(text);
		case "File":
			return new File(text);
		case "Locale":
			return new Locale.Builder().setLanguageTag(text.replace('_', '-')).build();
		case "Charset":
			return Charset.forName(text);
		case "Currency":
			return Currency.getInstance(text);
		case "Pattern":
			return Pattern.compile(text);
		case "Class":
			return Class.forName(text, false, loader);
		case "StringBuilder":
			return new StringBuilder(text);
		case "StringBuffer":
			return new StringBuffer(text);
		default:
			return null;
		}
	}

	private static Instant instant(String text) {
		if (text.length() == 10)
			return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
		return text.endsWith("Z") ? Instant.parse(text) : OffsetDateTime.parse(text).toInstant();
	}

	/** The string for a value of one of these types (and some more), or null for others. */
	static String write(Object value) {
		if (value instanceof Date)
			return Instant.ofEpochMilli(((Date) value).getTime()).toString();
		if (value instanceof Calendar)
			return ((Calendar) value).toInstant().toString();
		if (value instanceof TimeZone)
			return ((TimeZone) value).getID();
		if (value instanceof Locale)
			return ((Locale) value).toLanguageTag();
		if (value instanceof Class)
			return ((Class<?>) value).getName();
		if (value instanceof java.time.temporal.TemporalAccessor
				|| value instanceof java.time.temporal.TemporalAmount || value instanceof ZoneId
				|| value instanceof UUID || value instanceof URI || value instanceof URL
				|| value instanceof Path || value instanceof File || value instanceof Charset
				|| value instanceof Currency || value instanceof Pattern
				|| value instanceof java.lang.reflect.Type
				|| value instanceof java.net.InetAddress)
			return value.toString();
		return null;
	}

	/** The exact value of a JSON number whose exponent is within reason. */
	static BigDecimal decimal(Object number) throws Bad {
		if (number instanceof Long)
			return BigDecimal.valueOf((Long) number);
		try {
			BigDecimal value = new BigDecimal(number.toString());
			if (Math.abs((long) value.scale()) <= Json.DIGITS_CAP)
				return value;
		} catch (NumberFormatException e) {
			// its exponent does not fit an int
		}
		throw new Bad("the exponent of " + Json.describe(number) + " is out of range");
	}
}
