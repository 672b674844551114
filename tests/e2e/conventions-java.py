"""tests/e2e/conventions-java.py — Java functions of other providers run as they are: Google's
functions framework and OpenWhisk. The interfaces are the user's; Google's here are minimal ones,
OpenWhisk's is the Gson that Debian has."""

import base64
import json
import os
import shutil
import tempfile
import unittest

from ladder import EVERY, Server
from terminal import SCAN, SOURCE, run


GSON = "/usr/share/java/gson.jar"
API = "com/google/cloud/functions/"
SOURCES = {
    API + "HttpMessage.java": """
        package com.google.cloud.functions;
        import java.io.*;
        import java.util.*;
        public interface HttpMessage {
            Optional<String> getContentType();
            long getContentLength();
            Optional<String> getCharacterEncoding();
            InputStream getInputStream() throws IOException;
            BufferedReader getReader() throws IOException;
            Map<String, List<String>> getHeaders();
            default Optional<String> getFirstHeader(String name) {
                List<String> values = getHeaders().get(name);
                return values == null ? Optional.empty() : Optional.of(values.get(0));
            }
        }""",
    API + "HttpRequest.java": """
        package com.google.cloud.functions;
        import java.util.*;
        public interface HttpRequest extends HttpMessage {
            String getMethod();
            String getUri();
            String getPath();
            Optional<String> getQuery();
            Map<String, List<String>> getQueryParameters();
            default Optional<String> getFirstQueryParameter(String name) {
                return Optional.empty();
            }
        }""",
    API + "HttpResponse.java": """
        package com.google.cloud.functions;
        import java.io.*;
        import java.util.*;
        public interface HttpResponse {
            void setStatusCode(int code);
            void setStatusCode(int code, String message);
            void setContentType(String type);
            Optional<String> getContentType();
            void appendHeader(String header, String value);
            Map<String, List<String>> getHeaders();
            OutputStream getOutputStream() throws IOException;
            BufferedWriter getWriter() throws IOException;
        }""",
    API + "HttpFunction.java": """
        package com.google.cloud.functions;
        public interface HttpFunction {
            void service(HttpRequest request, HttpResponse response) throws Exception;
        }""",
    API + "Context.java": """
        package com.google.cloud.functions;
        public interface Context {
            String eventId(); String timestamp(); String eventType(); String resource();
        }""",
    API + "BackgroundFunction.java": """
        package com.google.cloud.functions;
        public interface BackgroundFunction<T> {
            void accept(T payload, Context context) throws Exception;
        }""",
    API + "RawBackgroundFunction.java": """
        package com.google.cloud.functions;
        public interface RawBackgroundFunction {
            void accept(String json, Context context) throws Exception;
        }""",
    API + "CloudEventsFunction.java": """
        package com.google.cloud.functions;
        public interface CloudEventsFunction {
            void accept(io.cloudevents.CloudEvent event) throws Exception;
        }""",
    "io/cloudevents/SpecVersion.java":
        "package io.cloudevents; public enum SpecVersion { V03, V1 }",
    "io/cloudevents/CloudEventData.java":
        "package io.cloudevents; public interface CloudEventData { byte[] toBytes(); }",
    "io/cloudevents/CloudEvent.java": """
        package io.cloudevents;
        public interface CloudEvent {
            SpecVersion getSpecVersion(); String getId(); String getType(); java.net.URI getSource();
            String getSubject(); java.time.OffsetDateTime getTime(); CloudEventData getData();
            Object getExtension(String name); java.util.Set<String> getExtensionNames();
        }""",
    "functions/HelloWorld.java": """
        package functions;
        import com.google.cloud.functions.HttpFunction;
        import com.google.cloud.functions.HttpRequest;
        import com.google.cloud.functions.HttpResponse;
        import java.io.BufferedWriter;
        import java.io.IOException;
        public class HelloWorld implements HttpFunction {
            // Simple function to return "Hello World"
            @Override
            public void service(HttpRequest request, HttpResponse response) throws IOException {
                BufferedWriter writer = response.getWriter();
                writer.write("Hello World!");
            }
        }""",
    "functions/Describe.java": """
        package functions;
        import com.google.cloud.functions.*;
        import java.util.stream.Collectors;
        public class Describe implements HttpFunction {
            @Override
            public void service(HttpRequest request, HttpResponse response) throws Exception {
                if (request.getPath().equals("/raise"))
                    throw new IllegalStateException("on purpose");
                if (request.getPath().equals("/break")) {
                    response.appendHeader("A", "b\\r\\nSet-Cookie: evil=1");
                    return;
                }
                if (request.getPath().equals("/bytes")) {
                    response.setContentType("application/x-any");
                    request.getInputStream().transferTo(response.getOutputStream());
                    return;
                }
                response.setStatusCode(201, "Made");
                response.appendHeader("X-Two", "1");
                response.appendHeader("X-Two", "2");
                response.getWriter().write(String.join("|", request.getMethod(), request.getPath(),
                    request.getQueryParameters().toString(),
                    request.getFirstQueryParameter("x").orElse("none"),
                    request.getFirstHeader("user-agent").orElse("none"),
                    request.getReader().lines().collect(Collectors.joining("/"))));
            }
        }""",
    "functions/PubSub.java": """
        package functions;
        import com.google.cloud.functions.*;
        public class PubSub implements BackgroundFunction<PubSub.Message> {
            public static class Message { public String data; }
            @Override
            public void accept(Message message, Context context) {
                System.out.println(message.data + " " + context.eventId());
            }
        }""",
    "functions/Raw.java": """
        package functions;
        import com.google.cloud.functions.*;
        public class Raw implements RawBackgroundFunction {
            @Override
            public void accept(String json, Context context) { System.out.println(json); }
        }""",
    "functions/Event.java": """
        package functions;
        import com.google.cloud.functions.CloudEventsFunction;
        import io.cloudevents.CloudEvent;
        public class Event implements CloudEventsFunction {
            @Override
            public void accept(CloudEvent event) {
                System.out.println(event.getType() + " " + event.getSource() + " "
                    + event.getSpecVersion() + " " + event.getExtension("bucket") + " "
                    + new String(event.getData().toBytes()));
            }
        }""",
}
WHISK = """
import com.google.gson.JsonObject;

public class Hello {
    public static JsonObject main(JsonObject args) {
        String name = "stranger";
        if (args.has("name"))
            name = args.getAsJsonPrimitive("name").getAsString();
        JsonObject response = new JsonObject();
        response.addProperty("greeting", "Hello " + name + "!");
        return response;
    }
}
"""
WEB = """
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

public class Web {
    /** Gives what it is told to, or what it got, without the headers. */
    public static JsonObject main(JsonObject args) {
        if (args.has("give"))
            return args.getAsJsonObject("give");
        String agent = args.getAsJsonObject("__ow_headers").get("user-agent").getAsString();
        args.remove("__ow_headers");
        args.addProperty("agent", agent);
        JsonObject reply = new JsonObject();
        reply.add("body", args);
        return reply;
    }
}
"""
LADDER = [name for name in EVERY if name != "fork"]  # a JVM cannot fork


