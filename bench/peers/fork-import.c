/* bench/peers/fork-import.c — the yardstick of a worker's cold start: a started CPython
 * forks a child that imports a module, calls its function and tells the result; the median from
 * the fork to the result, in µs.
 *
 *     fork-import FOLDER MODULE FUNCTION ROUNDS */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int import_and_call(const char *name, const char *function, int fd)
{
	PyObject *module = PyImport_ImportModule(name);
	PyObject *value = module ? PyObject_CallMethod(module, function, NULL) : NULL;
	PyObject *text = value ? PyObject_Str(value) : NULL;
	Py_ssize_t size;
	const char *bytes = text ? PyUnicode_AsUTF8AndSize(text, &size) : NULL;

	return bytes && write(fd, bytes, (size_t)size) == size ? 0 : 1;
}

/* Negative: it failed. */
static double time_one(const char *module, const char *function)
{
	int ends[2], status;
	char reply[4096];
	double start = now_us();

	if (pipe(ends))
		return -1;
	PyOS_BeforeFork();
	pid_t child = fork();
	if (child == 0) {
		PyOS_AfterFork_Child();
		_exit(import_and_call(module, function, ends[1]));
	}
	PyOS_AfterFork_Parent();
	close(ends[1]);
	ssize_t got = child > 0 ? read(ends[0], reply, sizeof reply) : -1;
	double took = now_us() - start;
	close(ends[0]);
	return got > 0 && waitpid(child, &status, 0) == child && status == 0 ? took : -1;
}

int main(int argc, char **argv)
{
	long rounds = argc == 5 ? strtol(argv[4], NULL, 10) : 0;

	if (rounds < 1 || rounds > 1000000) {
		fprintf(stderr, "usage: fork-import FOLDER MODULE FUNCTION ROUNDS\n");
		return 2;
	}
	double *times = calloc((size_t)rounds, sizeof *times);
	Py_InitializeEx(0);
	PyObject *path = PySys_GetObject("path"), *folder = PyUnicode_FromString(argv[1]);
	if (!times || !path || !folder || PyList_Insert(path, 0, folder))
		return 1;
	for (long i = 0; i < rounds; i++) {
		times[i] = time_one(argv[2], argv[3]);
		if (times[i] < 0)
			return 1;
		usleep(1000);
	}
	qsort(times, (size_t)rounds, sizeof *times, compare);
	printf("%.1f\n", times[rounds / 2]);
	free(times);
	return 0;
}
