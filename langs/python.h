/* langs/python.h — what the files of the Python gateway (langs/python*.c) share.
 * Nobody else includes it: Python.h stays inside the gateway.
 *
 * Everything below runs with the GIL held unless it says otherwise. As in
 * CPython's own API, a function that returns PyObject * returns a reference that
 * the caller owns, or NULL. Whether a Python exception is then set is said. */
#ifndef SNAFU_LANGS_PYTHON_H
#define SNAFU_LANGS_PYTHON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/json.h"
#include "langs/language.h"
#include "langs/result.h"
#include "scanner/function.h"

/* Caps. */
#define PYTHON_PATH_CAP       256 /* bytes of "points[2].x" in a problem; longer ones are cut */
#define PYTHON_TRACE_CAP      40 /* lines of a stack trace: the outermost 10, the innermost 30 */
#define PYTHON_DIGITS_CAP     100000 /* digits of an integer in a result: the cost is quadratic */
#define PYTHON_TYPE_DEPTH_CAP 32 /* annotations inside each other; deeper ones take anything */
#define PYTHON_THREADS_WAIT_S 5 /* how long close() waits for threads that functions left */
#define PYTHON_STUCK_WAIT_S   2 /* how long close() waits for the GIL beside a stuck call */

/* ---- the interpreter (python.c) ---- */

/* A thread that calls. Made on its first call, freed when it leaves. */
struct python_thread {
	PyThreadState *state;
	unsigned depth; /* how often it entered: a function may call back into the host */
	bool nested; /* the last time it had the GIL already */
	unsigned calls; /* calls under way on it */
	atomic_ulong number; /* of the call under way, never the same twice; 0: none */
	atomic_ulong announced; /* by thread_mark(): the number that the next call will have, or 0 */
	unsigned long cancelled; /* number of a call that was interrupted before it began */
	bool interrupted; /* an exception was thrown into the call under way */
	bool foreign; /* Python started it, and ends its state */
	bool forked; /* this process is a child that the function made */
	struct python_thread *next; /* in the list of all, for interrupt() */
};

/* The gateway's one state. */
struct python {
	const struct snafu_language_options *options;
	PyThreadState *main; /* of the thread that opened */
	PyInterpreterState *interpreter;
	struct snafu_bound *bound; /* all of them, freed at the end */
	struct python_module *modules; /* python_modules.c's */
	PyObject *instances; /* dict: class to the object made of it without arguments */
	PyObject *deadline; /* the exception that interrupt() throws */
	PyObject *system; /* the namespace of sys */
	PyObject *stdout_name; /* "stdout" */
	PyObject *out, *flush; /* sys.stdout as it was last, and its method */
	PyObject *helper; /* langs/python_types.py as a module, once it was needed */
	atomic_uint active; /* calls under way */
	atomic_bool closed;
};
extern struct python python;

/* (python_start.c) Without the GIL, on the thread that opens and closes; after
 * the start that thread holds it. THREAD: the opener's, NULL on any other one. */
int python_start(const struct snafu_language_options *options, struct snafu_error *error);
void python_end(struct python_thread *thread);
/* For a process that ends and is not taken down: threads and handlers get their end. The
 * GIL is kept. */
void python_finish(struct python_thread *thread);
/* With the GIL: os.environ was made at the start. */
void python_set_environment(const char *name, const char *value);

/* (python_interrupt.c) Any thread, without the GIL. */
void python_interrupt_know(struct python_thread *thread);
void python_interrupt_forget(struct python_thread *thread);
void python_interrupt(unsigned long mark);
void python_interrupt_end(bool stuck);

/* An attribute of the helper module, which is loaded on first need. NULL with an
 * exception. */
PyObject *python_helper(const char *name);

/* ---- loading (python_load.c, python_modules.c) ---- */

/* Remembers what Python has loaded and where the standard library is. 0 or -1. */
int python_load_begin(void);
void python_load_end(void);
/* (python_modules.c) Before anything is loaded. */
void python_modules_begin(void);

