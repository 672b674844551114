/* langs/c_handles.c — see c_handles.h. */
#include "langs/c_handles.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "scanner/c_types.h"

/* An id is a slot (from 1) plus the capacity cap times how often the slot was used
 * before: small numbers for a person, and no number twice. */
#define WAIT_NS   5000000
#define SECOND_NS 1000000000

#define SLOT(ID) ((size_t)(((ID)-1) % SNAFU_C_HANDLES_CAP))

static struct snafu_c_entry *entry_at(struct snafu_c_handles *handles, size_t slot)
{
	return &handles->chunks[slot / SNAFU_C_HANDLES_CHUNK][slot % SNAFU_C_HANDLES_CHUNK];
}

void snafu_c_handles_init(struct snafu_c_handles *handles)
{
	*handles = (struct snafu_c_handles){0};
	pthread_mutex_init(&handles->lock, NULL);
	pthread_cond_init(&handles->free, NULL);
}

const char *snafu_c_type_word(const struct snafu_c_type *type)
{
	static const char *const words[] = {
		[SNAFU_C_VOID] = "void",       [SNAFU_C_BOOL] = "bool",
		[SNAFU_C_CHAR] = "char",       [SNAFU_C_SIGNED] = "int",
		[SNAFU_C_UNSIGNED] = "uint",   [SNAFU_C_FLOAT] = "float",
		[SNAFU_C_COMPLEX] = "complex", [SNAFU_C_ENUM] = "enum",
		[SNAFU_C_POINTER] = "pointer", [SNAFU_C_ARRAY] = "array",
		[SNAFU_C_STRUCT] = "struct",   [SNAFU_C_UNION] = "union",
		[SNAFU_C_OPAQUE] = "struct",   [SNAFU_C_FUNCTION] = "function",
		[SNAFU_C_VA_LIST] = "va_list",
	};
	return type->name && type->name[0] ? type->name : words[type->kind];
}

/* A struct that is opaque in one place and known in another is the same. */
static bool same_type(const struct snafu_c_type *a, const struct snafu_c_type *b)
{
	bool a_named = a->name && a->name[0], b_named = b->name && b->name[0];

	if (a == b)
		return true;
	if (a_named || b_named)
		return a_named && b_named && strcmp(a->name, b->name) == 0;
	return a->kind == b->kind && a->size == b->size;
}

static int compare(const void *a, const void *b)
{
	const struct snafu_c_entry *one = a, *two = b;

	if (one->pointer != two->pointer)
		return (uintptr_t)one->pointer < (uintptr_t)two->pointer ? -1 : 1;
	return same_type(one->type, two->type)                                          ? 0
	       : strcmp(snafu_c_type_word(one->type), snafu_c_type_word(two->type)) < 0 ? -1
	                                                                                : 1;
}

bool snafu_c_handles_are_none(struct snafu_c_handles *handles)
{
	pthread_mutex_lock(&handles->lock);
	bool is_none = handles->by_pointer == NULL;
	pthread_mutex_unlock(&handles->lock);
	return is_none;
}

static void free_blocks(struct snafu_c_handles *handles, struct snafu_c_entry *entry)
{
	while (entry->blocks) {
		struct snafu_c_block *block = entry->blocks;

		entry->blocks = block->next;
		entry->bytes -= block->size;
		handles->bytes -= block->size;
		free(block);
	}
}

static void drop(struct snafu_c_handles *handles, struct snafu_c_entry *entry)
{
	tdelete(entry, &handles->by_pointer, compare);
	free_blocks(handles, entry);
	handles->bytes -= entry->bytes;
	if (entry->kept)
		free(entry->pointer);
	*entry = (struct snafu_c_entry){.id = 0, .used = entry->id};
}

static void forget(void *entry)
{
	(void)entry;
}

void snafu_c_handles_done(struct snafu_c_handles *handles)
{
	tdestroy(handles->by_pointer, forget);
	handles->by_pointer = NULL;
	for (size_t i = 0; i < handles->n_entries; i++) {
		struct snafu_c_entry *entry = entry_at(handles, i);

		free_blocks(handles, entry);
		if (entry->kept)
			free(entry->pointer);
	}
	for (size_t i = 0; i < sizeof handles->chunks / sizeof *handles->chunks; i++)
		free(handles->chunks[i]);
	pthread_cond_destroy(&handles->free);
	pthread_mutex_destroy(&handles->lock);
}

#define ISOLATED "@isolated" /* in the place of a number: such a name finds nothing */

/* A slot to fill: a new one, else a freed one, else that of the entry idle longest. */
static struct snafu_c_entry *find_slot(struct snafu_c_handles *handles)
{
	struct snafu_c_entry *oldest = NULL;

