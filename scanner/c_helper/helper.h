/* scanner/c_helper/helper.h — the pieces of the program scan-c.
 *
 * It reads on stdin which C files to parse and with which flags, parses them
 * with libclang, and prints what it found as JSON lines. It is a program of its
 * own, run by scanner/c.c, because libclang takes over signal handlers and may
 * crash on a hostile file. It is single-threaded.
 *
 * stdin, one JSON object: {"seconds": 30, "resources": DIR, "files":
 *     [{"path": P, "declarations": bool, "arguments": ["-I...", ...]}, ...]}
 * stdout, a line each:
 *     {"begin": I}                   file I is next: if nothing follows, it is the culprit
 *     {"function": {...}}            see functions.c
 *     {"diagnostic": {"severity", "file"?, "line", "message"}}
 *     {"end": I} */
#ifndef SNAFU_SCANNER_C_HELPER_HELPER_H
#define SNAFU_SCANNER_C_HELPER_HELPER_H

#include <clang-c/Index.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"

#define HELPER_NATIVE_CAP      32768 /* bytes of one type's notation */
#define HELPER_DOC_CAP         65536 /* bytes of one comment */
#define HELPER_DIAGNOSTICS_CAP 50 /* of one file */

/* One file to parse. */
struct helper_file {
	const char *path;
	bool declarations; /* a header given by name: its declarations count, too */
	const char *const *arguments;
	int n_arguments;
};

/* A set of names. */
struct helper_names {
	const char **slots; /* malloc'ed; a power of two of them */
	size_t count, capacity;
	struct snafu_arena arena;
};

/* One translation unit while it is being listed. */
struct helper_unit {
	const struct helper_file *file;
	CXTranslationUnit unit;
	CXFile main;
	struct helper_names external; /* functions that have a symbol */
	struct helper_names defined; /* those with a definition in the file */
	struct helper_names listed; /* those that are printed */
	bool has_own; /* the main file declares a function */
	CXFile *parts; /* malloc'ed: the headers that are a part of the file */
	size_t n_parts, parts_capacity;
	struct snafu_buffer *out;
	size_t n_functions;
};

/* Prints every function of UNIT that belongs to its file. */
void helper_list_functions(CXIndex index, struct helper_unit *unit);

/* Appends the notation (scanner/c_types.h) of TYPE; of a parameter when
 * PARAMETER is set. Returns false, and appends nothing, when the source does not
 * define all of the type. */
bool helper_write_type(CXType type, bool parameter, struct snafu_buffer *into);

/* Appends the comment that belongs to the declaration between the two offsets of
 * TEXT, without markers; nothing when there is none. DEFINITION: it has a body, so
 * that a comment behind it is not its own. */
void helper_comment(const char *text, size_t size, size_t begin, size_t end, bool definition,
                    struct snafu_buffer *into);

/* Appends the comment beside the parameter that stands from BEGIN to END. */
void helper_comment_beside(const char *text, size_t size, size_t begin, size_t end,
                           struct snafu_buffer *into);

/* Appends what DOC (a comment without markers) says of parameter NAME by
 * @param or \param. */
void helper_parameter_doc(const char *doc, const char *name, struct snafu_buffer *into);

/* Finds the parts of UNIT's file, a named header. EMPTY: it declares no function. */
void helper_find_parts(struct helper_unit *unit, bool empty);

/* Whether FILE is the main file or one of its parts. */
bool helper_belongs(const struct helper_unit *unit, CXFile file);

/* Whether PATH is below a folder of the system's own headers. */
bool helper_is_system(const char *path);

/* Adds NAME: false when it was there before. */
bool helper_names_add(struct helper_names *names, const char *name);
bool helper_names_has(const struct helper_names *names, const char *name);
void helper_names_done(struct helper_names *names);

#endif