def write(folder, sources):
    for name, text in sources.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


class Java(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="snafu-conventions-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        write(cls.folder, SOURCES)
        cls.paths = [cls.folder]
        if os.path.exists(GSON):
            write(cls.folder, {"whisk/Hello.java": WHISK, "whisk/Web.java": WEB})
            cls.paths.append(GSON)
        cls.server = Server(*cls.paths, executor=None, settings="[limits]\nmemory = 0B\n")
        cls.addClassCleanup(cls.server.__exit__)

    def ask(self, path, body=None, method=None, executor="inprocess", **headers):
        return self.server.ask_function(path, body, method, X_Snafu_Executor=executor,
                                        X_Snafu_Log="tail", **headers)

    def log(self, *arguments, **named):
        status, headers, body = self.ask(*arguments, **named)
        self.assertEqual((status, body), (200, b"OK"))
        return base64.b64decode(headers["X-Snafu-Log-Result"]).decode()

    def test_what_they_are(self):
        done = run("--format", "json", self.folder, program=SCAN)
        known = {f["id"]: f.get("convention") for f in json.loads(done.stdout)}
        self.assertEqual({id: known[id] for id in known if id.startswith("functions.")}, {
            "functions.HelloWorld.service": "gcf", "functions.Describe.service": "gcf",
            "functions.PubSub.accept": "gcf-background", "functions.Raw.accept": "gcf-background",
            "functions.Event.accept": "gcf-event"})

    def test_http(self):
        for executor in LADDER:
            status, headers, body = self.ask("HelloWorld.service", executor=executor)
            self.assertEqual((status, headers["Content-Type"], body),
                             (200, "text/plain; charset=utf-8", b"Hello World!"))
            status, headers, body = self.ask("Describe.service/a/b?x=1&x=2&y=%20", "one\ntwo",
                                             method="PUT", executor=executor, User_Agent="tester")
            self.assertEqual((status, headers.get_all("X-Two")), (201, ["1", "2"]))
            self.assertEqual(body.decode(), "PUT|/a/b|{x=[1, 2], y=[ ]}|1|tester|one/two")

    def test_bytes(self):
        data = bytes(range(256)) * 10
        status, headers, body = self.ask("Describe.service/bytes", data)
        self.assertEqual((status, headers["Content-Type"], body), (200, "application/x-any", data))

    def test_failures(self):
        for path, kind in (("raise", "IllegalStateException"), ("break", "IllegalArgument")):
            status, headers, body = self.ask("Describe.service/" + path)
            self.assertEqual((status, headers["Set-Cookie"]), (500, None))
            self.assertIn(kind, json.loads(body)["errorType"])

    def test_background(self):
        event = json.dumps({"context": {"eventId": "7"}, "data": {"data": "Ann"}})
        for executor in LADDER:
            self.assertEqual(self.log("PubSub.accept", event, executor=executor), "Ann 7\n")
        self.assertEqual(self.log("Raw.accept", event), '{"data":"Ann"}\n')
        status, _, body = self.ask("PubSub.accept", '{"context": {}, "data": [1]}')
        self.assertEqual((status, json.loads(body)["errorType"]), (400, "ArgumentError"))

    def test_events(self):
        whole = {"specversion": "1.0", "id": "1", "source": "//s", "type": "t", "bucket": "b",
                 "data": {"n": 1}}
        for executor in LADDER:
            self.assertEqual(self.log("Event.accept", json.dumps(whole), executor=executor,
                                      Content_Type="application/cloudevents+json"),
                             't //s V1 b {"n":1}\n')
        self.assertEqual(self.log("Event.accept", "text", Content_Type="text/plain",
                                  ce_specversion="1.0", ce_id="1", ce_source="//s", ce_type="t",
                                  ce_bucket="c"), "t //s V1 c text\n")
        self.assertEqual(self.ask("Event.accept", "{}", Content_Type="application/json")[0], 400)

    def test_without_http(self):
        done = run("-q", "-x", "HelloWorld.service", self.folder, stdin="")
        self.assertEqual((done.returncode, done.stdout), (0, '"Hello World!"\n'), done.stderr)

    def test_openwhisk(self):
        if not os.path.exists(GSON):
            self.skipTest("Gson is not installed (libgoogle-gson-java)")
        for executor in LADDER:
            status, _, body = self.ask("Hello.main", '{"name": "Ann"}', executor=executor)
            self.assertEqual((status, json.loads(body)), (200, {"greeting": "Hello Ann!"}))
        status, _, body = self.ask("Hello.main", "[1]")
        self.assertEqual((status, json.loads(body)["errorType"]), (400, "ArgumentError"))

    def got(self, *arguments, **named):
        status, _, body = self.ask(*arguments, User_Agent="tester", **named)
        value = json.loads(body)
        self.assertEqual((status, value.pop("agent", None)), (200, "tester"), value)
        return value

    def test_openwhisk_web(self):
        if not os.path.exists(GSON):
            self.skipTest("Gson is not installed (libgoogle-gson-java)")
        for executor in LADDER:
            self.assertEqual(self.got("Web.main/p%20q?x=1&y=1&x=2", '{"y": [1]}', method="PUT",
                                      executor=executor, Content_Type="application/json"),
                             {"x": "2", "y": [1], "__ow_method": "put", "__ow_path": "/p%20q"})
        self.assertEqual(self.got("Web.main?x=1", "x=2&z=%26",
                                  Content_Type="application/x-www-form-urlencoded"),
                         {"x": "2", "z": "&", "__ow_method": "post", "__ow_path": ""})
        for type, body, arrives in (("application/json", "[1]", [1]), ("text/plain", "ä", "ä"),
                                    ("application/x", "\0", "AA==")):
            self.assertEqual(self.got("Web.main", body.encode(), Content_Type=type)["__ow_body"],
                             arrives)
        for path, body in (("Web.main?__ow_user=x", None), ("Web.main", "{")):
            self.assertEqual(self.ask(path, body, Content_Type="application/json")[0], 400)

    def test_openwhisk_replies(self):
        if not os.path.exists(GSON):
            self.skipTest("Gson is not installed (libgoogle-gson-java)")
        html, plain = "text/html; charset=utf-8", "application/json"
        for value, wanted in (
                ({"body": "x"}, (200, html, b"x")),
                ({"body": 0, "statusCode": "201"}, (201, plain, b"0")),
                ({"body": "AP8=", "headers": {"content-type": "application/x"}},
                 (200, "application/x", b"\0\xff")),
                ({"body": "WzFd", "headers": {"content-type": plain}}, (200, plain, b"[1]")),
                ({"body": "1234", "headers": {"content-type": plain}}, (200, plain, b"1234")),
                ({"body": "", "headers": {"content-type": "a/b"}}, (204, None, b"")),
                ({"a": 1}, (200, plain, b'{"a":1}')),
                ({"error": "words"}, (400, plain, b'{"error":"words"}')),
                ({"error": {"statusCode": 418, "body": "tea"}}, (418, html, b"tea"))):
            status, headers, body = self.ask("Web.main", json.dumps({"give": value}),
                                             Content_Type=plain)
            self.assertEqual((status, headers["Content-Type"], body), wanted, value)
        headers = self.ask("Web.main", json.dumps({"give": {"headers": {"X-A": ["1", "2"]}}}),
                           Content_Type=plain)[1]
        self.assertEqual(headers.get_all("X-A"), ["1", "2"])
        for value in ({"body": "#", "headers": {"content-type": "application/x"}},
                      {"statusCode": "many"}, {"headers": {"A": "b\r\nC: d"}}):
            status, headers, _ = self.ask("Web.main", json.dumps({"give": value}),
                                          Content_Type=plain)
            self.assertEqual((status, headers["C"]), (500, None), value)


if __name__ == "__main__":
    unittest.main()