	if (handles->n_entries < SNAFU_C_HANDLES_CAP) {
		struct snafu_c_entry **chunk = &handles->chunks[handles->n_entries / SNAFU_C_HANDLES_CHUNK];

		if (!*chunk)
			*chunk = calloc(SNAFU_C_HANDLES_CHUNK, sizeof **chunk);
		if (!*chunk)
			return NULL;
		oldest = entry_at(handles, handles->n_entries++);
		oldest->id = handles->n_entries;
		return oldest;
	}
	for (size_t i = 0; i < handles->n_entries; i++) {
		struct snafu_c_entry *entry = entry_at(handles, i);

		if (entry->id == 0) {
			oldest = entry;
			break;
		}
		if (!entry->owner && (!oldest || entry->used < oldest->used))
			oldest = entry;
	}
	if (!oldest)
		return NULL;
	if (oldest->id)
		drop(handles, oldest);
	oldest->id = oldest->used + SNAFU_C_HANDLES_CAP;
	return oldest;
}

static struct snafu_c_entry *add(struct snafu_c_handles *handles, const struct snafu_c_type *type,
                                 void *pointer)
{
	struct snafu_c_entry *entry = find_slot(handles);

	if (!entry)
		return NULL;
	*entry = (struct snafu_c_entry){
		.id = entry->id,
		.type = type,
		.pointer = pointer,
		.used = ++handles->clock,
	};
	if (!tsearch(entry, &handles->by_pointer, compare)) {
		*entry = (struct snafu_c_entry){.used = entry->id};
		return NULL;
	}
	return entry;
}

uint64_t snafu_c_handles_put(struct snafu_c_handles *handles, const struct snafu_c_type *type,
                             void *pointer)
{
	struct snafu_c_entry key = {.type = type, .pointer = pointer};

	pthread_mutex_lock(&handles->lock);
	struct snafu_c_entry *const *found = tfind(&key, &handles->by_pointer, compare);
	struct snafu_c_entry *entry = found ? *found : add(handles, type, pointer);
	uint64_t id = entry ? entry->id : 0;
	if (entry)
		entry->used = ++handles->clock;
	pthread_mutex_unlock(&handles->lock);
	return id;
}

/* Ends structs of ours, those idle longest first, until SIZE more bytes fit. */
static bool make_room(struct snafu_c_handles *handles, size_t size)
{
	while (size > SNAFU_C_KEPT_MEMORY_CAP - handles->bytes) {
		struct snafu_c_entry *oldest = NULL;

		for (size_t i = 0; i < handles->n_entries; i++) {
			struct snafu_c_entry *entry = entry_at(handles, i);

			if (entry->id && entry->kept && !entry->owner &&
			    (!oldest || entry->used < oldest->used))
				oldest = entry;
		}
		if (!oldest || size > SNAFU_C_KEPT_MEMORY_CAP)
			return false;
		drop(handles, oldest);
	}
	return true;
}

int snafu_c_handles_keep(struct snafu_c_handles *handles, const struct snafu_c_type *type,
                         const void *owner, struct snafu_c_entry **ret_entry)
{
	size_t alignment = type->alignment < sizeof(void *) ? sizeof(void *) : type->alignment;
	void *pointer;
	int code = 0;

	/* Some headers show only the first fields of a struct (zlib's gzFile). */
	if (posix_memalign(&pointer, alignment, type->size + SNAFU_C_HIDDEN_ROOM))
		return -ENOMEM;
	memset(pointer, 0, type->size + SNAFU_C_HIDDEN_ROOM);
	pthread_mutex_lock(&handles->lock);
	struct snafu_c_entry *entry = NULL, key = {.type = type, .pointer = pointer};
	/* C may have freed what had this address before. */
	struct snafu_c_entry *const *stale = tfind(&key, &handles->by_pointer, compare);
	if (stale && !(*stale)->owner)
		drop(handles, *stale);
	if (!make_room(handles, type->size))
		code = -ENOSPC;
	else if (!(entry = add(handles, type, pointer)))
		code = -ENOMEM;
	if (entry) {
		entry->kept = true;
		entry->unseen = true;
		entry->owner = owner;
		entry->bytes = type->size;
		handles->bytes += type->size;
		*ret_entry = entry;
	}
	pthread_mutex_unlock(&handles->lock);
	if (code)
		free(pointer);
	return code;
}

struct snafu_c_block *snafu_c_handles_block(struct snafu_c_handles *handles,
                                            struct snafu_c_entry *entry, size_t offset, size_t size)
{
	struct snafu_c_block *block = NULL;

	pthread_mutex_lock(&handles->lock);
	if (make_room(handles, size))
		block = calloc(1, sizeof *block + size);
	if (block) {
		block->offset = offset;
		block->size = size;
		block->pending = true;
		block->next = entry->blocks;
		entry->blocks = block;
		entry->bytes += size;
		handles->bytes += size;
	}
	pthread_mutex_unlock(&handles->lock);
	return block;
}

