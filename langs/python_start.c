/* langs/python_start.c — the interpreter's start and end. It starts as Debian's
 * own python3 would: the same sys.path, site packages, PYTHON* variables and
 * locale, but no signal handlers and no .pyc files written. */
#include "langs/python_fork.h"
#include "langs/python_scope.h"
#include "langs/python_site.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

#ifndef PYTHON_EXECUTABLE
#define PYTHON_EXECUTABLE "/usr/bin/python3"
#endif

/* ---- the virtual environment ---- */

static bool is_environment(const char *folder)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof path, "%s/pyvenv.cfg", folder);
	return access(path, R_OK) == 0;
}

/* $VIRTUAL_ENV, else .venv or venv beside the first source that has one. */
static bool find_environment(const struct snafu_language_options *options, char into[PATH_MAX])
{
	static const char *const names[] = {".venv", "venv"};
	const char *active = getenv("VIRTUAL_ENV");

	if (active && *active)
		return snprintf(into, PATH_MAX, "%s", active) < PATH_MAX && is_environment(into);
	for (size_t i = 0; i < options->n_paths; i++) {
		char *folder = snafu_path_folder(options->paths[i]), real[PATH_MAX];
		const char *places[] = {options->paths[i], folder};

		for (size_t j = 0; j < 4 && folder; j++) {
			if (realpath(places[j / 2], real) &&
			    snprintf(into, PATH_MAX, "%s/%s", real, names[j % 2]) < PATH_MAX &&
			    is_environment(into)) {
				free(folder);
				return true;
			}
		}
		free(folder);
	}
	return false;
}

/* An environment is for one version of Python; with another one its packages
 * would not even be found. */
static bool fits(const struct snafu_language_options *options, const char *environment)
{
	char path[PATH_MAX + 64], message[PATH_MAX + 200];

	snprintf(path, sizeof path, "%s/lib/python%d.%d", environment, PY_MAJOR_VERSION,
	         PY_MINOR_VERSION);
	if (access(path, R_OK) == 0)
		return true;
	snprintf(message, sizeof message,
	         "the virtual environment %s is not for Python %d.%d and is left out", environment,
	         PY_MAJOR_VERSION, PY_MINOR_VERSION);
	if (options->warn)
		options->warn(options->warn_state, message);
	return false;
}

/* ---- start ---- */

/* RET_BARE: site is left out, as SITE describes. */
static PyStatus configure(PyConfig *config, const struct snafu_language_options *options,
                          struct python_site *site, bool *ret_bare)
{
	char environment[PATH_MAX], executable[PATH_MAX + 16] = PYTHON_EXECUTABLE;
	char *argument = (char *)(options->n_paths ? options->paths[0] : "snafu");

	config->install_signal_handlers = 0;
	config->parse_argv = 0;
	config->write_bytecode = 0;
	config->pathconfig_warnings = 0;
	if (find_environment(options, environment) && fits(options, environment))
		snprintf(executable, sizeof executable, "%s/bin/python3", environment);
	else
		*ret_bare = options->brief && python_site_replaceable(site);
	config->site_import = !*ret_bare;
	PyStatus status = PyConfig_SetBytesString(config, &config->program_name, PYTHON_EXECUTABLE);
	if (!PyStatus_Exception(status))
		status = PyConfig_SetBytesString(config, &config->executable, executable);
	if (!PyStatus_Exception(status))
		status = PyConfig_SetBytesArgv(config, 1, &argument);
	return status;
}

/* What site would have done. */
static int complete(struct python_site *site, struct snafu_error *error)
{
	char text[200];

	if (python_site_replace(site) == 0)
		return 0;
	python_error_text(text, sizeof text);
	return snafu_fail(error, -ELIBBAD, "cannot start Python: %s", text);
}

int python_start(const struct snafu_language_options *options, struct snafu_error *error)
{
	struct python_site site;
	PyPreConfig before;
	PyConfig config;
	bool bare = false;

	PyPreConfig_InitPythonConfig(&before);
	before.parse_argv = 0;
	PyStatus status = Py_PreInitialize(&before);
	if (python_client_begin())
		return snafu_fail_errno(error, -ENOMEM, "cannot start Python");
	if (!PyStatus_Exception(status)) {
		PyConfig_InitPythonConfig(&config);
		status = configure(&config, options, &site, &bare);
		if (!PyStatus_Exception(status))
			status = Py_InitializeFromConfig(&config);
		PyConfig_Clear(&config);
	}
	if (!PyStatus_Exception(status))
		return bare ? complete(&site, error) : 0;
	return snafu_fail(error, -ELIBBAD, "cannot start Python: %s",
	                  status.err_msg ? status.err_msg : "it asked to exit");
}

/* ---- end ---- */

/* Threads of the functions that are still there after a while: true. Python
 * would wait for them for ever. */
