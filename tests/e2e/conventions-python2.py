"""tests/e2e/conventions-python2.py — Python 2 functions of other providers run as they are: upgraded,
on every executor, and in a real Python 2 (`--python2 native`) where there is one."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

from ladder import EVERY, Server
from terminal import SCAN, run

SOURCES = {
    "whisk/manifest.yaml": "packages:\n  p:\n    actions:\n      hello:\n        function: hello.py\n"
                           "      raw:\n        function: raw.py\n        web: raw\n",
    "whisk/raw.py": '''
def main(args):
    print "raw"
    return {"headers": {"Content-Type": "application/json"},
            "body": dict((name, args[name]) for name in args if name != "__ow_headers")}
''',
    "whisk/hello.py": '''
def main(args):
    print "asked by", args.get("name")
    return {"greeting": "Hello " + args.get("name", "stranger")}
''',
    "web/web.py": '''
def main(args):
    print args["__ow_headers"]
    if not args.has_key("q"):
        return {"error": {"statusCode": 404, "body": "no q"}}
    if args["q"] == "bytes":
        return {"headers": {"Content-Type": "image/png"}, "body": "iVBORw0KGgo="}
    return {"statusCode": 201, "headers": {"X-Method": args["__ow_method"]},
            "body": u"%s\\xe4%s" % (args["__ow_path"], args["q"])}
''',
    "kubeless/hello.py": '''
def hello(event, context):
    print event['event-id'], context['function-name']
    data = event['data']
    return "%s %s" % (data["a"] if isinstance(data, dict) else data,
                      event['extensions']['request'].method)
''',
    "faas/stack.yml": "provider:\n  name: openfaas\nfunctions:\n  f:\n    lang: python\n",
    "faas/text/handler.py": '''
def handle(req):
    print "handled"
    return "said " + req
''',
    "faas/http/handler.py": '''
def handle(event, context):
    print "handled"
    if event.method == "DELETE":
        return {"statusCode": 405, "body": "not allowed"}
    return {"statusCode": 201, "headers": {"X-Path": event.path},
            "body": {"type": event.headers.get("content-type"), "q": event.query.get("q")}}
''',
    "fn/func.py": '''
import json
from fdk import response

def handler(ctx, data=None):
    name = "World"
    try:
        name = json.loads(data.getvalue()).get("name")
    except (Exception, ValueError), error:
        print "no JSON:", error
    return response.Response(ctx, response_data=json.dumps({"message": "Hello " + name}),
                             headers={"Content-Type": "application/json"}, status_code=202)
''',
    "named/named.py": '''
def late(a, b):
    print a
    return [a, type(b).__name__, b.function_name]
''',
    "fission/asks.py": '''
from flask import request

def main():
    print request.method
    return "%s %s" % (request.method, request.args.get("q"))
''',
    "google/main.py": '''
import functions_framework

@functions_framework.http
def greet(request):
    print request.path
    return "Hello " + request.args.get("name", "?")

@functions_framework.cloud_event
def event(cloud_event):
    print cloud_event["type"]
''',
}
CONVENTIONS = {
    "whisk.hello.main": "openwhisk", "web.web.main": "openwhisk-web",
    "whisk.raw.main": "openwhisk-raw",
    "kubeless.hello.hello": "kubeless", "faas.text.handler.handle": "openfaas",
    "faas.http.handler.handle": "openfaas-http", "fn.func.handler": "fn",
    "named.named.late": None, "fission.asks.main": "fission", "google.main.greet": "gcf", "google.main.event": "gcf-event",
}


def is_python2(program):
    return bool(program) and subprocess.run(
        [program, "-c", "import sys; sys.exit(sys.version_info[0] != 2)"],
        capture_output=True).returncode == 0


class Case(unittest.TestCase):
    """One server for the class; OPTIONS are its own."""
    options, executors = (), EVERY
    settings = "[function late]\nconvention = lambda\n"

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="snafu-conventions-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cache = tempfile.mkdtemp(prefix="snafu-conventions-")
        cls.addClassCleanup(shutil.rmtree, cache)
        for name, text in SOURCES.items():
            path = os.path.join(cls.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        cls.server = Server(cls.folder, executor=None, options=cls.options, settings=cls.settings,
                            env={"XDG_CACHE_HOME": cache})
        cls.addClassCleanup(cls.server.__exit__)

    def ask(self, name, body=None, method=None, executor=None, **headers):
        if executor:
            headers["X_Snafu_Executor"] = executor
        return self.server.ask_function(name, body, method, **headers)

    def get(self, *arguments, **named):
        """The same of all executors, without the headers."""
        given = [self.ask(*arguments, executor=executor, **named)[::2]
                 for executor in self.executors]
        self.assertEqual(given, given[:1] * len(given))
        return given[0]


class Shared:
    def test_openwhisk(self):
        self.assertEqual(self.get("hello.main", '{"name": "Ann"}'),
                         (200, b'{"greeting":"Hello Ann"}'))
        status, body = self.get("hello.main", "[1]")
        self.assertEqual((status, json.loads(body)["errorType"]), (400, "ArgumentError"))

    def test_openwhisk_web(self):
        self.assertEqual(self.get("web.main/a/b?q=1"), (201, "/a/bä1".encode()))
        status, headers, body = self.ask("web.main", '{"q": "z"}', method="PUT",
                                         Content_Type="application/json")
        self.assertEqual((status, headers["X-Method"], body), (201, "put", "äz".encode()))
        status, headers, body = self.ask("web.main", "q=bytes",
                                         Content_Type="application/x-www-form-urlencoded")
        self.assertEqual((status, headers["Content-Type"], body),
                         (200, "image/png", b"\x89PNG\r\n\x1a\n"))
        self.assertEqual(self.get("web.main"), (404, b"no q"))
        self.assertEqual(self.get("web.main?__ow_path=x")[0], 400)
        status, body = self.get("raw.main?__ow_path=x", "[1]", Content_Type="application/json")
        self.assertEqual((status, json.loads(body)), (200, {
            "__ow_method": "post", "__ow_path": "", "__ow_query": "__ow_path=x",
            "__ow_body": "WzFd"}))

    def test_kubeless(self):
        self.assertEqual(self.get("kubeless.hello.hello", '{"a": 7}', method="PUT",
                                  Content_Type="application/json"), (200, b"7 PUT"))
        self.assertEqual(self.get("kubeless.hello.hello", "text", Content_Type="text/plain"),
                         (200, b"text POST"))
        self.assertEqual(self.get("kubeless.hello.hello", "{", Content_Type="application/json")[0],
                         400)

    def test_openfaas(self):
        self.assertEqual(self.get("text.handler.handle", "zwölf".encode()),
                         (200, "said zwölf".encode()))
        status, headers, body = self.ask("http.handler.handle/p?q=1", "x", Content_Type="text/x")
        self.assertEqual((status, headers["X-Path"], headers["Content-Type"], json.loads(body)),
                         (201, "/p", "application/json", {"type": "text/x", "q": "1"}))
        self.assertEqual(self.get("http.handler.handle", method="DELETE"), (405, b"not allowed"))

    def test_fn(self):
        status, headers, body = self.ask("func.handler", '{"name": "Eve"}')
        self.assertEqual((status, headers["Content-Type"], json.loads(body)),
                         (202, "application/json", {"message": "Hello Eve"}))
        self.assertEqual(json.loads(self.get("func.handler")[1]), {"message": "Hello World"})


    def test_named(self):
        status, body = self.get("named.late", '{"x": 1}')
        self.assertEqual((status, json.loads(body)),
                         (200, [{"x": 1}, "Context", "named.named.late"]))


class Upgraded(Shared, Case):
    def test_what_they_are(self):
        done = run("--format", "json", self.folder, program=SCAN)
        functions = json.loads(done.stdout)
        self.assertEqual({f["id"]: f.get("convention") for f in functions}, CONVENTIONS)
        self.assertEqual({f["language"] for f in functions}, {"python2"})

    def test_fission(self):
        self.assertEqual(self.get("asks.main?q=1", "", method="PATCH"), (200, b"PATCH 1"))

    def test_google(self):
        self.assertEqual(self.get("greet?name=Ann"), (200, b"Hello Ann"))
        event = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": 1}
        self.assertEqual(self.get("google.main.event", json.dumps(event),
                                  Content_Type="application/cloudevents+json"), (200, b"OK"))


class Native(Shared, Case):
    options, executors = ("--python2", "native"), ("worker",)
    settings = "[limits]\ncall-timeout = 10min\n" + Case.settings

    @classmethod
    def setUpClass(cls):
        if not any(map(is_python2, map(shutil.which, ("python2.7", "python2", "pypy", "jython")))):
            raise unittest.SkipTest("there is no Python 2 (Debian: jython)")
        # For Jython, which otherwise compiles for a long life.
        os.environ["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
        super().setUpClass()

    def test_what_wants_flask(self):
        status, body = self.get("asks.main?q=1")
        self.assertEqual(status, 500)
        self.assertIn("take --python2 upgrade", json.loads(body)["errorMessage"])


if __name__ == "__main__":
    unittest.main()
