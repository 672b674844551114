/* langs/language.h — how functions of one language are loaded and called.
 *
 * A language is a loadable module, lang-<name>.so, that exports
 * `const struct snafu_language snafu_language`; it is opened when the first
 * function of that language is bound, so nobody pays for an interpreter that is
 * not used. To add one: write langs/<name>.c and list the module in Makefile.am.
 *
 * Threading: open() once, on the main thread, before any call. bind() and
 * call() from any number of threads at once. A thread that calls stays attached to
 * the interpreter until it calls leave(). close() after every thread has left.
 *
 * How the payload binds to parameters, for every language: a JSON object gives
 * arguments by name, a JSON array by position, no bytes at all mean no
 * arguments. All problems of a payload are reported together
 * (struct snafu_argument_problems), each with the parameter's name: missing,
 * unknown (with the nearest name), given twice, wrong type. A method that needs
 * an object takes, in a payload by name, the extra member "self" (Python) or
 * "this" (Java): the constructor's arguments by name or position; without it the
 * object is made once with no arguments and kept. */
#ifndef SNAFU_LANGS_LANGUAGE_H
#define SNAFU_LANGS_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

struct snafu_error;
struct snafu_function;
struct snafu_functions;
struct snafu_result;
struct snafu_bound; /* a function, ready to be called; each language has its own */

struct snafu_language_options {
	/* Everything that was scanned: a language may look here for what belongs
	 * together (the files of a C library, a Java source tree). Outlives it. */
	const struct snafu_functions *functions;
	/* Every path the user named, in order: also libraries (.so), jars and class
	 * folders that hold no source. Outlives the language. */
	const char *const *paths;
	size_t n_paths;
	const char *const *include_paths; /* C: -I */
	size_t n_include_paths;
	const char *const *defines; /* C: -D */
	size_t n_defines;
	const char *cache_directory; /* for compiled code; exists, private to the user */
	/* Where to tell of things that are no failure of a call (a source file left
	 * out of a library, say). Any thread. May be NULL. */
	void (*warn)(void *state, const char *message);
	void *warn_state;
	/* Where to tell of work that can take long, for a person who waits for it
	 * ("compiling x.c"); NULL: it is over. Any thread. May be NULL. */
	void (*working)(void *state, const char *what);
	void *working_state;
};

struct snafu_language {
	unsigned version; /* SNAFU_LANGUAGE_VERSION; another one is refused */
	const char *name; /* what struct snafu_function's `language` says */

	/* Starts the interpreter. Options are borrowed until close(). MUST leave the
	 * process's signal handlers and SIGPIPE as they were where that is possible. */
	int (*open)(const struct snafu_language_options *options, void **ret_state,
	            struct snafu_error *error);

	/* Loads FUNCTION's module if it is not yet loaded (this runs its top-level
	 * code, but no `main`), and prepares the call. On failure RESULT says why
	 * (SNAFU_LOAD_FAILED) and a negative errno is returned; the next bind()
	 * tries anew. The bound function lives until close(). */
	int (*bind)(void *state, const struct snafu_function *function, struct snafu_bound **ret_bound,
	            struct snafu_result *result);

	/* Calls it. PAYLOAD is SIZE bytes from anybody: it is checked here. RESULT
	 * comes empty, with its cap set, and MUST be filled, also on failure. MUST
	 * NOT let any exception, exit or stack overflow of the function end the
	 * process where the language can prevent that. */
	void (*call)(void *state, struct snafu_bound *bound, const char *payload, size_t size,
	             struct snafu_result *result);

	/* MAY be NULL. A mark of the calling thread, for interrupt(). */
	unsigned long (*thread_mark)(void *state);

	/* MAY be NULL. Asks the call that runs on that thread to end with an error:
	 * best effort, any thread. */
	void (*interrupt)(void *state, unsigned long thread_mark);

	/* MAY be NULL. The calling thread will not call again. */
	void (*leave)(void *state);

	/* Ends the interpreter: atexit handlers and shutdown hooks run. MAY be NULL. */
	void (*close)(void *state);

	bool parallel; /* calls on several threads really run at the same time */
};

#define SNAFU_LANGUAGE_VERSION 1
#define SNAFU_LANGUAGE_SYMBOL  "snafu_language"

#endif
