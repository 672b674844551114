/* langs/java_roots.h — where the packages of scanned Java files begin, by their
 * paths and the ids of their functions alone. */
#ifndef SNAFU_LANGS_JAVA_ROOTS_H
#define SNAFU_LANGS_JAVA_ROOTS_H

#include <stddef.h>

struct snafu_buffer;
struct snafu_function;
struct snafu_functions;

#define SNAFU_JAVA_ROOTS_CAP 256 /* different roots that are told of; more are left out */

/* Appends the base of FUNCTION's class: for org.x.A.f in src/org/x/A.java (or
 * .class) it is src; in a jar it is the jar's path. Returns 'S' for sources, 'C'
 * for class files and jars. */
char snafu_java_base(const struct snafu_function *function, struct snafu_buffer *into);

/* Appends every different base of all Java functions, each as its letter, the
 * path, and a NUL. */
void snafu_java_roots(const struct snafu_functions *functions, struct snafu_buffer *into);

/* The same for a process that knows one function only: looks below the paths that the user
 * named. */
void snafu_java_find_roots(const char *const *paths, size_t n_paths, struct snafu_buffer *into);

#endif
