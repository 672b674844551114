/* base/parts.c — see parts.h. */
#include "base/parts.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"

#define PATH_CAP 4096

/* Takes DIRECTORY, returns the part's path in it or NULL. */
static char *look_in(char *directory, const char *name)
{
	char *path = directory && directory[0] == '/' ? snafu_path_join(directory, name) : NULL;

	free(directory);
	if (path && access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static char *beside_program(void)
{
	char program[PATH_CAP];
	ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);

	if (size <= 0)
		return NULL;
	program[size] = '\0';
	char *folder = snafu_path_folder(program);
	/* A helper program stands in parts/ itself. */
	if (folder && strcmp(snafu_path_base(folder), "parts") == 0)
		return folder;
	char *parts = folder ? snafu_path_join(folder, "parts") : NULL;
	free(folder);
	return parts;
}

static char *in_user_data(void)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	char *path = NULL;

	if (data && data[0] == '/')
		return snafu_path_join(data, "snafu/parts");
	if (home && home[0] == '/')
		path = snafu_path_join(home, ".local/share/snafu/parts");
	return path;
}

int snafu_part_find(const char *name, char **ret_path, struct snafu_error *error)
{
	const char *listed = getenv("SNAFU_PARTS");
	char *path = NULL;

	while (!path && listed && *listed) {
		const char *colon = strchrnul(listed, ':');

		path = look_in(strndup(listed, (size_t)(colon - listed)), name);
		listed = *colon ? colon + 1 : colon;
	}
	if (!path)
		path = look_in(beside_program(), name);
	if (!path)
		path = look_in(in_user_data(), name);
	if (!path)
		path = look_in(strdup(SNAFU_PARTSDIR), name);
	if (!path)
		return snafu_fail(error, -ENOENT,
		                  "%s is missing from Snafu's parts (looked beside the program and in %s)",
		                  name, SNAFU_PARTSDIR);
	*ret_path = path;
	return 0;
}

int snafu_part_open(const char *kind, const char *name, const char *symbol, int global,
                    void **ret_address, struct snafu_error *error)
{
	struct snafu_buffer file = SNAFU_BUFFER(256);
	char *path;

	for (const char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '-' && *at != '_')
			return snafu_fail(error, -EINVAL, "'%s' is no name of a %s", name, kind);
	int code = snafu_buffer_format(&file, "%s-%s.so", kind, name);
	if (!code)
		code = snafu_part_find(file.data, &path, error);
	snafu_buffer_done(&file);
	if (code)
		return code;
	void *module = dlopen(path, RTLD_NOW | (global ? RTLD_GLOBAL : RTLD_LOCAL));
	void *address = module ? dlsym(module, symbol) : NULL;
	if (!address)
		code = snafu_fail(error, -ELIBACC, "cannot open %s: %s", path, dlerror());
	free(path);
	if (!code)
		*ret_address = address;
	return code;
}
