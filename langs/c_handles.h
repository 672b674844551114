/* langs/c_handles.h — pointers that outlive a call, under names.
 *
 * A pointer that only C understands (sqlite3 *, gzFile), or a struct that lives on
 * after the call (z_stream), is told to the caller as a string, "sqlite3@1", and
 * taken back from him by it. Addresses are never shown. A name is a type and a
 * number; numbers are not used again, so a stale name is noticed.
 *
 * A call holds the entries that it uses; another call that wants one of them waits,
 * as few C objects stand two threads at once. At a cap the entry goes that was idle
 * longest: nobody tells us that a caller went away. */
#ifndef SNAFU_LANGS_C_HANDLES_H
#define SNAFU_LANGS_C_HANDLES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snafu_buffer;
struct snafu_c_type;

#define SNAFU_C_HANDLES_CAP     16384 /* entries */
#define SNAFU_C_HANDLES_CHUNK   64 /* entries allocated at once */
#define SNAFU_C_HIDDEN_ROOM     1024 /* zeroed bytes behind a struct of ours */
#define SNAFU_C_KEPT_MEMORY_CAP ((size_t)256 << 20) /* bytes of structs and their buffers */

/* Memory that belongs to a pointer inside a kept struct. */
struct snafu_c_block {
	struct snafu_c_block *next;
	size_t offset; /* of the pointer in the struct */
	size_t size;
	size_t told; /* bytes of it that the caller knows of */
	bool pending; /* made by a call that has not begun yet */
	bool writable; /* made for C to write to: what it writes is told */
	_Alignas(max_align_t) unsigned char bytes[];
};

struct snafu_c_entry {
	uint64_t id; /* 0: free */
	const struct snafu_c_type *type; /* what POINTER points to; see snafu_c_handles_put() */
	void *pointer;
	bool kept; /* POINTER and the blocks are ours */
	size_t bytes; /* that are ours */
	struct snafu_c_block *blocks;
	const void *owner; /* the call that holds it, or NULL */
	bool unseen; /* nobody was told of it yet: its number can be used again */
	bool released; /* goes when the call lets go of it */
	uint64_t used; /* when, by the table's clock */
};

struct snafu_c_handles {
	pthread_mutex_t lock;
	pthread_cond_t free; /* an entry was let go of */
	struct snafu_c_entry *chunks[SNAFU_C_HANDLES_CAP / SNAFU_C_HANDLES_CHUNK];
	size_t n_entries; /* entries never move: calls hold them */
	void *by_pointer; /* tsearch tree of entries in use */
	size_t bytes;
	uint64_t clock;
	bool is_isolated; /* the table of one isolated call: nothing in it is found later */
};

void snafu_c_handles_init(struct snafu_c_handles *handles);
void snafu_c_handles_done(struct snafu_c_handles *handles);

/* Whether nobody has a handle. */
bool snafu_c_handles_are_none(struct snafu_c_handles *handles);

/* The entry of a pointer to TYPE that C gave, the same one for the same pointer.
 * TYPE must outlive the table. It is not held. Returns its id, 0 when memory is out. */
uint64_t snafu_c_handles_put(struct snafu_c_handles *handles, const struct snafu_c_type *type,
                             void *pointer);

/* A zeroed struct of TYPE that lives on, held by OWNER: -ENOMEM, or -ENOSPC at the
 * cap. Entries never move while they are held. */
int snafu_c_handles_keep(struct snafu_c_handles *handles, const struct snafu_c_type *type,
                         const void *owner, struct snafu_c_entry **ret_entry);

/* Memory for the pointer at OFFSET in a kept struct that the caller holds. */
struct snafu_c_block *snafu_c_handles_block(struct snafu_c_handles *handles,
                                            struct snafu_c_entry *entry, size_t offset,
                                            size_t size);
/* Ends the wait of the blocks made since: they replace the older ones of their
 * pointers, or (GOOD false) go themselves. */
void snafu_c_handles_settle(struct snafu_c_handles *handles, struct snafu_c_entry *entry,
                            bool good);
/* The block in which AT lies, for the pointer at OFFSET; NULL when it is not ours. */
struct snafu_c_block *snafu_c_handles_find_block(const struct snafu_c_entry *entry, size_t offset,
                                                 const void *at);

/* Looks a name up (SIZE bytes) and holds the entry for OWNER. -ENOENT: no such
 * handle (any more); -ESTALE: none, as it was an isolated call's, or this one is
 * isolated; -EPROTOTYPE: it is of another type (TYPE NULL or void: any will do);
 * -EAGAIN: another call holds it. */
int snafu_c_handles_take(struct snafu_c_handles *handles, const char *name, size_t size,
                         const struct snafu_c_type *type, const void *owner,
                         struct snafu_c_entry **ret_entry);

/* Lets go; a released entry, and the memory that is ours, is gone then. */
void snafu_c_handles_let_go(struct snafu_c_handles *handles, struct snafu_c_entry *entry);

/* Waits until some entry is let go of. */
void snafu_c_handles_wait(struct snafu_c_handles *handles);

/* Appends the name as text without quotes. */
void snafu_c_handle_name(const struct snafu_c_handles *handles, const struct snafu_c_type *type,
                         uint64_t id, struct snafu_buffer *into);

/* The word for a type in handles: the struct's name, "int", "pointer". */
const char *snafu_c_type_word(const struct snafu_c_type *type);

#endif
