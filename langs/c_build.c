/* langs/c_build.c — gathering the sources of a root and compiling them on all cores.
 * Linking is in c_link.c. See c_build.h. */
#include "langs/c_build.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "base/file.h"
#include "langs/c_copies.h"
#include "langs/c_guard.h"
#include "scanner/c_flags.h"
#include "scanner/walk.h"

#define THREADS_CAP 32
#define WORKING_CAP 512 /* bytes of what is told of a compilation */

/* ---- which sources ------------------------------------------------------------------ */

static bool has_source(const struct snafu_c_build *build, const char *file)
{
	for (size_t i = 0; i < build->count; i++)
		if (strcmp(build->sources[i].path, file) == 0)
			return true;
	return false;
}

static int add_source(struct snafu_c_build *build, const char *path)
{
	/* The cache may lie in the folder that is served. */
	if (strcmp(snafu_path_base(path), SNAFU_C_GUARD_FILE) == 0)
		return 0;
	if (has_source(build, path) || build->count >= SNAFU_C_SOURCES_CAP)
		return 0;
	if (snafu_array_grow(&build->sources, &build->capacity, build->count, sizeof *build->sources))
		return -ENOMEM;
	struct snafu_c_source *source = &build->sources[build->count];
	*source = (struct snafu_c_source){.path = strdup(path)};
	if (!source->path)
		return -ENOMEM;
	build->count++;
	return 0;
}

/* Files of data only have no functions that a scan would list, but belong to it. */
static int add_folder(struct snafu_c_build *build, const char *path)
{
	struct snafu_functions strings = {0};
	struct snafu_walk found = {.functions = &strings};
	int code = snafu_walk(&found, &path, 1, NULL);

	for (size_t i = 0; i < found.count && !code; i++)
		if (snafu_path_has_suffix(found.found[i].source.path, ".c"))
			code = add_source(build, found.found[i].source.path);
	snafu_walk_done(&found);
	snafu_functions_done(&strings);
	return code == -ENOMEM ? code : 0;
}

static bool same_folder(const char *a, const char *b)
{
	struct stat one, two;

	return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_dev == two.st_dev &&
	       one.st_ino == two.st_ino;
}

/* Shallow files first: the library comes before its examples and tests. */
static int compare_sources(const void *a, const void *b)
{
	const char *one = ((const struct snafu_c_source *)a)->path;
	const char *two = ((const struct snafu_c_source *)b)->path;
	int slashes = 0;

	for (const char *at = one; *at; at++)
		slashes += *at == '/';
	for (const char *at = two; *at; at++)
		slashes -= *at == '/';
	return slashes ? slashes : strcmp(one, two);
}

static int gather(struct snafu_c_build *build, const struct snafu_language_options *options)
{
	const struct snafu_functions *functions = options->functions;
	int code = 0;

	for (size_t i = 0; i < options->n_paths && !code; i++) {
		const char *path = options->paths[i];
		struct stat status;

		if (stat(path, &status))
			continue;
		if (S_ISDIR(status.st_mode) && same_folder(path, build->root)) {
			code = add_folder(build, path);
		} else if (S_ISREG(status.st_mode) && snafu_path_has_suffix(path, ".c")) {
			char *folder = snafu_path_folder(path);

			if (folder && same_folder(folder, build->root))
				code = add_source(build, path);
			free(folder);
		}
	}
	for (size_t i = 0; i < functions->count && !code; i++) {
		const struct snafu_function *function = &functions->functions[i];

		if (strcmp(function->language, "c") == 0 && function->root &&
		    strcmp(function->root, build->root) == 0 && snafu_path_has_suffix(function->file, ".c"))
			code = add_source(build, function->file);
	}
	return code;
}

int snafu_c_build_new(const struct snafu_language_options *options, const char *root,
                      struct snafu_c_build **ret_build, struct snafu_error *error)
{
	struct snafu_c_build *build = calloc(1, sizeof *build);
	int code = -ENOMEM;

	if (build && (build->root = strdup(root)))
		code = gather(build, options);
	if (code) {
		snafu_c_build_free(build);
		return snafu_fail(error, code, "no memory");
	}
	if (build->count)
		qsort(build->sources, build->count, sizeof *build->sources, compare_sources);
	*ret_build = build;
	return 0;
}

void snafu_c_build_free(struct snafu_c_build *build)
{
	if (!build)
		return;
	for (size_t i = 0; i < build->count; i++) {
		struct snafu_c_source *source = &build->sources[i];

		free(source->path);
		free(source->object);
		free(source->reason);
		snafu_c_symbols_done(&source->symbols);
	}
	snafu_c_copies_free(build->copies);
	for (size_t i = build->n_sets; i-- > 0;)
		if (build->sets[i])
			dlclose(build->sets[i]);
	free(build->sets);
	free(build->sources);
	free(build->root);
	free(build);
}

/* ---- compiling ------------------------------------------------------------------------ */

