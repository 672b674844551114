/* tests/unit/test-conventions.c — which functions are known to be a provider's and which are not,
 * what can be named, and replies as HTTP messages, hostile ones above all. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/http_message.h"
#include "scanner/convention.h"
#include "scanner/scanner.h"
#include "tests/unit/tap.h"

#define PATH_CAP     256
#define COUNT(ARRAY) (sizeof(ARRAY) / sizeof *(ARRAY))

static char folder[64];

static const char *path_of(const char *name)
{
	static char path[PATH_CAP];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void put(const char *name, const char *text)
{
	struct snafu_error error = {0};
	char *parent = snafu_path_folder(path_of(name));

	if (snafu_directory_make(parent, &error) ||
	    snafu_file_write(path_of(name), text, strlen(text), &error))
		printf("# %s\n", error.message);
	free(parent);
}

struct known_row {
	const char *file, *source, *name; /* the first function that is called NAME is meant */
	const char *wanted; /* its convention */
	const char *beside, *text; /* another file of the project; ALONE: none */
};

#define ALONE NULL, NULL

/* Writes the files of ROW, scans the source alone, and gives the convention of its function. */
static const char *known(const struct known_row *row)
{
	static char found[64];
	struct snafu_functions functions = {0};
	struct snafu_error error = {0};
	const char *path;

	put(row->file, row->source);
	if (row->beside)
		put(row->beside, row->text);
	path = path_of(row->file);
	snprintf(found, sizeof found, "not there");
	if (snafu_scan(&path, 1, NULL, &functions, &error))
		printf("# %s\n", error.message);
	for (size_t i = 0; i < functions.count; i++)
		if (strcmp(functions.functions[i].name, row->name) == 0) {
			snprintf(found, sizeof found, "%s",
			         functions.functions[i].convention ? functions.functions[i].convention
			                                           : "none");
			break;
		}
	snafu_functions_done(&functions);
	unlink(path_of(row->file));
	if (row->beside)
		unlink(path_of(row->beside));
	return found;
}

static void check_known(const char *table, const struct known_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tap_string(known(&rows[i]), rows[i].wanted, table, (int)i + 1, rows[i].name);
}

#define FRAMEWORK                         \
	"import functions_framework\n\n"      \
	"@functions_framework.http\n"         \
	"def any_name(r):\n    return ''\n\n" \
	"@functions_framework.cloud_event\n"  \
	"# a comment\n"                       \
	"def event(e):\n    pass\n\n"         \
	"def helper(request):\n    pass\n"

static const struct known_row by_source[] = {
	{"a/x.py", FRAMEWORK, "any_name", "gcf", ALONE},
	{"a/x.py", FRAMEWORK, "event", "gcf-event", ALONE},
	{"a/x.py", FRAMEWORK, "helper", "none", ALONE},
	{"a/main.py", FRAMEWORK, "helper", "gcf", ALONE},
	{"a/x.py", "from functions_framework import http\n@http\ndef f(r): pass\n", "f", "gcf", ALONE},
	{"a/x.py", "import flask\ndef f(request: flask.Request): pass\n", "f", "gcf", ALONE},
	{"a/x.py", "def main(args):\n    return {'m': args['__ow_method']}\n", "main", "openwhisk-web",
     ALONE},
	{"a/x.py", "def h(event, context):\n    return event['extensions']['request'].json\n", "h",
     "kubeless", ALONE},
	{"a/x.py", "from flask import request\ndef main():\n    return request.path\n", "main",
     "fission", ALONE},
	{"a/x.py", "from fdk import response\ndef handler(ctx, data=None): pass\n", "handler", "fn",
     ALONE},
	{"a/x.py", "def handler(event, context): pass\n", "handler", "lambda", ALONE},
	{"a/__main__.py", "def main(args):\n    return {}\n", "main", "openwhisk", ALONE},
};

#define HANDLE "def handle(req):\n    return req\n"
#define BOTH   "def handle(event, context):\n    return {}\n"
#define STACK  "provider:\n  name: openfaas\nfunctions:\n  f:\n    lang: python3\n"

static const struct known_row by_project[] = {
	{"p/f/handler.py", HANDLE, "handle", "openfaas", "p/stack.yaml", STACK},
	{"p/f/handler.py", BOTH, "handle", "openfaas-http", "p/stack.yml", STACK},
	{"p/f/handler.py", HANDLE, "handle", "none", ALONE},
	{"p/f/other.py", HANDLE, "handle", "none", "p/stack.yaml", STACK},
	{"p/a.py", "def main(args):\n    return {}\n", "main", "openwhisk", "p/manifest.yaml",
     "packages:\n"},
	{"p/a.py", "def main(args):\n    return {}\n", "main", "openwhisk-web", "p/manifest.yml",
     "packages:\n web: true\n"},
	{"p/a.py", "def main(args):\n    return {}\n", "main", "none", "p/manifest.yaml",
     "apiVersion: v1\n"},
	{"p/a.py", "def f(event, context): pass\n", "f", "kubeless", "p/serverless.yml",
     "provider:\n  name: kubeless\n"},
	{"p/a.py", "def f(event, context): pass\n", "f", "lambda", "p/serverless.yml",
     "provider:\n  name: aws\n"},
	{"p/main.py", "def f(request): pass\n", "f", "gcf", "p/requirements.txt",
     "functions-framework==3.*\n"},
	{"p/main.py", "def f(data, context): pass\n", "f", "gcf-background", "p/requirements.txt",
     "functions-framework\n"},
	{"p/func.py", "def handler(ctx, data=None): pass\n", "handler", "fn", "p/func.yaml",
     "schema_version: 20180708\n"},
	{"p/a.py", "def main(): pass\n", "main", "fission", "p/specs/fission-deployment-config.yaml",
     "apiVersion: fission.io/v1\n"},
};

