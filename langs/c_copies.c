/* langs/c_copies.c — see c_copies.h. */
#include "langs/c_copies.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "langs/c_build.h"

#define RANGES_CAP 16 /* pieces of data that one shared object can write to */

#ifdef SNAFU_SANITIZED /* the sanitizers' own functions must come first */
#define OWN_NAMES_FIRST 0
#else
#define OWN_NAMES_FIRST RTLD_DEEPBIND
#endif

/* Data that a copy can write to, and what it was. */
struct range {
	unsigned char *start;
	size_t size;
	unsigned char *before; /* NULL: mapped from a file of its own */
};

/* One loaded shared object. */
struct object {
	void *handle;
	uintptr_t base;
	struct range ranges[RANGES_CAP];
	size_t n_ranges;
	const void *thread_image; /* what thread-local variables begin with */
	size_t thread_image_size, thread_size;
};

struct snafu_c_copy {
	struct snafu_c_copy *next;
	bool is_used; /* a call has left its traces */
	struct object objects[]; /* as many as originals */
};

/* ---- which objects ------------------------------------------------------------------- */

static struct link_map *map_of(void *handle)
{
	struct link_map *map = NULL;

	return handle && dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 ? map : NULL;
}

/* Those that a process has once: copies of them would not work, or be no use. */
static bool is_basic(const char *path)
{
	static const char *const names[] = {
		"ld-linux", "libasan.",    "libc.",      "libc-2", "libdl.",   "libm.",     "libmvec.",
		"libnss_",  "libpthread.", "libresolv.", "librt.", "libtsan.", "libubsan.", "linux-vdso",
	};
	const char *name = snafu_path_base(path);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return name[0] == '\0';
}

void *snafu_c_copies_open(const void *address)
{
	struct link_map *map = NULL;
	Dl_info info;

	if (!dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP) || !map || is_basic(map->l_name))
		return NULL;
	return dlopen(map->l_name, RTLD_NOW | RTLD_NOLOAD);
}

int snafu_c_copies_new(void *const *handles, size_t count, const char *directory, bool is_foreign,
                       struct snafu_c_copies **ret_copies, struct snafu_error *error)
{
	struct snafu_c_copies *copies = calloc(1, sizeof *copies);

	if (count > SNAFU_C_OBJECTS_CAP)
		count = SNAFU_C_OBJECTS_CAP;
	if (copies) {
		copies->originals = calloc(count + 1, sizeof *copies->originals);
		copies->directory = strdup(directory);
	}
	if (!copies || !copies->originals || !copies->directory) {
		if (copies) {
			free(copies->originals);
			free(copies->directory);
		}
		free(copies);
		return snafu_fail(error, -ENOMEM, "no memory");
	}
	for (size_t i = 0; i < count; i++) {
		struct link_map *map = map_of(handles[i]);

		if (map)
			copies->originals[copies->count++] = map;
	}
	copies->is_foreign = is_foreign;
	pthread_mutex_init(&copies->lock, NULL);
	*ret_copies = copies;
	return 0;
}

/* ---- what a copy can write to ----------------------------------------------------------- */

struct search {
	const struct link_map *map;
	struct object *object;
	uintptr_t (*parts)[2]; /* begin and end */
	size_t n_parts;
};

static void add_part(struct search *search, uintptr_t begin, uintptr_t end)
{
	if (begin < end && search->n_parts < RANGES_CAP) {
		search->parts[search->n_parts][0] = begin;
		search->parts[search->n_parts++][1] = end;
	}
}

/* The writable segments, without the pages that the dynamic linker has made read-only. */
static int read_headers(struct dl_phdr_info *info, size_t size, void *opaque)
{
	struct search *search = opaque;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), fixed = 0, fixed_end = 0;

	(void)size;
	if (info->dlpi_addr != search->map->l_addr || strcmp(info->dlpi_name, search->map->l_name) != 0)
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t begin = info->dlpi_addr + header->p_vaddr, end = begin + header->p_memsz;

		if (header->p_type == PT_GNU_RELRO) {
			fixed = begin & -page;
			fixed_end = end & -page;
		} else if (header->p_type == PT_TLS) {
			search->object->thread_image = (const void *)begin;
			search->object->thread_image_size = header->p_filesz;
			search->object->thread_size = header->p_memsz;
		}
	}
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t begin = info->dlpi_addr + header->p_vaddr, end = begin + header->p_memsz;

		if (header->p_type != PT_LOAD || !(header->p_flags & PF_W))
			continue;
		if (fixed_end <= begin || fixed >= end) {
			add_part(search, begin, end);
		} else {
			add_part(search, begin, fixed);
			add_part(search, fixed_end, end);
		}
	}
	return 1;
}

