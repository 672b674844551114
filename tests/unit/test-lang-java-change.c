/* tests/unit/test-lang-java-change.c — Java files that change, come and go while their
 * functions are bound, and what is left of those that are let go. */
#include <sys/stat.h>

#include "base/child.h"
#include "tests/unit/java.h"

#define RESULT_CAP    20000
#define FUNCTIONS_CAP 100

static void write_file(const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", java_test_folder, name);
	FILE *file = fopen(path, "w");
	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static char *path_of(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", java_test_folder, name);
	return strdup(path);
}

static void change(const char *name)
{
	char *path = path_of(name);

	language->changed(state, NULL, (const char *const *)&path, 1);
	free(path);
}

/* Binds FILE's function ID; NULL, and the error in RET_ERROR. */
static struct snafu_bound *bind(const char *file, const char *id, char **ret_error)
{
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};
	static struct snafu_function functions[FUNCTIONS_CAP]; /* live as long as they are bound */
	static size_t count;
	struct snafu_function *function = &functions[count++];
	struct snafu_bound *bound = NULL;

	*function = (struct snafu_function){
		.id = id,
		.name = strrchr(id, '.') + 1,
		.language = "java",
		.file = path_of(file),
		.root = java_test_folder,
	};
	int code = language->bind(state, function, &bound, &result);
	if (ret_error)
		*ret_error = code ? snafu_buffer_take(&result.payload) : NULL;
	else if (!CHECK(code == 0))
		printf("# %s: %s\n", id, result.payload.data);
	snafu_result_done(&result);
	return bound;
}

static void check_call(int line, struct snafu_bound *bound, bool fresh, const char *wanted)
{
	static const struct snafu_context none = {"", "", "", "", "", 0, 0, 0};
	struct snafu_result result = {.payload = SNAFU_BUFFER(RESULT_CAP)};
	const struct snafu_request request = {"", 0, &none};

	if (bound)
		(fresh ? language->call_fresh : language->call)(state, bound, &request, &result);
	bool good = result.payload.data && strcmp(result.payload.data, wanted) == 0;
	tap_check(good, __FILE__, line, wanted);
	if (!good)
		printf("# got: %s\n", result.payload.data ? result.payload.data : "");
	snafu_result_done(&result);
}

#define CALL(BOUND, WANTED)  check_call(__LINE__, (BOUND), false, (WANTED))
#define FRESH(BOUND, WANTED) check_call(__LINE__, (BOUND), true, (WANTED))

static void test_source(void)
{
	write_file("A.java", "public class A { static int n; public static int one() { return 1; } "
	                     "public static int up() { return ++n; } }");
	write_file("B.java",
	           "public class B { static int n = 10; public static int up() { return ++n; } "
	           "public static int down() { return --n; } }");
	struct snafu_bound *one = bind("A.java", "A.one", NULL), *up = bind("B.java", "B.up", NULL);

	CALL(one, "1");
	CALL(up, "11");
	write_file("A.java", "public class A { static int n; public static int one() { return 2; } "
	                     "public static int up() { return --n; } }");
	CALL(one, "1"); /* nobody has said so */
	change("A.java");
	CALL(one, "1"); /* bound before */
	struct snafu_bound *two = bind("A.java", "A.one", NULL);
	CALL(two, "2");
	FRESH(two, "2");
	FRESH(one, "1");
	/* The file that did not change has kept its state, also for what is bound now. */
	CALL(up, "12");
	CALL(bind("B.java", "B.down", NULL), "11");
	FRESH(bind("B.java", "B.down", NULL), "9");
	language->unbind(state, one);
	CALL(two, "2");
}

/* A file that breaks leaves what there is, and a mended one takes its place. */
static void test_broken(void)
{
	char *error;
	struct snafu_bound *two = bind("A.java", "A.one", NULL);

	write_file("A.java", "public class A { public static int one() { return no; } "
	                     "public static int up() { return 7; } }");
	change("A.java");
	CHECK(bind("A.java", "A.up", &error) == NULL);
	CHECK(error && strstr(error, "CompileError") && strstr(error, "A.java:1: cannot find symbol"));
	free(error);
	CALL(two, "2");
	write_file("A.java", "public class A { public static int one( }");
	change("A.java");
	CHECK(bind("A.java", "A.up", &error) == NULL);
	CHECK(error && strstr(error, "CompileError"));
	free(error);
	write_file("A.java", "public class A { public static int one() { return 3; } }");
	change("A.java");
	CALL(bind("A.java", "A.one", NULL), "3");
	CALL(two, "2");
}

