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

#define PATH_CAP 256

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

/* Writes SOURCE, and BESIDE with TEXT if it is not NULL, scans the source alone, and gives the
 * convention of the first function that is called NAME. */
static const char *known(const char *file, const char *source, const char *name, const char *beside,
                         const char *text)
{
	static char found[64];
	struct snafu_functions functions = {0};
	struct snafu_error error = {0};
	const char *path;

	put(file, source);
	if (beside)
		put(beside, text);
	path = path_of(file);
	snprintf(found, sizeof found, "not there");
	if (snafu_scan(&path, 1, NULL, &functions, &error))
		printf("# %s\n", error.message);
	for (size_t i = 0; i < functions.count; i++)
		if (strcmp(functions.functions[i].name, name) == 0) {
			snprintf(found, sizeof found, "%s",
			         functions.functions[i].convention ? functions.functions[i].convention
			                                           : "none");
			break;
		}
	snafu_functions_done(&functions);
	unlink(path_of(file));
	if (beside)
		unlink(path_of(beside));
	return found;
}

#define KNOWN(FILE, SOURCE, NAME, BESIDE, TEXT, WANTED) \
	CHECK_STRING(known(FILE, SOURCE, NAME, BESIDE, TEXT), WANTED)

static void test_by_source(void)
{
	static const char framework[] = "import functions_framework\n\n"
									"@functions_framework.http\n"
									"def any_name(r):\n    return ''\n\n"
									"@functions_framework.cloud_event\n"
									"# a comment\n"
									"def event(e):\n    pass\n\n"
									"def helper(request):\n    pass\n";

	KNOWN("a/x.py", framework, "any_name", NULL, NULL, "gcf");
	KNOWN("a/x.py", framework, "event", NULL, NULL, "gcf-event");
	KNOWN("a/x.py", framework, "helper", NULL, NULL, "none");
	KNOWN("a/main.py", framework, "helper", NULL, NULL, "gcf");
	KNOWN("a/x.py", "from functions_framework import http\n@http\ndef f(r): pass\n", "f", NULL,
	      NULL, "gcf");
	KNOWN("a/x.py", "from functions_framework import typed\n@typed\ndef f(r: T): pass\n", "f", NULL,
	      NULL, "gcf-typed");
	KNOWN("a/x.py",
	      "import functions_framework\n@functions_framework.typed(T)\ndef f(request): pass\n", "f",
	      NULL, NULL, "gcf-typed");
	KNOWN("a/x.py", "import flask\ndef f(request: flask.Request): pass\n", "f", NULL, NULL, "gcf");
	KNOWN("a/x.py", "def main(args):\n    return {'m': args['__ow_method']}\n", "main", NULL, NULL,
	      "openwhisk-web");
	KNOWN("a/x.py", "def h(event, context):\n    return event['extensions']['request'].json\n", "h",
	      NULL, NULL, "kubeless");
	KNOWN("a/x.py", "from flask import request\ndef main():\n    return request.path\n", "main",
	      NULL, NULL, "fission");
	KNOWN("a/x.py", "from fdk import response\ndef handler(ctx, data=None): pass\n", "handler",
	      NULL, NULL, "fn");
	KNOWN("a/x.py", "def handler(event, context): pass\n", "handler", NULL, NULL, "lambda");
	KNOWN("a/__main__.py", "def main(args):\n    return {}\n", "main", NULL, NULL, "openwhisk");
}

static void test_by_project(void)
{
	static const char handle[] = "def handle(req):\n    return req\n";
	static const char both[] = "def handle(event, context):\n    return {}\n";
	static const char stack[] =
		"provider:\n  name: openfaas\nfunctions:\n  f:\n    lang: python3\n";

	KNOWN("p/f/handler.py", handle, "handle", "p/stack.yaml", stack, "openfaas");
	KNOWN("p/f/handler.py", both, "handle", "p/stack.yml", stack, "openfaas-http");
	KNOWN("p/f/handler.py", handle, "handle", NULL, NULL, "none");
	KNOWN("p/f/other.py", handle, "handle", "p/stack.yaml", stack, "none");
	KNOWN("p/a.py", "def main(args):\n    return {}\n", "main", "p/manifest.yaml", "packages:\n",
	      "openwhisk");
	KNOWN("p/a.py", "def main(args):\n    return {}\n", "main", "p/manifest.yml",
	      "packages:\n web: true\n", "openwhisk-web");
	KNOWN("p/a.py", "def main(args):\n    return {}\n", "main", "p/manifest.yaml",
	      "apiVersion: v1\n", "none");
	KNOWN("p/a.py", "def f(event, context): pass\n", "f", "p/serverless.yml",
	      "provider:\n  name: kubeless\n", "kubeless");
	KNOWN("p/a.py", "def f(event, context): pass\n", "f", "p/serverless.yml",
	      "provider:\n  name: aws\n", "lambda");
	KNOWN("p/main.py", "def f(request): pass\n", "f", "p/requirements.txt",
	      "functions-framework==3.*\n", "gcf");
	KNOWN("p/main.py", "def f(data, context): pass\n", "f", "p/requirements.txt",
	      "functions-framework\n", "gcf-background");
	KNOWN("p/func.py", "def handler(ctx, data=None): pass\n", "handler", "p/func.yaml",
	      "schema_version: 20180708\n", "fn");
	KNOWN("p/a.py", "def main(): pass\n", "main", "p/specs/fission-deployment-config.yaml",
	      "apiVersion: fission.io/v1\n", "fission");
}

