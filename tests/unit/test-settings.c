/* tests/unit/test-settings.c — snafu.ini, <source>.config, and what holds for a function
 * of all that they say. */
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/settings/function_config.h"
#include "runtime/settings/book.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/snafu-settings-XXXXXX";
static struct snafu_arena texts;

static const char *path_of(const char *name)
{
	return snafu_arena_format(&texts, "%s/%s", folder, name);
}

static const char *put(const char *name, const char *text)
{
	const char *path = path_of(name);

	CHECK(snafu_file_write(path, text, strlen(text), NULL) == 0);
	return path;
}

static struct snafu_settings_book *read_book(const char *text)
{
	struct snafu_settings_book *book = NULL;
	struct snafu_error error = {0};
	const char *path = put("snafu.ini", text);

	if (snafu_book_read(path, &book, &error))
		printf("# %s\n", error.message);
	return book;
}

/* The words of what is wrong with TEXT behind the file's name, which must come first. */
static const char *book_error(const char *text)
{
	struct snafu_settings_book *book = NULL;
	struct snafu_error error = {0};
	const char *path = put("snafu.ini", text);

	if (snafu_book_read(path, &book, &error) == 0) {
		snafu_book_free(book);
		return NULL;
	}
	CHECK(strncmp(error.message, path, strlen(path)) == 0);
	return snafu_arena_string(&texts, error.message + strlen(path));
}

static struct snafu_function_config *read_config(const char *text)
{
	struct snafu_function_config *config = NULL;
	struct snafu_error error = {0};

	if (snafu_function_config_read(put("a.py.config", text), &config, &error))
		printf("# %s\n", error.message);
	return config;
}

static const char *config_error(const char *text)
{
	struct snafu_function_config *config = NULL;
	struct snafu_error error = {0};
	const char *path = put("a.py.config", text);

	if (snafu_function_config_read(path, &config, &error) == 0) {
		snafu_function_config_free(config);
		return NULL;
	}
	CHECK(strncmp(error.message, path, strlen(path)) == 0);
	return snafu_arena_string(&texts, error.message + strlen(path));
}

static struct snafu_settings resolve(const struct snafu_settings_book *book, const char *tenant,
                                     const struct snafu_function_config *config, const char *id)
{
	struct snafu_settings settings = {0};

	CHECK(snafu_book_resolve(book, snafu_book_tenant(book, tenant), config, id, &texts,
	                         &settings) == 0);
	return settings;
}

static void test_defaults(void)
{
	struct snafu_settings_book *book = NULL;
	struct snafu_settings settings;

	CHECK(snafu_book_read(NULL, &book, NULL) == 0);
	settings = resolve(book, "acme", NULL, "a.f");
	CHECK(settings.call_timeout == 60000);
	CHECK(settings.memory == 512u << 20);
	CHECK_STRING(settings.executor, "");
	CHECK_STRING(settings.environment, "");
	snafu_book_free(book);
	snafu_book_free(NULL);
	int count = 0;
	while (snafu_setting_table[count].name)
		count++;
	CHECK(count < SNAFU_SETTINGS_CAP);
}

static void test_precedence(void)
{
	struct snafu_settings_book *book = read_book("[limits]\n"
	                                             "call-timeout = 10s\n"
	                                             "[caps]\n"
	                                             "call-timeout = 5min\n"
	                                             "[execution]\n"
	                                             "executor = worker\n"
	                                             "environment = A=instance B=\"two words\" C=c\n"
	                                             "[tenant acme]\n"
	                                             "executor = fork\n"
	                                             "call-timeout = 1min\n"
	                                             "memory = 64MiB\n"
	                                             "environment B = tenant\n"
	                                             "[function billing.*]\n"
	                                             "retries = 5\n"
	                                             "call-timeout = 2min\n"
	                                             "memory = 32MiB\n"
	                                             "[function pay]\n"
	                                             "retries = 7\n");
	struct snafu_function_config *config =
		read_config("{\"Timeout\": 1.5, \"MaximumRetryAttempts\": 3, \"Executor\": \"spawn\","
	                " \"Environment\": {\"Variables\": {\"A\": \"file\", \"N\": 1}},"
	                " \"Functions\": {\"b.g\": {\"Timeout\": 4}}}");
	struct snafu_settings settings = resolve(book, NULL, NULL, "a.f");

	CHECK(settings.call_timeout == 10000);
	CHECK_STRING(settings.executor, "worker");
	CHECK_STRING(settings.environment, "A=instance\nB=two words\nC=c");

	settings = resolve(book, "acme", NULL, "a.f");
	CHECK(settings.call_timeout == 60000); /* more than the default, less than the cap */
	CHECK(settings.memory == 64u << 20);
	CHECK_STRING(settings.executor, "fork");
	CHECK_STRING(settings.environment, "A=instance\nC=c\nB=tenant");

	settings = resolve(book, "nobody", NULL, "a.f");
	CHECK(settings.call_timeout == 10000);

	settings = resolve(book, NULL, NULL, "x.billing.pay");
	CHECK(settings.retries == 7);
	CHECK(settings.call_timeout == 10000); /* the pattern is of whole ids */
	settings = resolve(book, NULL, NULL, "billing.pay");
	CHECK(settings.retries == 7);
	CHECK(settings.call_timeout == 120000);
	settings = resolve(book, "acme", NULL, "billing.bill");
	CHECK(settings.retries == 5);
	CHECK(settings.call_timeout == 60000); /* the tenant's limit binds functions, too */
	CHECK(settings.memory == 32u << 20);

	settings = resolve(book, "acme", config, "a.b.f");
	CHECK(settings.call_timeout == 1500);
	CHECK(settings.retries == 3);
	CHECK_STRING(settings.executor, "spawn"); /* a file goes before a tenant */
	CHECK_STRING(settings.environment, "C=c\nB=tenant\nA=file\nN=1");
	settings = resolve(book, NULL, config, "a.b.g");
	CHECK(settings.call_timeout == 4000);
	settings = resolve(book, NULL, config, "billing.pay");
	CHECK(settings.call_timeout == 120000); /* a section goes before a file */
	snafu_function_config_free(config);
	snafu_book_free(book);
}

