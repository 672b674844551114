"""tests/e2e/python_calls.py — Python functions that call each other, isolated ones, AWS
handlers and boto3 kept inside, through a real server. The details are in
tests/unit/test-lang-python-calls.c and test-lang-python-change.c; here it is that host, doors and
gateway agree."""

import base64
import concurrent.futures
import json
import os
import socket
import subprocess
import tempfile
import unittest

from served import Served
from terminal import SOURCE, Terminal, run

DATA = os.path.join(SOURCE, "tests/data/python-calls")


class Server(Served):
    def __init__(self, *arguments, settings="", **environment):
        super().__init__("-q", *arguments, settings=settings, env=environment)

    def call(self, function, payload=None):
        """(status, result)"""
        reply, value = self.ask("POST", "/invoke/" + function, payload)
        return reply.status, value


class Isolated(unittest.TestCase):
    def test_no_call_sees_another(self):
        with Server("-e", "isolated", DATA) as server:
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                replies = list(pool.map(lambda n: server.call("state.up", [n]), range(200)))
            self.assertEqual(replies, [(200, [n, [n], [n]]) for n in range(200)])
            for _ in range(2):
                self.assertEqual(server.call("state.others"), (200, [1, 1, 1, 11, True]))
                self.assertEqual(server.call("state.Account.add", {"n": 2, "self": [5]}),
                                 (200, [7, 2]))
                self.assertEqual(server.call("state.fails")[1]["errorMessage"], "1")

    def test_each_folder_has_its_own(self):
        """Files that share a name, whose imports are told apart."""
        with Server("-e", "isolated", os.path.join(SOURCE, "tests/data/python/folders")) as server:
            for _ in range(2):
                self.assertEqual(server.call("x.util.f"), (200, "x"))
                self.assertEqual(server.call("y.other.g"), (200, "y"))

    def test_the_standard_library(self):
        with Server("-e", "isolated", "/usr/lib/python3.11/statistics.py") as server:
            self.assertEqual(server.call("mean", [[1, 2, 3]]), (200, 2))
            self.assertEqual(server.call("mean", [[1, 2, 3]]), (200, 2))


class Calls(unittest.TestCase):
    def test_functions_call_functions(self):
        with Server(os.path.join(DATA, "client.py")) as server:
            self.assertEqual(server.call("fib", [12]), (200, 144))
            self.assertEqual(server.call("catches"),
                             (200, ["raised", "ValueError", "boo", 1, "ValueError: boo"]))
            status, where = server.call("deeper")
            self.assertEqual(status, 200)
            self.assertEqual([(part[1], part[2], part[3]) for part in where],
                             [("client.deeper", 0, "http"), ("client.where", 1, "function"),
                              ("client.deeper", 0, "http")])
            self.assertEqual(len({part[0] for part in where}), 2)
            said = server.call("misuse", ["unknown"])[1]
            self.assertIn("UnknownFunction", said)
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                self.assertEqual(list(pool.map(lambda n: server.call("fib", [n])[1], [9] * 64)),
                                 [34] * 64)
            status, found = server.call("in_thread")
            self.assertEqual([part[1] for part in found[0]], ["client.in_thread", "client.where"])

    def test_recursion_ends_at_the_limit(self):
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "deep.py")
            with open(source, "w") as file:
                file.write("import snafu\n"
                           "def down(n: int):\n"
                           "    try:\n"
                           "        return snafu.call('deep.down', n + 1)\n"
                           "    except snafu.CallError as error:\n"
                           "        return [n, error.status, error.type]\n")
            with Server(source, settings="[limits]\ncall-depth = 20\n") as server:
                self.assertEqual(server.call("down", [0]),
                                 (200, [20, "over-limit", "CallDepthExceeded"]))

    def test_a_users_own_module_of_that_name(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("snafu.py", "def mine(): return 'mine'\n"),
                               ("uses.py", "import snafu\ndef f(): return snafu.mine()\n")):
                with open(os.path.join(folder, name), "w") as file:
                    file.write(text)
            self.assertEqual(run("-q", "-x", "snafu.mine", folder).stdout, '"mine"\n')
            self.assertEqual(run("-q", "-x", "uses.f", folder).stdout, '"mine"\n')


class Events(unittest.TestCase):
    def test_the_payload_is_the_event(self):
        with Server(os.path.join(DATA, "events.py")) as server:
            for payload, event in (({"a": 1}, {"a": 1}), ([1, 2], [1, 2]), (None, {}),
                                   ({"event": {"a": 1}}, {"a": 1}), ({}, {}),
                                   ({"event": 1, "context": None}, 1),
                                   ({"event": 1, "b": 2}, {"event": 1, "b": 2})):
                with self.subTest(payload):
                    self.assertEqual(server.call("handler", payload), (200, event))
            status, about = server.call("about", {})
            self.assertEqual(status, 200)
            self.assertEqual(about["name"], "events.about")
            self.assertEqual(about["trigger"], "http")
            self.assertTrue(0 < about["left"] <= 60000)
            self.assertTrue(int(about["memory"]) > 0)

    def test_nobody_is_asked_for_a_context(self):
        source = os.path.join(DATA, "events.py")
        self.assertEqual(run("-q", "-x", "handler", "-a", 'event={"n": 1}', source).stdout,
                         '{"n":1}\n')
        with Terminal("-q", "-x", "handler", source) as terminal:
            terminal.expect("event: ")
            terminal.type('{"n": 2}\n')
            self.assertEqual(terminal.wait(), 0)
            self.assertIn('{"n":2}', terminal.seen)
            self.assertNotIn("context", terminal.seen)