/* Functions that only look like it. */
static const struct known_row ordinary[] = {
	{"o/handler.py", "def handle(req): pass\n", "handle", "none", ALONE},
	{"o/a.py", "import argparse\ndef main(args): pass\n", "main", "none", ALONE},
	{"o/a.py", "def main(): pass\n", "main", "none", ALONE},
	{"o/a.py",
     "from flask import Flask, request\napp = Flask(__name__)\n"
     "@app.route('/')\ndef main(): pass\n",
     "main", "none", ALONE},
	{"o/a.py", "from flask import Flask, request\napp = Flask(__name__)\ndef main(): pass\n",
     "main", "none", ALONE},
	{"o/main.py", "def f(request): pass\n", "f", "none", ALONE},
	{"o/a.py", "def handler(ctx, data=None): pass\n", "handler", "none", ALONE},
	{"o/a.py", "import my_functions_framework_x\n@http\ndef f(r): pass\n", "f", "none", ALONE},
	{"o/a.py", "class A:\n    def handle(self, req): pass\n", "handle", "none", "o/stack.yaml",
     "functions:\n"},
	{"o/a.py", "def event(event): pass\n", "event", "none", ALONE},
	{"o/a.py", "def f(event, ctx): pass\n", "f", "none", ALONE},
	/* Nothing here calls Python 2 like this. */
	{"o/handler.py", "def handle(req):\n    print req\n", "handle", "none", "o/stack.yaml",
     "functions:\n"},
};

/* The function NAME of SOURCE. */
static struct snafu_function first_of(struct snafu_functions *functions, const char *source)
{
	struct snafu_error error = {0};
	const char *path;

	put("n/a.py", source);
	path = path_of("n/a.py");
	if (snafu_scan(&path, 1, NULL, functions, &error) || !functions->count)
		return (struct snafu_function){.id = "", .name = "", .language = ""};
	return functions->functions[0];
}

static const char *named(const char *source, const char *name, bool declared)
{
	struct snafu_functions functions = {0};
	struct snafu_function function = first_of(&functions, source);
	const struct snafu_convention *convention = declared
	                                                ? snafu_convention_declared(&function, name)
	                                                : snafu_convention_for(&function, name);
	snafu_functions_done(&functions);
	return convention ? convention->name : "none";
}

static const struct {
	const char *source, *convention;
	bool declared; /* by the function's own settings */
	const char *wanted;
} by_name[] = {
	{"def handle(req): pass\n", "openfaas", false, "openfaas"},
	{"def handle(event, context): pass\n", "openfaas", false, "openfaas-http"},
	{"def other(req): pass\n", "openfaas", false, "none"},
	{"def other(req): pass\n", "openfaas", true, "openfaas"},
	{"def other(a, b, c): pass\n", "openfaas", true, "none"},
	{"def other(*a): pass\n", "openfaas", true, "none"},
	{"def main(args): pass\n", "openwhisk", false, "openwhisk"},
	{"def main(args): pass\n", "openwhisk-web", true, "openwhisk-web"},
	{"def main(args): return args['__ow_path']\n", "openwhisk", false, "openwhisk-web"},
	{"def f(event, context): pass\n", "kubeless", false, "kubeless"},
	{"def f(event, context): pass\n", "lambda", false, "lambda"},
	{"def f(a, b): pass\n", "lambda", false, "none"},
	{"def f(a, b): pass\n", "lambda", true, "lambda"},
	{"def f(request): pass\n", "gcf", false, "gcf"},
	{"def f(x): pass\n", "gcf", false, "none"},
	{"def f(x): pass\n", "gcf-event", true, "gcf-event"},
};

static void test_named(void)
{
	for (size_t i = 0; i < COUNT(by_name); i++)
		tap_string(named(by_name[i].source, by_name[i].convention, by_name[i].declared),
		           by_name[i].wanted, "by name", (int)i + 1, by_name[i].convention);
	CHECK(snafu_convention_is_known("gcf") && snafu_convention_is_known("gcf-background"));
	CHECK(!snafu_convention_is_known("gc") && !snafu_convention_is_known(""));
}