/* Functions that only look like it. */
static void test_ordinary(void)
{
	KNOWN("o/handler.py", "def handle(req): pass\n", "handle", NULL, NULL, "none");
	KNOWN("o/a.py", "import argparse\ndef main(args): pass\n", "main", NULL, NULL, "none");
	KNOWN("o/a.py", "def main(): pass\n", "main", NULL, NULL, "none");
	KNOWN("o/a.py",
	      "from flask import Flask, request\napp = Flask(__name__)\n"
	      "@app.route('/')\ndef main(): pass\n",
	      "main", NULL, NULL, "none");
	KNOWN("o/a.py", "from flask import Flask, request\napp = Flask(__name__)\ndef main(): pass\n",
	      "main", NULL, NULL, "none");
	KNOWN("o/main.py", "def f(request): pass\n", "f", NULL, NULL, "none");
	KNOWN("o/a.py", "def handler(ctx, data=None): pass\n", "handler", NULL, NULL, "none");
	KNOWN("o/a.py", "import my_functions_framework_x\n@http\ndef f(r): pass\n", "f", NULL, NULL,
	      "none");
	KNOWN("o/a.py", "class A:\n    def handle(self, req): pass\n", "handle", "o/stack.yaml",
	      "functions:\n", "none");
	KNOWN("o/a.py", "def event(event): pass\n", "event", NULL, NULL, "none");
	KNOWN("o/a.py", "def f(event, ctx): pass\n", "f", NULL, NULL, "none");
	KNOWN("o/handler.py", "def handle(req):\n    print req\n", "handle", NULL, NULL, "none");
	KNOWN("o/a.py", "def main(args):\n    print args\n", "main", NULL, NULL, "none");
}

/* One manifest, several actions. */
static void test_entries(void)
{
	static const char manifest[] = "packages:\n"
								   "  p:\n"
								   "    actions:\n"
								   "      one:\n"
								   "        function: src/one.py\n"
								   "        # web: true\n"
								   "        annotations:\n"
								   "          raw-http: true\n"
								   "\n"
								   "      two:\n"
								   "        web-export: 'yes'\n"
								   "        function: two.py\n"
								   "      three:\n"
								   "        function: three.py\n"
								   "      four: {function: four.py, \"web\": \"raw\"}\n"
								   "      five: {function: five.py}\n";
	static const char action[] = "def main(args):\n    return {}\n";

	KNOWN("p/f/one.py", action, "main", "p/manifest.yaml", manifest, "openwhisk-raw");
	KNOWN("p/two.py", action, "main", "p/manifest.yaml", manifest, "openwhisk-web");
	KNOWN("p/three.py", action, "main", "p/manifest.yml", manifest, "openwhisk");
	KNOWN("p/four.py", action, "main", "p/manifest.yml", manifest, "openwhisk-raw");
	KNOWN("p/five.py", action, "main", "p/manifest.yml", manifest, "openwhisk");
	KNOWN("p/ne.py", action, "main", "p/manifest.yml", manifest, "openwhisk-raw");
	KNOWN("p/a.py", "def main(args):\n    return {'m': args['__ow_body']}\n", "main",
	      "p/manifest.yml", "packages:\n  web: raw", "openwhisk-raw");
	KNOWN("p/a.py", action, "main", "p/manifest.yml", "packages:\n  web: rawer\n  xweb: raw",
	      "openwhisk");
}

