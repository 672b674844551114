/* runtime/settings/book.h — all that a snafu.ini says: of the instance, its caps, its
 * tenants and functions.
 *
 *     [limits]                     what holds when nobody says otherwise; a limit that is
 *     call-timeout = 30s           set here is also the most that others may set
 *     [caps]
 *     call-timeout = 5min          the most that others may set, where that is another
 *     [tenant acme]
 *     concurrency = 10
 *     environment STAGE = test
 *     [function billing.*]         an id, an unambiguous tail of one, or a pattern
 *     memory = 128MiB
 *
 * The more specific wins: function, file (function_config.h), tenant, instance; but of a
 * tenant's and a function's limit the smaller one holds. Read-only once read; any thread. */
#ifndef SNAFU_RUNTIME_SETTINGS_BOOK_H
#define SNAFU_RUNTIME_SETTINGS_BOOK_H

#include "base/arena.h"
#include "runtime/settings/settings.h"

struct snafu_error;
struct snafu_function_config;

#define SNAFU_BOOK_SECTIONS_CAP 10000 /* of tenants and functions */
#define SNAFU_ENVIRONMENT_CAP   (256u << 10) /* bytes of all variables of one function */

struct snafu_book_section {
	bool tenant; /* or a function */
	bool pattern; /* NAME has * or ? or [ */
	const char *name;
	unsigned line;
	struct snafu_settings_layer layer;
};

struct snafu_settings_book {
	char *path; /* "" when there is none */
	struct snafu_arena texts;
	struct snafu_settings_layer instance; /* complete */
	uint64_t caps[SNAFU_SETTINGS_CAP]; /* the most that others may set */
	struct snafu_book_section **sections; /* in the file's order; malloc'ed, as each is */
	size_t count, capacity;
	struct snafu_book_section **tenants; /* those of `sections`, sorted by name; malloc'ed */
	size_t n_tenants;
	struct snafu_settings_book *next; /* the owner's */
};

/* PATH NULL: the defaults. Unknown names, bad values, values out of bounds and over the caps
 * are errors that name file, line and what is allowed. */
int snafu_book_read(const char *path, struct snafu_settings_book **ret_book,
                    struct snafu_error *error);
void snafu_book_free(struct snafu_settings_book *book); /* NULL is welcome */

/* The index among the tenants of TENANT, or -1. */
long snafu_book_tenant(const struct snafu_settings_book *book, const char *tenant);

/* Whether SECTION, a function's, is about the function ID. */
bool snafu_book_is_about(const struct snafu_book_section *section, const char *id);

/* What holds for calls of the function ID. TENANT is its index, -1: nobody in
 * particular. CONFIG MAY be NULL. New texts are put into TEXTS. -ENOMEM. */
int snafu_book_resolve(const struct snafu_settings_book *book, long tenant,
                       const struct snafu_function_config *config, const char *id,
                       struct snafu_arena *texts, struct snafu_settings *ret_settings);

#endif