static void test_applied(void)
{
	struct snafu_functions functions = {0};
	struct snafu_function function = first_of(&functions, "def handle(req): pass\n");

	CHECK(!snafu_convention_is_http(&function));
	CHECK(snafu_convention_apply(&function, snafu_convention_find("openfaas"), &functions.arena) ==
	      0);
	CHECK(snafu_convention_is_http(&function));
	CHECK(function.n_parameters == 1 && function.parameters[0].kind == SNAFU_PARAMETER_KEYWORDS);
	CHECK_STRING(function.parameters[0].name, "req");
	snafu_functions_done(&functions);
}

/* ---- replies ----------------------------------------------------------------------- */

static int read_reply(const char *text, size_t size, struct snafu_http_reply *reply,
                      struct snafu_error *error)
{
	static char copy[80000];

	memcpy(copy, text, size);
	return snafu_http_reply_read(copy, size, reply, error);
}

#define READ(TEXT) read_reply(TEXT, sizeof(TEXT) - 1, &reply, &error)

static void test_replies(void)
{
	struct snafu_http_reply reply;
	struct snafu_error error = {0};

	CHECK(READ("HTTP/1.1 201 Created\r\nX-A:  b c \r\nSet-Cookie: 1\r\nset-cookie: 2\r\n"
	           "Content-Length: 999\r\nConnection: close\r\n\r\nbo\0dy") == 0);
	CHECK(reply.status == 201 && reply.n_headers == 3 && reply.body_size == 5);
	CHECK(memcmp(reply.body, "bo\0dy", 5) == 0);
	CHECK_STRING(reply.headers[0].value, "b c");
	CHECK_STRING(reply.headers[2].name, "set-cookie");
	CHECK(READ("HTTP/1.1 204\r\n\r\n") == 0);
	CHECK(reply.n_headers == 0 && reply.body_size == 0);
	CHECK(!snafu_http_is_reply("{\"a\":1}", 7) && !snafu_http_is_reply("HTTP/1.1 ", 9));
}

#define NO_REPLY(TEXT)           \
	{                            \
		(TEXT), sizeof(TEXT) - 1 \
	}

static const struct {
	const char *text;
	size_t size; /* there are NULs in some */
} no_replies[] = {
	NO_REPLY(""),
	NO_REPLY("HTTP/1.1 200 OK\r\n"),
	NO_REPLY("HTTP/1.1 200 OK\r\nA: b\r\n"),
	NO_REPLY("HTTP/1.1 20 OK\r\n\r\n"),
	NO_REPLY("HTTP/1.1 2000\r\n\r\n"),
	NO_REPLY("HTTP/1.1 100 Continue\r\n\r\n"),
	NO_REPLY("HTTP/1.1 600 No\r\n\r\n"),
	NO_REPLY("HTTP/1.1 \r\n\r\n"),
	NO_REPLY("HTTP/1.1 2x0\r\n\r\n"),
	NO_REPLY("HTTP/1.0 200 OK\r\n\r\n"),
	NO_REPLY("HTTP/1.1 200 OK\r\nA b: c\r\n\r\n"),
	NO_REPLY("HTTP/1.1 200 OK\r\n: c\r\n\r\n"),
	NO_REPLY("HTTP/1.1 200 OK\r\nA\r\n\r\n"),
	NO_REPLY("HTTP/1.1 200 OK\r\n A: folded\r\n\r\n"),
	NO_REPLY("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n"),
	NO_REPLY("HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n"),
	NO_REPLY("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n"),
	NO_REPLY("HTTP/1.1 200 OK\r\nA\0: b\r\n\r\n"),
};

static void test_hostile_replies(void)
{
	struct snafu_http_reply reply;
	struct snafu_error error = {0};
	static char many[80000];
	size_t size;

	for (size_t i = 0; i < COUNT(no_replies); i++)
		tap_check(read_reply(no_replies[i].text, no_replies[i].size, &reply, &error) == -EBADMSG,
		          "no reply", (int)i + 1, "is refused");
	size = (size_t)snprintf(many, sizeof many, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i <= SNAFU_HTTP_HEADERS_CAP; i++)
		size += (size_t)snprintf(many + size, sizeof many - size, "A%d: b\r\n", i);
	size += (size_t)snprintf(many + size, sizeof many - size, "\r\n");
	CHECK(read_reply(many, size, &reply, &error) == -EBADMSG);
	size = (size_t)snprintf(many, sizeof many, "HTTP/1.1 200 OK\r\nA: %070000d\r\n\r\n", 0);
	CHECK(read_reply(many, size, &reply, &error) == -EBADMSG);
}

int main(void)
{
	snprintf(folder, sizeof folder, "/tmp/snafu-conventions-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	check_known("by source", by_source, COUNT(by_source));
	check_known("by project", by_project, COUNT(by_project));
	check_known("ordinary", ordinary, COUNT(ordinary));
	test_named();
	test_applied();
	test_replies();
	test_hostile_replies();
	static const char *const left[] = {"n/a.py", "a", "p/f", "p/specs", "p", "o", "n", ""};
	for (size_t i = 0; i < COUNT(left); i++)
		if (remove(path_of(left[i])) && i > 0)
			printf("# %s is left\n", path_of(left[i]));
	return tap_done();
}
