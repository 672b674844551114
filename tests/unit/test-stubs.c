/* tests/unit/test-stubs.c — stubs of <source>.config: what is written is what is read. */
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "convert/stubs/stubs.h"
#include "runtime/settings/function_config.h"
#include "runtime/settings/book.h"
#include "scanner/scanner.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/snafu-stubs-XXXXXX";
static struct snafu_arena texts;

static const char *put(const char *name, const char *text)
{
	const char *path = snafu_arena_format(&texts, "%s/%s", folder, name);

	CHECK(snafu_file_write(path, text, strlen(text), NULL) == 0);
	return path;
}

static struct snafu_settings_book *read_book(const char *text)
{
	struct snafu_settings_book *book = NULL;

	CHECK(snafu_book_read(text ? put("snafu.ini", text) : NULL, &book, NULL) == 0);
	return book;
}

/* The stub of the Python source TEXT, in the arena. */
static const char *write_stub(const char *text, const struct snafu_settings_book *book,
                              long *ret_written)
{
	struct snafu_scan_options options = {0};
	struct snafu_functions functions = {0};
	struct snafu_buffer stub = SNAFU_BUFFER(SNAFU_CONFIG_FILE_CAP);
	const char *path = put("app.py", text);
	size_t left_out;

	CHECK(snafu_scan(&path, 1, &options, &functions, NULL) == 0);
	*ret_written =
		snafu_stub_write(functions.functions, functions.count, book, &stub, &left_out, NULL);
	const char *kept = snafu_arena_string(&texts, stub.data ? stub.data : "");
	snafu_buffer_done(&stub);
	snafu_functions_done(&functions);
	return kept;
}

/* What a person does who takes all the // away; not those of explanations. */
static const char *uncomment(const char *stub)
{
	char *text = snafu_arena_string(&texts, stub), *put = text;

	for (const char *at = stub; *at; at++) {
		*put++ = *at;
		if (strncmp(at, "\"//", 3) == 0 && at[3] != ' ' && at[3] != '"')
			at += 2;
	}
	*put = '\0';
	return text;
}

