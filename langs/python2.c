/* langs/python2.c — the Python 2 language: sources are upgraded into the cache
 * (python2_tree.c) and then served by the Python gateway, lang-python.so, from there.
 * This file hands on all that langs/language.h asks for, and makes errors name the
 * sources. Nothing here touches the interpreter itself. Functions that are to run in a
 * real Python 2 never come here: python2_native.c. */
#include "langs/python2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/parts.h"
#include "langs/result.h"
#include "scanner/function.h"

struct state {
	const struct snafu_language *python;
	void *python_state;
	struct python2_trees trees;
	struct snafu_bound *bound; /* all of them; guarded by the trees' lock */
};

struct snafu_bound {
	struct snafu_bound *next, *before; /* in the list of all */
	struct snafu_bound *inner; /* Python's */
	const struct python2_tree *tree;
	struct snafu_function function; /* as Python is told of it */
	char *file, *root; /* of `function`; owned */
};

static void free_bound(struct snafu_bound *bound)
{
	if (bound) {
		free(bound->file);
		free(bound->root);
	}
	free(bound);
}

static void close_all(void *opaque)
{
	struct state *state = opaque;

	if (state->python->close)
		state->python->close(state->python_state);
	while (state->bound) {
		struct snafu_bound *bound = state->bound;

		state->bound = bound->next;
		free_bound(bound);
	}
	python2_trees_done(&state->trees);
	free(state);
}

static int start(const struct snafu_language_options *options, void **ret_state,
                 struct snafu_error *error)
{
	struct state *state = calloc(1, sizeof *state);
	void *address;

	if (!state)
		return snafu_fail(error, -ENOMEM, "no memory");
	int code = snafu_part_open("lang", "python", SNAFU_LANGUAGE_SYMBOL, 1, &address, error);
	if (!code) {
		state->python = address;
		if (state->python->version != SNAFU_LANGUAGE_VERSION)
			code = snafu_fail(error, -ELIBBAD, "lang-python.so is made for another Snafu");
	}
	if (!code)
		code = python2_trees_init(&state->trees, options, error);
	if (code) {
		free(state);
		return code;
	}
	code = state->python->open(options, &state->python_state, error);
	if (code) {
		python2_trees_done(&state->trees);
		free(state);
		return code;
	}
	*ret_state = state;
	return 0;
}

/* ---- messages ------------------------------------------------------------------------------ */

/* TEXT as it stands inside a JSON string: malloc'ed. */
static char *escape(const char *text)
{
	struct snafu_buffer into = SNAFU_BUFFER(65536);

	snafu_json_write_text(&into, text);
	if (into.size >= 2) {
		memmove(into.data, into.data + 1, into.size -= 2);
		into.data[into.size] = '\0';
	}
	return snafu_buffer_take(&into);
}

/* Makes a failed call's RESULT name the sources in the places of the upgraded files. */
static void translate(const struct python2_tree *tree, struct snafu_result *result)
{
	char *place = escape(tree->place), *base = escape(tree->base[1] ? tree->base : "");
	struct snafu_buffer into = SNAFU_BUFFER(result->payload.cap);
	const char *from = result->payload.data, *found;

	if (place && base && from && strstr(from, place)) {
		for (; (found = strstr(from, place)); from = found + strlen(place)) {
			snafu_buffer_append(&into, from, (size_t)(found - from));
			snafu_buffer_append_text(&into, base);
		}
		snafu_buffer_append_text(&into, from);
		if (!snafu_buffer_failed(&into)) {
			struct snafu_buffer before = result->payload;

			result->payload = into;
			into = before;
		}
	}
	snafu_buffer_done(&into);
	free(place);
	free(base);
}

/* ---- functions ----------------------------------------------------------------------- */

/* Python could not load it: when that is because of a file that could not be upgraded, say so. */
static void explain(const struct python2_tree *tree, struct snafu_result *result)
{
	struct snafu_error error;

	if (result->payload.data && python2_tree_explain(tree, result->payload.data, &error))
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "UpgradeError", "%s", error.message);
	else
		translate(tree, result);
}

static int bind(void *opaque, const struct snafu_function *function, struct snafu_bound **ret_bound,
                struct snafu_result *result)
{
	struct state *state = opaque;
	struct snafu_error error;
	struct snafu_bound *bound = calloc(1, sizeof *bound);

	if (!bound) {
		snafu_result_fail(result, SNAFU_INTERNAL, "Error", "no memory");
		return -ENOMEM;
	}
	int code = python2_trees_get(&state->trees, function, &bound->tree, &bound->file, &bound->root,
	                             &error);
	if (code) {
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "UpgradeError", "%s", error.message);
		free_bound(bound);
		return code;
	}
	bound->function = *function;
	bound->function.language = "python";
	bound->function.file = bound->file;
	bound->function.root = bound->root;
	code = state->python->bind(state->python_state, &bound->function, &bound->inner, result);
	if (code) {
		explain(bound->tree, result);
		free_bound(bound);
		return code;
	}
	pthread_mutex_lock(&state->trees.lock);
	bound->next = state->bound;
	if (bound->next)
		bound->next->before = bound;
	state->bound = bound;
	pthread_mutex_unlock(&state->trees.lock);
	*ret_bound = bound;
	return 0;
}

