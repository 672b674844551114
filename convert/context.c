/* convert/context.c — see context.h. */
#include "convert/context.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "convert/output.h"
#include "runtime/settings/function_config.h"
#include "scanner/walk.h"

#define COPIES       "functions" /* where copies go */
#define PACKAGE_FILE "__init__.py"

/* ---- paths --------------------------------------------------------------------------- */

/* What follows FOLDER in PATH, both absolute; NULL: PATH is not in it. */
static const char *below(const char *path, const char *folder)
{
	size_t size = strlen(folder);

	if (strcmp(folder, "/") == 0)
		return path + 1;
	if (strncmp(path, folder, size) != 0 || (path[size] && path[size] != '/'))
		return NULL;
	return path[size] ? path + size + 1 : path + size;
}

/* PATH, which need not be there, absolute and with what is there of it resolved. */
static char *resolve(const char *path)
{
	char *whole = realpath(path, NULL), *folder, *up;

	if (whole || errno != ENOENT || strcmp(path, "/") == 0)
		return whole;
	folder = snafu_path_folder(path);
	up = folder ? resolve(folder) : NULL;
	whole = up ? snafu_path_join(up, snafu_path_base(path)) : NULL;
	free(folder);
	free(up);
	return whole;
}

static bool has_package_file(const char *folder)
{
	char *path = snafu_path_join(folder, PACKAGE_FILE);
	bool there = path && access(path, F_OK) == 0;

	free(path);
	return there;
}

/* The folder above WHOLE and above all packages that it is part of. */
static char *folder_above(const char *whole)
{
	char *folder = snafu_path_folder(whole);

	for (int depth = 0; folder && depth < SNAFU_CONTEXT_DEPTH_CAP; depth++) {
		if (strcmp(folder, "/") == 0 || !has_package_file(folder))
			break;
		char *up = snafu_path_folder(folder);
		free(folder);
		folder = up;
	}
	return folder;
}

/* ---- the plan ------------------------------------------------------------------------ */

/* Whether an earlier entry puts another thing to the same place. */
static bool is_taken(const struct snafu_context *context, const struct snafu_context_entry *entry)
{
	for (size_t i = 0; i < context->count; i++) {
		const struct snafu_context_entry *other = &context->entries[i];

		if (other->unit && strcmp(other->to, entry->to) == 0 &&
		    strcmp(other->unit, entry->unit) == 0 && strcmp(other->from, entry->from) != 0)
			return true;
	}
	return false;
}

static int plan_copy(const struct snafu_context *context, struct snafu_context_entry *entry)
{
	const char *rest;

	entry->from = folder_above(entry->whole);
	rest = entry->from ? below(entry->whole, entry->from) : NULL;
	entry->unit = rest ? strndup(rest, strcspn(rest, "/")) : NULL;
	if (!entry->unit)
		return -ENOMEM;
	entry->to = strdup(COPIES);
	for (unsigned number = 2; entry->to && is_taken(context, entry); number++) {
		free(entry->to);
		if (asprintf(&entry->to, COPIES "/%u", number) < 0)
			entry->to = NULL;
	}
	return entry->to ? 0 : -ENOMEM;
}

static int plan(struct snafu_context *context, const char *path, struct snafu_error *error)
{
	struct snafu_context_entry *entry = &context->entries[context->count];
	int code = 0;

	entry->path = path;
	entry->whole = realpath(path, NULL);
	if (!entry->whole)
		return snafu_fail_errno(error, -errno, "cannot read %s", path);
	if (strcmp(entry->whole, "/") == 0)
		code = snafu_fail(error, -EINVAL, "name a folder that is less than the whole machine");
	else if (context->folder && below(entry->whole, context->folder)) {
		entry->from = strdup(context->folder);
		entry->to = strdup("");
		code = entry->from && entry->to ? 0 : -ENOMEM;
	} else {
		code = plan_copy(context, entry);
	}
	context->count++;
	return code == -ENOMEM ? snafu_fail(error, code, "no memory for %s", path) : code;
}

int snafu_context_plan(const char *folder, const char *const *paths, size_t count,
                       struct snafu_context *ret_context, struct snafu_error *error)
{
	struct snafu_context context = {.entries = calloc(count ? count : 1, sizeof *context.entries)};
	int code = context.entries ? 0 : -ENOMEM;

	if (!code && folder && !(context.folder = resolve(folder)))
		code = -errno;
	if (code)
		snafu_fail_errno(error, code, "cannot tell where %s is", folder ? folder : "it");
	for (size_t i = 0; i < count && !code; i++)
		code = plan(&context, paths[i], error);
	if (code)
		snafu_context_done(&context);
	else
		*ret_context = context;
	return code;
}

void snafu_context_done(struct snafu_context *context)
{
	for (size_t i = 0; i < context->count; i++) {
		free(context->entries[i].whole);
		free(context->entries[i].from);
		free(context->entries[i].to);
		free(context->entries[i].unit);
	}
	free(context->entries);
	free(context->folder);
	*context = (struct snafu_context){0};
}

char *snafu_context_place(const struct snafu_context *context, const char *path)
{
	char *whole = resolve(path), *place = NULL;

	for (size_t i = 0; whole && !place && i < context->count; i++) {
		const struct snafu_context_entry *entry = &context->entries[i];
		const char *rest = below(whole, entry->from);

		if (!rest || (entry->unit && *rest && !below(rest, entry->unit)))
			continue;
		if (!*rest)
			place = strdup(*entry->to ? entry->to : ".");
		else
			place = *entry->to ? snafu_path_join(entry->to, rest) : strdup(rest);
	}
	free(whole);
	return place;
}

