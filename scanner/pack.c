/* scanner/pack.c — descriptors as bytes.
 *
 * A function is packed as the shapes that hang on it and then its own members. Shapes
 * are shared and nested, so they come as a list in which each refers to earlier ones
 * by number; the first numbers stand for the plain shapes, which are not listed. */
#include "scanner/pack.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/pack.h"
#include "scanner/function.h"

#define SHAPE_DEPTH_CAP 64 /* shapes inside each other; what is deeper becomes ANY */
#define PLAIN_SHAPES    (SNAFU_SHAPE_HANDLE + 1)
#define SHAPES_END      UINT32_MAX /* instead of a kind: no more shapes */
#define NO_SHAPE        UINT32_MAX
#define FIRST_SLOTS     64 /* of the table of shapes seen; a power of two */

/* The least that an element takes, to hold counts against what is there. */
#define FIELD_SIZE     (2 * sizeof(uint32_t))
#define TEXT_SIZE      sizeof(uint32_t)
#define PARAMETER_SIZE (7 * sizeof(uint32_t))

/* ---- packing -------------------------------------------------------------------- */

struct seen_shape {
	const struct snafu_shape *shape; /* NULL: a free slot */
	uint32_t number; /* NO_SHAPE: its parts are just being packed */
};

struct shape_packer {
	struct snafu_buffer *into;
	struct seen_shape *seen; /* by address */
	size_t slots, count;
	uint32_t next; /* number of the next shape */
	unsigned depth;
};

static struct seen_shape *find_slot(struct seen_shape *seen, size_t slots,
                                    const struct snafu_shape *shape)
{
	size_t at = ((uintptr_t)shape >> 4) * 0x9e3779b9u & (slots - 1);

	while (seen[at].shape && seen[at].shape != shape)
		at = (at + 1) & (slots - 1);
	return &seen[at];
}

static int make_room(struct shape_packer *packer)
{
	size_t slots = packer->slots ? packer->slots * 2 : FIRST_SLOTS;

	if (packer->count * 2 < packer->slots)
		return 0;
	struct seen_shape *seen = calloc(slots, sizeof *seen);
	if (!seen)
		return -ENOMEM;
	for (size_t i = 0; i < packer->slots; i++)
		if (packer->seen[i].shape)
			*find_slot(seen, slots, packer->seen[i].shape) = packer->seen[i];
	free(packer->seen);
	packer->seen = seen;
	packer->slots = slots;
	return 0;
}

static bool is_plain(const struct snafu_shape *shape)
{
	return !shape->nullable && !shape->format && !shape->items && !shape->n_fields &&
	       !shape->n_values && !shape->named;
}

static uint32_t pack_shape(struct shape_packer *packer, const struct snafu_shape *shape);

/* SHAPE, whose parts have the numbers ITEMS and FIELDS. */
static void write_shape(struct shape_packer *packer, const struct snafu_shape *shape,
                        uint32_t items, const uint32_t *fields)
{
	struct snafu_buffer *into = packer->into;

	snafu_pack_u32(into, shape->kind);
	snafu_pack_u32(into, (uint32_t)shape->nullable | (uint32_t)shape->named << 1);
	snafu_pack_text(into, shape->format);
	snafu_pack_u32(into, items);
	snafu_pack_u32(into, (uint32_t)shape->n_fields);
	for (size_t i = 0; i < shape->n_fields; i++) {
		snafu_pack_text(into, shape->fields[i].name);
		snafu_pack_u32(into, fields[i]);
	}
	snafu_pack_u32(into, (uint32_t)shape->n_values);
	for (size_t i = 0; i < shape->n_values; i++)
		snafu_pack_text(into, shape->values[i]);
}

/* Packs the parts of SHAPE and then SHAPE; its number. */
static uint32_t pack_parts(struct shape_packer *packer, const struct snafu_shape *shape)
{
	uint32_t *fields = NULL;

	if (shape->n_fields) {
		fields = calloc(shape->n_fields, sizeof *fields);
		if (!fields) {
			packer->into->failed = -ENOMEM;
			return SNAFU_SHAPE_ANY;
		}
	}
	packer->depth++;
	uint32_t items = shape->items ? pack_shape(packer, shape->items) : NO_SHAPE;
	for (size_t i = 0; i < shape->n_fields; i++)
		fields[i] = pack_shape(packer, shape->fields[i].shape);
	packer->depth--;
	write_shape(packer, shape, items, fields);
	free(fields);
	return packer->next++;
}

