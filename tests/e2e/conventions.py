"""tests/e2e/conventions.py — functions written for other providers run as they are: the samples
in samples/conventions/, each as a client of that provider calls it, on every executor; and what
hostile replies, settings and -c make of them."""

import base64
import json
import os
import shutil
import tempfile
import time
import unittest

from ladder import EVERY, Server
from served import Served, until
from terminal import PATIENCE, SCAN, SOURCE, run

SAMPLES = os.path.join(SOURCE, "samples/conventions")
CONVENTIONS = {
    "fission.requestdata.main": "fission", "fn.func.handler": "fn",
    "gcf.main.hello_http": "gcf", "gcf.main.cors_enabled_function": "gcf",
    "gcf.main.hello_content": "gcf", "gcf.main.hello_method": "gcf", "gcf.main.describe": "gcf",
    "gcf.main.hello_gcs": "gcf-event", "gcf.main.hello_pubsub": "gcf-background",
    "kubeless.hellowithdata.hello": "kubeless", "kubeless.hellowithdata.greet": "kubeless",
    "lambda.app.lambda_handler": "lambda",
    "openfaas.hello-http.handler.handle": "openfaas-http",
    "openfaas.hello-python.handler.handle": "openfaas",
    "openwhisk.hello.main": "openwhisk", "openwhisk-web.web.main": "openwhisk-web",
}
HOSTILE = '''
import functions_framework
import snafu
from _snafu_conventions import Reply

@functions_framework.http
def replies(request):
    """What no honest function can send: the reply as it is, past all that would check it."""
    head = {
        "split": "HTTP/1.1 200 OK\\r\\nA: b\\nSet-Cookie: evil=1\\r\\n\\r\\n",
        "name": "HTTP/1.1 200 OK\\r\\nA b: c\\r\\n\\r\\n",
        "status": "HTTP/1.1 99 Low\\r\\n\\r\\n",
        "endless": "HTTP/1.1 200 OK\\r\\nA: " + "x" * 100000,
        "many": "HTTP/1.1 200 OK\\r\\n" + "A: b\\r\\n" * 500 + "\\r\\n",
        "ours": "HTTP/1.1 200 OK\\r\\nX-Snafu-Request-Id: forged\\r\\nContent-Length: 7\\r\\n"
                "Transfer-Encoding: chunked\\r\\nContent-Type: text/plain\\r\\n\\r\\nours",
    }[request.args["how"]]
    from _snafu_conventions import http
    http.write = lambda *given: Reply(head.encode())
    return ""

@functions_framework.http
def breaks(request):
    return ("", 200, {"A": "b\\r\\nSet-Cookie: evil=1"})

@functions_framework.http
def raises(request):
    raise ValueError("on purpose")

@functions_framework.http
def large(request):
    return b"x" * int(request.args["n"])

@functions_framework.http
def echo(request):
    return request.get_data(), 200, {"Content-Type": request.content_type or "text/plain"}

@functions_framework.http
async def later(request):
    return {"async": request.query_string.decode()}

def plain(n: int) -> int:
    return n + 1

def asks(n: int):
    return snafu.invoke("hostile.echo", {"n": n})
'''


class Client:
    """Requests to a server, one connection each."""

    def __init__(self, server):
        self.server = server

    def ask(self, path, body=None, method=None, executor=None, **headers):
        if executor:
            headers["X_Snafu_Executor"] = executor
        return self.server.ask_function(path, body, method, **headers)

    def get(self, *arguments, **named):
        status, _, body = self.ask(*arguments, **named)
        return status, body.decode()