/* ---- copying ------------------------------------------------------------------------- */

struct copying {
	struct snafu_output *output;
	size_t copied, kept;
	struct snafu_error *error;
};

static bool is_same(const char *path, const char *bytes, size_t size)
{
	char *there;
	size_t length;

	if (snafu_file_read(path, SNAFU_CONTEXT_FILE_CAP, &there, &length, NULL))
		return false;
	bool same = length == size && memcmp(there, bytes, size) == 0;
	free(there);
	return same;
}

/* TO: where it goes, output's folder included. */
static int copy_file(struct copying *copying, const char *from, const char *to)
{
	char *bytes;
	size_t size;

	if (copying->copied + copying->kept >= SNAFU_CONTEXT_FILES_CAP)
		return snafu_fail(copying->error, -E2BIG, "there are more than %d files to copy",
		                  SNAFU_CONTEXT_FILES_CAP);
	int code = snafu_file_read(from, SNAFU_CONTEXT_FILE_CAP, &bytes, &size, copying->error);
	if (code)
		return code;
	if (is_same(to, bytes, size)) {
		copying->copied++;
	} else {
		code = snafu_output_write(copying->output, to, bytes, size, copying->error);
		copying->copied += code == SNAFU_OUTPUT_WRITTEN;
		copying->kept += code == SNAFU_OUTPUT_KEPT;
	}
	free(bytes);
	return code < 0 ? code : 0;
}

static int copy_tree(struct copying *copying, const char *from, const char *to, unsigned depth);

/* NAME in FROM. What is hidden is left out: it may well be secret. */
static int copy_entry(struct copying *copying, const char *from, const char *to, const char *name,
                      unsigned depth)
{
	char *source = snafu_path_join(from, name), *target = snafu_path_join(to, name);
	struct stat status;
	int code = source && target ? 0 : snafu_fail(copying->error, -ENOMEM, "no memory to copy");

	if (!code && stat(source, &status) == 0) {
		if (S_ISREG(status.st_mode) && name[0] != '.')
			code = copy_file(copying, source, target);
		else if (S_ISDIR(status.st_mode) && !snafu_walk_passes_over(from, name, source))
			code = copy_tree(copying, source, target, depth + 1);
	}
	free(source);
	free(target);
	return code;
}

static int copy_tree(struct copying *copying, const char *from, const char *to, unsigned depth)
{
	struct dirent **entries;
	int code = 0;

	if (depth > SNAFU_CONTEXT_DEPTH_CAP)
		return snafu_fail(copying->error, -ELOOP, "%s is too deep to be copied", from);
	int count = scandir(from, &entries, NULL, alphasort);
	if (count < 0)
		return snafu_fail_errno(copying->error, -errno, "cannot read %s", from);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (!code && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			code = copy_entry(copying, from, to, name, depth);
		free(entries[i]);
	}
	free(entries);
	return code;
}

/* The config of a file that is copied alone. */
static int copy_config(struct copying *copying, const char *source, const char *folder)
{
	char *config = snafu_function_config_path(source), *to;
	int code = 0;

	if (!config)
		return 0;
	to = snafu_path_join(folder, snafu_path_base(config));
	code = to ? copy_file(copying, config, to) : -ENOMEM;
	free(to);
	free(config);
	return code;
}

static int copy_unit(struct copying *copying, const struct snafu_context *context,
                     const struct snafu_context_entry *entry)
{
	char *source = snafu_path_join(entry->from, entry->unit);
	char *folder = snafu_path_join(context->folder, entry->to);
	char *to = folder ? snafu_path_join(folder, entry->unit) : NULL;
	struct stat status;
	int code = 0;

	if (!source || !to)
		code = snafu_fail(copying->error, -ENOMEM, "no memory to copy %s", entry->path);
	else if (stat(source, &status))
		code = snafu_fail_errno(copying->error, -errno, "cannot read %s", source);
	else if (S_ISDIR(status.st_mode))
		code = copy_tree(copying, source, to, 0);
	else if (!(code = copy_file(copying, source, to)))
		code = copy_config(copying, source, folder);
	free(source);
	free(folder);
	free(to);
	return code;
}

/* Whether an earlier path has brought it along. */
static bool is_copied(const struct snafu_context *context, size_t index)
{
	const struct snafu_context_entry *entry = &context->entries[index];

	for (size_t i = 0; i < index; i++)
		if (context->entries[i].unit && strcmp(context->entries[i].unit, entry->unit) == 0 &&
		    strcmp(context->entries[i].from, entry->from) == 0)
			return true;
	return false;
}

int snafu_context_copy(const struct snafu_context *context, struct snafu_output *output,
                       size_t *ret_copied, size_t *ret_kept, struct snafu_error *error)
{
	struct copying copying = {.output = output, .error = error};
	int code = 0;

	for (size_t i = 0; i < context->count && !code; i++)
		if (context->entries[i].unit && !is_copied(context, i))
			code = copy_unit(&copying, context, &context->entries[i]);
	*ret_copied = copying.copied;
	*ret_kept = copying.kept;
	return code;
}
