/* langs/c_library.c — see c_library.h. */
#include "langs/c_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

#define LINKER_TEXT_CAP 65536

static int keep(struct snafu_c_libraries *libraries, void *handle, struct snafu_error *error)
{
	struct link_map *map = NULL;
	char *path = NULL;

	if (libraries->count < SNAFU_C_LIBRARIES_CAP && dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0)
		path = strdup(map->l_name);
	if (!path) {
		dlclose(handle);
		return snafu_fail(error, -ENOMEM, "more than %d libraries, or no memory for one more",
		                  SNAFU_C_LIBRARIES_CAP);
	}
	libraries->paths[libraries->count] = path;
	libraries->handles[libraries->count++] = handle;
	return 0;
}

static int open_one(struct snafu_c_libraries *libraries, const char *path, bool may_be_text,
                    struct snafu_error *error);

/* GNU ld's scripts: "GROUP ( /lib/.../libm.so.6  AS_NEEDED ( ... ) )". */
static int open_named_in(struct snafu_c_libraries *libraries, const char *path,
                         struct snafu_error *error)
{
	char *text, *rest, *word;
	size_t size, before = libraries->count;
	int code = snafu_file_read(path, LINKER_TEXT_CAP, &text, &size, error);

	if (code)
		return code;
	if (memchr(text, '\0', size) || (!strstr(text, "GROUP") && !strstr(text, "INPUT"))) {
		free(text);
		return -ENOEXEC;
	}
	for (word = strtok_r(text, " \t\n(),", &rest); word; word = strtok_r(NULL, " \t\n(),", &rest))
		if (*word == '/' && snafu_path_is_library(word))
			open_one(libraries, word, false, NULL);
	free(text);
	return libraries->count > before ? 0 : -ENOEXEC;
}

/* Where the linker would find a development library's text: beside libc, or in the
 * usual places. */
static int open_text(struct snafu_c_libraries *libraries, const char *name,
                     struct snafu_error *error)
{
	const char *folders[] = {NULL, "/usr/local/lib", "/usr/lib64", "/usr/lib", "/lib"};
	Dl_info libc;
	char *beside = dladdr((void *)(uintptr_t)dladdr, &libc) && libc.dli_fname
	                   ? snafu_path_folder(libc.dli_fname)
	                   : NULL;
	int code = -ENOENT;

	if (strchr(name, '/')) {
		free(beside);
		return open_named_in(libraries, name, error);
	}
	folders[0] = beside ? beside : "/usr/lib";
	for (size_t i = 0; code && i < sizeof folders / sizeof *folders; i++) {
		char *path = snafu_path_join(folders[i], name);

		if (path && access(path, R_OK) == 0)
			code = open_named_in(libraries, path, error);
		free(path);
	}
	free(beside);
	return code;
}

static int open_one(struct snafu_c_libraries *libraries, const char *path, bool may_be_text,
                    struct snafu_error *error)
{
	/* A file here is meant before one of that name that the dynamic linker knows. */
	char *here = !strchr(path, '/') && access(path, R_OK) == 0 ? snafu_path_join(".", path) : NULL;
	const char *name = here ? here : path;
	void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	int code;

	if (handle) {
		code = keep(libraries, handle, error);
	} else {
		char words[400];
		const char *said = dlerror();

		snprintf(words, sizeof words, "%s", said ? said : "no reason given");
		code = may_be_text ? open_text(libraries, name, NULL) : -ENOENT;
		if (code)
			snafu_fail(error, code, "cannot open the library %s: %s", path, words);
	}
	free(here);
	return code;
}

int snafu_c_libraries_init(struct snafu_c_libraries *libraries,
                           const struct snafu_language_options *options, struct snafu_error *error)
{
	*libraries = (struct snafu_c_libraries){0};
	libraries->paths = calloc(SNAFU_C_LIBRARIES_CAP, sizeof *libraries->paths);
	libraries->handles = calloc(SNAFU_C_LIBRARIES_CAP, sizeof *libraries->handles);
	if (!libraries->paths || !libraries->handles) {
		snafu_c_libraries_done(libraries);
		return snafu_fail(error, -ENOMEM, "no memory");
	}
	for (size_t i = 0; i < options->n_paths; i++) {
		struct snafu_error reason;

		if (!snafu_path_is_library(options->paths[i]))
			continue;
		/* One that cannot be opened spoils only what is in it. */
		if (open_one(libraries, options->paths[i], true, &reason) && options->warn)
			options->warn(options->warn_state, reason.message);
	}
	return 0;
}

void snafu_c_libraries_done(struct snafu_c_libraries *libraries)
{
	for (size_t i = libraries->count; i-- > 0;) {
		dlclose(libraries->handles[i]);
		free((char *)(uintptr_t)libraries->paths[i]);
	}
	free(libraries->paths);
	free(libraries->handles);
	*libraries = (struct snafu_c_libraries){0};
}

bool snafu_c_libraries_find(const struct snafu_c_libraries *libraries, const char *name,
                            void **ret_address)
{
	for (size_t i = 0; i < libraries->count; i++) {
		*ret_address = dlsym(libraries->handles[i], name);
		if (*ret_address)
			return true;
	}
	return false;
}
