/* langs/java_locale.h — the locale while a JVM starts.
 *
 * A JVM takes the encoding of file names from the environment's locale, once:
 * in "C" it cannot open a file with an umlaut in its name, whatever its
 * properties say. And it sets the locale of the whole process, which changes
 * how printf() writes numbers. */
#ifndef SNAFU_LANGS_JAVA_LOCALE_H
#define SNAFU_LANGS_JAVA_LOCALE_H

#include <stdbool.h>

/* What a JVM should be started with where the environment asks for no UTF-8. */
#define SNAFU_JAVA_LOCALE "C.UTF-8"

/* Whether the environment's locale is one of UTF-8. */
bool snafu_java_locale_is_utf8(void);

struct snafu_java_locale {
	char *locale; /* owned: the process's, before */
	char *environment; /* owned: LC_ALL before, NULL when it was not set */
	bool changed; /* LC_ALL is ours for the moment */
};

/* To be called before and after a JVM starts in this process, by one thread. */
void snafu_java_locale_begin(struct snafu_java_locale *ret_before);
void snafu_java_locale_end(struct snafu_java_locale *before);

#endif
