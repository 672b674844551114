"""tests/e2e/java-lambda.py — handlers as AWS Lambda has them, in Java: events, streams and
context objects. The interfaces are the user's; these are minimal ones."""

import json
import unittest

from folder import SharedFolderTest
from terminal import SNAFU, run

RUNTIME = "com/amazonaws/services/lambda/runtime/"

SOURCES = {
    RUNTIME + "Context.java": """
        package com.amazonaws.services.lambda.runtime;
        public interface Context {
            String getAwsRequestId();
            String getLogGroupName();
            String getLogStreamName();
            String getFunctionName();
            String getFunctionVersion();
            String getInvokedFunctionArn();
            CognitoIdentity getIdentity();
            ClientContext getClientContext();
            int getRemainingTimeInMillis();
            int getMemoryLimitInMB();
            LambdaLogger getLogger();
        }""",
    RUNTIME + "CognitoIdentity.java": """
        package com.amazonaws.services.lambda.runtime;
        public interface CognitoIdentity { String getIdentityId(); String getIdentityPoolId(); }""",
    RUNTIME + "ClientContext.java": """
        package com.amazonaws.services.lambda.runtime;
        public interface ClientContext {
            Client getClient();
            java.util.Map<String, String> getCustom();
            java.util.Map<String, String> getEnvironment();
        }""",
    RUNTIME + "Client.java": """
        package com.amazonaws.services.lambda.runtime;
        public interface Client { String getInstallationId(); String getAppTitle(); }""",
    RUNTIME + "LambdaLogger.java": """
        package com.amazonaws.services.lambda.runtime;
        public interface LambdaLogger { void log(String message); void log(byte[] message); }""",
    RUNTIME + "RequestHandler.java": """
        package com.amazonaws.services.lambda.runtime;
        public interface RequestHandler<I, O> { O handleRequest(I input, Context context); }""",
    RUNTIME + "RequestStreamHandler.java": """
        package com.amazonaws.services.lambda.runtime;
        import java.io.*;
        public interface RequestStreamHandler {
            void handleRequest(InputStream input, OutputStream output, Context context)
                throws IOException;
        }""",
    "shop/Order.java": """
        package shop;
        public class Order {
            private String item; private int count;
            public void setItem(String item) { this.item = item; }
            public void setCount(int count) { this.count = count; }
            public String getItem() { return item; }
            public int getCount() { return count; }
        }""",
    "shop/Place.java": """
        package shop;
        import com.amazonaws.services.lambda.runtime.*;
        public class Place implements RequestHandler<Order, Order> {
            private static int calls;
            public Order handleRequest(Order order, Context context) {
                order.setCount(order.getCount() + 1 + 100 * calls++);
                return order;
            }
        }""",
    "shop/Tell.java": """
        package shop;
        import com.amazonaws.services.lambda.runtime.*;
        import java.util.*;
        public class Tell implements RequestHandler<Map<String, Object>, Map<String, Object>> {
            public Map<String, Object> handleRequest(Map<String, Object> event, Context c) {
                Map<String, Object> told = new TreeMap<>();
                c.getLogger().log("logged\\n");
                c.getLogger().log("bytes\\n".getBytes());
                told.put("event", event);
                told.put("id", c.getAwsRequestId());
                told.put("name", c.getFunctionName());
                told.put("version", c.getFunctionVersion());
                told.put("arn", c.getInvokedFunctionArn());
                told.put("group", c.getLogGroupName());
                told.put("stream", c.getLogStreamName());
                told.put("left", c.getRemainingTimeInMillis());
                told.put("memory", c.getMemoryLimitInMB());
                told.put("identity", c.getIdentity());
                told.put("client", c.getClientContext());
                told.put("equal", c.equals(c) && c.hashCode() == c.hashCode()
                    && c.toString().contains(c.getAwsRequestId()));
                return told;
            }
        }""",
    "shop/Upper.java": """
        package shop;
        import com.amazonaws.services.lambda.runtime.*;
        import java.io.*;
        public class Upper implements RequestStreamHandler {
            public void handleRequest(InputStream in, OutputStream out, Context context)
                    throws IOException {
                out.write(new String(in.readAllBytes()).toUpperCase().getBytes());
            }
        }""",
    "shop/Plain.java": """
        package shop;
        import com.amazonaws.services.lambda.runtime.Context;
        public class Plain {
            public static String hello(String name, Context context) {
                return "hello " + name + " from " + context.getFunctionName();
            }
            public static int total(java.util.List<Integer> numbers, Context context) {
                return numbers.stream().mapToInt(n -> n).sum();
            }
            public static int add(int a, int b, Context context) {
                return context.getRemainingTimeInMillis() > 0 ? a + b : 0;
            }
            public static String nothing(Context context) {
                return context.getFunctionName();
            }
        }""",
}


