/* langs/c.c — the C language: functions of C sources and of existing libraries,
 * called through libffi. What a call's payload may say is in docs/c-values.md.
 *
 * Where a function's code is looked for: a source's in the shared object made of its
 * root (c_build.h); a header's in the libraries that the user named, then in the
 * compiled sources. */
#include "langs/language.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "langs/c_build.h"
#include "langs/c_call.h"
#include "langs/c_client.h"
#include "langs/c_fresh.h"
#include "langs/c_library.h"
#include "langs/result.h"
#include "scanner/function.h"

/* A root and what came of it. */
struct root {
	struct root *next;
	struct snafu_c_build *build;
	bool is_old; /* sources have changed since: only what is bound uses it still */
};

struct state {
	const struct snafu_language_options *options;
	struct snafu_c_libraries libraries;
	struct snafu_c_handles handles;
	struct snafu_c_fresh fresh;
	pthread_mutex_t lock; /* guards what follows: one bind() at a time */
	struct snafu_language_options newest; /* the options, with the functions that there are now */
	struct snafu_c_compiler compiler;
	bool has_compiler;
	struct root *roots;
	struct snafu_bound *bound;
};

static int start(const struct snafu_language_options *options, void **ret_state,
                 struct snafu_error *error)
{
	struct state *state = calloc(1, sizeof *state);

	if (!state)
		return snafu_fail(error, -ENOMEM, "no memory");
	state->options = options;
	state->newest = *options;
	int code = snafu_c_libraries_init(&state->libraries, options, error);
	if (!code && snafu_c_fresh_init(&state->fresh, options->cache_directory)) {
		snafu_c_libraries_done(&state->libraries);
		code = snafu_fail(error, -ENOMEM, "no memory");
	}
	if (code) {
		free(state);
		return code;
	}
	snafu_c_handles_init(&state->handles);
	snafu_c_client_init(options);
	pthread_mutex_init(&state->lock, NULL);
	*ret_state = state;
	return 0;
}

static void stop(void *opaque)
{
	struct state *state = opaque;

	while (state->bound) {
		struct snafu_bound *bound = state->bound;

		state->bound = bound->next;
		snafu_c_plan_free(bound);
	}
	snafu_c_handles_done(&state->handles);
	snafu_c_fresh_done(&state->fresh);
	while (state->roots) {
		struct root *root = state->roots;

		state->roots = root->next;
		snafu_c_build_free(root->build);
		free(root);
	}
	if (state->has_compiler)
		snafu_c_compiler_done(&state->compiler);
	snafu_c_libraries_done(&state->libraries);
	pthread_mutex_destroy(&state->lock);
	free(state);
}

/* ---- finding the code --------------------------------------------------------------- */

static int find_root(struct state *state, const char *path, struct snafu_c_build **ret_build,
                     struct snafu_error *error)
{
	struct root *root;

	for (root = state->roots; root; root = root->next)
		if (!root->is_old && strcmp(root->build->root, path) == 0) {
			*ret_build = root->build;
			return 0;
		}
	root = calloc(1, sizeof *root);
	if (!root)
		return snafu_fail(error, -ENOMEM, "no memory");
	int code = snafu_c_build_new(&state->newest, path, &root->build, error);
	if (code) {
		free(root);
		return code;
	}
	root->next = state->roots;
	state->roots = root;
	*ret_build = root->build;
	return 0;
}

/* Compiles what was not yet tried. */
static int ensure_built(struct state *state, struct snafu_c_build *build, struct snafu_error *error)
{
	int code = 0;

	if (build->done || build->count == 0)
		return 0;
	if (!state->has_compiler) {
		code = snafu_c_compiler_init(&state->compiler, state->options->cache_directory, error);
		state->has_compiler = !code;
	}
	if (!code)
		code = snafu_c_build_run(build, &state->compiler, state->options, state->libraries.paths,
		                         state->libraries.count, error);
	build->done = !code;
	return code;
}

/* Looks in the sources of all roots that something was scanned in. */
static int find_in_sources(struct state *state, const char *name, const char *first_root,
                           struct snafu_c_build **ret_build, void **ret_address,
                           struct snafu_error *error)
{
	const struct snafu_functions *functions = state->newest.functions;
	struct snafu_c_build *build;
	int code = find_root(state, first_root, &build, error);

	for (size_t i = 0; i < functions->count && !code; i++) {
		const struct snafu_function *function = &functions->functions[i];

		if (strcmp(function->language, "c") == 0 && function->root)
			code = find_root(state, function->root, &build, error);
	}
	for (struct root *root = state->roots; root && !code; root = root->next) {
		if (root->is_old)
			continue;
		code = ensure_built(state, root->build, error);
		if (!code && snafu_c_build_find(root->build, name, NULL, ret_address, NULL) == 0) {
			*ret_build = root->build;
			return 0;
		}
	}
	return code ? code : -ENOENT;
}

static int find_code(struct state *state, const struct snafu_function *function,
                     struct snafu_c_build **ret_build, void **ret_address,
                     struct snafu_error *error)
{
	const char *root = function->root ? function->root : ".";

