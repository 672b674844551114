/* scanner/scanners.c — see scanners.h. */
#include "scanner/scanners.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/parts.h"

#define HEAD_SIZE 256 /* bytes looked at to tell the language of a file without suffix */

#define SCANNER(NAME) extern const struct snafu_scanner snafu_scanner_##NAME;
#include "scanner/builtin.inc"
#undef SCANNER

static const struct snafu_scanner *const built_in[] = {
#define SCANNER(NAME) &snafu_scanner_##NAME,
#include "scanner/builtin.inc"
#undef SCANNER
};
#define N_BUILT_IN (sizeof built_in / sizeof *built_in)

static int open_module(const char *name, const struct snafu_scanner **ret_scanner,
                       struct snafu_error *error)
{
	void *address;
	int code = snafu_part_open("scan", name, SNAFU_SCANNER_SYMBOL, 0, &address, error);

	if (code)
		return code;
	const struct snafu_scanner *scanner = address;
	if (scanner->version != SNAFU_SCANNER_VERSION)
		return snafu_fail(error, -ELIBBAD, "scan-%s.so is made for another Snafu", name);
	if (!scanner->name || !scanner->suffixes || !scanner->scan)
		return snafu_fail(error, -ELIBBAD, "scan-%s.so lacks a name, suffixes or scan()", name);
	*ret_scanner = scanner;
	return 0;
}

static int add_module(void *state, const char *name)
{
	struct snafu_scanners *scanners = state;
	struct snafu_error error;

	if (scanners->n_modules == SNAFU_SCANNER_MODULES_CAP) {
		snafu_functions_diagnose(scanners->functions, SNAFU_WARNING, NULL, 0,
		                         "more than %d scanners: scan-%s.so and the rest are left out",
		                         SNAFU_SCANNER_MODULES_CAP, name);
		return -E2BIG;
	}
	if (open_module(name, &scanners->modules[scanners->n_modules], &error))
		snafu_functions_diagnose(scanners->functions, SNAFU_WARNING, NULL, 0, "%s", error.message);
	else
		scanners->n_modules++;
	return 0;
}

void snafu_scanners_look(struct snafu_scanners *scanners)
{
	if (scanners->looked)
		return;
	scanners->looked = true;
	snafu_part_each("scan", add_module, scanners);
}

const struct snafu_scanner *snafu_scanner_number(const struct snafu_scanners *scanners,
                                                 size_t index)
{
	if (index < N_BUILT_IN)
		return built_in[index];
	index -= N_BUILT_IN;
	return index < scanners->n_modules ? scanners->modules[index] : NULL;
}

const char *snafu_scanner_suffix(const struct snafu_scanner *scanner, const char *name)
{
	for (const char *const *suffix = scanner->suffixes; *suffix; suffix++)
		if (snafu_path_has_suffix(name, *suffix) && strlen(name) > strlen(*suffix))
			return *suffix;
	return NULL;
}

const struct snafu_scanner *snafu_scanner_by_suffix(struct snafu_scanners *scanners,
                                                    const char *name)
{
	const struct snafu_scanner *scanner;

	for (size_t i = 0;; i++) {
		if (i == N_BUILT_IN)
			snafu_scanners_look(scanners);
		scanner = snafu_scanner_number(scanners, i);
		if (!scanner || snafu_scanner_suffix(scanner, name))
			return scanner;
	}
}

static size_t read_head(const char *path, char head[HEAD_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	ssize_t size = -1;

	if (fd < 0)
		return 0;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		size = read(fd, head, HEAD_SIZE);
	close(fd);
	return size > 0 ? (size_t)size : 0;
}

const struct snafu_scanner *snafu_scanner_by_head(struct snafu_scanners *scanners, const char *path)
{
	const struct snafu_scanner *scanner;
	char head[HEAD_SIZE];
	size_t size = read_head(path, head);

	for (size_t i = 0; size; i++) {
		if (i == N_BUILT_IN)
			snafu_scanners_look(scanners);
		scanner = snafu_scanner_number(scanners, i);
		if (!scanner || (scanner->claims && scanner->claims(head, size)))
			return scanner;
	}
	return NULL;
}