/* From now on the pages from BEGIN are those of a file in memory that holds what is there, and
 * dropping them brings that back. */
static int map_pages(unsigned char *begin, size_t size)
{
	int file = memfd_create("snafu-data", MFD_CLOEXEC);
	size_t done = 0;

	while (file >= 0 && done < size) {
		ssize_t written = write(file, begin + done, size - done);

		if (written <= 0)
			break;
		done += (size_t)written;
	}
	void *mapped = done == size
	                   ? mmap(begin, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, 0)
	                   : MAP_FAILED;
	if (file >= 0)
		close(file);
	return mapped == MAP_FAILED ? -ENOMEM : 0;
}

static int add_range(struct object *object, unsigned char *start, size_t size, bool is_mapped)
{
	if (size == 0)
		return 0;
	if (object->n_ranges == RANGES_CAP)
		return -ENOSPC;
	struct range *range = &object->ranges[object->n_ranges];
	*range = (struct range){.start = start, .size = size};
	if (!is_mapped) {
		range->before = malloc(size);
		if (!range->before)
			return -ENOMEM;
		memcpy(range->before, start, size);
	}
	object->n_ranges++;
	return is_mapped ? map_pages(start, size) : 0;
}

static int note_data(struct object *object)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), parts[RANGES_CAP][2];
	struct search search = {.map = map_of(object->handle), .object = object, .parts = parts};
	int code = 0;

	object->base = search.map->l_addr;
	dl_iterate_phdr(read_headers, &search);
	for (size_t i = 0; i < search.n_parts && !code; i++) {
		uintptr_t begin = parts[i][0], end = parts[i][1];
		uintptr_t from = (begin + page - 1) & -page, to = end & -page;

		if (end - begin < SNAFU_C_MAPPED_THRESHOLD || from >= to)
			from = to = end;
		code = add_range(object, (unsigned char *)begin, from - begin, false);
		if (!code)
			code = add_range(object, (unsigned char *)from, to - from, true);
		if (!code)
			code = add_range(object, (unsigned char *)to, end - to, false);
	}
	return code;
}

static void put_back(struct object *object)
{
	void *mine = NULL;

	for (size_t i = 0; i < object->n_ranges; i++) {
		const struct range *range = &object->ranges[i];

		if (range->before)
			memcpy(range->start, range->before, range->size);
		else
			madvise(range->start, range->size, MADV_DONTNEED);
	}
	/* NULL while this thread has not used them. */
	if (object->thread_size && dlinfo(object->handle, RTLD_DI_TLS_DATA, &mine) == 0 && mine) {
		memcpy(mine, object->thread_image, object->thread_image_size);
		memset((char *)mine + object->thread_image_size, 0,
		       object->thread_size - object->thread_image_size);
	}
}

/* ---- making one ---------------------------------------------------------------------------- */

/* A file name as long as those of the cache are: it may stand in their place in another object's
 * list of what it needs. */
static char *new_name(const struct snafu_c_copies *copies)
{
	static atomic_ulong made;
	unsigned long long words[] = {(unsigned long long)getpid(), made++, snafu_now_ns()};
	char *path;

	if (asprintf(&path, "%s/%016llx.so", copies->directory,
	             snafu_hash(SNAFU_HASH_START, words, sizeof words)) < 0)
		return NULL;
	return path;
}

static void replace(char *bytes, size_t size, const char *from, const char *to)
{
	size_t length = strlen(from);
	char *at = bytes, *end = bytes + size;

	if (length != strlen(to))
		return;
	while ((at = memmem(at, (size_t)(end - at), from, length + 1))) {
		memcpy(at, to, length);
		at += length;
	}
}

/* Writes the file and loads it; FIRST is the original of what the first copy's file, FIRST_PATH,
 * stands for. */
static int load(const struct snafu_c_copies *copies, size_t index, const char *path,
                const char *first_path, void **ret_handle, struct snafu_error *error)
{
	const char *original = copies->originals[index]->l_name;
	char *bytes;
	size_t size;
	int code = snafu_file_read(original, SNAFU_C_COPIED_FILE_CAP, &bytes, &size, error);

	if (code)
		return code;
	if (index > 0)
		replace(bytes, size, copies->originals[0]->l_name, first_path);
	code = snafu_file_write(path, bytes, size, error);
	free(bytes);
	if (code)
		return code;
	*ret_handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | (copies->is_foreign ? OWN_NAMES_FIRST : 0));
	if (!*ret_handle) {
		const char *words = dlerror();

		return snafu_fail(error, -ENOEXEC, "cannot load %s once more: %s", original,
		                  words ? words : "no reason given");
	}
	return 0;
}