static void test_caps(void)
{
	struct snafu_settings_book *book;
	struct snafu_function_config *config =
		read_config("{\"Timeout\": 900, \"MemorySize\": 1024, \"Concurrency\": 0, \"Retries\": 9}");
	struct snafu_settings settings;

	book = read_book("");
	settings = resolve(book, NULL, config, "a.f");
	CHECK(settings.call_timeout == 900000); /* nobody has set a limit */
	CHECK(settings.memory == 1024u << 20);
	snafu_book_free(book);

	book = read_book("[limits]\ncall-timeout = 20s\nconcurrency = 5\nmemory = 0B\n"
	                 "[caps]\nretries = 4\n");
	settings = resolve(book, NULL, config, "a.f");
	CHECK(settings.call_timeout == 20000);
	CHECK(settings.concurrency == 5); /* 0 would be no limit, and so more */
	CHECK(settings.memory == 1024u << 20);
	CHECK(settings.retries == 4);
	snafu_book_free(book);

	book = read_book("[caps]\nmemory = 100MiB\n");
	settings = resolve(book, NULL, NULL, "a.f");
	CHECK(settings.memory == 100u << 20); /* also where the default is more */
	snafu_book_free(book);
	snafu_function_config_free(config);
	CHECK_STRING(book_error("[limits]\nconcurrency = 5\n[tenant t]\n\nconcurrency = 0\n"),
	             ":5: concurrency of [tenant t] is over the instance's 5; [caps] concurrency = ... "
	             "allows more than the default");
	CHECK_STRING(book_error("[limits]\ncall-timeout = 5s\n[caps]\ncall-timeout = 1s\n"),
	             ":2: call-timeout is over the cap that [caps] sets for it");
}

static void test_bad_books(void)
{
	CHECK_STRING(
		book_error("[limit]\nx = 1\n"),
		":2: there is no section [limit]; there are limits, execution, triggers, asynchronous, "
		"web, container, log, caps, tenant NAME and function NAME");
	CHECK_STRING(book_error("[limits]\ncall-timeot = 1s\n"),
	             ":2: there is no setting call-timeot in [limits]; did you mean call-timeout?");
	CHECK_STRING(book_error("[function f]\nthreads = 1\n"),
	             ":2: threads is set for the whole instance only, in [limits]");
	CHECK_STRING(book_error("[tenant t]\nmemori = 1MiB\n"),
	             ":2: there is no setting memori for tenants and functions; did you mean memory?");
	CHECK_STRING(book_error("[function f]\nmemory = 12\n"),
	             ":2: memory takes 0B to 1024GiB (a number with its unit), not '12'");
	CHECK_STRING(book_error("[caps]\nexecutor = fork\n"),
	             ":2: [caps] takes numbers that tenants and functions may set, not executor");
	CHECK_STRING(book_error("[execution]\npython2 = maybe\n"),
	             ":2: python2 takes upgrade or native, not 'maybe'");
	CHECK_STRING(book_error("[triggers]\n\nschedule = 61 * * * *\n"),
	             ":3: schedule: the minute takes 0 to 59, lists, ranges and */steps, not '61'");
	CHECK_STRING(book_error("[function f]\ntopic = a b\n"),
	             ":2: topic takes a name of at most 255 letters, digits and ._-/, not 'a b'");
	CHECK_STRING(book_error("[triggers]\nhttp = perhaps\n"),
	             ":2: http takes no or yes, not 'perhaps'");
	CHECK_STRING(book_error("[execution]\nenvironment = A\n"),
	             ":2: environment takes NAME=VALUE, not 'A'");
	CHECK_STRING(book_error("[execution]\nenvironment = A='x\n"),
	             ":2: environment: a quote is not closed");
	CHECK_STRING(book_error("[execution]\nenvironment 1A = x\n"),
	             ":2: '1A' cannot be the name of a variable");
}

