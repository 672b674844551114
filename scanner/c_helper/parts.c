/* scanner/c_helper/parts.c — which of the headers that a named header includes are
 * a part of it.
 *
 * `snafu math.h` must give cos, which glibc declares in bits/mathcalls.h, but
 * `snafu zlib.h` must not give the C library's functions. A part is
 *  - a header below a folder named bits, of the C library's own headers;
 *  - one in the same folder whose name begins with the main header's: zlib_*.h;
 *  - one below a folder of the main header's name: foo.h and foo/core.h, or
 *    curl/curl.h and curl/easy.h;
 *  - for a main header that declares no function itself: any below its folder,
 *    unless that is one of the system's folders;
 * and only if the main header includes it itself or through other parts: unistd.h
 * has parts in bits/, too. */
#include "scanner/c_helper/helper.h"

#include <string.h>

#include "base/array.h"
#include "base/file.h"

#define SHORTEST_STEM 3

static const char *const system_folders[] = {"/usr/include", "/usr/local/include"};

/* Whether PATH is below FOLDER (of SIZE bytes, without a slash at its end). */
static bool is_below(const char *path, const char *folder, size_t size)
{
	return strncmp(path, folder, size) == 0 && path[size] == '/';
}

bool helper_is_system(const char *path)
{
	for (size_t i = 0; i < sizeof system_folders / sizeof *system_folders; i++)
		if (is_below(path, system_folders[i], strlen(system_folders[i])))
			return true;
	return strstr(path, "/lib/clang/") != NULL;
}

/* /usr/include itself, or the folder of this machine's kind in it. */
static bool is_system_folder(const char *folder, size_t size)
{
	for (size_t i = 0; i < sizeof system_folders / sizeof *system_folders; i++) {
		size_t length = strlen(system_folders[i]);

		if (size >= length && strncmp(folder, system_folders[i], length) == 0 &&
		    (size == length || (folder[length] == '/' && memmem(folder, size, "-linux-", 7) &&
		                        !memchr(folder + length + 1, '/', size - length - 1))))
			return true;
	}
	return false;
}

static bool is_part(const char *main, const char *file, bool main_is_empty)
{
	const char *base = snafu_path_base(main), *file_base = snafu_path_base(file);
	size_t folder = base > main ? (size_t)(base - main) - 1 : 0;
	size_t file_folder = file_base > file ? (size_t)(file_base - file) - 1 : 0;
	size_t stem = strcspn(base, ".");

	if (strstr(file, "/bits/"))
		return helper_is_system(file) && helper_is_system(main);
	if (folder == file_folder && strncmp(main, file, folder) == 0 && stem >= SHORTEST_STEM &&
	    strncmp(base, file_base, stem) == 0)
		return true;
	if (folder == 0 || !is_below(file, main, folder))
		return false;
	/* curl/curl.h */
	if (folder > stem && main[folder - stem - 1] == '/' &&
	    memcmp(main + folder - stem, base, stem) == 0)
		return true;
	/* foo.h and foo/core.h */
	if (stem > 0 && is_below(file + folder + 1, base, stem))
		return true;
	return main_is_empty && !is_system_folder(main, folder);
}

struct inclusion_visit {
	struct helper_unit *unit;
	bool empty;
};

static bool is_part_file(const struct inclusion_visit *visit, CXFile file)
{
	if (clang_File_isEqual(file, visit->unit->main))
		return true;
	CXString name = clang_getFileName(file);
	bool part = is_part(visit->unit->file->path, clang_getCString(name), visit->empty);
	clang_disposeString(name);
	return part;
}

static void visit_inclusion(CXFile file, CXSourceLocation *stack, unsigned depth, CXClientData data)
{
	struct inclusion_visit *visit = data;
	struct helper_unit *unit = visit->unit;

	if (depth == 0 || helper_belongs(unit, file) || !is_part_file(visit, file))
		return;
	for (unsigned i = 0; i < depth; i++) {
		CXFile includer;

		clang_getExpansionLocation(stack[i], &includer, NULL, NULL, NULL);
		if (!includer || !is_part_file(visit, includer))
			return;
	}
	if (snafu_array_grow(&unit->parts, &unit->parts_capacity, unit->n_parts, sizeof *unit->parts))
		return;
	unit->parts[unit->n_parts++] = file;
}

void helper_find_parts(struct helper_unit *unit, bool empty)
{
	struct inclusion_visit visit = {unit, empty};

	clang_getInclusions(unit->unit, visit_inclusion, &visit);
}

bool helper_belongs(const struct helper_unit *unit, CXFile file)
{
	if (!file)
		return false;
	if (clang_File_isEqual(file, unit->main))
		return true;
	for (size_t i = 0; i < unit->n_parts; i++)
		if (clang_File_isEqual(file, unit->parts[i]))
			return true;
	return false;
}
