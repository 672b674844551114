/* langs/c_copies.h — shared objects loaded several times, each with data of its own: for calls
 * that are to find a library's data as they were when it was just loaded.
 *
 * A copy is loaded from a copy of the file; dlmopen() would bring a second libc along, and
 * glibc has only 16 namespaces. What a copy can write to (.data, .bss, after relocation and
 * constructors) is noted when it is loaded, and is put back before each call; likewise the
 * calling thread's thread-local variables. Large data are mapped, so that only the pages
 * that a call has written to cost something.
 *
 * Not put back: memory from malloc(), and all else that the library has in libc or in other
 * libraries: open files, threads, keys, handlers. */
#ifndef SNAFU_LANGS_C_COPIES_H
#define SNAFU_LANGS_C_COPIES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct link_map;
struct snafu_error;

#define SNAFU_C_COPIES_CAP       256 /* of the same objects: calls at the same time */
#define SNAFU_C_OBJECTS_CAP      4096 /* shared objects that are copied together */
#define SNAFU_C_COPIED_FILE_CAP  ((size_t)1 << 30) /* bytes of one */
#define SNAFU_C_MAPPED_THRESHOLD (256u << 10) /* bytes of data from which on they are mapped */

struct snafu_c_copy;

struct snafu_c_copies {
	struct link_map **originals; /* owned; what they point to stays loaded */
	size_t count;
	char *directory; /* for the files, which live for a moment only */
	bool is_foreign; /* made by others: may use names that the host has too */
	pthread_mutex_t lock; /* guards what follows */
	struct snafu_c_copy *idle;
	size_t n_copies;
};

/* HANDLES: from dlopen(), NULL ones are left out; the first may be used by the others. */
int snafu_c_copies_new(void *const *handles, size_t count, const char *directory, bool is_foreign,
                       struct snafu_c_copies **ret_copies, struct snafu_error *error);
/* Unloads them all; no call is under way. NULL is welcome. */
void snafu_c_copies_free(struct snafu_c_copies *copies);

/* A copy for the calling thread alone, as if just loaded. -EBUSY at the cap. Any thread. */
int snafu_c_copies_take(struct snafu_c_copies *copies, struct snafu_c_copy **ret_copy,
                        struct snafu_error *error);
void snafu_c_copies_give(struct snafu_c_copies *copies, struct snafu_c_copy *copy);

/* Which of the originals ADDRESS is in, and where: false when it is in none of them. */
bool snafu_c_copies_find(const struct snafu_c_copies *copies, const void *address,
                         size_t *ret_object, size_t *ret_offset);
/* That place in COPY. */
void *snafu_c_copy_address(const struct snafu_c_copy *copy, size_t object, size_t offset);

/* The shared object that ADDRESS is in, as from dlopen() (to be closed), when that may be copied:
 * not libc and its kin, nor the program. NULL else. */
void *snafu_c_copies_open(const void *address);

#endif
