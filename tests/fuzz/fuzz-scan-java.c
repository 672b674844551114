/* tests/fuzz/fuzz-scan-java.c — any bytes as Java source. Whatever comes of them
 * must be well-formed: names, types and shapes that are there, sane lines. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/scanner.h"

extern const struct snafu_scanner snafu_scanner_java;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_shape(const struct snafu_shape *shape, unsigned depth)
{
	if (!shape || depth > 300)
		abort();
	if (shape->items)
		check_shape(shape->items, depth + 1);
	for (size_t i = 0; i < shape->n_fields; i++)
		if (!*shape->fields[i].name)
			abort();
		else
			check_shape(shape->fields[i].shape, depth + 1);
	for (size_t i = 0; i < shape->n_values; i++)
		if (!shape->values[i])
			abort();
}

static void check(const struct snafu_function *function, size_t lines)
{
	size_t size = strlen(function->id);

	if (!size || function->name < function->id || function->name >= function->id + size ||
	    function->line > lines || !function->file || !function->root)
		abort();
	check_shape(function->returns_shape, 0);
	for (size_t i = 0; i < function->n_parameters; i++) {
		if (!*function->parameters[i].name || !*function->parameters[i].type)
			abort();
		check_shape(function->parameters[i].shape, 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct snafu_source source = {
		.path = "p/q/T.java", .root = "p", .module = "q.T", .text = text, .size = size};
	struct snafu_functions functions = {0};
	struct snafu_scan_options options = {0};
	size_t lines = 1;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r';
	if (snafu_scanner_java.scan(&source, 1, &options, &functions, NULL))
		abort();
	for (size_t i = 0; i < functions.count; i++)
		check(&functions.functions[i], lines);
	snafu_functions_done(&functions);
	free(text);
	return 0;
}
