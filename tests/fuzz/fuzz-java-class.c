/* tests/fuzz/fuzz-java-class.c — any bytes as a class file, or as a jar when they
 * begin like one. Starts from a small class of its own; more make it better: copy
 * class files and jars into corpus-java-class. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/scanner.h"

extern const struct snafu_scanner snafu_scanner_java;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/* class a/T { int f(String[] x); } with its MethodParameters and a Signature. */
static const char seed_class[] = "\xCA\xFE\xBA\xBE\0\0\0\x37\0\x0C"
								 "\1\0\3a/T"
								 "\7\0\1"
								 "\1\0\x10java/lang/Object"
								 "\7\0\3"
								 "\1\0\1f"
								 "\1\0\x16([Ljava/lang/String;)I"
								 "\1\0\x10MethodParameters"
								 "\1\0\1x"
								 "\1\0\x09Signature"
								 "\1\0\x34<T:Ljava/lang/Object;>(Ljava/util/List<TT;>;)TT;        "
								 "\1\0\x0CInnerClasses"
								 "\4\0\0\2\0\4\0\0\0\0\0\1"
								 "\4\1\0\5\0\6\0\2\0\7\0\0\0\5\1\0\x08\0\0\0\x09\0\0\0\2\0\x0A"
								 "\0\1\0\x0B\0\0\0\x0A\0\1\0\2\0\0\0\1\0\x09";

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
	(void)seed;
	if (size < 10 && most >= sizeof seed_class - 1) {
		memcpy(data, seed_class, sizeof seed_class - 1);
		size = sizeof seed_class - 1;
	}
	return LLVMFuzzerMutate(data, size, most);
}

static void check(const struct snafu_function *function)
{
	if (!*function->id || !*function->name || !function->file || !function->root ||
	    !function->returns_shape)
		abort();
	for (size_t i = 0; i < function->n_parameters; i++)
		if (!function->parameters[i].name || !function->parameters[i].type ||
		    !function->parameters[i].native || !function->parameters[i].shape)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	bool jar = size > 2 && data[0] == 'P' && data[1] == 'K';
	struct snafu_source source = {.path = jar ? "p/a.jar" : "p/a/T.class",
	                              .root = "p",
	                              .module = "a.T",
	                              .text = text,
	                              .size = size};
	struct snafu_functions functions = {0};
	struct snafu_scan_options options = {0};

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (snafu_scanner_java.scan(&source, 1, &options, &functions, NULL))
		abort();
	for (size_t i = 0; i < functions.count; i++)
		check(&functions.functions[i]);
	snafu_functions_done(&functions);
	free(text);
	return 0;
}