/* Whether FILE, a str, stands in a folder that was scanned and is no library's. */
bool python_load_is_users(PyObject *file);
/* The file system's bytes of PATH, which need not be UTF-8; false where it has none, or too
 * many. No exception is set. */
bool python_path_bytes(PyObject *path, char into[PATH_MAX]);

/* (python_fresh.c) The code of the user's modules is kept from now on. 0 or -1. */
int python_fresh_begin(void);
void python_fresh_end(void);
/* The helper is to look for modules where the call has them. 0 or -1 with an exception. */
int python_fresh_help(PyObject *helper);
/* MODULE will not be copied again. */
void python_fresh_forget(PyObject *module);

/* (python_compile.c) Makes loading a source file cheaper. 0 or -1 with an exception. */
int python_compile_begin(void);

/* The module of FUNCTION's file, loaded if need be; RESULT is filled on failure
 * (no exception is left). */
PyObject *python_load(const struct snafu_function *function, struct snafu_result *result);
/* (python_modules.c) These files have changed: they are loaded anew when they are wanted. */
void python_changed(const char *const *files, size_t n_files);
void python_modules_end(void);

/* (python_find.c) The object that FUNCTION's id names, as found in its owner's namespace (so a
 * staticmethod object stays one), and the class it was found in or NULL. RET_TAIL: the part of
 * the id that led there. */
PyObject *python_find(PyObject *module, const struct snafu_function *function, PyObject **ret_class,
                      PyObject **ret_name, const char **ret_tail, struct snafu_result *result);
/* The same for such a part; NULL without an exception when it leads nowhere. */
PyObject *python_follow(PyObject *module, const char *tail, PyObject **ret_class,
                        PyObject **ret_name);

/* ---- types (python_annotation.c, python_convert.c): what annotations say ---- */

enum python_kind {
	PYTHON_NONE,
	PYTHON_BOOL,
	PYTHON_INT,
	PYTHON_FLOAT,
	PYTHON_STR,
	PYTHON_BYTES, /* base64 */
	PYTHON_LIST, /* of items[0] */
	PYTHON_TUPLE, /* of exactly n items */
	PYTHON_DICT, /* items[0] to items[1] */
	PYTHON_UNION,
	PYTHON_LITERAL, /* object: the tuple of values */
	PYTHON_ENUM, /* object: the class */
	PYTHON_RECORD, /* object: a class with fields, from a JSON object */
	PYTHON_WRAP, /* object(a value of items[0]) */
	PYTHON_PARSE, /* object(value), which raises ValueError: dates, decimals, paths */
	PYTHON_GUIDED, /* no annotation, but a default: object(value) never fails */
};

struct python_field {
	PyObject *name;
	struct python_type *type;
	bool required;
};

/* NULL stands for a type that takes anything. */
struct python_type {
	enum python_kind kind;
	PyObject *object;
	PyObject *words; /* str for messages: "a date (ISO 8601)"; or NULL */
	struct python_type **items;
	size_t n;
	struct python_field *fields; /* RECORD; filled in after the type is known by its class */
	size_t n_fields;
	bool array_too; /* RECORD: an array gives the fields by position (NamedTuple) */
	bool open; /* RECORD: members it does not know are passed on */
	bool exact; /* digits of reals matter inside */
	struct python_type *next; /* in the list of its signature's */
};

/* What ANNOTATION says. GLOBALS is the dict in which string annotations are
 * looked up. Never fails: what it cannot make sense of takes anything. It is put into the
 * list TYPES, and lives until python_types_free(). */
struct python_type *python_type_of(struct python_type **types, PyObject *annotation,
                                   PyObject *globals);
/* For a parameter without annotation, by its default. */
struct python_type *python_type_by_default(struct python_type **types, PyObject *fallback);
void python_types_free(struct python_type **types);

/* "an integer": what it wants, for messages. */
const char *python_type_words(const struct python_type *type);

