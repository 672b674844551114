"""Invoke of AWS Lambda's API at the web connector: boto3, unmodified, with the host as its
endpoint."""
import base64
import json
import os
import re
import subprocess
import tempfile
import threading
import unittest

from served import Served
from terminal import SOURCE

PYTHON = "/usr/bin/python3"
FUNCTIONS = '''\
import os


def hello(name="world"):
    print("saying hello")
    return "Hello, " + name


def bad():
    raise ValueError("no")


def slow():
    while True:
        pass


def lambda_handler(event, context):
    custom = context.client_context and context.client_context.custom
    return {"event": event, "id": context.aws_request_id, "custom": custom}


def note(path, text):
    with open(path, "a") as file:
        file.write(text)


def fib(n, url):
    """Calls itself, by boto3 and over the socket."""
    import json
    import boto3
    if n < 2:
        return n
    session = boto3.session.Session()  # boto3.client() is not for threads
    client = session.client("lambda", endpoint_url=url, region_name="eu-west-1",
                            aws_access_key_id="any", aws_secret_access_key="any")
    return sum(json.loads(client.invoke(FunctionName="fib", Payload=json.dumps(
        {"n": less, "url": url}))["Payload"].read()) for less in (n - 1, n - 2))
'''
# Reads a list of invoke()'s arguments, writes one of its answers.
CLIENT = '''\
import base64, json, sys
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
client = boto3.client("lambda", endpoint_url=sys.argv[1], region_name="eu-west-1",
                      aws_access_key_id="any", aws_secret_access_key="any",
                      config=Config(retries={"total_max_attempts": 1}))
answers = []
for given in json.load(sys.stdin):
    try:
        answer = client.invoke(**given)
        answer["Payload"] = answer["Payload"].read().decode()
        answer["RequestId"] = answer.pop("ResponseMetadata")["RequestId"]
    except ClientError as error:
        answer = dict(error.response["Error"], Exception=type(error).__name__)
    answers.append(answer)
json.dump(answers, sys.stdout)
'''
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:"


