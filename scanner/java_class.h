/* scanner/java_class.h — compiled Java: class files (JVMS chapter 4) and jars of
 * them, read without a JVM. Nothing in the bytes is trusted. */
#ifndef SNAFU_SCANNER_JAVA_CLASS_H
#define SNAFU_SCANNER_JAVA_CLASS_H

#include <stddef.h>

#include "scanner/java_model.h"

#define SNAFU_JAR_ENTRIES_CAP 100000
#define SNAFU_JAR_CLASS_CAP   (8u << 20) /* bytes of one class, unpacked */
#define SNAFU_JAR_TOTAL_CAP   (128u << 20) /* bytes of all classes of a jar, unpacked */

/* Adds the class in the SIZE bytes at BYTES, with its members, to UNIT (begun).
 * FILE (in the unit's arena) names it. Returns NULL, or why it is no class file;
 * then nothing was added. Nothing is added either for what no source says: modules,
 * packages, classes made by the compiler. */
const char *snafu_java_class_read(struct snafu_java_unit *unit, const char *bytes, size_t size,
                                  const char *file);

/* Adds every class of the base version in the jar at BYTES, which PATH names. What
 * cannot be read becomes a diagnostic. Fails only when memory is out. The symbol of
 * a module of its own, read-jar.so, opened for the first jar: libzip brings a
 * library for cryptography along, which nobody else shall pay for. */
#define SNAFU_JAR_SYMBOL "snafu_java_jar_read"
typedef int snafu_java_jar_reader(struct snafu_java_unit *unit, const char *bytes, size_t size,
                                  const char *path);
snafu_java_jar_reader snafu_java_jar_read;

/* java_signature.c: descriptors and signatures (JVMS 4.3, 4.7.9.1) as types are
 * written in source. */

struct snafu_java_cursor {
	const char *at, *end; /* what is left to read */
};

/* The type that stands here, "java.util.List<T>[]", in the unit's arena; NULL where
 * none does. */
const char *snafu_java_signature_type(struct snafu_java_unit *unit,
                                      struct snafu_java_cursor *cursor);

/* `<T:Ljava/lang/Object;>` and the like, if it stands here. False: it is malformed. */
bool snafu_java_signature_variables(struct snafu_java_unit *unit, struct snafu_java_cursor *cursor,
                                    const struct snafu_java_variable **ret_variables);

/* Passes over one descriptor: its length, or 0 where none stands. */
size_t snafu_java_descriptor_size(const char *text, const char *end);

/* a/b/Outer$Inner (SIZE bytes) as "a.b.Outer.Inner". */
const char *snafu_java_class_name(struct snafu_java_unit *unit, const char *binary, size_t size);

#endif