	if (snafu_path_has_suffix(function->file, ".c")) {
		int code = find_root(state, root, ret_build, error);

		if (!code)
			code = ensure_built(state, *ret_build, error);
		return code ? code
		            : snafu_c_build_find(*ret_build, function->name, function->file, ret_address,
		                                 error);
	}
	if (snafu_c_libraries_find(&state->libraries, function->name, ret_address))
		return 0;
	int code = find_in_sources(state, function->name, root, ret_build, ret_address, error);
	if (code == -ENOENT) {
		const char *header = snafu_path_base(function->file);

		if (state->libraries.count == 0)
			return snafu_fail(error, code,
			                  "no library given that defines %s: add it, e.g. snafu "
			                  "%s lib%.*s.so",
			                  function->name, function->file, (int)strcspn(header, "."), header);
		return snafu_fail(error, code, "none of the libraries given defines %s, and no source does",
		                  function->name);
	}
	return code;
}

/* ---- the language --------------------------------------------------------------------- */

static int bind(void *opaque, const struct snafu_function *function, struct snafu_bound **ret_bound,
                struct snafu_result *result)
{
	struct state *state = opaque;
	struct snafu_error error;
	void *address = NULL;
	void (*code_address)(void);
	struct snafu_bound *bound = NULL;
	struct snafu_c_build *build = NULL;

	pthread_mutex_lock(&state->lock);
	int code = find_code(state, function, &build, &address, &error);
	memcpy(&code_address, &address, sizeof code_address);
	if (!code)
		code = snafu_c_plan_new(function, code_address, &bound, &error);
	if (!code) {
		bound->build = build;
		bound->next = state->bound;
		state->bound = bound;
		*ret_bound = bound;
	}
	pthread_mutex_unlock(&state->lock);
	if (code)
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "LoadError", "%s", error.message);
	return code;
}

static void call(void *opaque, struct snafu_bound *bound, const struct snafu_request *request,
                 struct snafu_result *result)
{
	struct state *state = opaque;
	struct snafu_c_serving serving = {state->options, request->context, result->payload.cap, NULL};

	snafu_c_serve_begin(&serving);
	snafu_c_call(&state->handles, bound, bound->address, request->payload, request->size, result);
	snafu_c_serve_end(&serving);
}

static void call_fresh(void *opaque, struct snafu_bound *bound, const struct snafu_request *request,
                       struct snafu_result *result)
{
	struct state *state = opaque;
	struct snafu_c_serving serving = {state->options, request->context, result->payload.cap, NULL};

	snafu_c_serve_begin(&serving);
	snafu_c_fresh_call(&state->fresh, bound, request->payload, request->size, result);
	snafu_c_serve_end(&serving);
}

/* What is compiled anew is loaded beside what is there, whose calls go on, and which stays: its
 * functions may have left threads and handlers. Objects come from the cache, so nothing is lost
 * when all is looked at again; what turns out the same is the same shared object. */
static void changed(void *opaque, const struct snafu_functions *functions, const char *const *files,
                    size_t n_files)
{
	struct state *state = opaque;

	(void)files, (void)n_files;
	pthread_mutex_lock(&state->lock);
	state->newest.functions = functions;
	if (state->has_compiler)
		snafu_c_compiler_forget(&state->compiler);
	for (struct root *root = state->roots; root; root = root->next)
		root->is_old = true;
	pthread_mutex_unlock(&state->lock);
}

/* Handles keep the types of whoever gave them: while there are any, the plan stays. */
static void unbind(void *opaque, struct snafu_bound *bound)
{
	struct state *state = opaque;
	struct snafu_bound **at;

	pthread_mutex_lock(&state->lock);
	for (at = &state->bound; *at && *at != bound;)
		at = &(*at)->next;
	if (*at && snafu_c_handles_are_none(&state->handles)) {
		*at = bound->next;
		snafu_c_plan_free(bound);
	}
	pthread_mutex_unlock(&state->lock);
}

/* The sources of a root are found by its path; what a header declares may be defined in any. */
static bool needs(const struct snafu_function *function, const struct snafu_function *other)
{
	if (strcmp(other->language, "c") != 0)
		return false;
	if (strcmp(function->id, other->id) == 0 && strcmp(function->file, other->file) == 0)
		return true;
	return !snafu_path_has_suffix(function->file, ".c") &&
	       snafu_path_has_suffix(other->file, ".c") && strcmp(function->name, other->name) == 0;
}

/* What a constructor or a call printed is not to be printed by each child again. */
static void before_fork(void *opaque)
{
	(void)opaque;
	fflush(stdout);
}

extern const struct snafu_language snafu_language;
const struct snafu_language snafu_language = {
	.version = SNAFU_LANGUAGE_VERSION,
	.name = "c",
	.open = start,
	.bind = bind,
	.call = call,
	.call_fresh = call_fresh,
	.changed = changed,
	.unbind = unbind,
	.needs = needs,
	.before_fork = before_fork,
	.close = stop,
	.parallel = true,
	.forkable = true,
};
