/* scanner/function.h — what a function is: the descriptor that the scanner
 * makes and everybody else reads.
 *
 * Descriptors never change after the scan, so threads share them freely. All
 * that hangs on one (strings, parameters, shapes) lives in the arena of the
 * struct snafu_functions that lists it, and dies with it. Strings are UTF-8;
 * a NULL string means "not said in the source". */
#ifndef SNAFU_SCANNER_FUNCTION_H
#define SNAFU_SCANNER_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct snafu_buffer;
struct snafu_error;

/* What values a parameter or a result takes, in JSON's terms. Each scanner
 * derives it from its language's types; doors use it for descriptions and to
 * turn text ("10" typed at a prompt, ?n=10) into JSON. It guides, it does not
 * enforce: the language checks for itself. */
enum snafu_shape_kind {
	SNAFU_SHAPE_ANY, /* not known, or anything */
	SNAFU_SHAPE_NOTHING, /* always null: void, None */
	SNAFU_SHAPE_BOOLEAN,
	SNAFU_SHAPE_INTEGER,
	SNAFU_SHAPE_NUMBER,
	SNAFU_SHAPE_STRING,
	SNAFU_SHAPE_BYTES, /* a string of base64 */
	SNAFU_SHAPE_ARRAY, /* of `items` */
	SNAFU_SHAPE_MAP, /* an object whose values are `items` */
	SNAFU_SHAPE_OBJECT, /* with `fields` */
	SNAFU_SHAPE_ENUM, /* one of `values` */
	SNAFU_SHAPE_HANDLE, /* an opaque string that an earlier call returned */
};

struct snafu_field;

struct snafu_shape {
	enum snafu_shape_kind kind;
	bool nullable; /* null is welcome too */
	const char *format; /* JSON Schema "format" (date-time, int32, ...), or NULL */
	const struct snafu_shape *items; /* ARRAY, MAP; NULL: anything */
	const struct snafu_field *fields; /* OBJECT */
	size_t n_fields;
	const char *const *values; /* ENUM */
	size_t n_values;
	bool named; /* ENUM: the values are names; what they stand for is welcome too, and is
	             * what comes out (Python) */
};

struct snafu_field {
	const char *name;
	const struct snafu_shape *shape; /* never NULL */
};

enum snafu_parameter_kind {
	SNAFU_PARAMETER_POSITIONAL_ONLY, /* Python: before the slash */
	SNAFU_PARAMETER_NORMAL, /* by position or by name */
	SNAFU_PARAMETER_VARIADIC, /* *args, Java's `...`: the rest of the positions */
	SNAFU_PARAMETER_KEYWORD_ONLY, /* Python: after the star */
	SNAFU_PARAMETER_KEYWORDS, /* **kwargs: the rest of the names */
	SNAFU_PARAMETER_OUT, /* C: filled in by the call, not given by the caller */
};

struct snafu_parameter {
	const char *name; /* never NULL; C prototypes without names get arg0, arg1, ... */
	const char *type; /* as written in the source */
	const char *fallback; /* default value as written in the source; NULL: required,
	                       * but for VARIADIC, KEYWORDS and OUT */
	const char *doc; /* the parameter's own line of the doc text */
	const char *native; /* the language's own notation of the type, which only
	                       * langs/<language> reads; C: see scanner/c_types.h */
	enum snafu_parameter_kind kind;
	const struct snafu_shape *shape; /* never NULL */
};

enum snafu_function_kind {
	SNAFU_FUNCTION, /* stands alone */
	SNAFU_METHOD, /* needs an object */
	SNAFU_CLASS_METHOD, /* Python: @classmethod */
	SNAFU_STATIC_METHOD, /* Java: static; Python: @staticmethod */
	SNAFU_CONSTRUCTOR, /* Java's; Python's __init__ is a METHOD */
	SNAFU_PROPERTY, /* Python: @property and friends */
	SNAFU_NESTED_FUNCTION, /* lives inside another function */
};

struct snafu_function {
	const char *id; /* module.function, module.Class.method: see DESIGN's "words" */
	const char *name; /* the last part of the id; borrowed from inside it */
	const char *language; /* "python", "python2", "java", "c" */
	const char *file; /* path as given, or below the directory given */
	const char *source; /* the file of the scan that led to it, when `file` is only included
	                     * there (C headers) or in it (jars); else NULL */
	const char *root; /* the directory from which the language resolves modules */
	unsigned line; /* 1-based; 0 where there is none (.class) */
	enum snafu_function_kind kind;
	const struct snafu_parameter *parameters; /* in order, without Python's self and cls */
	size_t n_parameters;
	const char *returns; /* type as written */
	const char *returns_native; /* as struct snafu_parameter's `native` */
	const struct snafu_shape *returns_shape; /* never NULL */
	const char *doc; /* docstring, Javadoc, comment: without markers and indentation */
	const char *reason; /* why it cannot be called; NULL: it can */
	const char *outdated; /* hot deployment: why the file as it is now is not used, so that
	                       * this is its last good version; NULL: it is used */
	const char *convention; /* of the provider by whose rules it is called, a name of
	                         * convention.h; NULL: by its parameters */
	bool context_hidden; /* Python: behind the parameters is one more, the context, which the
	                      * host makes */
	bool asynchronous; /* Python: async def */
	bool generator; /* Python: yields */
};

enum snafu_severity {
	SNAFU_NOTE,
	SNAFU_WARNING, /* part of the file was left out */
	SNAFU_ERROR, /* all of it */
};

struct snafu_diagnostic {
	enum snafu_severity severity;
	const char *file; /* NULL: none in particular */
	unsigned line; /* 1-based, 0: the whole file */
	const char *message;
};

/* The result of a scan. The functions of a file stand together, in the order of
 * their lines. */
struct snafu_functions {
	struct snafu_arena arena;
	struct snafu_function *functions; /* malloc'ed */
	size_t count, capacity;
	struct snafu_diagnostic *diagnostics; /* malloc'ed */
	size_t n_diagnostics, diagnostics_capacity;
};

/* The file of the scan that led to FUNCTION. */
static inline const char *snafu_function_source(const struct snafu_function *function)
{
	return function->source ? function->source : function->file;
}

/* A fresh zeroed entry at the end, with both shapes ANY, or NULL when memory is
 * out. The pointer holds until the next call. */
struct snafu_function *snafu_functions_add(struct snafu_functions *functions);

/* Adds a diagnostic; FILE and the text are copied. Silently dropped when memory
 * is out or more than a few thousand were made. */
void snafu_functions_diagnose(struct snafu_functions *functions, enum snafu_severity severity,
                              const char *file, unsigned line, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Moves all of OTHER behind what FUNCTIONS holds. -ENOMEM leaves both as they were. */
int snafu_functions_absorb(struct snafu_functions *functions, struct snafu_functions *other);

void snafu_functions_done(struct snafu_functions *functions);

/* A shape without parts that is shared and never freed. */
const struct snafu_shape *snafu_shape_plain(enum snafu_shape_kind kind);

/* The words used in JSON and on the screen ("method", "keyword-only", ...). */
const char *snafu_function_kind_name(enum snafu_function_kind kind);
const char *snafu_parameter_kind_name(enum snafu_parameter_kind kind);

/* Appends `name(a: int, b=2, *rest) -> str` in the language's own word order. */
void snafu_function_signature(const struct snafu_function *function, struct snafu_buffer *into);

/* Whether the caller must give this parameter. */
bool snafu_parameter_required(const struct snafu_parameter *parameter);

#endif
