/* scanner/java_library.h — the types of Java's own library that have a form in
 * JSON. */
#ifndef SNAFU_SCANNER_JAVA_LIBRARY_H
#define SNAFU_SCANNER_JAVA_LIBRARY_H

#include "scanner/function.h"

enum snafu_java_rule {
	SNAFU_JAVA_PLAIN, /* the shape of that kind and format */
	SNAFU_JAVA_NULLABLE, /* the same, or null */
	SNAFU_JAVA_ARRAY_OF, /* of the first type argument */
	SNAFU_JAVA_MAP_TO, /* the second type argument */
	SNAFU_JAVA_MAYBE, /* the first type argument, or null */
	SNAFU_JAVA_ARRAY_PLAIN, /* array of the shape of that kind and format */
};

struct snafu_java_library_type {
	const char *name, *package;
	enum snafu_java_rule rule;
	enum snafu_shape_kind kind;
	const char *format;
};

/* The type called SIMPLE; QUALIFIED (may be NULL) must then be its full name. */
const struct snafu_java_library_type *snafu_java_library_find(const char *simple,
                                                              const char *qualified);

/* The shape of `int` and the like, or NULL. */
const struct snafu_shape *snafu_java_primitive(const char *name);

#endif
