/* scanner/java_library.c — see java_library.h. */
#include "scanner/java_library.h"

#include <stdlib.h>
#include <string.h>

#define PLAIN       SNAFU_JAVA_PLAIN
#define NULLABLE    SNAFU_JAVA_NULLABLE
#define ARRAY_OF    SNAFU_JAVA_ARRAY_OF
#define MAP_TO      SNAFU_JAVA_MAP_TO
#define MAYBE       SNAFU_JAVA_MAYBE
#define ARRAY_PLAIN SNAFU_JAVA_ARRAY_PLAIN
#define LANG        "java.lang"
#define UTIL        "java.util"
#define CONCURRENT  "java.util.concurrent"
#define ATOMIC      "java.util.concurrent.atomic"
#define STREAM      "java.util.stream"
#define TIME        "java.time"

/* Sorted by name. */
static const struct snafu_java_library_type library[] = {
	{"AbstractCollection", UTIL, ARRAY_OF, 0, NULL},
	{"AbstractList", UTIL, ARRAY_OF, 0, NULL},
	{"AbstractMap", UTIL, MAP_TO, 0, NULL},
	{"AbstractSet", UTIL, ARRAY_OF, 0, NULL},
	{"ArrayDeque", UTIL, ARRAY_OF, 0, NULL},
	{"ArrayList", UTIL, ARRAY_OF, 0, NULL},
	{"AtomicBoolean", ATOMIC, PLAIN, SNAFU_SHAPE_BOOLEAN, NULL},
	{"AtomicInteger", ATOMIC, PLAIN, SNAFU_SHAPE_INTEGER, "int32"},
	{"AtomicLong", ATOMIC, PLAIN, SNAFU_SHAPE_INTEGER, "int64"},
	{"BigDecimal", "java.math", PLAIN, SNAFU_SHAPE_NUMBER, NULL},
	{"BigInteger", "java.math", PLAIN, SNAFU_SHAPE_INTEGER, NULL},
	{"Boolean", LANG, NULLABLE, SNAFU_SHAPE_BOOLEAN, NULL},
	{"Byte", LANG, NULLABLE, SNAFU_SHAPE_INTEGER, "int8"},
	{"CharSequence", LANG, PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"Character", LANG, NULLABLE, SNAFU_SHAPE_STRING, NULL},
	{"Collection", UTIL, ARRAY_OF, 0, NULL},
	{"ConcurrentHashMap", CONCURRENT, MAP_TO, 0, NULL},
	{"ConcurrentMap", CONCURRENT, MAP_TO, 0, NULL},
	{"CopyOnWriteArrayList", CONCURRENT, ARRAY_OF, 0, NULL},
	{"Currency", UTIL, PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"Date", UTIL, PLAIN, SNAFU_SHAPE_STRING, "date-time"},
	{"Deque", UTIL, ARRAY_OF, 0, NULL},
	{"Double", LANG, NULLABLE, SNAFU_SHAPE_NUMBER, "double"},
	{"DoubleStream", STREAM, ARRAY_PLAIN, SNAFU_SHAPE_NUMBER, "double"},
	{"Duration", TIME, PLAIN, SNAFU_SHAPE_STRING, "duration"},
	{"EnumMap", UTIL, MAP_TO, 0, NULL},
	{"EnumSet", UTIL, ARRAY_OF, 0, NULL},
	{"Enumeration", UTIL, ARRAY_OF, 0, NULL},
	{"Float", LANG, NULLABLE, SNAFU_SHAPE_NUMBER, "float"},
	{"HashMap", UTIL, MAP_TO, 0, NULL},
	{"HashSet", UTIL, ARRAY_OF, 0, NULL},
	{"Hashtable", UTIL, MAP_TO, 0, NULL},
	{"Instant", TIME, PLAIN, SNAFU_SHAPE_STRING, "date-time"},
	{"IntStream", STREAM, ARRAY_PLAIN, SNAFU_SHAPE_INTEGER, "int32"},
	{"Integer", LANG, NULLABLE, SNAFU_SHAPE_INTEGER, "int32"},
	{"Iterable", LANG, ARRAY_OF, 0, NULL},
	{"Iterator", UTIL, ARRAY_OF, 0, NULL},
	{"LinkedHashMap", UTIL, MAP_TO, 0, NULL},
	{"LinkedHashSet", UTIL, ARRAY_OF, 0, NULL},
	{"LinkedList", UTIL, ARRAY_OF, 0, NULL},
	{"List", UTIL, ARRAY_OF, 0, NULL},
	{"LocalDate", TIME, PLAIN, SNAFU_SHAPE_STRING, "date"},
	{"LocalDateTime", TIME, PLAIN, SNAFU_SHAPE_STRING, "date-time-local"},
	{"LocalTime", TIME, PLAIN, SNAFU_SHAPE_STRING, "time-local"},
	{"Locale", UTIL, PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"Long", LANG, NULLABLE, SNAFU_SHAPE_INTEGER, "int64"},
	{"LongStream", STREAM, ARRAY_PLAIN, SNAFU_SHAPE_INTEGER, "int64"},
	{"Map", UTIL, MAP_TO, 0, NULL},
	{"MonthDay", TIME, PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"NavigableMap", UTIL, MAP_TO, 0, NULL},
	{"NavigableSet", UTIL, ARRAY_OF, 0, NULL},
	{"Number", LANG, NULLABLE, SNAFU_SHAPE_NUMBER, NULL},
	{"OffsetDateTime", TIME, PLAIN, SNAFU_SHAPE_STRING, "date-time"},
	{"OffsetTime", TIME, PLAIN, SNAFU_SHAPE_STRING, "time"},
	{"Optional", UTIL, MAYBE, 0, NULL},
	{"OptionalDouble", UTIL, NULLABLE, SNAFU_SHAPE_NUMBER, "double"},
	{"OptionalInt", UTIL, NULLABLE, SNAFU_SHAPE_INTEGER, "int32"},
	{"OptionalLong", UTIL, NULLABLE, SNAFU_SHAPE_INTEGER, "int64"},
	{"Period", TIME, PLAIN, SNAFU_SHAPE_STRING, "duration"},
	{"PriorityQueue", UTIL, ARRAY_OF, 0, NULL},
	{"Properties", UTIL, MAP_TO, 0, NULL},
	{"Queue", UTIL, ARRAY_OF, 0, NULL},
	{"Set", UTIL, ARRAY_OF, 0, NULL},
	{"Short", LANG, NULLABLE, SNAFU_SHAPE_INTEGER, "int16"},
	{"SortedMap", UTIL, MAP_TO, 0, NULL},
	{"SortedSet", UTIL, ARRAY_OF, 0, NULL},
	{"Stack", UTIL, ARRAY_OF, 0, NULL},
	{"Stream", STREAM, ARRAY_OF, 0, NULL},
	{"String", LANG, PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"StringBuffer", LANG, PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"StringBuilder", LANG, PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"TreeMap", UTIL, MAP_TO, 0, NULL},
	{"TreeSet", UTIL, ARRAY_OF, 0, NULL},
	{"URI", "java.net", PLAIN, SNAFU_SHAPE_STRING, "uri"},
	{"URL", "java.net", PLAIN, SNAFU_SHAPE_STRING, "uri"},
	{"UUID", UTIL, PLAIN, SNAFU_SHAPE_STRING, "uuid"},
	{"Vector", UTIL, ARRAY_OF, 0, NULL},
	{"Void", LANG, PLAIN, SNAFU_SHAPE_NOTHING, NULL},
	{"Year", TIME, PLAIN, SNAFU_SHAPE_INTEGER, "int32"},
	{"YearMonth", TIME, PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"ZoneId", TIME, PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"ZoneOffset", TIME, PLAIN, SNAFU_SHAPE_STRING, NULL},
	{"ZonedDateTime", TIME, PLAIN, SNAFU_SHAPE_STRING, "date-time"},
};