class Samples(unittest.TestCase):
    """Without Flask, as far as these run; class RealFlask has the same tests with it."""
    env = {}

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        # What Debian has installed is out of sight.
        with open(os.path.join(cls.folder.name, "sitecustomize.py"), "w") as file:
            file.write("import sys\n"
                       "sys.path[:] = [p for p in sys.path if not p.endswith('-packages')]\n")
        env = dict(cls.env) or {"PYTHONPATH": cls.folder.name}
        cls.server = Server(SAMPLES, executor=None, env=env)
        cls.addClassCleanup(cls.server.__exit__)
        cls.client = Client(cls.server)

    def everywhere(self, *arguments, **named):
        """What each executor gives; the same."""
        given = [self.client.get(*arguments, executor=executor, **named) for executor in EVERY]
        self.assertEqual(given, given[:1] * len(given))
        return given[0]

    def test_gcf_http(self):
        self.assertEqual(self.everywhere("hello_http?name=Ann+%26"), (200, "Hello Ann &amp;!"))
        self.assertEqual(self.everywhere("hello_http", '{"name": "Bob"}',
                                         Content_Type="application/json"), (200, "Hello Bob!"))
        self.assertEqual(self.client.get("hello_http", "no JSON", Content_Type="text/plain"),
                         (200, "Hello World!"))

    def test_gcf_preflight(self):
        for executor in EVERY:
            status, headers, body = self.client.ask("cors_enabled_function", method="OPTIONS",
                                                    executor=executor)
            self.assertEqual((status, body, headers["Access-Control-Max-Age"]), (204, b"", "3600"))
        status, headers, body = self.client.ask("cors_enabled_function")
        self.assertEqual((status, body, headers["Access-Control-Allow-Origin"]),
                         (200, b"Hello World!", "*"))

    def test_gcf_content_types(self):
        for type, body, name in (("application/json", '{"name": "J"}', "J"),
                                 ("application/x-www-form-urlencoded", "name=F&x=1", "F")):
            self.assertEqual(self.client.get("hello_content", body, Content_Type=type),
                             (200, f"Hello {name}!"))
        status, _, body = self.client.ask("hello_content", b"\xff\0", Content_Type="text/html")
        self.assertEqual((status, json.loads(body)["errorType"]), (500, "ValueError"))
        self.assertIn("Unknown content type: text/html", json.loads(body)["errorMessage"])

    def test_gcf_methods_and_abort(self):
        self.assertEqual(self.client.get("hello_method"), (200, "Hello World!"))
        for method, status in (("PUT", 403), ("DELETE", 405), ("PATCH", 405)):
            given = self.client.ask("hello_method", method=method)
            self.assertEqual(given[0], status)
            self.assertIn("html", given[1]["Content-Type"])
        status, headers, body = self.client.ask("hello_method", method="HEAD")
        self.assertEqual((status, body), (405, b""))

    def test_the_whole_request_arrives(self):
        for executor in EVERY:
            status, headers, body = self.client.ask(
                "describe/a/b%20c%2F?x=1&x=2&y=%C3%A4", b"\0\xff\r\n\r\nx", executor=executor,
                Cookie="k=v; l=w", User_Agent="tester", Content_Type="application/x-thing")
            self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
            value = json.loads(body)
            host = f"http://127.0.0.1:{self.server.port}"
            self.assertTrue(value.pop("url").startswith(host + "/invoke/describe/a/b%20c"))
            self.assertEqual(value, {
                "method": "POST", "path": "/a/b c/", "args": {"x": ["1", "2"], "y": ["ä"]},
                "agent": "tester", "size": 7, "prefix": "/invoke/describe",
                "cookies": {"k": "v", "l": "w"}})

    def test_gcf_events(self):
        event = {"specversion": "1.0", "id": "1", "source": "//storage", "type": "finalized",
                 "data": {"bucket": "b", "name": "n"}}
        structured = {"Content_Type": "application/cloudevents+json"}
        binary = {"Content_Type": "application/json", "ce_specversion": "1.0", "ce_id": "1",
                  "ce_source": "//storage", "ce_type": "finalized"}
        self.assertEqual(self.everywhere("hello_gcs", json.dumps(event), **structured),
                         (200, "OK"))
        self.assertEqual(self.everywhere("hello_gcs", json.dumps(event["data"]), **binary),
                         (200, "OK"))
        del binary["ce_id"]
        for body, headers in ((json.dumps(event["data"]), binary), ('{"a": 1}', structured),
                              ("no JSON", structured), (None, {})):
            status, _, said = self.client.ask("hello_gcs", body, method="POST", **headers)
            self.assertEqual((status, json.loads(said)["errorType"]), (400, "ArgumentError"))

    def test_gcf_background(self):
        event = {"context": {"eventId": "7", "eventType": "google.pubsub.topic.publish"},
                 "data": {"data": "QW5u"}}
        for executor in EVERY:
            status, headers, body = self.client.ask(
                "hello_pubsub", json.dumps(event), executor=executor, X_Snafu_Log="tail",
                Content_Type="application/json")
            self.assertEqual((status, body), (200, b"OK"))
            log = base64.b64decode(headers["X-Snafu-Log-Result"]).decode()
            self.assertEqual(log, "This Function was triggered by messageId 7\nHello Ann!\n")

    def test_openwhisk(self):
        self.assertEqual(self.everywhere("openwhisk.hello.main", '{"name": "Ann"}'),
                         (200, '{"greeting":"Hello Ann!"}'))
        self.assertEqual(self.client.get("openwhisk.hello.main?name=Bob"),
                         (200, '{"greeting":"Hello Bob!"}'))
        status, said = self.client.get("openwhisk.hello.main", "[1]")
        self.assertEqual((status, json.loads(said)["errorMessage"]), (400, "an action takes an object"))

    def test_openwhisk_web(self):
        self.assertEqual(
            json.loads(self.everywhere("openwhisk-web.web.main?name=Q", method="DELETE",
                                       User_Agent="tester")[1]),
            {"method": "delete", "name": "Q", "agent": "tester", "raw": None})
        self.assertEqual(json.loads(self.client.get("web.main", "text", Content_Type="text/plain")[1])
                         ["raw"], "text")
        status, headers, body = self.client.ask("web.main/cookie")
        self.assertEqual((status, headers.get_all("Set-Cookie")), (
            200, ["UserID=Jane; Max-Age=3600; Version=1", "SessionID=asdfgh123456"]))
        status, headers, body = self.client.ask("web.main/moved")
        self.assertEqual((status, headers["Location"], body),
                         (302, "https://openwhisk.apache.org/", b""))
        status, headers, body = self.client.ask("web.main/picture")
        self.assertEqual((status, headers["Content-Type"], body),
                         (200, "image/png", b"\x89PNG\r\n\x1a\n"))
        self.assertEqual(self.client.get("web.main/missing"), (404, "there is no such thing"))
        self.assertEqual(self.client.ask("web.main?__ow_method=x")[0], 400)

    def test_kubeless(self):
        self.assertEqual(
            json.loads(self.everywhere("hellowithdata.greet", '{"a": 1}', method="PUT",
                                       Content_Type="application/json")[1]),
            {"method": "PUT", "data": {"a": 1}, "type": "application/json", "function": "greet"})
        self.assertEqual(self.client.get("hellowithdata.hello", "Zoë".encode(),
                                         Content_Type="text/plain"), (200, "Zoë"))

    def test_fission(self):
        self.assertEqual(self.everywhere("requestdata.main", "data", X_Asked="yes"),
                         (200, "---HEADERS---\nyes\n--BODY--\ndata\n-----\n"))
        status, headers, body = self.client.ask("requestdata.main/teapot")
        self.assertEqual((status, headers["X-Pot"], body), (418, "tea", b"short and stout"))

    def test_openfaas(self):
        self.assertEqual(self.everywhere("hello-python.handler.handle", "body"),
                         (200, "Hello! You said: body"))
        status, headers, body = self.client.ask("hello-http.handler.handle/p?q=1", "body",
                                                Content_Type="text/plain")
        self.assertEqual((status, headers["X-Path"], json.loads(body)), (
            201, "/p", {"said": "body", "query": {"q": "1"}, "type": "text/plain"}))
        self.assertEqual(self.everywhere("hello-http.handler.handle", method="DELETE"),
                         (405, "Method not allowed"))

    def test_fn(self):
        for executor in EVERY:
            status, headers, body = self.client.ask("func.handler", '{"name": "Eve"}',
                                                    executor=executor)
            self.assertEqual((status, headers["Content-Type"], json.loads(body)),
                             (200, "application/json", {"message": "Hello Eve"}))
        self.assertEqual(json.loads(self.client.get("func.handler")[1]), {"message": "Hello World"})

    def test_lambda(self):
        status, said = self.everywhere("lambda_handler", '{"name": "Ann"}')
        self.assertEqual(json.loads(json.loads(said)["body"])["message"], "hello Ann")

    def test_who_is_what_is_told(self):
        door = self.server.connect()
        self.addCleanup(door.close)
        door.request("GET", "/functions")
        functions = json.loads(door.getresponse().read())
        self.assertEqual({f["id"]: f.get("convention") for f in functions}, CONVENTIONS)
        door.request("GET", "/openapi.json")
        paths = json.loads(door.getresponse().read())["paths"]
        self.assertEqual({path[len("/invoke/"):]: operation["post"].get("x-snafu-convention")
                          for path, operation in paths.items() if path.startswith("/invoke/")},
                         CONVENTIONS)

    def test_asynchronous_calls_keep_the_request(self):
        status, headers, body = self.client.ask("hello_http?name=Later", Prefer="respond-async")
        self.assertEqual(status, 202)
        door = self.server.connect()
        self.addCleanup(door.close)
        state = {"state": "queued"}
        while state["state"] in ("queued", "waiting", "running"):
            door.request("GET", headers["Location"], headers={"Prefer": "wait=10"})
            state = json.loads(door.getresponse().read())
        self.assertEqual(state["result"], "Hello Later!")


