/* langs/c_elf.c — see c_elf.h. */
#include "langs/c_elf.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"

#define OBJECT_CAP (256u << 20) /* bytes of one object file */

/* The symbol table of an object in memory. */
struct table {
	ElfW(Sym) * symbols;
	size_t count;
	const char *names;
	size_t names_size;
};

static bool lies_within(size_t offset, size_t size, size_t whole)
{
	return offset <= whole && size <= whole - offset;
}

static bool find_table(char *bytes, size_t size, struct table *table)
{
	ElfW(Ehdr) *header = (void *)bytes;

	if (size < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    header->e_shentsize != sizeof(ElfW(Shdr)) || header->e_shoff % _Alignof(ElfW(Shdr)) ||
	    !lies_within(header->e_shoff, (size_t)header->e_shnum * sizeof(ElfW(Shdr)), size))
		return false;
	ElfW(Shdr) *sections = (void *)(bytes + header->e_shoff);
	for (size_t i = 0; i < header->e_shnum; i++) {
		const ElfW(Shdr) *section = &sections[i];

		if (section->sh_type != SHT_SYMTAB || section->sh_link >= header->e_shnum)
			continue;
		const ElfW(Shdr) *names = &sections[section->sh_link];
		if (section->sh_offset % _Alignof(ElfW(Sym)) || names->sh_size == 0 ||
		    !lies_within(section->sh_offset, section->sh_size, size) ||
		    !lies_within(names->sh_offset, names->sh_size, size) ||
		    bytes[names->sh_offset + names->sh_size - 1] != '\0')
			return false;
		table->symbols = (void *)(bytes + section->sh_offset);
		table->count = section->sh_size / sizeof(ElfW(Sym));
		table->names = bytes + names->sh_offset;
		table->names_size = names->sh_size;
		return true;
	}
	return false;
}

/* Type and binding are encoded alike for 32 and 64 bits. */
static unsigned binding(const ElfW(Sym) * symbol)
{
	return ELF64_ST_BIND(symbol->st_info);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int gather(const struct table *table, struct snafu_c_symbols *ret)
{
	ret->defined = snafu_arena_alloc(&ret->arena, table->count * sizeof *ret->defined);
	ret->needed = snafu_arena_alloc(&ret->arena, table->count * sizeof *ret->needed);
	if (!ret->defined || !ret->needed)
		return -ENOMEM;
	for (size_t i = 1; i < table->count; i++) {
		const ElfW(Sym) *symbol = &table->symbols[i];

		if (binding(symbol) != STB_GLOBAL || symbol->st_name >= table->names_size)
			continue;
		const char *name = snafu_arena_string(&ret->arena, table->names + symbol->st_name);
		if (!name)
			return -ENOMEM;
		if (symbol->st_shndx == SHN_UNDEF)
			ret->needed[ret->n_needed++] = name;
		else if (symbol->st_shndx != SHN_COMMON) /* the linker merges those */
			ret->defined[ret->n_defined++] = name;
	}
	qsort(ret->defined, ret->n_defined, sizeof *ret->defined, compare);
	qsort(ret->needed, ret->n_needed, sizeof *ret->needed, compare);
	return 0;
}

int snafu_c_symbols_read(const char *path, struct snafu_c_symbols *ret, struct snafu_error *error)
{
	char *bytes;
	size_t size;
	struct table table;
	int code = snafu_file_read(path, OBJECT_CAP, &bytes, &size, error);

	if (code)
		return code;
	if (!find_table(bytes, size, &table))
		code = snafu_fail(error, -EINVAL, "%s is not an object file of this machine", path);
	else if ((code = gather(&table, ret)))
		snafu_fail(error, code, "no memory for the symbols of %s", path);
	free(bytes);
	if (code)
		snafu_c_symbols_done(ret);
	return code;
}

void snafu_c_symbols_done(struct snafu_c_symbols *symbols)
{
	snafu_arena_done(&symbols->arena);
	*symbols = (struct snafu_c_symbols){0};
}

bool snafu_c_symbols_define(const struct snafu_c_symbols *symbols, const char *name)
{
	return symbols->n_defined &&
	       bsearch(&name, symbols->defined, symbols->n_defined, sizeof name, compare);
}

bool snafu_c_symbols_need(const struct snafu_c_symbols *symbols, const char *name)
{
	return symbols->n_needed &&
	       bsearch(&name, symbols->needed, symbols->n_needed, sizeof name, compare);
}

int snafu_c_symbols_show(const char *path, struct snafu_error *error)
{
	char *bytes;
	size_t size;
	struct table table;
	bool changed = false;
	int code = snafu_file_read(path, OBJECT_CAP, &bytes, &size, error);

	if (code)
		return code;
	if (!find_table(bytes, size, &table)) {
		free(bytes);
		return snafu_fail(error, -EINVAL, "%s is not an object file of this machine", path);
	}
	for (size_t i = 1; i < table.count; i++) {
		ElfW(Sym) *symbol = &table.symbols[i];

		if (binding(symbol) == STB_LOCAL || ELF64_ST_VISIBILITY(symbol->st_other) == STV_DEFAULT)
			continue;
		symbol->st_other = (unsigned char)((symbol->st_other & ~3u) | STV_DEFAULT);
		changed = true;
	}
	if (changed)
		code = snafu_file_write(path, bytes, size, error);
	free(bytes);
	return code;
}
