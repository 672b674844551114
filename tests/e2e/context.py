"""tests/e2e/context.py — what functions are told about their call: AWS Lambda's context objects
in Python, Python 2 and Java, on every executor, for calls from outside and by functions."""

import base64
import importlib.util
import json
import os
import re
import tempfile
import unittest

from ladder import EVERY, Server
from terminal import SOURCE


PYTHON = '''
import snafu

def handler(event, context):
    print("told")
    given = context.client_context
    return {
        "event": event, "id": context.aws_request_id, "name": context.function_name,
        "version": context.function_version, "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb, "group": context.log_group_name,
        "stream": context.log_stream_name, "left": context.get_remaining_time_in_millis(),
        "identity": [context.identity.cognito_identity_id,
                     context.identity.cognito_identity_pool_id],
        "client": given and [given.custom, given.env, given.client and [
            given.client.installation_id, given.client.app_title, given.client.app_version_name,
            given.client.app_version_code, given.client.app_package_name]],
        "own": [snafu.context() and snafu.context().aws_request_id, context.trigger, context.depth],
    }

def outer(event, context):
    return [context.aws_request_id, context.get_remaining_time_in_millis(),
            snafu.invoke(event["function"], event)]
'''

JAVA = """
package shop;
import com.amazonaws.services.lambda.runtime.*;
import java.util.*;
public class Told implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    public Map<String, Object> handleRequest(Map<String, Object> event, Context c) {
        Map<String, Object> told = new TreeMap<>();
        c.getLogger().log("told\\n");
        told.put("event", event);
        told.put("id", c.getAwsRequestId());
        told.put("name", c.getFunctionName());
        told.put("version", c.getFunctionVersion());
        told.put("arn", c.getInvokedFunctionArn());
        told.put("memory", String.valueOf(c.getMemoryLimitInMB()));
        told.put("group", c.getLogGroupName());
        told.put("stream", c.getLogStreamName());
        told.put("left", c.getRemainingTimeInMillis());
        told.put("identity", c.getIdentity() == null ? Arrays.asList(null, null) : null);
        ClientContext given = c.getClientContext();
        told.put("client", given == null ? null : Arrays.asList(given.getCustom(),
            given.getEnvironment(), given.getClient() == null ? null : Arrays.asList(
                given.getClient().getInstallationId(), given.getClient().getAppTitle())));
        told.put("own", Arrays.asList(snafu.Snafu.context().requestId(),
            snafu.Snafu.context().trigger(), snafu.Snafu.context().depth()));
        return told;
    }
}"""

CLIENT = {"client": {"installation_id": "i-1", "app_title": "shop \u00e4", "other": 1},
          "custom": {"k": "v"}, "env": {"locale": "de"}}


def java_sources():
    """Minimal versions of Lambda's interfaces, and a handler for events and one for streams."""
    spec = importlib.util.spec_from_file_location(
        "java_lambda", os.path.join(SOURCE, "tests/e2e/java-lambda.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.SOURCES, **{"shop/Told.java": JAVA})


class Context(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        sources = {"code/new.py": PYTHON,
                   "code/old.py": re.sub(r"print\((.*)\)", r"print \1", PYTHON),
                   **{"java/" + name: text for name, text in java_sources().items()}}
        for name, text in sources.items():
            path = os.path.join(folder.name, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        settings = "[limits]\ncall-timeout = 50s\nmemory = 300MiB\n"
        cls.server = Server(folder.name + "/code", folder.name + "/java", executor=None,
                            settings=settings)
        cls.addClassCleanup(cls.server.__exit__)

    def ask(self, function, executor, event, client=None):
        headers = {"X-Snafu-Executor": executor, "X-Snafu-Log": "tail"}
        if client is not None:
            headers["X-Amz-Client-Context"] = client
        return self.server.ask("POST", "/invoke/" + function, json.dumps(event), headers)

    def check(self, told, function, event, id, client=None, own=("http", 0)):
        self.assertEqual(told["event"], event)
        self.assertEqual(told["id"], id)
        self.assertRegex(id, r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertEqual(told["name"], function)
        self.assertEqual(told["version"], "$LATEST")
        self.assertEqual(told["arn"], "arn:aws:lambda:us-east-1:000000000000:function:" + function)
        self.assertEqual(told["memory"], "300")
        self.assertEqual(told["group"], "/aws/lambda/" + function)
        self.assertRegex(told["stream"], r"^\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$")
        self.assertGreater(told["left"], 0)
        self.assertLessEqual(told["left"], 50000)
        self.assertEqual(told["identity"], [None, None])
        self.assertEqual(told["client"], client)
        self.assertEqual(told["own"], [id, *own])

    def executors(self, language):
        return [name for name in EVERY if not (language == "java" and name == "fork")]

    def test_everything_that_aws_documents(self):
        event = {"a": [1, {"b": None}], "c": "\u00e4"}
        given = base64.b64encode(json.dumps(CLIENT).encode()).decode()
        for function in ("new.handler", "old.handler", "shop.Told.handleRequest"):
            java = function.startswith("shop")
            for executor in self.executors("java" if java else "python"):
                with self.subTest(function=function, executor=executor):
                    reply, told = self.ask(function, executor, event)
                    self.assertEqual(reply.status, 200, told)
                    self.check(told, function, event, reply.headers["X-Snafu-Request-Id"])
                    self.assertEqual(base64.b64decode(reply.headers["X-Snafu-Log-Result"]),
                                     b"told\n")
                    reply, told = self.ask(function, executor, event, given)
                    self.assertEqual(reply.status, 200, told)
                    about = ["i-1", "shop \u00e4"] + ([] if java else [None] * 3)
                    self.check(told, function, event, reply.headers["X-Snafu-Request-Id"],
                               [CLIENT["custom"], CLIENT["env"], about])

    def test_of_calls_by_functions(self):
        """They have ids, and times, of their own; and nobody's client context."""
        given = base64.b64encode(json.dumps(CLIENT).encode()).decode()
        for function in ("new.handler", "old.handler", "shop.Told.handleRequest"):
            for executor in EVERY:
                with self.subTest(function=function, executor=executor):
                    event = {"function": function}
                    reply, value = self.ask("new.outer", executor, event, given)
                    self.assertEqual(reply.status, 200, value)
                    id, left, told = value
                    self.assertEqual(id, reply.headers["X-Snafu-Request-Id"])
                    self.assertNotEqual(told["id"], id)
                    self.assertLessEqual(told["left"], left + 1)
                    self.check(told, function, event, told["id"], own=("function", 1))

    def test_streams_and_beans(self):
        for executor in self.executors("java"):
            with self.subTest(executor):
                self.assertEqual(self.ask("shop.Upper.handleRequest", executor, {"a": "b"})[1],
                                 {"A": "B"})
                self.assertEqual(self.ask("shop.Place.handleRequest", executor,
                                          {"item": "tea", "count": 2})[1]["item"], "tea")
                self.assertEqual(self.ask("shop.Plain.hello", executor, ["Ann"])[1],
                                 "hello Ann from shop.Plain.hello")

    def test_bad_client_contexts(self):
        for bad in ("", "{}", "not base64!", base64.b64encode(b"[1]").decode(),
                    base64.b64encode(b"{\"a\": ").decode(),
                    base64.b64encode(b"{\"a\": \"" + b"x" * 3600 + b"\"}").decode()):
            reply, value = self.ask("new.handler", "inprocess", {}, bad)
            self.assertEqual((reply.status, value["errorType"]), (400, "BadRequest"), bad)
            self.assertIn("X-Amz-Client-Context", value["errorMessage"])