/* Packs SHAPE unless it is there already; its number. */
static uint32_t pack_shape(struct shape_packer *packer, const struct snafu_shape *shape)
{
	if (is_plain(shape))
		return shape->kind;
	if (packer->depth >= SHAPE_DEPTH_CAP || snafu_buffer_failed(packer->into))
		return SNAFU_SHAPE_ANY;
	if (make_room(packer)) {
		packer->into->failed = -ENOMEM;
		return SNAFU_SHAPE_ANY;
	}
	struct seen_shape *seen = find_slot(packer->seen, packer->slots, shape);
	if (seen->shape) /* one that holds itself would never end */
		return seen->number == NO_SHAPE ? SNAFU_SHAPE_ANY : seen->number;
	*seen = (struct seen_shape){.shape = shape, .number = NO_SHAPE};
	packer->count++;
	uint32_t number = pack_parts(packer, shape);
	find_slot(packer->seen, packer->slots, shape)->number = number;
	return number;
}

static void pack_parameter(const struct snafu_parameter *parameter, uint32_t shape,
                           struct snafu_buffer *into)
{
	snafu_pack_text(into, parameter->name);
	snafu_pack_text(into, parameter->type);
	snafu_pack_text(into, parameter->fallback);
	snafu_pack_text(into, parameter->doc);
	snafu_pack_text(into, parameter->native);
	snafu_pack_u32(into, parameter->kind);
	snafu_pack_u32(into, shape);
}

/* Where the name begins in the id. */
static size_t name_offset(const struct snafu_function *function)
{
	size_t id = strlen(function->id), name = strlen(function->name);

	return name <= id && strcmp(function->id + (id - name), function->name) == 0 ? id - name : 0;
}

static void pack_members(const struct snafu_function *function, const uint32_t *shapes,
                         uint32_t returns_shape, struct snafu_buffer *into)
{
	snafu_pack_text(into, function->id);
	snafu_pack_u32(into, (uint32_t)name_offset(function));
	snafu_pack_text(into, function->language);
	snafu_pack_text(into, function->file);
	snafu_pack_text(into, function->root);
	snafu_pack_u32(into, function->line);
	snafu_pack_u32(into, function->kind);
	snafu_pack_u32(into, (uint32_t)function->asynchronous | (uint32_t)function->generator << 1);
	snafu_pack_text(into, function->returns);
	snafu_pack_text(into, function->returns_native);
	snafu_pack_u32(into, returns_shape);
	snafu_pack_text(into, function->doc);
	snafu_pack_text(into, function->reason);
	snafu_pack_text(into, function->convention);
	snafu_pack_u32(into, (uint32_t)function->n_parameters);
	for (size_t i = 0; i < function->n_parameters; i++)
		pack_parameter(&function->parameters[i], shapes[i], into);
}

void snafu_function_pack(const struct snafu_function *function, struct snafu_buffer *into)
{
	struct shape_packer packer = {.into = into, .next = PLAIN_SHAPES};
	uint32_t *shapes = calloc(function->n_parameters + 1, sizeof *shapes);

	if (!shapes) {
		if (!into->failed)
			into->failed = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < function->n_parameters; i++)
		shapes[i] = pack_shape(&packer, function->parameters[i].shape);
	uint32_t returns_shape = pack_shape(&packer, function->returns_shape);
	snafu_pack_u32(into, SHAPES_END);
	pack_members(function, shapes, returns_shape, into);
	free(shapes);
	free(packer.seen);
}

/* ---- unpacking ------------------------------------------------------------------ */

struct known_shape {
	const struct snafu_shape *shape;
	unsigned depth; /* shapes inside it, and it */
};