class Lambda(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if subprocess.run([PYTHON, "-c", "import boto3"], capture_output=True,
                          check=False).returncode:
            raise unittest.SkipTest("Debian's python3-boto3 is not installed")
        cls.folder = tempfile.TemporaryDirectory()
        path = os.path.join(cls.folder.name, "app.py")
        with open(path, "w", encoding="ascii") as file:
            file.write(FUNCTIONS)
        cls.server = Served(path, settings="[function app.slow]\ncall-timeout = 200ms\n",
                            env={"XDG_STATE_HOME": cls.folder.name})

    @classmethod
    def tearDownClass(cls):
        cls.server.end()
        cls.folder.cleanup()

    def invoke(self, *calls):
        done = subprocess.run([PYTHON, "-c", CLIENT, self.server.url], input=json.dumps(calls), text=True,
                              capture_output=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def one(self, **given):
        return self.invoke(given)[0]

    def test_a_call(self):
        got = self.one(FunctionName="app.hello", Payload='{"name": "you"}', LogType="Tail")
        self.assertEqual((got["StatusCode"], got["Payload"], got["ExecutedVersion"]),
                         (200, '"Hello, you"', "$LATEST"))
        self.assertEqual(base64.b64decode(got["LogResult"]), b"saying hello\n")
        self.assertNotIn("FunctionError", got)

    def test_names(self):
        for got in self.invoke(*({"FunctionName": name} for name in (
                "app.hello", "hello", "hello:$LATEST", ARN + "hello", ARN + "app.hello:$LATEST",
                "123456789012:function:hello")),
                {"FunctionName": "hello", "Qualifier": "$LATEST", "Payload": "{}"}):
            self.assertEqual((got.get("StatusCode"), got.get("Payload")), (200, '"Hello, world"'), got)

    def test_a_function_that_fails(self):
        raised, slow, wrong = self.invoke({"FunctionName": "bad"}, {"FunctionName": "slow"},
                                          {"FunctionName": "hello", "Payload": '{"nome": 1}'})
        for got, kind in (raised, "ValueError"), (slow, "Deadline"), (wrong, "ArgumentError"):
            self.assertEqual((got["StatusCode"], got["FunctionError"]), (200, "Unhandled"), got)
            self.assertIn(kind, json.loads(got["Payload"])["errorType"])

    def test_context(self):
        context = base64.b64encode(json.dumps({"custom": {"a": 1}}).encode()).decode()
        got = self.one(FunctionName="lambda_handler", Payload="[1]", ClientContext=context)
        self.assertEqual(json.loads(got["Payload"]),
                         {"event": [1], "id": got["RequestId"], "custom": {"a": 1}})

    def test_an_event(self):
        path = os.path.join(self.folder.name, "noted")
        os.mkfifo(path)
        got = self.one(FunctionName="note", InvocationType="Event",
                       Payload=json.dumps({"path": path, "text": "it ran"}))
        self.assertEqual((got["StatusCode"], got["Payload"]), (202, ""))
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), "it ran")

    def test_a_dry_run(self):
        there, not_there = self.invoke(
            {"FunctionName": "bad", "InvocationType": "DryRun"},
            {"FunctionName": "nobody", "InvocationType": "DryRun"})
        self.assertEqual(there["StatusCode"], 204)
        self.assertEqual(not_there["Exception"], "ResourceNotFoundException")

    def test_what_the_service_refuses(self):
        for got, code, words in zip(self.invoke(
                {"FunctionName": "nobody"}, {"FunctionName": "hello", "Payload": "{no"},
                {"FunctionName": "hello", "Payload": json.dumps("x" * 7000000)}),
                ("ResourceNotFoundException", "InvalidRequestContentException",
                 "RequestTooLargeException"), ("nobody", "no JSON", "payload-size")):
            self.assertEqual((got["Code"], got["Exception"]), (code, code))
            self.assertIn(words, got["Message"])

    def test_what_is_not_there(self):
        path = "/2015-03-31/functions/"
        for method, url, status, code in (
                ("GET", path, 404, "ResourceNotFoundException"),
                ("GET", path + "hello", 404, "ResourceNotFoundException"),
                ("GET", path + "hello/invocations", 405, "InvalidParameterValueException"),
                ("POST", path + "%zz/invocations", 400, "InvalidParameterValueException")):
            reply, value = self.server.ask(method, url)
            self.assertEqual((reply.status, reply.headers["x-amzn-ErrorType"]), (status, code))
            self.assertEqual(list(value), ["Type", "Message"])
        reply, value = self.server.ask("POST", path + "hello/invocations",
                                       headers={"X-Amz-Invocation-Type": "Never"})
        self.assertEqual(reply.status, 400)
        self.assertIn("RequestResponse, Event or DryRun", value["Message"])
        reply, _ = self.server.ask("OPTIONS", path + "hello/invocations")
        self.assertEqual((reply.status, reply.headers["Allow"]), (204, "POST, OPTIONS"))

    def test_a_page_of_another_site(self):
        reply, _ = self.server.ask("POST", "/2015-03-31/functions/hello/invocations",
                                   headers={"Origin": "http://evil.example"})
        self.assertEqual((reply.status, reply.headers["x-amzn-ErrorType"]),
                         (403, "AccessDeniedException"))

    def test_a_function_calls_itself(self):
        """Nested calls come in over sockets while their callers wait."""
        got = []
        threads = [threading.Thread(target=lambda: got.append(self.server.call(
            "fib", n=5, url=self.server.url))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(got, [(200, 5)] * 4)

    def test_what_the_readme_says(self):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            call = re.search(r"```python\n(boto3\.client.*?)```", file.read(), re.S)[1]
        server = Served(os.path.join(SOURCE, "samples/legacy_module.py"))
        self.addCleanup(server.end)
        done = subprocess.run(
            [PYTHON, "-c", "import boto3\nprint(" +
             call.rstrip().replace("http://localhost:8080", server.url) + ")"],
            env=dict(os.environ, AWS_DEFAULT_REGION="eu-west-1", AWS_ACCESS_KEY_ID="any",
                     AWS_SECRET_ACCESS_KEY="any"), capture_output=True, text=True, check=False)
        self.assertRegex(done.stdout, r"^b'\d+\.\d+'\n$", done.stderr)


if __name__ == "__main__":
    unittest.main()