class RealFlask(Samples):
    env = {"SNAFU_TEST": "1"}

    @classmethod
    def setUpClass(cls):
        done = run("-c", "import flask", program="/usr/bin/python3")
        if done.returncode:
            raise unittest.SkipTest("Flask is not installed (python3-flask)")
        super().setUpClass()


class Shell(unittest.TestCase):
    def value(self, *arguments, **named):
        done = run("-q", "-x", *arguments, **named)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return json.loads(done.stdout)

    def test_the_scanner_tells(self):
        done = run("--format", "json", SAMPLES, program=SCAN)
        self.assertEqual({f["id"]: f.get("convention") for f in json.loads(done.stdout)},
                         CONVENTIONS)
        self.assertIn("handle(req)  [openfaas]", run(SAMPLES, program=SCAN).stdout)

    def test_data_are_arguments(self):
        main = os.path.join(SAMPLES, "gcf/main.py")
        self.assertEqual(self.value("hello_http", "-a", "name=Ann", main), "Hello Ann!")
        self.assertEqual(self.value("hello_http", main, stdin='{"name": "Bob"}'), "Hello Bob!")
        done = run("-q", "-x", "hello_gcs", main, "-a", "bucket=b", "-a", "name=n")
        self.assertEqual((done.returncode, done.stdout), (0, "null\n"))
        self.assertIn("Event type: snafu.call\nBucket: b\nFile: n\n", done.stderr)
        handler = os.path.join(SAMPLES, "openfaas/hello-python/handler.py")
        self.assertEqual(self.value("handle", handler, stdin='"text"'), "Hello! You said: text")
        self.assertEqual(self.value("func.handler", SAMPLES, stdin='{"name": "Eve"}'),
                         {"message": "Hello Eve"})

    def test_a_failing_status_is_a_failure(self):
        done = run("-q", "-x", "hello_method", os.path.join(SAMPLES, "gcf/main.py"), stdin='{"a":1}')
        self.assertEqual(done.returncode, 1)
        self.assertIn("HTTPError: 405 Method Not Allowed", done.stderr)