struct primitive {
	const char *name;
	struct snafu_shape shape;
};

static const struct primitive primitives[] = {
	{"int", {.kind = SNAFU_SHAPE_INTEGER, .format = "int32"}},
	{"boolean", {.kind = SNAFU_SHAPE_BOOLEAN}},
	{"void", {.kind = SNAFU_SHAPE_NOTHING}},
	{"long", {.kind = SNAFU_SHAPE_INTEGER, .format = "int64"}},
	{"char", {.kind = SNAFU_SHAPE_STRING}},
	{"double", {.kind = SNAFU_SHAPE_NUMBER, .format = "double"}},
	{"byte", {.kind = SNAFU_SHAPE_INTEGER, .format = "int8"}},
	{"float", {.kind = SNAFU_SHAPE_NUMBER, .format = "float"}},
	{"short", {.kind = SNAFU_SHAPE_INTEGER, .format = "int16"}},
};

static int compare_name(const void *name, const void *entry)
{
	return strcmp(name, ((const struct snafu_java_library_type *)entry)->name);
}

const struct snafu_java_library_type *snafu_java_library_find(const char *simple,
                                                              const char *qualified)
{
	const struct snafu_java_library_type *found =
		bsearch(simple, library, sizeof library / sizeof *library, sizeof *library, compare_name);

	if (found && qualified) {
		size_t size = strlen(found->package);

		if (strncmp(qualified, found->package, size) != 0 || qualified[size] != '.' ||
		    strcmp(qualified + size + 1, simple) != 0)
			return NULL;
	}
	return found;
}

const struct snafu_shape *snafu_java_primitive(const char *name)
{
	for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++)
		if (strcmp(primitives[i].name, name) == 0)
			return &primitives[i].shape;
	return NULL;
}
