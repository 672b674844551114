/* tests/unit/test-lang-python-change.c — the Python gateway when something changes under it: the
 * functions' files, and the process, which is forked. */
#include "tests/unit/python.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/child.h"

/* ---- files that change ---- */

static char folder[] = "/tmp/snafu-python-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	if (CHECK(file != NULL)) {
		fputs(text, file);
		fclose(file);
	}
}

static void tell_changed(const char *first, const char *second)
{
	char one[PATH_MAX], two[PATH_MAX];
	const char *files[] = {one, two};

	snprintf(one, sizeof one, "%s/%s", folder, first);
	snprintf(two, sizeof two, "%s/%s", folder, second ? second : "");
	python->changed(state, NULL, files, second ? 2 : 1);
}

static void check_bound(struct snafu_bound *bound, const char *payload, const char *expected)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};

	if (CHECK(bound != NULL)) {
		python->call(state, bound, &(struct snafu_request){payload, strlen(payload), &context},
		             &result);
		CHECK_STRING(result.payload.data, expected);
	}
	snafu_result_done(&result);
}

static void check_changes(void)
{
	char *problem;

	CHECK(mkdtemp(folder) != NULL);
	write_file("lib.py", "def name(): return 'lib 1'\n");
	write_file("app.py", "import lib\nn = 0\ndef f():\n    global n\n    n += 1\n"
	                     "    return [n, lib.name()]\n"
	                     "class C:\n    def __init__(self): self.n = 0\n"
	                     "    def up(self):\n        self.n += 1\n        return self.n\n");
	write_file("user.py", "import app\ndef g(): return app.f()\n");
	struct snafu_bound *old = bind_in(folder, "app.f", NULL),
					   *user = bind_in(folder, "user.g", NULL);
	struct snafu_bound *method = bind_in(folder, "app.C.up#method", NULL);
	check_bound(old, "", "[1,\"lib 1\"]");
	check_bound(user, "", "[2,\"lib 1\"]");
	check_bound(method, "", "1");
	check_bound(method, "", "2");

	/* New versions of two files at once: the importer gets the new one. */
	write_file("lib.py", "def name(): return 'lib two'\n");
	write_file("app.py", "import lib\ndef f(x=5): return ['new', x, lib.name()]\n"
	                     "class C:\n    def up(self): return 'new'\n");
	tell_changed("app.py", "lib.py");
	check_bound(old, "", "[3,\"lib 1\"]");
	struct snafu_bound *new = bind_in(folder, "app.f", NULL);
	check_bound(new, "", "[\"new\",5,\"lib two\"]");
	check_bound(old, "", "[4,\"lib 1\"]");
	check_bound(user, "", "[5,\"lib 1\"]"); /* it has imported the old one */
	python->unbind(state, method);
	method = bind_in(folder, "app.C.up#method", NULL);
	check_bound(method, "", "\"new\"");
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};
	python->call_fresh(state, new, &(struct snafu_request){"[1]", 3, &context}, &result);
	CHECK_STRING(result.payload.data, "[\"new\",1,\"lib two\"]");
	snafu_result_done(&result);
	python->unbind(state, old);

	/* Loaded anew itself, the importer gets what is there now. */
	tell_changed("user.py", NULL);
	python->unbind(state, user);
	user = bind_in(folder, "user.g", NULL);
	check_bound(user, "", "[\"new\",5,\"lib two\"]");

	/* A broken file: the old module stays for those who import it. */
	write_file("app.py", "def f(:\n");
	tell_changed("app.py", NULL);
	CHECK(bind_in(folder, "app.f", &problem) == NULL);
	CHECK(problem && strstr(problem, "SyntaxError") && strstr(problem, "app.py\\\", line 1"));
	free(problem);
	write_file("third.py", "import app\ndef h(): return app.f(7)\n");
	struct snafu_bound *third = bind_in(folder, "third.h", NULL);
	check_bound(third, "", "[\"new\",7,\"lib two\"]");
	check_bound(new, "", "[\"new\",5,\"lib two\"]");

	/* One that fails while it runs, and then comes right. */
	write_file("app.py", "import lib\nraise RuntimeError('not yet')\n");
	tell_changed("app.py", NULL);
	CHECK(bind_in(folder, "app.f", &problem) == NULL);
	CHECK(problem && strstr(problem, "not yet") && strstr(problem, "line 2"));
	free(problem);
	write_file("app.py", "def f(): raise ValueError('line two now')\n");
	tell_changed("app.py", NULL);
	python->unbind(state, new);
	new = bind_in(folder, "app.f", NULL);
	if (CHECK(new != NULL)) {
		python->call(state, new, &(struct snafu_request){"", 0, &context}, &result);
		CHECK(strstr(result.payload.data, "def f(): raise ValueError('line two now')") != NULL);
		snafu_result_done(&result);
		python->unbind(state, new);
	}
	python->unbind(state, third);
	python->unbind(state, user);
	python->unbind(state, method);
	char command[4][PATH_MAX];
	static const char *const names[] = {"lib.py", "app.py", "user.py", "third.py"};
	for (int i = 0; i < 4; i++) {
		snprintf(command[i], sizeof command[i], "%s/%s", folder, names[i]);
		unlink(command[i]);
	}
	rmdir(folder);
}

