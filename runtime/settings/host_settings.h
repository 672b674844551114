/* runtime/settings/host_settings.h — what the files about the host's settings share: private to
 * runtime/settings/.
 *
 * Calls hold plain pointers to settings; so nothing that was ever handed out is freed while
 * the host runs. Equal settings are kept once. */
#ifndef SNAFU_RUNTIME_SETTINGS_HOST_SETTINGS_H
#define SNAFU_RUNTIME_SETTINGS_HOST_SETTINGS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "runtime/settings/function_config.h"
#include "runtime/settings/book.h"
#include "scanner/walk.h"

struct snafu_function;
struct snafu_host;

/* A source file and its config. */
struct snafu_configured {
	struct snafu_configured *next; /* in the same slot */
	char *file, *config_path; /* NULL: it has none */
	struct snafu_stamp stamp; /* of the config */
	const struct snafu_function_config *config; /* NULL: none, or it is bad */
};

/* Settings that were handed out. */
struct snafu_kept_settings {
	struct snafu_kept_settings *next;
	struct snafu_settings settings;
};

struct snafu_tenant_settings {
	struct snafu_tenant_settings *next; /* of all */
	const struct snafu_settings_book *book; /* for which they hold */
	struct {
		_Atomic(const struct snafu_settings *) settings; /* NULL: not made yet */
		atomic_uint running; /* calls of the tenant that are under way */
	} by_tenant[];
};

struct snafu_host_settings {
	pthread_mutex_t lock; /* guards all but what is atomic */
	_Atomic(const struct snafu_settings_book *) book; /* the current one */
	struct snafu_settings_book *books; /* all */
	struct snafu_stamp stamp; /* of its file */
	struct snafu_function_config *configs; /* all, old ones too */
	struct snafu_configured **sources; /* a hash table by file */
	size_t n_slots, n_sources;
	struct snafu_kept_settings *kept;
	struct snafu_arena texts;
	struct snafu_tenant_settings *tenants; /* all, old ones too */
	bool told_triggers; /* that nothing here serves them */
	_Atomic uint64_t largest_payload; /* that any function may be called with */
	/* Where nobody says anything of a function: the last answer. */
	const struct snafu_settings *plain;
	const char *plain_language;
};

/* (host_configs.c) The entry of FILE, whose config is read when it is new; the lock
 * is held. NULL: no memory. */
struct snafu_configured *snafu_configured_find(struct snafu_host *host, const char *file);
/* (host_configs.c) Reads its config again if it is another one. A bad one leaves
 * what there was. Whether something changed. */
bool snafu_configured_read(struct snafu_host *host, struct snafu_configured *configured);
void snafu_configured_free_all(struct snafu_host_settings *all);

/* (host_configs.c) What "src/app.handler" and "pkg.Class::method" are as tails of
 * ids: malloc'ed. */
char *snafu_handler_id(const char *handler);

/* (host_check.c) Whether BOOK's executors are there. */
int snafu_settings_check_book(const struct snafu_settings_book *book, struct snafu_error *error);
/* (host_check.c) The same of CONFIG; and tells of its warnings and cuts. */
int snafu_settings_check_config(const struct snafu_host *host,
                                const struct snafu_settings_book *book,
                                const struct snafu_function_config *config,
                                struct snafu_error *error);

/* (host_settings.c) What holds for FUNCTION and the tenant number TENANT (-1: nobody in
 * particular); the lock is held. Never NULL. */
const struct snafu_settings *snafu_settings_resolve(struct snafu_host *host, long tenant,
                                                    const struct snafu_function *function);
/* (host_settings.c) BOOK is the current one from now on. */
void snafu_settings_take_book(struct snafu_host_settings *all, struct snafu_settings_book *book);

/* By what a settings file is known to be the same. False: it is not there. */
bool snafu_settings_stamp(const char *path, struct snafu_stamp *ret_stamp);
bool snafu_settings_same_stamp(const struct snafu_stamp *one, const struct snafu_stamp *other);

#endif