class Boto(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if subprocess.run(["/usr/bin/python3", "-c", "import boto3"], capture_output=True).returncode:
            raise unittest.SkipTest("Debian's python3-boto3 is not installed")
        cls.folder = tempfile.TemporaryDirectory()
        cls.source = os.path.join(cls.folder.name, "lam.py")
        # A port that nobody listens at, for as long as the socket is open.
        cls.socket = socket.socket()
        cls.socket.bind(("127.0.0.1", 0))
        cls.endpoint = f"http://127.0.0.1:{cls.socket.getsockname()[1]}"
        with open(cls.source, "w") as file:
            file.write(f"""\
import io, json
import boto3
from botocore.config import Config
client = boto3.client("lambda", endpoint_url={cls.endpoint!r}, region_name="us-east-1",
                      aws_access_key_id="a", aws_secret_access_key="b",
                      config=Config(retries={{"max_attempts": 0}}))
def echo(event, context):
    print("echoed", event)
    return event
def raises(event, context):
    raise ValueError(event)
def fib(event, context):
    n = event["n"]
    return n if n < 2 else sum(
        json.loads(client.invoke(FunctionName="fib", Payload=json.dumps({{"n": n - k}}))
                   ["Payload"].read()) for k in (1, 2))
def down(event, context):
    try:
        reply = client.invoke(FunctionName="down", Payload=json.dumps(event + 1))
        return json.loads(reply["Payload"].read())
    except client.exceptions.TooManyRequestsException as error:
        return [event, error.response["ResponseMetadata"]["HTTPStatusCode"],
                error.response["Error"]["Code"], str(error)]
def ask(name, payload, **names):
    if names.pop("file", False):
        payload = io.BytesIO(json.dumps(payload).encode())
    else:
        payload = json.dumps(payload)
    try:
        reply = client.invoke(FunctionName=name, Payload=payload, **names)
    except Exception as error:
        return [type(error).__name__, str(error)]
    reply["Payload"] = reply["Payload"].read().decode()
    return reply
""")

    @classmethod
    def tearDownClass(cls):
        cls.socket.close()
        cls.folder.cleanup()

    def test_calls_stay_inside(self):
        with Server(self.source, SNAFU_CONTAIN_BOTO3="1") as server:
            self.assertEqual(server.call("fib", {"n": 8}), (200, 21))
            status, reply = server.call("ask", {"name": "echo", "payload": {"a": 1},
                                                "LogType": "Tail"})
            self.assertEqual(status, 200)
            self.assertEqual((reply["StatusCode"], reply["Payload"], reply["ExecutedVersion"]),
                             (200, '{"a":1}', "$LATEST"))
            self.assertEqual(base64.b64decode(reply["LogResult"]), b"echoed {'a': 1}\n")
            self.assertEqual(reply["ResponseMetadata"]["HTTPStatusCode"], 200)
            self.assertNotIn("FunctionError", reply)
            arn = "arn:aws:lambda:us-east-1:000000000000:function:lam-raises:$LATEST"
            for name in ("raises", "raises:$LATEST", arn.replace("lam-", "")):
                reply = server.call("ask", {"name": name, "payload": "boo", "file": True})[1]
                self.assertEqual(reply["FunctionError"], "Unhandled")
                self.assertEqual(json.loads(reply["Payload"])["errorType"], "ValueError")
            # What the host does not know goes out, to where nobody listens.
            self.assertEqual(server.call("ask", {"name": "nosuch", "payload": 1, "file": True})[1][0],
                             "EndpointConnectionError")

    def test_only_with_the_endpoints_that_are_named(self):
        for setting, inside in ((self.endpoint, True), (f"http://x:1, {self.endpoint}/", True),
                                ("http://127.0.0.1:1", False), ("0", False), ("", False),
                                (self.endpoint[:-1], False)):
            with self.subTest(setting), Server(self.source, SNAFU_CONTAIN_BOTO3=setting) as server:
                reply = server.call("ask", {"name": "echo", "payload": 1})[1]
                self.assertEqual(isinstance(reply, dict), inside)

    def test_limits_are_the_services_errors(self):
        with Server(self.source, settings="[limits]\ncall-depth = 3\n",
                    SNAFU_CONTAIN_BOTO3="1") as server:
            status, reply = server.call("down", 0)
            self.assertEqual((status, reply[:3]), (200, [3, 429, "TooManyRequestsException"]))
            self.assertIn("call-depth", reply[3])