/* ---- forks ---- */

/* In a child, forked as a zygote does it: the page faults of its first call, or -1. */
static long faults_of_first_call(bool settled)
{
	int ends[2];
	long faults = -1;

	if (pipe(ends))
		return -1;
	python->before_fork(state);
	pid_t child = tap_fork();
	python->after_fork(state, child == 0);
	if (child == 0) {
		struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};
		struct rusage before, after;

		if (settled)
			python->settle(state, true);
		getrusage(RUSAGE_SELF, &before);
		call_into("state.up", false, "[3]", &context, &result);
		getrusage(RUSAGE_SELF, &after);
		faults = after.ru_minflt - before.ru_minflt;
		if (result.status != SNAFU_OK || strncmp(result.payload.data, "[3,[3],", 7) != 0)
			faults = -1;
		CHECK(write(ends[1], &faults, sizeof faults) == sizeof faults);
		tap_child_end();
	}
	close(ends[1]);
	if (read(ends[0], &faults, sizeof faults) != sizeof faults)
		faults = -1;
	close(ends[0]);
	CHECK(tap_wait(child));
	return faults;
}

/* What chance.roll says in a child, malloc'ed, or NULL. */
static char *roll_in_child(void)
{
	char text[1000] = "";
	int ends[2];

	if (pipe(ends))
		return NULL;
	python->before_fork(state);
	pid_t child = tap_fork();
	python->after_fork(state, child == 0);
	if (child == 0) {
		char *got = run("chance.roll", false, "", NULL);

		python->settle(state, true);
		CHECK(write(ends[1], got, strlen(got)) > 0);
		tap_child_end();
	}
	close(ends[1]);
	ssize_t size = read(ends[0], text, sizeof text - 1);
	close(ends[0]);
	CHECK(tap_wait(child));
	return size > 0 ? strdup(text) : NULL;
}

/* No two elements at the same place are equal. */
static bool differ(const char *one, const char *two)
{
	size_t parts = 0;

	while (one && two && strncmp(one, "ok [", 4) == 0 && strncmp(two, "ok [", 4) == 0) {
		size_t n = 4, m = 4;

		for (; one[n] && two[m]; n++, m++, parts++) {
			size_t size = strcspn(one + n, ",]"), other = strcspn(two + m, ",]");

			if (size == other && strncmp(one + n, two + m, size) == 0)
				return false;
			n += size;
			m += other;
		}
		break;
	}
	return parts == 5;
}

static int tasks(void)
{
	struct stat about;

	return stat("/proc/self/task", &about) ? -1 : (int)about.st_nlink - 2;
}

/* In a child of its own, which has one thread. */
static void check_forks(void)
{
	pid_t child = tap_fork();

	if (child) {
		CHECK(tap_wait(child));
		return;
	}
	if (!CHECK(open_python() == 0) || !CHECK(find("state.up") != NULL))
		tap_child_end();
	CHECK(tasks() == 1);
	python->settle(state, false);
	long plain = faults_of_first_call(false), settled = faults_of_first_call(true);
	printf("# page faults of a child's first call: %ld, settled %ld\n", plain, settled);
	CHECK(plain >= 0 && settled >= 0);
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__ /* their own memory faults, too */
	CHECK(settled < plain);
#endif
	CHECK(tasks() == 1);
	char *one = find("chance.roll") ? roll_in_child() : NULL, *two = roll_in_child();
	CHECK(differ(one, two));
	free(one);
	free(two);
	/* The parent is as it was. */
	check_kept("state.up", "[1]", "ok [1,[1],[1]]");
	python->close(state);
	tap_child_end();
}

int main(void)
{
	if (begin())
		return 1;
	check_forks();
	n_known = 0;
	if (!CHECK(open_python() == 0))
		return tap_done();
	check_changes();
	return end();
}