static bool is_replaced(const struct snafu_c_entry *entry, size_t offset)
{
	for (const struct snafu_c_block *block = entry->blocks; block; block = block->next)
		if (block->pending && block->offset == offset)
			return true;
	return false;
}

void snafu_c_handles_settle(struct snafu_c_handles *handles, struct snafu_c_entry *entry, bool good)
{
	pthread_mutex_lock(&handles->lock);
	for (struct snafu_c_block **at = &entry->blocks; *at;) {
		struct snafu_c_block *block = *at;

		if (good ? !block->pending && is_replaced(entry, block->offset) : block->pending) {
			*at = block->next;
			entry->bytes -= block->size;
			handles->bytes -= block->size;
			free(block);
		} else {
			at = &block->next;
		}
	}
	for (struct snafu_c_block *block = entry->blocks; block; block = block->next)
		block->pending = false;
	pthread_mutex_unlock(&handles->lock);
}

struct snafu_c_block *snafu_c_handles_find_block(const struct snafu_c_entry *entry, size_t offset,
                                                 const void *at)
{
	for (struct snafu_c_block *block = entry->blocks; block; block = block->next)
		if (block->offset == offset && (uintptr_t)at >= (uintptr_t)block->bytes &&
		    (uintptr_t)at <= (uintptr_t)(block->bytes + block->size))
			return block;
	return NULL;
}

/* The id behind the last '@' of a name; 0 when there is none. */
static uint64_t parse_name(const char *name, size_t size, size_t *ret_word_size)
{
	const char *at = memrchr(name, '@', size);
	uint64_t id = 0;

	if (!at || at + 1 == name + size || at[1] == '0')
		return 0;
	for (const char *digit = at + 1; digit < name + size; digit++) {
		if (*digit < '0' || *digit > '9' || id > UINT64_MAX / 10 - 1)
			return 0;
		id = id * 10 + (uint64_t)(*digit - '0');
	}
	*ret_word_size = (size_t)(at - name);
	return id;
}

int snafu_c_handles_take(struct snafu_c_handles *handles, const char *name, size_t size,
                         const struct snafu_c_type *type, const void *owner,
                         struct snafu_c_entry **ret_entry)
{
	size_t word_size = 0;
	uint64_t id = parse_name(name, size, &word_size);
	int code = 0;

	if (size > strlen(ISOLATED) &&
	    memcmp(name + size - strlen(ISOLATED), ISOLATED, strlen(ISOLATED)) == 0)
		return -ESTALE;
	if (id == 0)
		return -ENOENT;
	if (handles->is_isolated)
		return -ESTALE;
	pthread_mutex_lock(&handles->lock);
	struct snafu_c_entry *entry =
		SLOT(id) < handles->n_entries ? entry_at(handles, SLOT(id)) : NULL;
	const char *word = entry && entry->id == id ? snafu_c_type_word(entry->type) : NULL;
	if (!word || strlen(word) != word_size || memcmp(word, name, word_size) != 0)
		code = -ENOENT;
	else if (type && type->kind != SNAFU_C_VOID && !same_type(type, entry->type))
		code = -EPROTOTYPE;
	else if (entry->owner && entry->owner != owner)
		code = -EAGAIN;
	if (!code) {
		entry->owner = owner;
		entry->used = ++handles->clock;
		*ret_entry = entry;
	}
	pthread_mutex_unlock(&handles->lock);
	return code;
}

void snafu_c_handles_let_go(struct snafu_c_handles *handles, struct snafu_c_entry *entry)
{
	pthread_mutex_lock(&handles->lock);
	entry->owner = NULL;
	if (entry->released) {
		bool is_last = entry->unseen && entry->id == handles->n_entries;

		drop(handles, entry);
		handles->n_entries -= is_last;
	}
	pthread_cond_broadcast(&handles->free);
	pthread_mutex_unlock(&handles->lock);
}

void snafu_c_handles_wait(struct snafu_c_handles *handles)
{
	struct timespec until;

	/* The entry may have been let go of between the look and this wait: so not for long. */
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += WAIT_NS;
	if (until.tv_nsec >= SECOND_NS) {
		until.tv_sec++;
		until.tv_nsec -= SECOND_NS;
	}
	pthread_mutex_lock(&handles->lock);
	pthread_cond_clockwait(&handles->free, &handles->lock, CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&handles->lock);
}

void snafu_c_handle_name(const struct snafu_c_handles *handles, const struct snafu_c_type *type,
                         uint64_t id, struct snafu_buffer *into)
{
	if (handles->is_isolated)
		snafu_buffer_format(into, "%s" ISOLATED, snafu_c_type_word(type));
	else
		snafu_buffer_format(into, "%s@%" PRIu64, snafu_c_type_word(type), id);
}