void snafu_c_leave_out(struct snafu_c_source *source, const struct snafu_language_options *options,
                       const char *format, ...)
{
	va_list arguments;
	char *reason;

	va_start(arguments, format);
	if (vasprintf(&reason, format, arguments) < 0)
		reason = NULL;
	va_end(arguments);
	free(source->reason);
	source->reason = reason;
	free(source->object);
	source->object = NULL;
	if (options->warn && reason) {
		char *line;

		if (asprintf(&line, "%s is left out: %s", source->path, reason) >= 0) {
			options->warn(options->warn_state, line);
			free(line);
		}
	}
}

struct work {
	struct snafu_c_build *build;
	struct snafu_c_compiler *compiler;
	const struct snafu_language_options *options;
	size_t next;
	bool any_new;
};

/* WHAT is being compiled; NULL: that is over. */
static void tell_working(const struct snafu_language_options *options, const char *what)
{
	char text[WORKING_CAP];

	snprintf(text, sizeof text, "compiling %s", what ? what : "");
	if (options->working)
		options->working(options->working_state, what ? text : NULL);
}

static void compile_one(struct work *work, struct snafu_c_source *source)
{
	struct snafu_error error;
	bool is_new = false;
	tell_working(work->options, source->path);
	int code = snafu_c_compile(work->compiler, source->path, source->flags, NULL, &source->object,
	                           &is_new, &error);

	if (!code)
		code = snafu_c_symbols_read(source->object, &source->symbols, &error);
	if (code)
		snafu_c_leave_out(source, work->options, "%s", error.message);
	if (is_new)
		__atomic_store_n(&work->any_new, true, __ATOMIC_RELAXED);
}

static void *compile_some(void *argument)
{
	struct work *work = argument;
	size_t index;

	while ((index = __atomic_fetch_add(&work->next, 1, __ATOMIC_RELAXED)) < work->build->count)
		compile_one(work, &work->build->sources[index]);
	return NULL;
}

static void compile_all(struct work *work)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[THREADS_CAP];
	size_t wanted = cores > THREADS_CAP ? THREADS_CAP : cores > 1 ? (size_t)cores : 1, n = 0;

	if (wanted > work->build->count)
		wanted = work->build->count;
	while (n + 1 < wanted && pthread_create(&threads[n], NULL, compile_some, work) == 0)
		n++;
	compile_some(work);
	while (n > 0)
		pthread_join(threads[--n], NULL);
}

int snafu_c_build_run(struct snafu_c_build *build, struct snafu_c_compiler *compiler,
                      const struct snafu_language_options *options, const char *const *libraries,
                      size_t n_libraries, struct snafu_error *error)
{
	struct work work = {.build = build, .compiler = compiler, .options = options};

	struct snafu_c_databases databases = {0};
	int code = 0;

	for (size_t i = 0; i < build->count && !code; i++) {
		struct snafu_c_source *source = &build->sources[i];

		free(source->object); /* of an earlier try */
		source->object = NULL;
		snafu_c_symbols_done(&source->symbols);
		code =
			snafu_c_compile_flags(&databases, build->root, source->path, options, &source->flags);
	}
	if (code) {
		snafu_c_databases_done(&databases);
		return snafu_fail(error, code, "no memory for the compiler's flags");
	}
	snafu_c_compiler_forget(compiler);
	compile_all(&work);
	tell_working(options, NULL);
	snafu_c_databases_done(&databases);
	if (work.any_new)
		snafu_c_cache_prune(compiler);
	return snafu_c_link(build, compiler, libraries, n_libraries, options, error);
}

/* ---- looking up ------------------------------------------------------------------------- */

int snafu_c_build_find(const struct snafu_c_build *build, const char *name, const char *file,
                       void **ret_address, struct snafu_error *error)
{
	const struct snafu_c_source *left_out = NULL;

	for (size_t i = 0; i < build->count; i++) {
		const struct snafu_c_source *source = &build->sources[i];
		char main_name[48];
		const char *symbol = name;

		if (file && strcmp(source->path, file) != 0)
			continue;
		if (strcmp(name, "main") == 0) {
			snafu_c_main_name(source->path, main_name);
			symbol = main_name;
		}
		if (!source->object)
			left_out = source;
		if (!source->object || source->set >= build->n_sets || !build->sets[source->set] ||
		    (!file && !snafu_c_symbols_define(&source->symbols, symbol)))
			continue;
		*ret_address = dlsym(build->sets[source->set], symbol);
		if (*ret_address)
			return 0;
	}
	if (file && left_out && left_out->reason)
		return snafu_fail(error, -ENOENT, "%s was left out: %s", left_out->path, left_out->reason);
	if (file)
		return snafu_fail(error, -ENOENT,
		                  "%s defines no function %s that can be called from "
		                  "outside: it may be static, inline, or behind an #if",
		                  file, name);
	return snafu_fail(error, -ENOENT, "no source defines %s", name);
}
