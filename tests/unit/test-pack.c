/* tests/unit/test-pack.c — descriptors as bytes: what comes back is what went in, for
 * everything that the scanners find in the tests and samples; hostile bytes are
 * refused. */
#include "scanner/pack.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/pack.h"
#include "scanner/scanner.h"
#include "tests/unit/tap.h"

#define PACKED_CAP  (64u << 20)
#define MUTATIONS   20000
#define LEAST_FOUND 100 /* functions in the sources below */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_shape(const struct snafu_shape *a, const struct snafu_shape *b)
{
	bool same = a->kind == b->kind && a->nullable == b->nullable && a->named == b->named &&
	            same_text(a->format, b->format) && a->n_fields == b->n_fields &&
	            a->n_values == b->n_values && !a->items == !b->items;

	if (same && a->items)
		same = same_shape(a->items, b->items);
	for (size_t i = 0; same && i < a->n_fields; i++)
		same = same_text(a->fields[i].name, b->fields[i].name) &&
		       same_shape(a->fields[i].shape, b->fields[i].shape);
	for (size_t i = 0; same && i < a->n_values; i++)
		same = same_text(a->values[i], b->values[i]);
	return same;
}

/* What the JSON does not show. */
static bool same_function(const struct snafu_function *a, const struct snafu_function *b)
{
	bool same =
		same_text(a->root, b->root) && same_text(a->name, b->name) && b->name >= b->id &&
		b->name <= b->id + strlen(b->id) && same_text(a->returns_native, b->returns_native) &&
		a->asynchronous == b->asynchronous && a->generator == b->generator &&
		a->n_parameters == b->n_parameters && same_shape(a->returns_shape, b->returns_shape);

	for (size_t i = 0; same && i < a->n_parameters; i++)
		same = same_text(a->parameters[i].native, b->parameters[i].native) &&
		       same_shape(a->parameters[i].shape, b->parameters[i].shape);
	return same;
}

static void pack_all(const struct snafu_functions *functions, struct snafu_buffer *into)
{
	for (size_t i = 0; i < functions->count; i++)
		snafu_function_pack(&functions->functions[i], into);
}

static int unpack_all(const void *bytes, size_t size, size_t count, struct snafu_functions *ret)
{
	struct snafu_unpacker unpacker;
	int code = 0;

	snafu_unpack_begin(&unpacker, bytes, size);
	for (size_t i = 0; !code && i < count; i++)
		code = snafu_function_unpack(&unpacker, ret);
	return code ? code : snafu_unpack_end(&unpacker);
}

static void compare(const struct snafu_functions *functions, const struct snafu_functions *got)
{
	struct snafu_buffer wanted_json = SNAFU_BUFFER(PACKED_CAP), json = SNAFU_BUFFER(PACKED_CAP);
	size_t different = 0;

	for (size_t i = 0; i < functions->count && i < got->count; i++) {
		snafu_buffer_clear(&wanted_json);
		snafu_buffer_clear(&json);
		snafu_function_write_json(&functions->functions[i], &wanted_json);
		snafu_function_write_json(&got->functions[i], &json);
		if (same_text(wanted_json.data, json.data) &&
		    same_function(&functions->functions[i], &got->functions[i]))
			continue;
		printf("# wanted: %s\n#    got: %s\n", wanted_json.data, json.data);
		different++;
	}
	CHECK(different == 0);
	snafu_buffer_done(&wanted_json);
	snafu_buffer_done(&json);
}

static void scan(struct snafu_functions *functions)
{
	static const char *const folders[] = {"samples", "tests/golden", "tests/data",
	                                      "tests/e2e/hostile"};
	char paths[sizeof folders / sizeof *folders][4096];
	const char *list[sizeof folders / sizeof *folders];
	struct snafu_scan_options options = {.jobs = 1};
	struct snafu_error error = {0};

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		snprintf(paths[i], sizeof paths[i], "%s/%s", getenv("SNAFU_SOURCE"), folders[i]);
		list[i] = paths[i];
	}
	int code = snafu_scan(list, sizeof list / sizeof *list, &options, functions, &error);
	if (!CHECK(code == 0))
		printf("# %s\n", error.message);
}

static void test_everything_comes_back(void)
{
	struct snafu_functions functions = {0}, got = {0};
	struct snafu_buffer packed = SNAFU_BUFFER(PACKED_CAP);
	unsigned objects = 0, enums = 0, c = 0;

	scan(&functions);
	CHECK(functions.count > LEAST_FOUND);
	for (size_t i = 0; i < functions.count; i++) {
		const struct snafu_function *function = &functions.functions[i];

		c += strcmp(function->language, "c") == 0;
		for (size_t j = 0; j < function->n_parameters; j++) {
			objects += function->parameters[j].shape->n_fields > 0;
			enums += function->parameters[j].shape->n_values > 0;
		}
	}
	CHECK(objects > 0 && enums > 0 && c > 0);
	pack_all(&functions, &packed);
	CHECK(!snafu_buffer_failed(&packed));
	printf("# %zu functions in %zu bytes\n", functions.count, packed.size);
	CHECK(unpack_all(packed.data, packed.size, functions.count, &got) == 0);
	CHECK(got.count == functions.count);
	compare(&functions, &got);
	snafu_functions_done(&got);
	snafu_functions_done(&functions);
	snafu_buffer_done(&packed);
}

