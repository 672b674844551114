/* langs/c_fresh.c — see c_fresh.h. */
#include "langs/c_fresh.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "langs/c_build.h"
#include "langs/c_copies.h"
#include "langs/result.h"

/* A library that was there before, and its copies. */
struct snafu_c_library_copies {
	struct snafu_c_library_copies *next;
	void *handle;
	struct snafu_c_copies *copies;
};

int snafu_c_fresh_init(struct snafu_c_fresh *fresh, const char *cache_directory)
{
	*fresh = (struct snafu_c_fresh){.directory = snafu_path_join(cache_directory, "c")};
	pthread_mutex_init(&fresh->lock, NULL);
	return fresh->directory ? 0 : -ENOMEM;
}

void snafu_c_fresh_done(struct snafu_c_fresh *fresh)
{
	while (fresh->libraries) {
		struct snafu_c_library_copies *library = fresh->libraries;

		fresh->libraries = library->next;
		snafu_c_copies_free(library->copies);
		dlclose(library->handle);
		free(library);
	}
	free(fresh->directory);
	pthread_mutex_destroy(&fresh->lock);
}

/* The copies of the library that ADDRESS is in; NULL where it cannot be copied. */
static int find_library(struct snafu_c_fresh *fresh, const void *address,
                        struct snafu_c_copies **ret_copies, struct snafu_error *error)
{
	void *handle = snafu_c_copies_open(address);
	struct snafu_c_library_copies *library;

	*ret_copies = NULL;
	if (!handle)
		return 0;
	for (library = fresh->libraries; library; library = library->next)
		if (library->handle == handle) {
			dlclose(handle);
			*ret_copies = library->copies;
			return 0;
		}
	library = calloc(1, sizeof *library);
	int code = library
	               ? snafu_c_copies_new(&handle, 1, fresh->directory, true, &library->copies, error)
	               : snafu_fail(error, -ENOMEM, "no memory");
	if (code) {
		free(library);
		dlclose(handle);
		return code;
	}
	library->handle = handle;
	library->next = fresh->libraries;
	fresh->libraries = library;
	*ret_copies = library->copies;
	return 0;
}

/* Finds out, once, what has to be copied for BOUND. */
static int prepare(struct snafu_c_fresh *fresh, struct snafu_bound *bound,
                   struct snafu_error *error)
{
	struct snafu_c_copies *copies = NULL;
	void *address;
	int code = 0;

	if (atomic_load_explicit(&bound->has_copies, memory_order_acquire))
		return 0;
	memcpy(&address, &bound->address, sizeof address);
	pthread_mutex_lock(&fresh->lock);
	code = snafu_directory_make(fresh->directory, error);
	if (!code && bound->build) {
		if (!bound->build->copies)
			code = snafu_c_copies_new(bound->build->sets, bound->build->n_sets, fresh->directory,
			                          false, &bound->build->copies, error);
		copies = bound->build->copies;
	} else if (!code) {
		code = find_library(fresh, address, &copies, error);
	}
	if (!code && !atomic_load(&bound->has_copies)) {
		if (copies && snafu_c_copies_find(copies, address, &bound->object, &bound->offset))
			bound->copies = copies;
		atomic_store_explicit(&bound->has_copies, true, memory_order_release);
	}
	pthread_mutex_unlock(&fresh->lock);
	return code;
}

void snafu_c_fresh_call(struct snafu_c_fresh *fresh, struct snafu_bound *bound, const char *payload,
                        size_t size, struct snafu_result *result)
{
	struct snafu_c_handles handles;
	struct snafu_c_copy *copy = NULL;
	struct snafu_error error;
	void (*address)(void) = bound->address;
	int code = prepare(fresh, bound, &error);

	if (!code && bound->copies)
		code = snafu_c_copies_take(bound->copies, &copy, &error);
	if (code == -EBUSY) {
		snafu_result_fail(result, SNAFU_OVER_LIMIT, "OverLimit", "%s", error.message);
		return;
	}
	if (code) {
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "LoadError", "%s", error.message);
		return;
	}
	if (copy) {
		void *place = snafu_c_copy_address(copy, bound->object, bound->offset);

		memcpy(&address, &place, sizeof address);
	}
	snafu_c_handles_init(&handles);
	handles.is_isolated = true;
	snafu_c_call(&handles, bound, address, payload, size, result);
	snafu_c_handles_done(&handles);
	if (copy)
		snafu_c_copies_give(bound->copies, copy);
}