/* By the same signs. */
static void test_python2(void)
{
	KNOWN("o/handler.py", "def handle(req):\n    print req\n", "handle", "o/stack.yaml",
	      "functions:\n", "openfaas");
	KNOWN("o/handler.py", "def handle(event, context):\n    print event\n", "handle", "o/stack.yml",
	      "functions:\n", "openfaas-http");
	KNOWN("o/a.py", "def main(args):\n    print args\n", "main", "o/manifest.yml", "packages:\n",
	      "openwhisk");
	KNOWN("o/a.py", "def main(args):\n    print args['__ow_path']\n", "main", NULL, NULL,
	      "openwhisk-web");
	KNOWN("o/a.py", "def f(event, context):\n    print event['event-id']\n", "f", NULL, NULL,
	      "kubeless");
	KNOWN("o/a.py", "from flask import request\ndef main():\n    print request.path\n", "main",
	      NULL, NULL, "fission");
	KNOWN("o/a.py", "import fdk\ndef handler(ctx, data=None):\n    print data\n", "handler", NULL,
	      NULL, "fn");
	KNOWN("o/a.py", "import functions_framework\n@functions_framework.http\ndef f(r): print r\n",
	      "f", NULL, NULL, "gcf");
	KNOWN("o/a.py", "def f(event, context):\n    print event\n", "f", NULL, NULL, "lambda");
}

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

static void test_named(void)
{
	CHECK_STRING(named("def handle(req): pass\n", "openfaas", false), "openfaas");
	CHECK_STRING(named("def handle(event, context): pass\n", "openfaas", false), "openfaas-http");
	CHECK_STRING(named("def other(req): pass\n", "openfaas", false), "none");
	CHECK_STRING(named("def other(req): pass\n", "openfaas", true), "openfaas");
	CHECK_STRING(named("def other(a, b, c): pass\n", "openfaas", true), "none");
	CHECK_STRING(named("def other(*a): pass\n", "openfaas", true), "none");
	CHECK_STRING(named("def main(args): pass\n", "openwhisk", false), "openwhisk");
	CHECK_STRING(named("def main(args): pass\n", "openwhisk-web", true), "openwhisk-web");
	CHECK_STRING(named("def main(args): return args['__ow_path']\n", "openwhisk", false),
	             "openwhisk-web");
	CHECK_STRING(named("def main(args): pass\n", "openwhisk-raw", true), "openwhisk-raw");
	CHECK_STRING(named("def other(x): pass\n", "openwhisk", true), "openwhisk");
	CHECK_STRING(named("def f(event, context): pass\n", "kubeless", false), "kubeless");
	CHECK_STRING(named("def f(event, context): pass\n", "lambda", false), "lambda");
	CHECK_STRING(named("def f(event, context): pass\n", "lambda-http", false), "lambda-http");
	CHECK_STRING(named("def f(a, b): pass\n", "lambda-http", false), "none");
	CHECK_STRING(named("def f(a, b): pass\n", "lambda-http", true), "lambda-http");
	CHECK_STRING(named("def f(a, b): pass\n", "lambda", false), "none");
	CHECK_STRING(named("def f(a, b): pass\n", "lambda", true), "lambda");
	CHECK_STRING(named("def f(request): pass\n", "gcf", false), "gcf");
	CHECK_STRING(named("def f(x): pass\n", "gcf", false), "none");
	CHECK_STRING(named("def f(x): pass\n", "gcf-event", true), "gcf-event");
	CHECK_STRING(named("def f(x): pass\n", "gcf", true), "gcf");
	CHECK_STRING(named("def f(x): pass\n", "gcf-typed", true), "gcf-typed");
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

static void test_hostile_replies(void)
{
	struct snafu_http_reply reply;
	struct snafu_error error = {0};
	static char many[80000];
	size_t size;

	CHECK(READ("") == -EBADMSG);
	CHECK(READ("HTTP/1.1 200 OK\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 200 OK\r\nA: b\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 20 OK\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 2000\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 100 Continue\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 600 No\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 \r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 2x0\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.0 200 OK\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 200 OK\r\nA b: c\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 200 OK\r\n: c\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 200 OK\r\nA\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 200 OK\r\n A: folded\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n") == -EBADMSG);
	CHECK(READ("HTTP/1.1 200 OK\r\nA\0: b\r\n\r\n") == -EBADMSG);
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
	test_by_source();
	test_by_project();
	test_ordinary();
	test_entries();
	test_python2();
	test_named();
	test_applied();
	test_replies();
	test_hostile_replies();
	static const char *const left[] = {"n/a.py", "a", "p/f", "p/specs", "p", "o", "n", ""};
	for (size_t i = 0; i < sizeof left / sizeof *left; i++)
		if (remove(path_of(left[i])) && i > 0)
			printf("# %s is left\n", path_of(left[i]));
	return tap_done();
}