struct shape_unpacker {
	struct snafu_unpacker *from;
	struct snafu_arena *arena;
	struct known_shape *known; /* numbered from PLAIN_SHAPES */
	size_t count, capacity;
	bool no_memory;
};

/* Memory for COUNT elements of SIZE bytes, each of which takes LEAST bytes packed; NULL
 * when that cannot be, with what is wrong noted. */
static void *make_list(struct shape_unpacker *unpacker, uint32_t count, size_t size, size_t least)
{
	struct snafu_unpacker *from = unpacker->from;

	if (from->failed || count > (size_t)(from->end - from->at) / least) {
		from->failed = true;
		return NULL;
	}
	void *list = snafu_arena_alloc(unpacker->arena, count * size);
	if (!list)
		unpacker->no_memory = true;
	return list;
}

static const char *copy_text(struct shape_unpacker *unpacker)
{
	const char *text = snafu_unpack_text(unpacker->from);
	const char *copy = snafu_arena_string(unpacker->arena, text);

	if (text && !copy)
		unpacker->no_memory = true;
	return copy;
}

/* One that must be there. */
static const char *copy_needed(struct shape_unpacker *unpacker)
{
	const char *text = copy_text(unpacker);

	if (!text)
		unpacker->from->failed = true;
	return text ? text : "";
}

/* The same text, but BEFORE when it says the same: functions of a file share these. */
static const char *copy_shared(struct shape_unpacker *unpacker, const char *before)
{
	const char *text = snafu_unpack_text(unpacker->from);

	if (text && before && strcmp(before, text) == 0)
		return before;
	const char *copy = snafu_arena_string(unpacker->arena, text);
	if (text && !copy)
		unpacker->no_memory = true;
	return copy;
}

/* The shape that the next number stands for, or NULL; *DEPTH grows to its depth. */
static const struct snafu_shape *read_shape(struct shape_unpacker *unpacker, unsigned *depth)
{
	uint32_t number = snafu_unpack_u32(unpacker->from);

	if (number == NO_SHAPE)
		return NULL;
	if (number < PLAIN_SHAPES)
		return snafu_shape_plain(number);
	if (number - PLAIN_SHAPES >= unpacker->count) {
		unpacker->from->failed = true;
		return NULL;
	}
	const struct known_shape *known = &unpacker->known[number - PLAIN_SHAPES];
	if (*depth < known->depth)
		*depth = known->depth;
	return known->shape;
}

/* One that must be there. */
static const struct snafu_shape *read_needed_shape(struct shape_unpacker *unpacker, unsigned *depth)
{
	const struct snafu_shape *shape = read_shape(unpacker, depth);

	if (!shape)
		unpacker->from->failed = true;
	return shape;
}

static void unpack_fields(struct shape_unpacker *unpacker, struct snafu_shape *shape,
                          unsigned *depth)
{
	uint32_t count = snafu_unpack_u32(unpacker->from);

	if (!count)
		return;
	struct snafu_field *fields = make_list(unpacker, count, sizeof *fields, FIELD_SIZE);
	for (uint32_t i = 0; fields && i < count && !unpacker->from->failed; i++) {
		fields[i].name = copy_needed(unpacker);
		fields[i].shape = read_needed_shape(unpacker, depth);
	}
	shape->fields = fields;
	shape->n_fields = fields ? count : 0;
}

static void unpack_values(struct shape_unpacker *unpacker, struct snafu_shape *shape)
{
	uint32_t count = snafu_unpack_u32(unpacker->from);

	if (!count)
		return;
	const char **values = make_list(unpacker, count, sizeof *values, TEXT_SIZE);
	for (uint32_t i = 0; values && i < count && !unpacker->from->failed; i++)
		values[i] = copy_needed(unpacker);
	shape->values = values;
	shape->n_values = values ? count : 0;
}

