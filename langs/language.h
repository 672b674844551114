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
#include <stdint.h>

#include "langs/request.h"

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
	/* Calls a function of the host from inside a call (`snafu.call(...)` and its
	 * likes). CALLER is the context that the calling function was given, NULL outside
	 * of any call. RESULT comes empty with its cap set. Returns when that call
	 * has ended; so an interpreter's lock MUST be let go before. Any thread. MAY be
	 * NULL: nobody can be called. */
	void (*invoke)(void *state, const struct snafu_context *caller,
	               const struct snafu_invocation *invocation, struct snafu_result *result);
	void *invoke_state;
	/* Bytes that this process may use, for languages that `limits_memory`; 0: no limit. */
	uint64_t memory;
	/* This process serves one call and ends: what only pays off later is left out. */
	bool brief;
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

	/* Calls it. The payload comes from anybody: it is checked here. RESULT
	 * comes empty, with its caps set, and MUST be filled, also on failure; what the
	 * function prints is added to its log where the language can tell whose it is.
	 * MUST NOT let any exception, exit or stack overflow of the function end the
	 * process where the language can prevent that. */
	void (*call)(void *state, struct snafu_bound *bound, const struct snafu_request *request,
	             struct snafu_result *result);

	/* MAY be NULL. The same with the state of the function's module as it is when
	 * just loaded: nothing that an earlier call left there is seen, nothing that
	 * this one leaves there is seen later. Without reading or compiling the source
	 * again. Any number of threads, each with a state of its own. */
	void (*call_fresh)(void *state, struct snafu_bound *bound, const struct snafu_request *request,
	                   struct snafu_result *result);

	/* MAY be NULL. A mark of the calling thread, for interrupt(). */
	unsigned long (*thread_mark)(void *state);

	/* MAY be NULL. Asks the call that runs on that thread to end with an error:
	 * best effort, any thread. */
	void (*interrupt)(void *state, unsigned long thread_mark);

	/* MAY be NULL. The calling thread will not call again. */
	void (*leave)(void *state);

	/* MAY be NULL. Sources have changed, come or gone: FUNCTIONS (which outlives
	 * the language, or the next changed()) replaces what the options said, FILES are
	 * the paths that differ. What is bound stays as it is, with calls under way;
	 * the next bind() of a function in one of these files loads it anew. Calls and
	 * bind() may run meanwhile on other threads. The FUNCTION that bind() is given is
	 * one of FUNCTIONS by id and file, not by address. Without this, what is loaded
	 * stays loaded until the host is started again. */
	void (*changed)(void *state, const struct snafu_functions *functions, const char *const *files,
	                size_t n_files);

	/* MAY be NULL (its function stays in memory then). Nobody will call BOUND again; no
	 * call of it is under way. */
	void (*unbind)(void *state, struct snafu_bound *bound);

	/* MAY be NULL. A process that is going to call FUNCTION only: must it know OTHER,
	 * too? (Its overloads, the other files of its library.) Needs no open(). NULL:
	 * overloads, that is the same id and file. */
	bool (*needs)(const struct snafu_function *function, const struct snafu_function *other);

	/* MAY be NULL. Functions of this language may be served by a program of its own, which
	 * speaks the frames of runtime/instances/frame.h on its stdin and stdout. VARIANT is the
	 * setting that asks for it ("native"). Needs no open(). 1 and malloc'ed strings in a
	 * malloc'ed list that NULL ends; 0: this function is called here; or -ENOENT, ERROR says
	 * which program is missing. */
	int (*command)(const struct snafu_function *function, const char *variant, char ***ret_argv,
	               struct snafu_error *error);

	/* For languages whose opened interpreter may be forked by a process that has one
	 * thread; `forkable` says so. MAY be NULL. In the parent before, in the parent
	 * after, and in the child. */
	void (*before_fork)(void *state);
	void (*after_fork)(void *state, bool child);
	/* MAY be NULL. Nothing more comes before a fork, or before this child waits for its
	 * call: rest what is there (so that the pages stay shared), or touch what every
	 * call will write to (so that the call does not wait for page faults). */
	void (*settle)(void *state, bool child);

	/* MAY be NULL: a variable of the environment, set with setenv() before, is seen by
	 * functions anyhow. After open(), before any bind(): makes functions see it. */
	void (*set_environment)(void *state, const char *name, const char *value);

	/* MAY be NULL: close() is quick. The process is about to _exit(): runs what functions
	 * registered for the end (atexit handlers) and writes out what they printed, but takes
	 * nothing down. */
	void (*finish)(void *state);

	/* Ends the interpreter: atexit handlers and shutdown hooks run. MAY be NULL. */
	void (*close)(void *state);

	bool parallel; /* calls on several threads really run at the same time */
	bool forkable;
	bool limits_memory; /* it keeps to the options' `memory` itself: it reserves much more
	                     * address space than it uses, so the kernel's limit would hit wrongly */
};

#define SNAFU_LANGUAGE_VERSION 2
#define SNAFU_LANGUAGE_SYMBOL  "snafu_language"

#endif