static void free_copy(struct snafu_c_copy *copy, size_t count)
{
	for (size_t i = count; i-- > 0;) {
		struct object *object = &copy->objects[i];

		if (object->handle)
			dlclose(object->handle);
		for (size_t range = 0; range < object->n_ranges; range++)
			free(object->ranges[range].before);
	}
	free(copy);
}

static int make(const struct snafu_c_copies *copies, struct snafu_c_copy **ret_copy,
                struct snafu_error *error)
{
	struct snafu_c_copy *copy = calloc(1, sizeof *copy + copies->count * sizeof *copy->objects);
	char *first = NULL;
	int code = copy ? 0 : snafu_fail(error, -ENOMEM, "no memory");

	for (size_t i = 0; i < copies->count && !code; i++) {
		char *path = new_name(copies);

		code = path ? load(copies, i, path, first, &copy->objects[i].handle, error)
		            : snafu_fail(error, -ENOMEM, "no memory");
		if (i == 0) {
			first = path;
		} else if (path) {
			unlink(path);
			free(path);
		}
	}
	if (first)
		unlink(first);
	free(first);
	for (size_t i = 0; i < copies->count && !code; i++) {
		if (!copies->is_foreign)
			snafu_c_connect(copy->objects[i].handle);
		code = note_data(&copy->objects[i]);
		if (code)
			snafu_fail(error, code, "cannot note what is in the data of %s",
			           copies->originals[i]->l_name);
	}
	if (!code)
		*ret_copy = copy;
	else if (copy)
		free_copy(copy, copies->count);
	return code;
}

/* ---- taking and giving ---------------------------------------------------------------- */

int snafu_c_copies_take(struct snafu_c_copies *copies, struct snafu_c_copy **ret_copy,
                        struct snafu_error *error)
{
	struct snafu_c_copy *copy;
	int code = 0;

	pthread_mutex_lock(&copies->lock);
	copy = copies->idle;
	if (copy)
		copies->idle = copy->next;
	else if (copies->n_copies == SNAFU_C_COPIES_CAP)
		code = -EBUSY;
	else
		copies->n_copies++;
	pthread_mutex_unlock(&copies->lock);
	if (code)
		return snafu_fail(error, code, "%d isolated calls of this library are under way",
		                  SNAFU_C_COPIES_CAP);
	if (!copy) {
		code = make(copies, &copy, error);
		if (code) {
			pthread_mutex_lock(&copies->lock);
			copies->n_copies--;
			pthread_mutex_unlock(&copies->lock);
			return code;
		}
	}
	for (size_t i = 0; copy->is_used && i < copies->count; i++)
		put_back(&copy->objects[i]);
	copy->is_used = true;
	*ret_copy = copy;
	return 0;
}

void snafu_c_copies_give(struct snafu_c_copies *copies, struct snafu_c_copy *copy)
{
	pthread_mutex_lock(&copies->lock);
	copy->next = copies->idle;
	copies->idle = copy;
	pthread_mutex_unlock(&copies->lock);
}

bool snafu_c_copies_find(const struct snafu_c_copies *copies, const void *address,
                         size_t *ret_object, size_t *ret_offset)
{
	struct link_map *map = NULL;
	Dl_info info;

	if (!dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP) || !map)
		return false;
	for (size_t i = 0; i < copies->count; i++)
		if (copies->originals[i] == map) {
			*ret_object = i;
			*ret_offset = (uintptr_t)address - map->l_addr;
			return true;
		}
	return false;
}

void *snafu_c_copy_address(const struct snafu_c_copy *copy, size_t object, size_t offset)
{
	return (void *)(copy->objects[object].base + offset);
}

void snafu_c_copies_free(struct snafu_c_copies *copies)
{
	if (!copies)
		return;
	while (copies->idle) {
		struct snafu_c_copy *copy = copies->idle;

		copies->idle = copy->next;
		free_copy(copy, copies->count);
	}
	pthread_mutex_destroy(&copies->lock);
	free(copies->originals);
	free(copies->directory);
	free(copies);
}
