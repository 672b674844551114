/* bench/peers/fork-loop.c — the yardstick of the executor `fork`: a warmed CPython
 * that, once on each of N cores, forks a child for every call, runs the function in it, and
 * reaps it; nothing else.
 *
 *     fork-loop FOLDER MODULE FUNCTION JSON SECONDS CORES      prints calls a second */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* As JSON, through the standard library: what comes in, what goes out. */
static int call(PyObject *function, PyObject *loads, PyObject *dumps, const char *json, int fd)
{
	PyObject *arguments = PyObject_CallFunction(loads, "s", json);
	PyObject *none = PyTuple_New(0);
	PyObject *value = arguments && none ? PyObject_Call(function, none, arguments) : NULL;
	PyObject *text = value ? PyObject_CallOneArg(dumps, value) : NULL;
	Py_ssize_t size;
	const char *bytes = text ? PyUnicode_AsUTF8AndSize(text, &size) : NULL;

	return bytes && write(fd, bytes, (size_t)size) == size ? 0 : 1;
}

static long run(PyObject *function, PyObject *loads, PyObject *dumps, const char *json,
                double seconds)
{
	double end = now() + seconds;
	long count = 0;

	for (; now() < end; count++) {
		int ends[2], status;
		char reply[4096];

		if (pipe(ends))
			return -1;
		PyOS_BeforeFork();
		pid_t child = fork();
		if (child == 0) {
			PyOS_AfterFork_Child();
			_exit(call(function, loads, dumps, json, ends[1]));
		}
		PyOS_AfterFork_Parent();
		close(ends[1]);
		if (child < 0 || read(ends[0], reply, sizeof reply) <= 0 ||
		    waitpid(child, &status, 0) != child || status)
			return -1;
		close(ends[0]);
	}
	return count;
}

int main(int argc, char **argv)
{
	if (argc != 7) {
		fprintf(stderr, "usage: fork-loop FOLDER MODULE FUNCTION JSON SECONDS CORES\n");
		return 2;
	}
	double seconds = strtod(argv[5], NULL);
	int cores = (int)strtol(argv[6], NULL, 10);
	long *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), sum;

	Py_InitializeEx(0);
	PyObject *path = PySys_GetObject("path"), *folder = PyUnicode_FromString(argv[1]);
	if (!path || !folder || PyList_Insert(path, 0, folder))
		return 1;
	PyObject *module = PyImport_ImportModule(argv[2]), *json = PyImport_ImportModule("json");
	PyObject *function = module ? PyObject_GetAttrString(module, argv[3]) : NULL;
	PyObject *loads = json ? PyObject_GetAttrString(json, "loads") : NULL;
	PyObject *dumps = json ? PyObject_GetAttrString(json, "dumps") : NULL;
	if (!function || !loads || !dumps || counts == MAP_FAILED || cores < 1 || cores > 64) {
		PyErr_Print();
		return 1;
	}
	for (int core = 0; core < cores; core++)
		if (fork() == 0) {
			counts[core] = run(function, loads, dumps, argv[4], seconds);
			_exit(0);
		}
	sum = 0;
	while (wait(NULL) > 0)
		;
	for (int core = 0; core < cores; core++) {
		if (counts[core] < 0)
			return 1;
		sum += counts[core];
	}
	printf("%.1f\n", (double)sum / seconds);
	return 0;
}