static const char *replace(const char *text, const char *what, const char *by)
{
	const char *at = strstr(text, what);

	if (!CHECK(at != NULL))
		return text;
	return snafu_arena_format(&texts, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
}

static struct snafu_function_config *read_config(const char *text)
{
	struct snafu_function_config *config = NULL;
	struct snafu_error error = {0};

	if (!CHECK(snafu_function_config_read(put("app.py.config", text), &config, &error) == 0))
		printf("# %s\n", error.message);
	return config;
}

static bool sets(const struct snafu_settings_layer *layer, const char *name)
{
	return layer->set[snafu_setting_find(NULL, name)];
}

static size_t count_set(const struct snafu_settings_layer *layer)
{
	size_t count = 0;

	for (int i = 0; snafu_setting_table[i].name; i++)
		count += layer->set[i];
	return count;
}

static struct snafu_settings resolve(const struct snafu_settings_book *book,
                                     const struct snafu_function_config *config, const char *id)
{
	struct snafu_settings settings = {0};

	CHECK(snafu_book_resolve(book, -1, config, id, &texts, &settings) == 0);
	return settings;
}

static const char source[] =
	"def first(n: int = 1):\n    \"\"\"What is\n    said \\\"first\\\".\n\n    More.\"\"\"\n"
	"class Thing:\n    def first(self): pass\n    def event_handler(self, event): pass\n"
	"def outer():\n    def inner(): pass\n";

static void test_round_trip(const char *settings)
{
	struct snafu_settings_book *book = read_book(settings);
	long written;
	const char *stub = write_stub(source, book, &written);
	struct snafu_function_config *config;

	CHECK(written == 4); /* inner cannot be called */
	CHECK(snafu_json_validate(stub, strlen(stub), NULL) == 0);
	CHECK(strstr(stub, "\"first(n: int = 1): What is said") != NULL);
	CHECK(strstr(stub, "More") == NULL);
	CHECK(strstr(stub, "inner") == NULL);
	CHECK(strstr(stub, "\"//Handler\": \"app.Thing.event_handler\"") != NULL);

	config = read_config(stub);
	CHECK(config->warnings.size == 0);
	CHECK(count_set(&config->file) == 0);
	CHECK(config->handler == NULL && config->function_name == NULL);
	size_t entries = 0;
	for (const struct snafu_config_entry *at = config->functions; at; at = at->next, entries++)
		CHECK(count_set(&at->layer) == 0);
	CHECK(entries == 4);
	snafu_function_config_free(config);

	const char *bare = uncomment(stub);
	config = read_config(bare);
	CHECK(config->warnings.size == 0);
	for (const struct snafu_setting *at = snafu_setting_table; at->name; at++)
		if (at->narrowable && strcmp(at->name, "python2") != 0 && !sets(&config->file, at->name))
			CHECK_STRING(at->name, "set by the stub");
	const struct snafu_settings_layer *own = snafu_function_config_find(config, "x.app.first");
	CHECK(own && count_set(own) == 3);
	struct snafu_settings with = resolve(book, config, "app.first");
	struct snafu_settings without = resolve(book, NULL, "app.first");
	if (!*without.executor)
		without.executor = "inprocess"; /* is what the stub says, too */
	CHECK(snafu_settings_equal(&with, &without));
	snafu_function_config_free(config);

	config = read_config(replace(bare, "\"Timeout\": ", "\"Timeout\": 0.25, \"//\": "));
	with = resolve(book, config, "app.outer");
	CHECK(with.call_timeout == without.call_timeout); /* its own says more */
	snafu_function_config_free(config);
	config = read_config(replace(stub, "\"//Timeout\": ", "\"Timeout\": 0.25, \"//x\": "));
	with = resolve(book, config, "app.outer");
	CHECK(with.call_timeout == 250);
	snafu_function_config_free(config);
	snafu_book_free(book);
}

/* "first" and "Thing.first" are two, and each has its own. */
static void test_names(void)
{
	struct snafu_settings_book *book = read_book(NULL);
	long written;
	const char *stub = write_stub(source, book, &written);
	struct snafu_function_config *config;
	const char *name = strstr(stub, "    \"first\": {");

	if (!CHECK(name != NULL))
		return;
	const char *rest = replace(name, "\"//Timeout\": ", "\"Timeout\": 2, \"//x\": ");
	config = read_config(snafu_arena_format(&texts, "%.*s%s", (int)(name - stub), stub, rest));
	CHECK(resolve(book, config, "app.first").call_timeout == 2000);
	CHECK(resolve(book, config, "deep.app.first").call_timeout == 2000);
	CHECK(resolve(book, config, "app.Thing.first").call_timeout == 60000);
	snafu_function_config_free(config);
	snafu_book_free(book);
}

static void test_nothing_callable(void)
{
	struct snafu_settings_book *book = read_book(NULL);
	long written;

	CHECK_STRING(write_stub("x = 1\n", book, &written), "");
	CHECK(written == 0);
	snafu_book_free(book);
}

/* A stub that would be too long to be read leaves functions out, and says so. */
static void test_many(void)
{
	enum { COUNT = 8000 };
	struct snafu_settings_book *book = read_book(NULL);
	struct snafu_function *functions = calloc(COUNT, sizeof *functions);
	struct snafu_buffer stub = SNAFU_BUFFER(SNAFU_CONFIG_FILE_CAP);
	size_t left_out;

	for (int i = 0; i < COUNT; i++) {
		char *id = snafu_arena_format(&texts, "p.Class.method%d", i / 2);

		functions[i] = (struct snafu_function){
			.id = id,
			.name = strrchr(id, '.') + 1,
			.language = "java",
			.file = "p.jar",
			.root = "",
			.returns_shape = snafu_shape_plain(SNAFU_SHAPE_ANY),
		};
		functions[i].doc = "Does something that takes a lot of words to tell, so many that a "
						   "hundred and sixty characters are not enough for it, and the rest has "
						   "to be left out in the end; this.";
	}
	long written = snafu_stub_write(functions, COUNT, book, &stub, &left_out, NULL);
	CHECK(written > 1000 && written < COUNT / 2);
	CHECK(written + (long)left_out == COUNT / 2); /* overloads stand there once */
	CHECK(stub.size <= SNAFU_STUB_CAP);
	CHECK(strstr(stub.data, "further functions: add them by their names") != NULL);
	CHECK(strstr(stub.data, "the rest has ...") == NULL);
	struct snafu_function_config *config = read_config(stub.data);
	CHECK(snafu_function_config_find(config, "p.Class.method7") != NULL);
	snafu_function_config_free(config);
	snafu_buffer_done(&stub);
	free(functions);
	snafu_book_free(book);
}

int main(void)
{
	static const char *const names[] = {"snafu.ini", "app.py", "app.py.config"};

	if (!mkdtemp(folder))
		return 99;
	test_round_trip(NULL);
	test_round_trip("[limits]\ncall-timeout = 1500ms\nmemory = 1000KiB\n[caps]\n"
	                "call-timeout = 1h\n[execution]\n"
	                "executor = worker\nenvironment = A=1 B='two \"words\"'\n"
	                "[asynchronous]\non-failure = file:/tmp/failed\n");
	test_names();
	test_nothing_callable();
	test_many();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(snafu_arena_format(&texts, "%s/%s", folder, names[i]));
	rmdir(folder);
	snafu_arena_done(&texts);
	return tap_done();
}