/* Shapes that share parts, and ones that no scanner makes: deep, and in a circle. */
static void test_shapes(void)
{
	enum { DEPTH = 40, DEEP = 1000 };
	struct snafu_shape wide[DEPTH], deep[DEEP], circle = {.kind = SNAFU_SHAPE_ARRAY};
	struct snafu_field fields[DEPTH][2];
	struct snafu_parameter parameters[] = {
		{.name = "wide", .shape = &wide[DEPTH - 1]},
		{.name = "deep", .shape = &deep[DEEP - 1]},
		{.name = "circle", .shape = &circle},
	};
	struct snafu_function function = {.id = "m.f",
	                                  .language = "phrase",
	                                  .file = "m",
	                                  .parameters = parameters,
	                                  .n_parameters = 3,
	                                  .returns_shape = snafu_shape_plain(SNAFU_SHAPE_ANY)};
	struct snafu_functions got = {0};
	struct snafu_buffer packed = SNAFU_BUFFER(PACKED_CAP);

	function.name = function.id + 2;
	circle.items = &circle;
	for (int i = 0; i < DEPTH; i++) { /* 2^40 leaves if nothing were shared */
		const struct snafu_shape *inner = i ? &wide[i - 1] : snafu_shape_plain(SNAFU_SHAPE_STRING);

		fields[i][0] = (struct snafu_field){.name = "a", .shape = inner};
		fields[i][1] = (struct snafu_field){.name = "b", .shape = inner};
		wide[i] = (struct snafu_shape){.kind = SNAFU_SHAPE_OBJECT,
		                               .fields = fields[i],
		                               .n_fields = 2,
		                               .nullable = true};
	}
	for (int i = 0; i < DEEP; i++)
		deep[i] =
			(struct snafu_shape){.kind = SNAFU_SHAPE_ARRAY,
		                         .items = i ? &deep[i - 1] : snafu_shape_plain(SNAFU_SHAPE_STRING)};
	snafu_function_pack(&function, &packed);
	CHECK(!snafu_buffer_failed(&packed) && packed.size < 20000);
	CHECK(unpack_all(packed.data, packed.size, 1, &got) == 0 && got.count == 1);
	if (got.count == 1) {
		const struct snafu_parameter *back = got.functions[0].parameters;
		const struct snafu_shape *at = back[0].shape;
		int depth = 0;

		for (; at->n_fields == 2; at = at->fields[1].shape)
			depth += at->fields[0].shape == at->fields[1].shape;
		CHECK(depth == DEPTH && at->kind == SNAFU_SHAPE_STRING);
		for (depth = 0, at = back[1].shape; at->items; at = at->items)
			depth++;
		CHECK(depth > DEPTH && depth < DEEP && at->kind == SNAFU_SHAPE_ANY);
		CHECK(back[2].shape->items && back[2].shape->items->kind == SNAFU_SHAPE_ANY);
		CHECK_STRING(got.functions[0].name, "f");
		CHECK_STRING(got.functions[0].root, NULL);
	}
	snafu_functions_done(&got);
	snafu_buffer_done(&packed);
}

/* Every shorter message is refused, and changed bytes never do harm. */
static void test_hostile_bytes(void)
{
	struct snafu_functions functions = {0};
	struct snafu_buffer packed = SNAFU_BUFFER(PACKED_CAP);
	unsigned accepted = 0;

	scan(&functions);
	if (functions.count > 60)
		functions.count = 60;
	pack_all(&functions, &packed);
	for (size_t size = 0; size < packed.size; size += 1 + size / 100) {
		struct snafu_functions got = {0};
		char *copy = malloc(size + 1); /* its end is where a sanitizer looks */

		memcpy(copy, packed.data, size);
		accepted += unpack_all(copy, size, functions.count, &got) != -EBADMSG;
		free(copy);
		snafu_functions_done(&got);
	}
	CHECK(accepted == 0);
	srandom(1);
	for (int i = 0; i < MUTATIONS; i++) {
		struct snafu_functions got = {0};
		size_t at = (size_t)random() % packed.size;
		char before = packed.data[at];

		packed.data[at] = (char)(random() % 3 ? random() : 0xff);
		int code = unpack_all(packed.data, packed.size, functions.count, &got);
		if (code && code != -EBADMSG)
			accepted++;
		for (size_t j = 0; j < got.count; j++)
			accepted += !got.functions[j].id || !got.functions[j].returns_shape;
		packed.data[at] = before;
		snafu_functions_done(&got);
	}
	CHECK(accepted == 0);
	snafu_functions_done(&functions);
	snafu_buffer_done(&packed);
}

int main(void)
{
	if (!getenv("SNAFU_SOURCE")) {
		printf("Bail out! SNAFU_SOURCE is not set\n");
		return 1;
	}
	char parts[4096];

	snprintf(parts, sizeof parts, "%s/parts", getenv("SNAFU_BUILD") ? getenv("SNAFU_BUILD") : ".");
	setenv("SNAFU_PARTS", parts, 1); /* for the C scanner */
	test_everything_comes_back();
	test_shapes();
	test_hostile_bytes();
	return tap_done();
}