/* The shape whose kind has just been read. */
static void unpack_shape(struct shape_unpacker *unpacker, uint32_t kind)
{
	struct snafu_unpacker *from = unpacker->from;
	struct snafu_shape *shape = snafu_arena_alloc(unpacker->arena, sizeof *shape);
	unsigned depth = 0;

	if (!shape || snafu_array_grow(&unpacker->known, &unpacker->capacity, unpacker->count,
	                               sizeof *unpacker->known)) {
		unpacker->no_memory = true;
		return;
	}
	uint32_t flags = snafu_unpack_u32(from);
	shape->kind = kind;
	shape->nullable = flags & 1;
	shape->named = flags >> 1 & 1;
	shape->format = copy_text(unpacker);
	shape->items = read_shape(unpacker, &depth);
	unpack_fields(unpacker, shape, &depth);
	unpack_values(unpacker, shape);
	if (kind >= PLAIN_SHAPES || ++depth > SHAPE_DEPTH_CAP)
		from->failed = true;
	unpacker->known[unpacker->count++] = (struct known_shape){.shape = shape, .depth = depth};
}

static void unpack_parameter(struct shape_unpacker *unpacker, struct snafu_parameter *parameter)
{
	unsigned depth = 0;

	parameter->name = copy_needed(unpacker);
	parameter->type = copy_text(unpacker);
	parameter->fallback = copy_text(unpacker);
	parameter->doc = copy_text(unpacker);
	parameter->native = copy_text(unpacker);
	uint32_t kind = snafu_unpack_u32(unpacker->from);
	if (kind > SNAFU_PARAMETER_OUT)
		unpacker->from->failed = true;
	else
		parameter->kind = kind;
	parameter->shape = read_needed_shape(unpacker, &depth);
}

static void unpack_parameters(struct shape_unpacker *unpacker, struct snafu_function *function)
{
	uint32_t count = snafu_unpack_u32(unpacker->from);

	if (!count)
		return;
	struct snafu_parameter *parameters =
		make_list(unpacker, count, sizeof *parameters, PARAMETER_SIZE);
	for (uint32_t i = 0; parameters && i < count && !unpacker->from->failed; i++)
		unpack_parameter(unpacker, &parameters[i]);
	function->parameters = parameters;
	function->n_parameters = parameters ? count : 0;
}

static void unpack_members(struct shape_unpacker *unpacker, struct snafu_function *function,
                           const struct snafu_function *before)
{
	struct snafu_unpacker *from = unpacker->from;
	unsigned depth = 0;

	function->id = copy_needed(unpacker);
	uint32_t offset = snafu_unpack_u32(from);
	if (offset > strlen(function->id))
		from->failed = true;
	else
		function->name = function->id + offset;
	function->language = copy_shared(unpacker, before ? before->language : NULL);
	function->file = copy_shared(unpacker, before ? before->file : NULL);
	function->root = copy_shared(unpacker, before ? before->root : NULL);
	if (!function->language || !function->file)
		from->failed = true;
	function->line = snafu_unpack_u32(from);
	uint32_t kind = snafu_unpack_u32(from), flags = snafu_unpack_u32(from);
	if (kind > SNAFU_NESTED_FUNCTION)
		from->failed = true;
	else
		function->kind = kind;
	function->asynchronous = flags & 1;
	function->generator = flags >> 1 & 1;
	function->returns = copy_text(unpacker);
	function->returns_native = copy_text(unpacker);
	function->returns_shape = read_needed_shape(unpacker, &depth);
	function->doc = copy_text(unpacker);
	function->reason = copy_text(unpacker);
	function->convention = copy_text(unpacker);
	unpack_parameters(unpacker, function);
}

int snafu_function_unpack(struct snafu_unpacker *from, struct snafu_functions *functions)
{
	struct shape_unpacker unpacker = {.from = from, .arena = &functions->arena};
	struct snafu_function function = {0}, *added;
	uint32_t kind;

	while (!unpacker.no_memory && (kind = snafu_unpack_u32(from)) != SHAPES_END && !from->failed)
		unpack_shape(&unpacker, kind);
	if (!unpacker.no_memory)
		unpack_members(&unpacker, &function,
		               functions->count ? &functions->functions[functions->count - 1] : NULL);
	free(unpacker.known);
	if (unpacker.no_memory)
		return -ENOMEM;
	if (from->failed)
		return -EBADMSG;
	added = snafu_functions_add(functions);
	if (!added)
		return -ENOMEM;
	*added = function;
	return 0;
}