struct python_conversion {
	struct snafu_argument_problems *problems;
	char path[PYTHON_PATH_CAP];
	size_t path_size;
	bool exact; /* reals came with their digits */
	bool quiet; /* problems are only counted: a union tries its members */
	bool strict; /* no string becomes a number: a union's first pass */
	unsigned failures;
};

/* VALUE (borrowed) as TYPE; NULL, a problem noted and no exception set, when it
 * does not fit. */
PyObject *python_convert(struct python_conversion *conversion, const struct python_type *type,
                         PyObject *value);

/* Notes a problem at the conversion's path; NULL, no exception left. */
PyObject *python_misfit(struct python_conversion *conversion, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "expected an integer, not ..." */
PyObject *python_mismatch(struct python_conversion *conversion, const struct python_type *type,
                          PyObject *value);

/* (python_scalars.c) As python_convert(), for types of these kinds. */
PyObject *python_to_bool(struct python_conversion *conversion, const struct python_type *type,
                         PyObject *value);
PyObject *python_to_int(struct python_conversion *conversion, const struct python_type *type,
                        PyObject *value);
PyObject *python_to_float(struct python_conversion *conversion, const struct python_type *type,
                          PyObject *value);
PyObject *python_to_bytes(struct python_conversion *conversion, const struct python_type *type,
                          PyObject *value);
PyObject *python_to_enum(struct python_conversion *conversion, const struct python_type *type,
                         PyObject *value);
PyObject *python_to_literal(struct python_conversion *conversion, const struct python_type *type,
                            PyObject *value);

/* ---- signatures and calls (python_bind.c, python_arguments.c, python_call.c) ---- */

struct python_parameter {
	PyObject *name;
	const char *text; /* its UTF-8, inside `name` */
	size_t size;
	enum snafu_parameter_kind kind;
	bool required;
	bool nullable; /* the default is None, so null is welcome whatever the annotation says */
	PyObject *fallback; /* NULL where there is none, or none that can be passed */
	struct python_type *type;
};

struct python_signature {
	struct python_parameter *parameters;
	size_t n, n_positional; /* positional ones come first */
	int variadic, keywords; /* index of *args and **kwargs, or -1 */
	bool plain; /* a function in Python: gaps may be filled with defaults */
	bool exact; /* some parameter's digits matter */
	struct python_type *types; /* all that its parameters' types are made of */
};

struct snafu_bound {
	struct snafu_bound *next, *previous;
	const struct snafu_function *function;
	PyObject *module; /* as it was loaded */
	const char *tail; /* of the function's id: what follows the module's part */
	PyObject *callable; /* without `owner`: called as it is; with it: given the object first,
	                      * or NULL: looked up on the object */
	PyObject *owner; /* the class whose object it needs, or NULL */
	PyObject *name; /* of the attribute */
	bool property;
	PyObject *adapter; /* calls it as its convention says (python_convention.c); or NULL */
	bool event; /* takes exactly `event` and `context` */
	struct python_signature signature;
	struct python_signature constructor; /* of `owner`, for the payload's "self" */
	bool constructor_known;
};

/* 0, or -1 with an exception. SKIP_FIRST leaves out self or cls. */
int python_signature_of(PyObject *callable, bool skip_first, struct python_signature *ret);
void python_signature_done(struct python_signature *signature);
int python_bind(const struct snafu_function *function, struct snafu_bound **ret_bound,
                struct snafu_result *result);
void python_bound_free(struct snafu_bound *bound);
/* The same, and the object that was kept for it. */
void python_unbind(struct snafu_bound *bound);
/* The same for what TAIL names in MODULE, a copy of the function's own. BOUND is in no list:
 * python_bound_done(), also after a failure. */
int python_bind_in(struct snafu_bound *bound, const struct snafu_function *function,
                   PyObject *module, const char *tail, struct snafu_result *result);
void python_bound_done(struct snafu_bound *bound);

/* Calls and writes the result. */
void python_call(struct snafu_bound *bound, const struct snafu_request *request,
                 struct snafu_result *result);
/* (python_fresh.c) The same with the module's state as it is when just loaded. */
void python_call_fresh(struct snafu_bound *bound, const struct snafu_request *request,
                       struct snafu_result *result);

/* ---- call conventions (python_convention.c) ---- */

/* Without the GIL: FUNCTIONS are what this process knows now. */
void python_convention_know(const struct snafu_functions *functions);
/* Whether a process for FUNCTION has to know OTHER. */
bool python_convention_needs(const struct snafu_function *function,
                             const struct snafu_function *other);
/* Before a module is loaded: what functions of conventions import is found from now on, where
 * some function is such a one. 0, or -1 with an exception. */
int python_convention_begin(void);
void python_convention_end(void);
/* Sets BOUND's adapter where its function has a convention. 0, or -1 with an exception. */
int python_convention_bind(struct snafu_bound *bound);
void python_convention_call(struct snafu_bound *bound, const struct snafu_request *request,
                            struct snafu_result *result);

/* Arguments read from a payload: one slot a parameter, then what goes into
 * *args and **kwargs. */
#define PYTHON_SLOTS 16 /* parameters that need no allocation */
struct python_arguments {
	const struct python_signature *signature;
	PyObject **slots, *few[PYTHON_SLOTS];
	PyObject *rest; /* list, or NULL */
	PyObject *names; /* dict, or NULL */
	const char *prefix; /* "", or "self.": of names in problems */
	struct snafu_argument_problems *problems;
};

/* Reads the members or elements that follow; no problem is said yet about
 * missing ones. RET_SELF, if not NULL, takes the source text of the member "self";
 * PREFIX ("" or "self.") stands before names in problems. 0; -1: no valid JSON,
 * ERROR says why (or, with an exception, out of memory). */
int python_arguments_read(struct python_arguments *arguments,
                          const struct python_signature *signature,
                          struct snafu_json_reader *reader, const struct snafu_json_value *value,
                          struct snafu_json_value *ret_self, const char *prefix,
                          struct snafu_argument_problems *problems, struct snafu_error *error);
/* Converts by type, and notes what is missing. */
void python_arguments_convert(struct python_arguments *arguments,
                              const struct snafu_function *function);
/* CALLABLE(FIRST, arguments...); FIRST may be NULL. NULL with an exception. */
PyObject *python_arguments_call(struct python_arguments *arguments, PyObject *callable,
                                PyObject *first);
void python_arguments_done(struct python_arguments *arguments);

/* ---- JSON (python_read.c, python_write.c) ---- */

/* The Python value of VALUE, just read; arrays and objects are walked to their
 * end. EXACT keeps the digits of reals (snafu Real objects). NULL: with an
 * exception set, or none and ERROR filled (no valid JSON). */
PyObject *python_read(struct snafu_json_reader *reader, const struct snafu_json_value *value,
                      bool exact, struct snafu_error *error);
/* The str of a JSON string; keys of objects come from a cache. */
PyObject *python_read_string(const struct snafu_json_value *value, bool key);
void python_read_end(void);

/* Writes VALUE into RESULT's payload, or makes RESULT say why that cannot be
 * done (SNAFU_BAD_RESULT, or SNAFU_RAISED by a generator). No exception is left. */
void python_write(PyObject *value, struct snafu_result *result);

/* (python_text.c) A JSON string of TEXT, which is UTF-8. */
void python_write_text(struct snafu_buffer *into, const char *text, size_t size);
/* The digits of an int that has about N_DIGITS. NULL with an exception. */
PyObject *python_format_integer(PyObject *integer, size_t n_digits);

/* ---- exceptions (python_error.c) ---- */

/* Fills RESULT from the exception that is set, and clears it. */
void python_fail(struct snafu_result *result, enum snafu_status status);
/* The same for FILE's load: SNAFU_LOAD_FAILED. */
void python_fail_loading(struct snafu_result *result, const char *file);
/* Its class and message in one line, cleared, cut to SIZE bytes with the NUL. */
void python_error_text(char *into, size_t size);

#endif
