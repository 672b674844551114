/* scanner/convention.h — call conventions: how the functions of a provider are called, where
 * that is not by their parameters.
 *
 * A convention is known by what stands in the source and beside it (recognise), or it is
 * named: for all functions (-c), where the signature alone must fit, or for one (its settings),
 * where the number of parameters must. What it means for a call is the languages' affair
 * (langs/conventions/, langs/java/); this only says what a function is.
 *
 * To add one: write scanner/conventions/<family>.c with one table
 * `const struct snafu_convention snafu_conventions_<family>[]`, which an entry without a name
 * ends, and add the family to CONVENTIONS in Makefile.am; then langs/conventions/<family>.py.
 * Earlier families, and earlier entries, go before later ones. */
#ifndef SNAFU_SCANNER_CONVENTION_H
#define SNAFU_SCANNER_CONVENTION_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_arena;
struct snafu_buffer;
struct snafu_function;
struct snafu_functions;
struct snafu_look;
struct snafu_source;

struct snafu_convention {
	const char *name; /* "gcf-event"; what stands before the dash is its family */
	/* Such a function takes whole HTTP requests (any method, a path of its own, raw bytes)
	 * and answers with its own status, headers and bytes: docs/conventions.md has the form
	 * in which these are payload and result. */
	bool http;
	/* Its parameters are the provider's affair: callers give any members. */
	bool whole;
	size_t least, most; /* parameters that such a function has */
	/* Whether the signature is such a function's, for somebody who has named the family. */
	bool (*fits)(const struct snafu_function *function);
	/* Whether it is one for sure, by all that there is to see; asked only when it fits, or
	 * `may` be one where that is not NULL. Reads files beside the source. Any thread. */
	bool (*may)(const struct snafu_function *function);
	bool (*recognise)(struct snafu_look *look);
};

/* NULL when there is none of that NAME; NULL is welcome. */
const struct snafu_convention *snafu_convention_find(const char *name);
/* Whether NAME names one, or a family. */
bool snafu_convention_is_known(const char *name);
/* Appends all families, with commas between them. */
void snafu_convention_names(struct snafu_buffer *into);

/* What FUNCTION, as it was scanned, is for somebody who wants functions of NAME only (a
 * convention or a family); NULL: not one of these. */
const struct snafu_convention *snafu_convention_for(const struct snafu_function *function,
                                                    const char *name);
/* What it is where its own settings name NAME; NULL: it cannot be. */
const struct snafu_convention *snafu_convention_declared(const struct snafu_function *function,
                                                         const char *name);

/* Sets `convention` of the functions FIRST to END - 1, all found in SOURCE. */
void snafu_convention_recognise(const struct snafu_source *source,
                                struct snafu_functions *functions, size_t first, size_t end);

/* FUNCTION, a fresh descriptor, is called by CONVENTION from now on: its parameters become what
 * callers may give. -ENOMEM leaves it as it was. */
int snafu_convention_apply(struct snafu_function *function,
                           const struct snafu_convention *convention, struct snafu_arena *arena);

/* Whether calls of FUNCTION are HTTP requests. */
bool snafu_convention_is_http(const struct snafu_function *function);

#endif