static void unbind(void *opaque, struct snafu_bound *bound)
{
	struct state *state = opaque;

	if (!state->python->unbind)
		return; /* Python keeps it, and with it our descriptor */
	state->python->unbind(state->python_state, bound->inner);
	pthread_mutex_lock(&state->trees.lock);
	if (bound->next)
		bound->next->before = bound->before;
	*(bound->before ? &bound->before->next : &state->bound) = bound->next;
	pthread_mutex_unlock(&state->trees.lock);
	free_bound(bound);
}

static void call(void *opaque, struct snafu_bound *bound, const struct snafu_request *request,
                 struct snafu_result *result)
{
	struct state *state = opaque;

	state->python->call(state->python_state, bound->inner, request, result);
	if (result->status != SNAFU_OK)
		translate(bound->tree, result);
}

static void call_fresh(void *opaque, struct snafu_bound *bound, const struct snafu_request *request,
                       struct snafu_result *result)
{
	struct state *state = opaque;

	if (!state->python->call_fresh) {
		snafu_result_fail(result, SNAFU_LOAD_FAILED, "ExecutorError",
		                  "python2 functions cannot run isolated: take worker, fork or spawn");
		return;
	}
	state->python->call_fresh(state->python_state, bound->inner, request, result);
	if (result->status != SNAFU_OK)
		translate(bound->tree, result);
}

static unsigned long thread_mark(void *opaque)
{
	struct state *state = opaque;

	return state->python->thread_mark ? state->python->thread_mark(state->python_state) : 0;
}

static void interrupt(void *opaque, unsigned long mark)
{
	struct state *state = opaque;

	if (state->python->interrupt)
		state->python->interrupt(state->python_state, mark);
}

static void leave(void *opaque)
{
	struct state *state = opaque;

	if (state->python->leave)
		state->python->leave(state->python_state);
}

/* ---- sources and processes --------------------------------------------------------------- */

/* Python hears of the files' places in the trees; the next bind() upgrades them. */
static void changed(void *opaque, const struct snafu_functions *functions, const char *const *files,
                    size_t n_files)
{
	struct state *state = opaque;
	size_t n = 0, n_trees = 0;

	pthread_mutex_lock(&state->trees.lock);
	state->trees.functions = functions;
	for (const struct python2_tree *tree = state->trees.trees; tree; tree = tree->next)
		n_trees++;
	const char **places = calloc(n_files * n_trees + 1, sizeof *places);
	for (const struct python2_tree *tree = state->trees.trees; tree && places; tree = tree->next)
		for (size_t i = 0; i < n_files; i++) {
			places[n] = python2_tree_path(tree, files[i]);
			n += places[n] != NULL;
		}
	pthread_mutex_unlock(&state->trees.lock);
	if (state->python->changed && places)
		state->python->changed(state->python_state, functions, places, n);
	while (n > 0)
		free((char *)(uintptr_t)places[--n]);
	free(places);
}

static void before_fork(void *opaque)
{
	struct state *state = opaque;

	if (state->python->before_fork)
		state->python->before_fork(state->python_state);
}

static void after_fork(void *opaque, bool child)
{
	struct state *state = opaque;

	if (state->python->after_fork)
		state->python->after_fork(state->python_state, child);
}

static void settle(void *opaque, bool child)
{
	struct state *state = opaque;

	if (state->python->settle)
		state->python->settle(state->python_state, child);
}

static void set_environment(void *opaque, const char *name, const char *value)
{
	struct state *state = opaque;

	if (state->python->set_environment)
		state->python->set_environment(state->python_state, name, value);
}

/* What Python does before the process ends; nothing is taken down. */
static void finish(void *opaque)
{
	struct state *state = opaque;

	if (state->python->finish)
		state->python->finish(state->python_state);
}

extern const struct snafu_language snafu_language;
const struct snafu_language snafu_language = {
	.version = SNAFU_LANGUAGE_VERSION,
	.name = "python2",
	.open = start,
	.bind = bind,
	.call = call,
	.call_fresh = call_fresh,
	.thread_mark = thread_mark,
	.interrupt = interrupt,
	.leave = leave,
	.changed = changed,
	.unbind = unbind,
	.before_fork = before_fork,
	.after_fork = after_fork,
	.command = python2_command,
	.settle = settle,
	.set_environment = set_environment,
	.finish = finish,
	.close = close_all,
	.parallel = false,
	.forkable = true,
};
