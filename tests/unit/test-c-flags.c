/* tests/unit/test-c-flags.c — which flags a C file is read with: the user's, those
 * of a compilation database, and nothing that would run or write something. */
#include "scanner/c_flags.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/snafu-c-flags-XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[200];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const char *text)
{
	CHECK(snafu_file_write(in_folder(name), text, strlen(text), NULL) == 0);
}

/* The flags for NAME, joined by spaces, with the folder's path as @. */
static const char *flags_of(const char *name)
{
	static char text[4000];
	static const char *const includes[] = {"given"}, *const defines[] = {"GIVEN=1"};
	const struct snafu_c_flags_options options = {includes, 1, defines, 1};
	struct snafu_c_databases databases = {.count = 0};
	struct snafu_buffer joined = SNAFU_BUFFER(sizeof text - 1);
	const char *const *flags;
	size_t count = 0, size = strlen(folder);

	CHECK(snafu_c_source_flags(in_folder(name), folder, &options, &databases, &flags, &count) == 0);
	for (size_t i = 0; i < count; i++) {
		const char *at = strstr(flags[i], folder);

		snafu_buffer_append_text(&joined, i ? " " : "");
		snafu_buffer_append(&joined, flags[i], at ? (size_t)(at - flags[i]) : strlen(flags[i]));
		if (at)
			snafu_buffer_format(&joined, "@%s", at + size);
	}
	snprintf(text, sizeof text, "%s", joined.data ? joined.data : "");
	snafu_buffer_done(&joined);
	snafu_c_databases_done(&databases);
	return text;
}

static void check_usual(void)
{
	CHECK_STRING(flags_of("src/a.c"), "-Igiven -DGIVEN=1 -I@/src -I@ -I@/include");
	CHECK_STRING(flags_of("top.c"), "-Igiven -DGIVEN=1 -I@ -I@/include");
}

static void check_database(void)
{
	struct snafu_buffer text = SNAFU_BUFFER(4000);

	snafu_buffer_format(
		&text,
		"[{\"directory\": \"%s\", \"file\": \"src/b.c\", \"command\": \"cc -DB -c src/b.c\"},"
		" {\"directory\": \"%s/build\", \"file\": \"../src/a.c\", \"extra\": [1, {}], "
		"\"arguments\": "
		"[\"cc\", \"-I..\", \"-I\", \"/abs\", \"-isystem\", \"sys\", \"-iquotequote\", \"-DA=x "
		"y\", "
		"\"-D\", \"C\", \"-UD\", \"-std=c99\", \"-include\", \"pre.h\", \"-fshort-enums\", "
		"\"-fplugin=evil.so\", \"-Xclang\", \"-load\", \"-Xclang\", \"evil.so\", \"-o\", \"a.o\", "
		"\"-wrapper\", \"evil\", \"@file\", \"-B.\", \"-specs=x\", \"-MD\", \"-MF\", \"a.d\", "
		"\"-fuse-ld=evil\", \"-c\", \"../src/a.c\", \"-I\"]}]",
		folder, folder);
	put("build/compile_commands.json", text.data);
	CHECK_STRING(
		flags_of("src/a.c"),
		"-Igiven -DGIVEN=1 -I @/build/.. -I /abs -isystem @/build/sys -iquote @/build/quote "
		"-DA=x y -DC -UD -std=c99 -include @/build/pre.h -fshort-enums");
	CHECK_STRING(flags_of("src/b.c"), "-Igiven -DGIVEN=1 -DB");
	/* Not in the database; a header takes its neighbour's. */
	CHECK_STRING(flags_of("top.c"), "-Igiven -DGIVEN=1 -I@ -I@/include");
	CHECK_STRING(flags_of("src/b.h"), "-Igiven -DGIVEN=1 -DB");
	snafu_buffer_done(&text);
}

static void check_command_quotes(void)
{
	put("build/compile_commands.json",
	    "[{\"directory\": \"/d\", \"file\": \"x.c\", \"command\": \"cc\"}]");
	put("src/compile_commands.json", "[{\"file\": \"nowhere/a.c\", \"command\": \"cc '-DA=\\\"x "
	                                 "y\\\"' -DB=\\\\\\\"z\\\\\\\" \\\"-DC=1 2\\\"   "
	                                 "-DD=a\\\\ b 'unclosed -DE\"}]");
	/* Without a directory, a file counts from the database's folder. */
	CHECK_STRING(flags_of("src/a.c"), "-Igiven -DGIVEN=1 -I@/src -I@ -I@/include");
	put("src/compile_commands.json", "[{\"file\": \"a.c\", \"command\": \"cc -DNEAR -Iinc\"}]");
	CHECK_STRING(flags_of("src/a.c"), "-Igiven -DGIVEN=1 -DNEAR -I @/src/inc");
	struct snafu_buffer text = SNAFU_BUFFER(4000);
	snafu_buffer_format(&text,
	                    "[{\"file\": \"%s/src/a.c\", \"command\": \"cc '-DA=\\\"x y\\\"' "
	                    "-DB=\\\\\\\"z\\\\\\\" \\\"-DC=1 2\\\"   -DD=a\\\\ b '-DF\"}]",
	                    folder);
	put("src/compile_commands.json", text.data);
	CHECK_STRING(flags_of("src/a.c"),
	             "-Igiven -DGIVEN=1 -DA=\"x y\" -DB=\"z\" -DC=1 2 -DD=a b -DF");
	snafu_buffer_done(&text);
}

static void check_broken(void)
{
	static const char *const broken[] = {
		"",
		"{}",
		"[",
		"[1]",
		"[{]",
		"[{\"file\": 1}]",
		"[{\"file\": []}]",
		"[{\"file\": {\"x\": 1}}]",
		"[{\"file\": \"a.c\", \"arguments\": [1, 2]}]",
		"[{\"file\": \"a.c\", \"arguments\": {}}]",
		"[{\"directory\": [], \"file\": \"a.c\"}]",
		"\xFF\xFE",
		"[{\"command\": \"\"}]",
	};

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		put("src/compile_commands.json", broken[i]);
		if (!CHECK(strncmp(flags_of("src/a.c"), "-Igiven -DGIVEN=1", 17) == 0))
			printf("# %s\n", broken[i]);
	}
}

int main(void)
{
	static const char *const made[] = {"src", "build"};
	static const char *const files[] = {"src/a.c",
	                                    "src/b.c",
	                                    "src/b.h",
	                                    "top.c",
	                                    "build/compile_commands.json",
	                                    "src/compile_commands.json"};

	CHECK(mkdtemp(folder) != NULL);
	for (size_t i = 0; i < 2; i++)
		CHECK(mkdir(in_folder(made[i]), 0700) == 0);
	for (size_t i = 0; i < 4; i++)
		put(files[i], "");
	check_usual();
	check_database();
	check_command_quotes();
	check_broken();
	for (size_t i = 0; i < 6; i++)
		unlink(in_folder(files[i]));
	for (size_t i = 0; i < 2; i++)
		rmdir(in_folder(made[i]));
	CHECK(rmdir(folder) == 0);
	return tap_done();
}
