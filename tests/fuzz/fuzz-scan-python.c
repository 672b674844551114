/* tests/fuzz/fuzz-scan-python.c — any bytes as a Python file: the scanner must
 * come back, and what it says must hang together. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/scanner.h"

extern const struct snafu_scanner snafu_scanner_python;
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static size_t weigh(const struct snafu_shape *shape, unsigned depth)
{
	size_t sum = 1;

	if (!shape || depth > 100)
		abort();
	for (size_t i = 0; i < shape->n_fields && depth < 4; i++)
		sum += strlen(shape->fields[i].name) + weigh(shape->fields[i].shape, depth + 1);
	for (size_t i = 0; i < shape->n_values; i++)
		sum += strlen(shape->values[i]);
	return sum + (shape->items ? weigh(shape->items, depth + 1) : 0);
}

static void check(const struct snafu_function *function)
{
	size_t sum = strlen(function->id) + strlen(function->file) + weigh(function->returns_shape, 0);

	if (function->name < function->id || function->name >= function->id + strlen(function->id) ||
	    function->line == 0)
		abort();
	for (size_t i = 0; i < function->n_parameters; i++)
		sum += strlen(function->parameters[i].name) + weigh(function->parameters[i].shape, 0);
	sum += function->doc ? strlen(function->doc) : 0;
	if (sum == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct snafu_functions functions = {0};
	char *text = malloc(size + 1); /* just as large, so that reading past the NUL is seen */

	if (!text)
		return 0;
	if (size)
		memcpy(text, bytes, size);
	text[size] = '\0';
	struct snafu_source source = {
		.path = "m.py",
		.root = ".",
		.module = "m",
		.text = text,
		.size = size,
	};
	if (snafu_scanner_python.scan(&source, 1, NULL, &functions, NULL))
		abort();
	for (size_t i = 0; i < functions.count; i++)
		check(&functions.functions[i]);
	snafu_functions_done(&functions);
	free(text);
	return 0;
}
