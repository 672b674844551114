/* langs/c_elf.h — the names that a compiled object defines and needs.
 *
 * Two files of one tree may define the same name, and the linker says what is
 * undefined but not always where: so the objects' own symbol tables are read
 * (System V ABI, chapter 4, "Symbol Table"). */
#ifndef SNAFU_LANGS_C_ELF_H
#define SNAFU_LANGS_C_ELF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct snafu_error;

struct snafu_c_symbols {
	const char **defined; /* strong and global; sorted; in ARENA, like the names */
	size_t n_defined;
	const char **needed; /* undefined and not weak; sorted */
	size_t n_needed;
	struct snafu_arena arena;
};

/* Reads the object file at PATH. RET must be zeroed; -EINVAL when the file is no
 * object of this machine. */
int snafu_c_symbols_read(const char *path, struct snafu_c_symbols *ret, struct snafu_error *error);
void snafu_c_symbols_done(struct snafu_c_symbols *symbols);

bool snafu_c_symbols_define(const struct snafu_c_symbols *symbols, const char *name);
bool snafu_c_symbols_need(const struct snafu_c_symbols *symbols, const char *name);

/* Makes hidden symbols of the object at PATH visible, in place: functions that a
 * library keeps to itself (zlib's ZLIB_INTERNAL) are functions too. */
int snafu_c_symbols_show(const char *path, struct snafu_error *error);

#endif