static bool threads_stay(void)
{
	static const char wait[] =
		"def wait(threading, time, seconds):\n"
		"    end = time.monotonic() + seconds\n"
		"    stay = [t for t in threading.enumerate() if not t.daemon\n"
		"            and t not in (threading.main_thread(), threading.current_thread())\n"
		"            and not isinstance(t, threading._DummyThread)]\n"
		"    for t in stay:\n"
		"        t.join(max(0, end - time.monotonic()))\n"
		"    return any(t.is_alive() for t in stay)\n";
	PyObject *modules = PyImport_GetModuleDict();
	PyObject *threading = modules ? PyDict_GetItemString(modules, "threading") : NULL;
	PyObject *time = threading ? PyImport_ImportModule("time") : NULL, *space = PyDict_New();
	PyObject *done = time && space ? PyRun_String(wait, Py_file_input, space, space) : NULL;
	PyObject *function = done ? PyDict_GetItemString(space, "wait") : NULL;
	PyObject *stay =
		function ? PyObject_CallFunction(function, "OOi", threading, time, PYTHON_THREADS_WAIT_S)
				 : NULL;
	bool any = stay == Py_True;

	PyErr_Clear();
	Py_XDECREF(stay);
	Py_XDECREF(done);
	Py_XDECREF(space);
	Py_XDECREF(time);
	return any;
}

/* What Py_FinalizeEx() would do for the user, where it cannot be had: handlers
 * run, output is written. The interpreter stays as it is till the process ends. */
static void last_rites(void)
{
	/* Importing it costs a forked child 75 page faults; without it there are no handlers. */
	PyObject *modules = PyImport_GetModuleDict();
	PyObject *module = modules ? Py_XNewRef(PyDict_GetItemString(modules, "atexit")) : NULL;
	PyObject *done = module ? PyObject_CallMethod(module, "_run_exitfuncs", NULL) : NULL;

	PyErr_Clear();
	Py_XDECREF(done);
	Py_XDECREF(module);
	python_output_flush();
}

static void release(void)
{
	while (python.bound) {
		struct snafu_bound *bound = python.bound;

		python.bound = bound->next;
		python_bound_free(bound);
	}
	Py_CLEAR(python.instances);
	python_convention_end();
	Py_CLEAR(python.helper);
	Py_CLEAR(python.deadline);
	Py_CLEAR(python.flush);
	Py_CLEAR(python.out);
	Py_CLEAR(python.system);
	Py_CLEAR(python.stdout_name);
	python_output_end();
	python_fresh_end();
	python_fork_end();
	python_read_end();
	python_load_end();
	python_modules_end();
}

/* Beside a stuck call, which may hold the GIL for ever: on a thread that nobody
 * needs, so that close() can give up waiting. */
static pthread_mutex_t rites_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t rites_over = PTHREAD_COND_INITIALIZER;
static bool rites_done;

static void *perform_rites(void *unused)
{
	PyThreadState *state = PyThreadState_New(python.interpreter);

	if (state) {
		PyEval_RestoreThread(state);
		last_rites();
		PyEval_SaveThread();
	}
	pthread_mutex_lock(&rites_lock);
	rites_done = true;
	pthread_cond_signal(&rites_over);
	pthread_mutex_unlock(&rites_lock);
	return unused;
}

static void end_beside_stuck_call(void)
{
	struct timespec until;
	pthread_t thread;

	if (pthread_create(&thread, NULL, perform_rites, NULL))
		return;
	pthread_detach(thread);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PYTHON_STUCK_WAIT_S;
	pthread_mutex_lock(&rites_lock);
	while (!rites_done &&
	       !pthread_cond_clockwait(&rites_over, &rites_lock, CLOCK_MONOTONIC, &until))
		;
	pthread_mutex_unlock(&rites_lock);
}

void python_finish(struct python_thread *thread)
{
	if (!python.interpreter || atomic_load(&python.closed) || !thread)
		return;
	PyEval_RestoreThread(thread->state);
	PyThreadState *first = PyInterpreterState_ThreadHead(python.interpreter);
	if (first && PyThreadState_Next(first))
		threads_stay();
	last_rites();
}

void python_set_environment(const char *name, const char *value)
{
	PyObject *key = PyUnicode_FromString("os"), *os = key ? PyImport_GetModule(key) : NULL;
	PyObject *environ = os ? PyObject_GetAttrString(os, "environ") : NULL;
	PyObject *text = environ ? PyUnicode_DecodeFSDefault(value) : NULL;
	PyObject *called = text ? PyUnicode_DecodeFSDefault(name) : NULL;

	if (called)
		PyObject_SetItem(environ, called, text);
	PyErr_Clear();
	Py_XDECREF(called);
	Py_XDECREF(text);
	Py_XDECREF(environ);
	Py_XDECREF(os);
	Py_XDECREF(key);
}

void python_end(struct python_thread *thread)
{
	if (!python.interpreter || atomic_exchange(&python.closed, true))
		return;
	bool stuck = atomic_load(&python.active) > 0;
	python_interrupt_end(stuck);
	if (stuck || !thread) {
		end_beside_stuck_call();
		return;
	}
	PyEval_RestoreThread(thread->state);
	if (threads_stay()) { /* the GIL is kept: they stop where they are */
		last_rites();
		return;
	}
	/* atexit handlers may still call what is bound, so they go first. */
	last_rites();
	release();
	Py_FinalizeEx();
}