static void test_configs(void)
{
	struct snafu_function_config *config = read_config(
		"{\"//\": \"a comment\", \"// x\": {}, \"FunctionName\": \"pay\", \"Handler\": \"a.f\","
		" \"Description\": \"what it does\", \"Runtime\": \"python3.11\", \"VpcConfig\": {},"
		" \"InstanceIdle\": 5, \"LogSize\": \"1KiB\", \"Memorysize\": 1, \"Nonsense\": [1, {}],"
		" \"DestinationConfig\": {\"OnSuccess\": {\"Destination\": \"function:b\"}}}");

	CHECK(config != NULL);
	CHECK_STRING(config->function_name, "pay");
	CHECK_STRING(config->handler, "a.f");
	CHECK_STRING(config->description, "what it does");
	CHECK(config->file.values.instance_idle == 5000);
	CHECK(config->file.values.log_size == 1024);
	CHECK_STRING(config->file.values.on_success, "function:b");
	char *warnings = snafu_buffer_take(&config->warnings);
	const char *wanted =
		snafu_arena_format(&texts,
	                       "%s: Memorysize is no setting and is passed over; did you mean "
	                       "MemorySize?\n%s: Nonsense is no setting and is passed over\n",
	                       config->path, config->path);
	CHECK_STRING(warnings, wanted);
	free(warnings);
	snafu_function_config_free(config);
	snafu_function_config_free(NULL);

	CHECK_STRING(config_error("[]"), ": expected an object: {\"Timeout\": 30}");
	CHECK_STRING(config_error("{\"Timeout\": true}"),
	             ": Timeout takes a number of seconds, or one with its unit, in quotes: \"500ms\"");
	CHECK_STRING(config_error("{\"Timeout\": -1}"),
	             ": Timeout takes a number of seconds, or one with its unit, in quotes: \"500ms\"");
	CHECK_STRING(config_error("{\"Timeout\": 0}"),
	             ": Timeout: call-timeout takes 1ms to 24h (a number with its unit), not '0ms'");
	CHECK_STRING(config_error("{\"LogSize\": 5}"),
	             ": LogSize takes a number with its unit, in quotes: \"16MiB\"");
	CHECK_STRING(
		config_error("{\"MemorySize\": 1.5}"),
		": MemorySize takes a whole number of MiB, or one with its unit, in quotes: \"16MiB\"");
	CHECK_STRING(config_error("{\"Functions\": {\"f\": {\"Python2\": \"x\"}}}"),
	             ": Python2: python2 takes upgrade or native, not 'x'");
	CHECK_STRING(
		config_error("{\"Schedule\": \"rate(5 weeks)\"}"),
		": Schedule: schedule: rate takes a number of minutes, hours or days, as in rate(5 "
		"minutes), not 'rate(5 weeks)'");
	CHECK_STRING(config_error("{\"Watch\": \"a\\nb\"}"),
	             ": Watch: watch takes a path without control characters");
	CHECK_STRING(config_error("{\"Functions\": {\"f\": 1}}"), ": f takes an object of settings");
	CHECK_STRING(config_error("{\"Functions\": {\"f\": {\"Functions\": {}}}}"),
	             ": f: Functions takes an object, and stands at the top only");
	CHECK_STRING(config_error("{\"Environment\": {\"Variables\": {\"A B\": \"\"}}}"),
	             ": Environment takes names of letters, digits and _");
	CHECK_STRING(config_error("{\"Environment\": {\"Variables\": {\"A\": \"1\\n2\"}}}"),
	             ": A takes a text of one line");
	CHECK(config_error("{\"Timeout\": 1") != NULL);
	CHECK(config_error("{} x") != NULL);
	CHECK(config_error("") != NULL);
}

static void test_paths(void)
{
	const char *source = put("x.py", "");
	char *path = snafu_function_config_path(source);

	CHECK(path == NULL);
	const char *stem = put("x.config", "{}");
	path = snafu_function_config_path(source);
	CHECK_STRING(path, stem);
	free(path);
	const char *full = put("x.py.config", "{}");
	path = snafu_function_config_path(source);
	CHECK_STRING(path, full);
	free(path);
	struct snafu_buffer member = SNAFU_BUFFER(64);
	snafu_function_config_member("instance-idle", &member);
	CHECK_STRING(member.data, "InstanceIdle");
	snafu_buffer_done(&member);
}

int main(void)
{
	static const char *const names[] = {"snafu.ini", "a.py.config", "x.py", "x.config",
	                                    "x.py.config"};

	if (!mkdtemp(folder))
		return 99;
	test_defaults();
	test_precedence();
	test_caps();
	test_bad_books();
	test_configs();
	test_paths();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(path_of(names[i]));
	rmdir(folder);
	snafu_arena_done(&texts);
	return tap_done();
}