class Chosen(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="snafu-conventions-")
        self.addCleanup(shutil.rmtree, self.folder)

    def put(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    SOURCE = ("def handle(req):\n    return f'{type(req).__name__} {req}'\n\n"
              "def answer(req):\n    return f'{type(req).__name__} {req}'\n\n"
              "def late(a, b):\n    return [a, type(b).__name__]\n")

    def call(self, name, *options, stdin="[1]"):
        done = run("-q", *options, "-x", name, self.path, stdin=stdin)
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr

    def test_by_option(self):
        self.path = self.put("tool.py", self.SOURCE)
        self.assertEqual(self.call("handle"), "int 1")
        self.assertEqual(self.call("handle", "-c", "openfaas"), "str [1]")
        self.assertEqual(self.call("handle", "-c", "none"), "int 1")
        self.assertIn("no function 'answer'", self.call("answer", "-c", "openfaas"))
        done = run("-c", "kubeless", "-x", "handle", self.path, stdin="[1]")
        self.assertEqual(done.returncode, 1)

    def test_by_settings(self):
        self.path = self.put("tool.py", self.SOURCE)
        ini = self.put("snafu.ini", "[function answer]\nconvention = openfaas\n"
                                    "[function late]\nconvention = lambda\n")
        self.assertEqual(self.call("answer", "-s", ini), "str [1]")
        self.assertEqual(self.call("handle", "-s", ini), "int 1")
        self.assertEqual(self.call("late", "-s", ini, stdin='{"x": 1}'), [{"x": 1}, "Context"])
        self.put("tool.py.config", '{"Convention": "openfaas", '
                                   '"Functions": {"handle": {"Convention": "none"}}}')
        self.assertEqual(self.call("answer"), "str [1]")
        self.assertEqual(self.call("handle"), "int 1")
        ini = self.put("all.ini", "[execution]\nconvention = openfaas\n")
        os.unlink(os.path.join(self.folder, "tool.py.config"))
        self.assertEqual(self.call("handle", "-s", ini), "str [1]")
        self.assertIn("no function 'answer'", self.call("answer", "-s", ini))
        ini = self.put("bad.ini", "[execution]\nconvention = cobol\n")
        self.assertIn("convention takes any, none, fission", self.call("handle", "-s", ini))

    def test_settings_that_change(self):
        """What is on offer keeps its convention until its source is read again."""
        path = self.put("tool.py", self.SOURCE)
        with Served(path) as server:
            self.assertEqual(server.call("tool.answer", 1), (200, "int 1"))
            self.put("tool.py.config", '{"Functions": {"answer": {"Convention": "openfaas"}}}')
            server.await_line("another convention is set for 1 function: ")
            self.assertEqual(server.call("tool.answer", 1), (200, "int 1"))
            self.put("tool.py", self.SOURCE + "# changed\n")
            until(lambda: server.ask_text("POST", "/invoke/tool.answer", "x")[0].status == 200,
                  "it is called by its new convention")
            self.assertEqual(server.ask_text("POST", "/invoke/tool.answer", "x")[1], "str x")

    def test_recognised_after_all(self):
        self.put("plain.py", "def plain():\n    return 1\n")
        with Server(self.folder, executor=None) as server:
            client = Client(server)
            self.put("later.py", "import functions_framework\n@functions_framework.http\n"
                                 "def f(request):\n    return request.method\n")
            end = time.monotonic() + PATIENCE
            while client.ask("later.f", method="PUT")[0] != 200:
                self.assertLess(time.monotonic(), end)
            self.assertEqual(client.get("later.f", method="PUT"), (200, "PUT"))


TYPED = '''
import dataclasses
import functions_framework

@dataclasses.dataclass
class Order:
    item: str
    count: int = 1

    @staticmethod
    def from_dict(given):
        return Order(given["item"], int(given.get("count", 1)))

    def to_dict(self):
        return dataclasses.asdict(self)

@functions_framework.typed
def doubles(order: Order):
    return Order(order.item, order.count * 2)

@functions_framework.typed(Order)
def counts(order):
    return {"counted": order.count}, 201

@functions_framework.typed(Order)
def nothing(order):
    print(order.item)
'''
WEB = '''
def main(args):
    """Answers with what the caller says, or tells what it got."""
    return args["give"] if "give" in args else {"body": args}
'''


class WebAction(unittest.TestCase):
    """Apache OpenWhisk's own rules."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        for name, text in (("web.py", WEB), ("raw.py", WEB), ("manifest.yaml", '''
packages:
  p:
    actions:
      web: {function: web.py, web: true}
      raw:
        function: raw.py
        annotations:
          raw-http: true
''')):
            with open(os.path.join(cls.folder.name, name), "w") as file:
                file.write(text)
        cls.server = Server(cls.folder.name, executor=None)
        cls.addClassCleanup(cls.server.__exit__)
        cls.client = Client(cls.server)

    def got(self, *arguments, **named):
        status, _, body = self.client.ask(*arguments, **named)
        value = json.loads(body)
        self.assertEqual(status, 200, value)
        headers = value.pop("__ow_headers")
        self.assertIn("host", headers)
        return value

    def given(self, value):
        """What an action that gives VALUE answers."""
        status, headers, body = self.client.ask("web.main", json.dumps({"give": value}),
                                                Content_Type="application/json")
        return status, headers["Content-Type"], body

    def test_members(self):
        self.assertEqual(self.got("web.main/a%20b?x=1&y=&x=2", '{"y": [1]}', method="PUT",
                                  Content_Type="application/json"),
                         {"x": "2", "y": [1], "__ow_method": "put", "__ow_path": "/a%20b"})
        self.assertEqual(self.got("web.main?x=1", "x=2&z=%26", method="POST",
                                  Content_Type="application/x-www-form-urlencoded"),
                         {"x": "2", "z": "&", "__ow_method": "post", "__ow_path": ""})
        self.assertEqual(self.got("web.main"), {"__ow_method": "get", "__ow_path": ""})

    def test_other_bodies(self):
        for type, body, arrives in (
                ("application/json", "[1]", [1]), ("text/plain", "ä", "ä"),
                ("image/svg+xml", "<svg/>", "<svg/>"), ("application/x", "\0", "AA=="),
                ("application/problem+json", "7", 7)):
            self.assertEqual(self.got("web.main", body.encode(), Content_Type=type)["__ow_body"],
                             arrives)

    def test_what_callers_may_not_give(self):
        self.assertEqual(self.client.ask("web.main?__ow_user=x")[0], 400)
        self.assertEqual(self.client.ask("web.main", '{"__ow_body": 1}',
                                         Content_Type="application/json")[0], 400)
        self.assertEqual(self.got("web.main?__ow_other=x")["__ow_other"], "x")

    def test_raw(self):
        self.assertEqual(self.got("raw.main?__ow_path=x&y=%20", '{"y": 1}',
                                  Content_Type="application/json"),
                         {"__ow_method": "post", "__ow_path": "", "__ow_query": "__ow_path=x&y=%20",
                          "__ow_body": base64.b64encode(b'{"y": 1}').decode()})
        self.assertEqual(self.got("raw.main", "a=b", Content_Type="text/plain"),
                         {"__ow_method": "post", "__ow_path": "", "__ow_query": "",
                          "__ow_body": "a=b"})
        self.assertEqual(self.got("raw.main")["__ow_body"], "")

    def test_bodies_of_replies(self):
        encoded = base64.b64encode(b'{"a": 1}').decode()
        for value, reply in (
                ({"body": "x"}, (200, "text/html; charset=utf-8", b"x")),
                ({"body": {"a": 1}}, (200, "application/json", b'{"a": 1}')),
                ({"body": 0, "statusCode": "201"}, (201, "application/json", b"0")),
                ({"body": encoded, "headers": {"content-type": "application/json"}},
                 (200, "application/json", b'{"a": 1}')),
                ({"body": "1234", "headers": {"content-type": "application/json"}},
                 (200, "application/json", b"1234")),
                ({"body": "AP8=", "headers": {"content-type": "application/x"}},
                 (200, "application/x", b"\0\xff")),
                ({"body": "", "headers": {"content-type": "a/b"}}, (204, None, b"")),
                ({"headers": {"X-A": 1}}, (204, None, b"")),
                ({"a": 1}, (200, "application/json", b'{"a": 1}')),
                ({"error": "words"}, (400, "application/json", b'{"error": "words"}')),
                ({"error": {"statusCode": 418, "body": "tea"}},
                 (418, "text/html; charset=utf-8", b"tea"))):
            self.assertEqual(self.given(value), reply, value)

    def test_replies_that_are_none(self):
        for value in ({"body": "no base64", "headers": {"content-type": "application/x"}},
                      {"headers": {"X-A": {}}}, {"statusCode": "many"}, {"statusCode": 7}, "text"):
            self.assertEqual(self.given(value)[0], 500, value)


class Typed(unittest.TestCase):
    """Google's typed functions, with the decorator's stand-in."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="snafu-conventions-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "main.py")

    def put(self, text):
        with open(self.path, "w") as file:
            file.write(text)

    def test_over_http(self):
        self.put(TYPED)
        with Server(self.path, executor=None) as server:
            client = Client(server)
            for executor in EVERY:
                status, headers, body = client.ask("doubles", '{"item": "a", "count": 2}',
                                                   executor=executor)
                self.assertEqual((status, headers["Content-Type"], json.loads(body)),
                                 (200, "application/json", {"item": "a", "count": 4}))
            status, headers, body = client.ask("counts", '{"item": "a"}')
            self.assertEqual((status, json.loads(body)), (201, {"counted": 1}))
            self.assertEqual(client.get("nothing", '{"item": "a"}'), (200, ""))
            self.assertEqual(client.ask("doubles")[0], 405)
            self.assertEqual(client.ask("doubles", "no JSON")[0], 400)
            status, _, body = client.ask("doubles", "{}")
            self.assertEqual((status, json.loads(body)["errorType"]), (500, "KeyError"))

    def test_without_http(self):
        self.put(TYPED)
        done = run("-q", "-x", "doubles", "-a", "item=b", "-a", "count=3", self.path)
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, {"item": "b", "count": 6}))

    def test_without_a_class(self):
        self.put("import functions_framework\n@functions_framework.typed\n"
                 "def f(order: dict):\n    return order\n")
        done = run("-q", "-x", "f", self.path, stdin="{}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("wants a class with from_dict()", done.stderr)


class LambdaHttp(unittest.TestCase):
    """Lambda's functions as function URLs and API Gateway call them."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = os.path.join(cls.folder.name, "app.py")
        with open(cls.path, "w") as file:
            file.write("import json\n\n"
                       "def tells(event, context):\n"
                       "    assert event['requestContext']['requestId'] == context.aws_request_id\n"
                       "    return event\n\n"
                       "def gives(event, context):\n"
                       "    return json.loads(event['body'])\n\n"
                       "def other(a):\n    return a\n")
        cls.server = Server(cls.path, executor=None, options=("-c", "lambda-http"))
        cls.addClassCleanup(cls.server.__exit__)
        cls.client = Client(cls.server)

    def test_events(self):
        for executor in EVERY:
            status, headers, body = self.client.ask(
                "tells/a/b%20c?x=1&x=2&y=%20", "text", executor=executor, Cookie="k=v; l=w",
                Content_Type="text/plain", User_Agent="tester", X_Forwarded_For="192.0.2.1")
            event = json.loads(body)
            about, headers = event.pop("requestContext"), event.pop("headers")
            self.assertEqual((headers["user-agent"], headers["content-type"]),
                             ("tester", "text/plain"))
            self.assertNotIn("cookie", headers)
            self.assertEqual(about["http"], {
                "method": "POST", "path": "/a/b%20c", "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1", "userAgent": "tester"})
            self.assertEqual(event, {
                "version": "2.0", "routeKey": "$default", "rawPath": "/a/b%20c",
                "rawQueryString": "x=1&x=2&y=%20", "cookies": ["k=v", "l=w"], "body": "text",
                "queryStringParameters": {"x": "1,2", "y": " "}, "isBase64Encoded": False})

    def test_bodies(self):
        for type, sent, encoded in (("application/json", b"{", False), ("a/b", b"\0", True),
                                    ("application/x-www-form-urlencoded", b"a=b", True)):
            event = json.loads(self.client.ask("tells", sent, method="PUT", Content_Type=type)[2])
            self.assertEqual(event["isBase64Encoded"], encoded)
            self.assertEqual(base64.b64decode(event["body"]) if encoded else event["body"].encode(),
                             sent)
        event = json.loads(self.client.ask("tells")[2])
        self.assertEqual((event["rawPath"], "body" in event, "queryStringParameters" in event),
                         ("/", False, False))

    def test_replies(self):
        for value, wanted in (
                ({"statusCode": 201, "headers": {"Content-Type": "text/x"}, "body": "b"},
                 (201, "text/x", b"b")),
                ({"statusCode": 200, "body": "{}"}, (200, "application/json", b"{}")),
                ({"statusCode": 200, "headers": {"content-type": "image/png"}, "body": "AP8=",
                  "isBase64Encoded": True}, (200, "image/png", b"\0\xff")),
                ({"statusCode": "404"}, (404, None, b"")),
                ({"a": 1}, (200, "application/json", b'{"a": 1}')),
                ("words", (200, "application/json", b"words")),
                (None, (200, "application/json", b""))):
            status, headers, body = self.client.ask("gives", json.dumps(value),
                                                    Content_Type="application/json")
            self.assertEqual((status, headers["Content-Type"], body), wanted, value)
        given = {"statusCode": 200, "cookies": ["a=b; Secure", "c=d"], "headers": {"X-A": 1},
                 "multiValueHeaders": {"X-Many": ["1", "2"]}}
        headers = self.client.ask("gives", json.dumps(given), Content_Type="application/json")[1]
        self.assertEqual((headers.get_all("Set-Cookie"), headers["X-A"], headers.get_all("X-Many")),
                         (["a=b; Secure", "c=d"], "1", ["1", "2"]))

    def test_replies_that_are_none(self):
        for value in ({"statusCode": "many"}, {"statusCode": 1000},
                      {"statusCode": 200, "body": "#", "isBase64Encoded": True},
                      {"statusCode": 200, "cookies": "a=b"},
                      {"statusCode": 200, "multiValueHeaders": {"A": "bc"}},
                      {"statusCode": 200, "headers": {"A": "b\r\nC: d"}}):
            status, headers, _ = self.client.ask("gives", json.dumps(value),
                                                 Content_Type="application/json")
            self.assertEqual((status, headers["C"]), (500, None), value)

    def test_without_http(self):
        event = {"version": "2.0", "requestContext": {"http": {"method": "GET"}}, "body": '{"a": 1}'}
        done = run("-q", "-c", "lambda-http", "-x", "gives", self.path, stdin=json.dumps(event))
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, {"a": 1}), done.stderr)
        done = run("-q", "-c", "lambda-http", "-x", "gives", self.path, stdin='{"statusCode": 404}')
        self.assertIn("HTTPError: 404 Not Found", done.stderr)
        self.assertEqual(done.returncode, 1)

    def test_who_is_offered(self):
        self.assertEqual(self.client.ask("other?a=1")[0], 404)


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        with open(os.path.join(cls.folder.name, "hostile.py"), "w") as file:
            file.write(HOSTILE)
        cls.server = Server(cls.folder.name, executor=None, settings="[limits]\nresult-size = 1MiB\n"
                                                                     "payload-size = 64KiB\n")
        cls.addClassCleanup(cls.server.__exit__)
        cls.client = Client(cls.server)

    def error(self, *arguments, **named):
        status, headers, body = self.client.ask(*arguments, **named)
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertIsNone(headers["Set-Cookie"])
        said = json.loads(body)
        return status, said["errorType"], said["errorMessage"]

    def test_replies_that_are_none(self):
        # spawn: what such a function does to its interpreter ends with it.
        for how, words in (("split", "control characters"), ("name", "no proper name"),
                           ("status", "no status"), ("endless", "does not end within"),
                           ("many", "more than")):
            status, kind, message = self.error("replies?how=" + how, executor="spawn")
            self.assertEqual((status, kind), (500, "BadReply"))
            self.assertIn(words, message)

    def test_what_is_the_hosts_to_say(self):
        status, headers, body = self.client.ask("replies?how=ours", executor="spawn")
        self.assertEqual((status, body), (200, b"ours"))
        self.assertEqual(len(headers.get_all("X-Snafu-Request-Id")), 1)
        self.assertNotEqual(headers["X-Snafu-Request-Id"], "forged")
        self.assertEqual(headers["Content-Length"], "4")
        self.assertIsNone(headers["Transfer-Encoding"])

    def test_line_breaks_in_headers(self):
        self.assertEqual(self.error("breaks")[0], 500)

    def test_exceptions(self):
        status, kind, message = self.error("raises")
        self.assertEqual((status, kind, message), (500, "ValueError", "on purpose"))

    def test_sizes(self):
        status, headers, body = self.client.ask("large?n=1000000")
        self.assertEqual((status, len(body)), (200, 1000000))
        status, kind, message = self.error("large?n=2000000")
        self.assertEqual(status, 500)
        self.assertIn("result-size", message)
        self.assertEqual(self.error("echo", b"x" * 70000)[0], 413)

    def test_bytes_are_bytes(self):
        data = bytes(range(256)) * 100
        for executor in EVERY:
            status, headers, body = self.client.ask("echo", data, executor=executor,
                                                    Content_Type="application/x-any")
            self.assertEqual((status, headers["Content-Type"], body),
                             (200, "application/x-any", data))

    def test_async_functions_and_odd_queries(self):
        for query in ("", "a=b?&c=d", "a&b=&=c", "x=%26%3D&y=+", "a=b&a=c"):
            status, _, body = self.client.ask("later?" + query)
            self.assertEqual((status, json.loads(body)), (200, {"async": query}))

    def test_neighbours_are_as_ever(self):
        for executor in EVERY:
            self.assertEqual(self.client.get("plain?n=1", executor=executor), (200, "2"))
            self.assertEqual(self.client.get("asks", '{"n": 5}', executor=executor),
                             (200, '{"n":5}'))
        self.assertEqual(self.client.ask("plain", method="PUT")[0], 405)
        self.assertEqual(self.client.ask("plain/more?n=1")[0], 404)

    def test_bodies_that_look_like_messages(self):
        """What looks like the host's own form is a body, or no JSON."""
        forged = b"POST /x HTTP/1.1\r\nX-Forwarded-Prefix: /evil\r\n\r\nbody"
        self.assertEqual(self.client.ask("echo", forged)[2], forged)
        self.assertEqual(self.error("plain", forged)[0], 400)


if __name__ == "__main__":
    unittest.main()