/* Files that use each other. */
static void test_users(void)
{
	write_file("p/Uses.java", "package p; public class Uses { static int n; "
	                          "public static int get() { return Used.VALUE.length() + n++; } }");
	write_file("p/Used.java", "package p; class Used { static final String VALUE = "
	                          "new String(\"a\"); public static int size() { return 1; } }");
	write_file("q/Other.java", "package q; public class Other { static int n; "
	                           "public static int get() { return ++n; } }");
	struct snafu_bound *get = bind("p/Uses.java", "p.Uses.get", NULL);
	struct snafu_bound *other = bind("q/Other.java", "q.Other.get", NULL);

	CALL(get, "1");
	CALL(other, "1");
	write_file("p/Used.java", "package p; class Used { static final String VALUE = "
	                          "q.Other.get() + new String(\"abc\"); "
	                          "public static int size() { return q.Other.get(); } }");
	change("p/Used.java");
	CALL(get, "2");
	CALL(bind("p/Uses.java", "p.Uses.get", NULL), "4"); /* its use is known */
	CALL(other, "3"); /* the same class as the new one uses */
	struct snafu_bound *size = bind("p/Used.java", "p.Used.size", NULL);
	CALL(size, "4");
	FRESH(size, "2"); /* loading it has called once already */
	FRESH(size, "2");
	CALL(other, "5");
}

static bool run_tool(const char *tool, const char *a, const char *b, const char *c, const char *d,
                     const char *e)
{
	const char *argv[] = {tool, a, b, c, d, e, NULL};
	struct snafu_child_options options = {.argv = argv, .directory = java_test_folder};
	struct snafu_error error;
	int status;

	return snafu_child_run(&options, &status, &error) == 0 && status == 0;
}

static void test_jar(void)
{
	char *jar = path_of("j.jar"), *old = path_of("old.jar");

	for (int i = 0; i < 2; i++) {
		write_file("J.java", i ? "public class J { public static int n() { return 6; } }"
		                       : "public class J { public static int n() { return 5; } }");
		CHECK(run_tool("javac", "J.java", NULL, NULL, NULL, NULL));
		rename(jar, old);
		CHECK(run_tool("jar", "--create", "--file", "j.jar", "J.class", NULL));
		if (i)
			change("j.jar");
		CALL(bind("j.jar", "J.n", NULL), i ? "6" : "5");
	}
	free(jar);
	free(old);
}

/* What is bound and let go does not stay. */
static void test_unbind(void)
{
	write_file("Big.java", "public class Big { static final byte[] DATA = new byte[16 << 20]; "
	                       "public static int n() { return DATA.length >> 20; } }");
	for (int i = 0; i < 40; i++) { /* together they would not fit */
		struct snafu_bound *bound = bind("Big.java", "Big.n", NULL);

		CALL(bound, "16");
		language->unbind(state, bound);
		change("Big.java");
	}
}

#define MEMORY (200ull << 20) /* bytes that the process may use */

/* The heap leaves room for the rest. */
static void test_memory(void)
{
	write_file("Heap.java", "public class Heap { public static boolean fits() { "
	                        "long mib = Runtime.getRuntime().maxMemory() >> 20; "
	                        "return mib > 90 && mib < 160; } }");
	CALL(bind("Heap.java", "Heap.fits", NULL), "true");
}

/* A process that knows of one function finds the rest of its program by itself. */
static void make_modules(struct snafu_language_options *options)
{
	static struct snafu_functions known;
	static const char *paths[1];
	static const char *const folders[] = {"p",          "q",   "one",      "one/java",
	                                      "one/java/m", "two", "two/java", "two/java/n"};

	CHECK(mkdtemp(java_test_folder) != NULL);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		char *folder = path_of(folders[i]);

		CHECK(mkdir(folder, 0700) == 0);
		free(folder);
	}
	write_file("one/java/m/A.java", "package m; public class A { public static int n() { "
	                                "return n.B.n() + 1; } }");
	write_file("two/java/n/B.java", "/* a comment */ // another\n package n ; public class B { "
	                                "public static int n() { return 1; } }");
	struct snafu_function *function = snafu_functions_add(&known);
	function->id = "m.A.n";
	function->language = "java";
	function->file = path_of("one/java/m/A.java");
	paths[0] = java_test_folder;
	options->functions = &known;
	options->paths = paths;
	options->n_paths = 1;
}

static void test_modules(void)
{
	CALL(bind("one/java/m/A.java", "m.A.n", NULL), "2");
}

int main(void)
{
	static struct snafu_language_options options = {.memory = MEMORY};

	if (!getenv("SNAFU_BUILD")) {
		printf("1..0 # SKIP SNAFU_BUILD is not set\n");
		return 0;
	}
	setenv("SNAFU_JAVA_OPTIONS", "", 1);
	make_modules(&options);
	if (!CHECK(java_test_open(&options)))
		return tap_done();
	test_modules();
	test_memory();
	test_source();
	test_broken();
	test_users();
	test_jar();
	test_unbind();
	java_test_close();
	return tap_done();
}
