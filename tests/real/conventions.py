"""tests/real/conventions.py — functions written with the packages that their providers publish are
served with these packages: `make check-conventions`.

Not part of `make check`, where Snafu's stand-ins do: it fetches from PyPI, by pip, into
$SNAFU_TOOLS. What cannot be had is a skip with its reason."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from ladder import EVERY, Server
from terminal import SCAN, run

TOOLS = os.environ["SNAFU_TOOLS"]
PACKAGES = ["functions-framework==3.10.2", "cloudevents==1.12.0", "fdk==0.1.128", "bottle==0.13.4"]
PATIENCE = 900
SOURCES = {
    "google/requirements.txt": "functions-framework\n",
    "google/main.py": '''
import flask
import functions_framework
from cloudevents.http import CloudEvent, from_http, to_binary, to_structured
from markupsafe import escape
from werkzeug.exceptions import NotFound

assert not hasattr(functions_framework, "__snafu__") and not hasattr(flask, "__snafu__")

@functions_framework.http
def greet(request: flask.Request) -> flask.typing.ResponseReturnValue:
    name = (request.get_json(silent=True) or {}).get("name") or request.args.get("name", "World")
    return f"Hello {escape(name)}!"

@functions_framework.http
def parts(request):
    if request.path == "/missing":
        raise NotFound()
    reply = flask.make_response(flask.jsonify(
        method=request.method, path=request.path, form=request.form.to_dict(),
        files={name: file.read().decode() for name, file in request.files.items()},
        same=flask.request.method == request.method))
    reply.set_cookie("k", "v")
    return reply, 201

@functions_framework.http
def streams(request):
    return map(str, ["one\\n", "two\\n"]), {"Content-Type": "text/plain"}

@functions_framework.cloud_event
def event(cloud_event: CloudEvent) -> None:
    assert isinstance(cloud_event, CloudEvent)
    print(cloud_event["type"], cloud_event["source"], cloud_event.get("other"), cloud_event.data)

@functions_framework.http
def makes(request):
    """The event that came, sent on in the other form."""
    was = from_http(request.headers, request.get_data())
    made = CloudEvent({"type": was["type"] + ".next", "source": "made"}, was.data)
    headers, body = to_binary(made) if request.args.get("binary") else to_structured(made)
    return flask.Response(body, headers=dict(headers))

def background(data, context):
    print(context.event_id, context.event_type, data["name"])
''',
    "typed/main.py": '''
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
''',
    "fn/func.py": '''
import io
import json
import logging
from fdk import context, response

def handler(ctx: context.InvokeContext, data: io.BytesIO = None):
    assert not hasattr(response, "__snafu__")
    name = "World"
    try:
        name = json.loads(data.getvalue()).get("name")
    except (Exception, ValueError) as error:
        logging.getLogger().info("no JSON: " + str(error))
    return response.Response(ctx, response_data=json.dumps(
        {"message": "Hello " + name, "method": ctx.Method(), "type": ctx.Headers().get("x-type")}),
        headers={"Content-Type": "application/json"}, status_code=202)
''',
    "kubeless/kubeless.yaml": "",
    "kubeless/hello.py": '''
import bottle

def hello(event, context):
    request = event["extensions"]["request"]
    if request.query.q == "":
        bottle.abort(418, "tea")
    assert isinstance(request, bottle.BaseRequest)
    return bottle.HTTPResponse(body=request.query.q + event["data"], status=203,
                               headers={"X-A": "b"})
''',
    "fission/asks.py": '''
from flask import abort, current_app, request

def main():
    current_app.logger.info("asked")
    if not request.args:
        abort(400, "no arguments")
    return {"q": request.args["q"], "agent": request.headers["user-agent"]}
''',
}
CONVENTIONS = {
    "google.main.greet": "gcf", "google.main.parts": "gcf", "google.main.streams": "gcf",
    "google.main.event": "gcf-event", "google.main.makes": "gcf",
    "google.main.background": "gcf-background", "typed.main.doubles": "gcf-typed",
    "typed.main.counts": "gcf-typed", "typed.main.nothing": "gcf-typed", "fn.func.handler": "fn",
    "kubeless.hello.hello": "kubeless", "fission.asks.main": "fission",
}


def fetch(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise unittest.SkipTest(f"{command[0]} cannot fetch: {words[-1] if words else 'no word'}")


def packages():
    """The folder that the packages are in."""
    folder = os.path.join(TOOLS, "+".join(PACKAGES))
    if not os.path.exists(folder):
        os.makedirs(TOOLS, exist_ok=True)
        venv, into = os.path.join(TOOLS, "venv"), folder + ".new"
        fetch("/usr/bin/python3", "-m", "venv", venv)
        shutil.rmtree(into, ignore_errors=True)
        fetch(os.path.join(venv, "bin/pip"), "install", "-q", "--target", into, *PACKAGES)
        os.rename(into, folder)
    return folder


class Real(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="snafu-conventions-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for name, text in SOURCES.items():
            path = os.path.join(cls.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        cls.env = {"PYTHONPATH": packages()}
        cls.server = Server(cls.folder, executor=None, env=cls.env)
        cls.addClassCleanup(cls.server.__exit__)

    def ask(self, name, body=None, method=None, executor="inprocess", **headers):
        return self.server.ask_function(name, body, method, X_Snafu_Executor=executor,
                                        X_Snafu_Log="tail", **headers)

    def get(self, *arguments, **named):
        """The same of all executors, without the headers."""
        given = [self.ask(*arguments, executor=executor, **named)[::2] for executor in EVERY]
        self.assertEqual(given, given[:1] * len(given))
        return given[0]

    def log(self, *arguments, **named):
        """What all executors' calls print."""
        logs = []
        for executor in EVERY:
            status, headers, body = self.ask(*arguments, executor=executor, **named)
            self.assertEqual((status, body), (200, b"OK"))
            logs.append(base64.b64decode(headers["X-Snafu-Log-Result"]).decode())
        self.assertEqual(logs, logs[:1] * len(logs))
        return logs[0]

    def test_what_they_are(self):
        done = run("--format", "json", self.folder, program=SCAN)
        self.assertEqual({f["id"]: f.get("convention") for f in json.loads(done.stdout)
                          if f["kind"] == "function"}, CONVENTIONS)

    def test_http(self):
        self.assertEqual(self.get("greet?name=A%26B"), (200, b"Hello A&amp;B!"))
        self.assertEqual(self.get("greet", '{"name": "Bob"}', Content_Type="application/json"),
                         (200, b"Hello Bob!"))
        self.assertEqual(self.get("streams"), (200, b"one\ntwo\n"))
        self.assertEqual(self.get("parts/missing")[0], 404)

    def test_parts(self):
        body = ("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
                "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"g\"\r\n\r\n"
                "content\r\n--x--\r\n")
        for executor in EVERY:
            status, headers, body_given = self.ask(
                "parts/p", body, executor=executor, Content_Type="multipart/form-data; boundary=x")
            self.assertEqual((status, headers["Set-Cookie"], json.loads(body_given)), (
                201, "k=v; Path=/", {"method": "POST", "path": "/p", "form": {"a": "1"},
                                     "files": {"f": "content"}, "same": True}))

    def test_events(self):
        event = {"specversion": "1.0", "id": "1", "source": "//s", "type": "t", "other": "o",
                 "data": {"n": 1}}
        self.assertEqual(self.log("google.main.event", json.dumps(event),
                                  Content_Type="application/cloudevents+json"),
                         "t //s o {'n': 1}\n")
        self.assertEqual(self.log("google.main.event", '{"n": 2}', Content_Type="application/json",
                                  ce_specversion="1.0", ce_id="1", ce_source="//s", ce_type="t"),
                         "t //s None {'n': 2}\n")
        self.assertEqual(self.get("google.main.event", "{}", Content_Type="application/json")[0],
                         400)
        for binary in "", "?binary=1":
            status, headers, body = self.ask("makes" + binary, json.dumps(event),
                                             Content_Type="application/cloudevents+json")
            kind = headers["ce-type"] if binary else json.loads(body)["type"]
            data = json.loads(body) if binary else json.loads(body)["data"]
            self.assertEqual((status, kind, data), (200, "t.next", {"n": 1}))

    def test_background(self):
        event = {"context": {"eventId": "7", "eventType": "google.storage.object.finalize"},
                 "data": {"name": "n"}}
        self.assertEqual(self.log("background", json.dumps(event), Content_Type="application/json"),
                         "7 google.storage.object.finalize n\n")

    def test_typed(self):
        self.assertEqual(json.loads(self.get("doubles", '{"item": "a", "count": 2}')[1]),
                         {"item": "a", "count": 4})
        status, body = self.get("counts", '{"item": "a"}')
        self.assertEqual((status, json.loads(body)), (201, {"counted": 1}))
        self.assertEqual(self.get("nothing", '{"item": "a"}'), (200, b""))

    def test_fn(self):
        for executor in EVERY:
            status, headers, body = self.ask("func.handler", '{"name": "Eve"}', executor=executor,
                                             X_Type="x")
            self.assertEqual((status, headers["Content-Type"], json.loads(body)), (
                202, "application/json", {"message": "Hello Eve", "method": "POST", "type": "x"}))

    def test_kubeless(self):
        self.assertEqual(self.get("hello.hello?q=a", "b", Content_Type="text/plain"), (203, b"ab"))
        self.assertEqual(self.ask("hello.hello?q=a", "b", Content_Type="text/plain")[1]["X-A"], "b")
        self.assertEqual(self.get("hello.hello", "b", Content_Type="text/plain"), (418, b"tea"))

    def test_fission(self):
        status, body = self.get("asks.main?q=1", User_Agent="tester")
        self.assertEqual((status, json.loads(body)), (200, {"q": "1", "agent": "tester"}))
        self.assertEqual(self.get("asks.main")[0], 400)

    def test_without_http(self):
        done = run("-q", "-x", "greet", "-a", "name=Ann", os.path.join(self.folder, "google"),
                   env=self.env)
        self.assertEqual((done.returncode, done.stdout), (0, '"Hello Ann!"\n'), done.stderr)


if __name__ == "__main__":
    unittest.main()