class JavaLambda(SharedFolderTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.code = cls.shared.path("code")
        cls.shared.write_all({"code/" + name: text for name, text in SOURCES.items()})

    def execute(self, function, payload, executor="inprocess", *options):
        env = {"HOME": self.folder, "XDG_CACHE_HOME": self.path("cache")}
        return run("-q", "-e", executor, "-x", function, *options, self.code, stdin=payload, env=env)

    def check(self, function, payload, wanted):
        for executor in "inprocess", "isolated":
            done = self.execute(function, payload, executor)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout), wanted)

    def test_bean(self):
        self.check("Place.handleRequest", '{"item": "tea", "count": 2}', {"item": "tea", "count": 3})
        done = self.execute("Place.handleRequest", '{"item": "tea", "count": "x"}')
        self.assertEqual(done.returncode, 1)
        self.assertIn("at .count: expected int", done.stderr)

    def test_context(self):
        done = self.execute("Tell.handleRequest", '{"a": [1, {"b": null}], "event": 2}')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "logged\nbytes\n")
        told = json.loads(done.stdout)
        self.assertEqual(told["event"], {"a": [1, {"b": None}], "event": 2})
        self.assertRegex(told["id"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertEqual(told["name"], "shop.Tell.handleRequest")
        self.assertEqual(told["version"], "$LATEST")
        self.assertTrue(told["arn"].startswith("arn:aws:lambda:"))
        self.assertTrue(told["arn"].endswith(":function:shop.Tell.handleRequest"))
        self.assertEqual(told["group"], "/aws/lambda/shop.Tell.handleRequest")
        self.assertRegex(told["stream"], r"^\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$")
        self.assertGreater(told["left"], 0)
        self.assertGreater(told["memory"], 0)
        self.assertIsNone(told["identity"])
        self.assertIsNone(told["client"])
        self.assertTrue(told["equal"])

    def test_streams(self):
        self.check("Upper.handleRequest", '{"a":"b"}', {"A": "B"})
        self.check("Upper.handleRequest", '"x"', "X")
        self.check("Upper.handleRequest", "[true]", "[TRUE]")

    def test_without_handler_interface(self):
        self.check("Plain.hello", '"Ann"', "hello Ann from shop.Plain.hello")
        self.check("Plain.hello", '{"name": "Ann"}', "hello Ann from shop.Plain.hello")
        self.check("Plain.hello", '["Ann"]', "hello Ann from shop.Plain.hello")
        self.check("Plain.total", "[1, 2, 3]", 6)
        self.check("Plain.total", '{"numbers": [1, 2]}', 3)
        self.check("Plain.add", '{"a": 1, "b": 2}', 3)
        self.check("Plain.add", "[1, 2]", 3)
        self.check("Plain.nothing", "{}", "shop.Plain.nothing")

    def test_descriptions(self):
        described = run("--format", "json", self.code, program=SNAFU + "-scan")
        functions = {f["id"]: [(p["name"], p["kind"]) for p in f["parameters"]]
                     for f in json.loads(described.stdout)}
        self.assertEqual(functions["shop.Place.handleRequest"], [("order", "keywords")])
        self.assertEqual(functions["shop.Tell.handleRequest"], [("event", "keywords")])
        self.assertEqual(functions["shop.Upper.handleRequest"], [("in", "keywords")])
        self.assertEqual(functions["shop.Plain.hello"], [("name", "normal")])
        self.assertEqual(functions["shop.Plain.add"], [("a", "normal"), ("b", "normal")])
        self.assertEqual(functions["shop.Plain.nothing"], [])

    def test_problems(self):
        done = self.execute("Plain.add", "[1]")
        self.assertEqual(done.returncode, 1)
        self.assertIn("b: missing (int)", done.stderr)
        done = self.execute("Plain.hello", "[1, 2]")
        self.assertEqual(done.returncode, 1)
        self.assertIn("expected String", done.stderr)


if __name__ == "__main__":
    unittest.main()
