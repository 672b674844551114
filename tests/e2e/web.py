"""The web connector as its clients see it: calls, documents, and other sites' pages. (Bytes that
no polite client sends: web-wire.py. Clients, calls and servers that take their time:
web-connections.py.)"""

import json
import re

from probe import WebTest


class Calls(WebTest):
    def test_json_body(self):
        self.assertEqual(self.call("Probe.echo", '{"n": 10}'), (200, {"n": 10}))
        self.assertEqual(self.call("Probe.echo", "[1, 2]"), (200, [1, 2]))
        self.assertEqual(self.call("Probe.echo"), (200, None))

    def test_tail_of_a_name(self):
        self.assertEqual(self.call("hello"), (200, "hello"))

    def test_percent_encoded_name(self):
        self.assertEqual(self.call("%50robe%2Ehello"), (200, "hello"))

    def test_content_types(self):
        for good in "application/json", "application/json; charset=utf-8", "application/x+json":
            self.assertEqual(self.call("echo", "[1]", {"Content-Type": good}), (200, [1]))
        for bad in "text/plain", "application/xml", "application/jsonx":
            self.asks(415, "POST", "/invoke/echo", "[1]", {"Content-Type": bad})

    def test_query_is_converted_by_type(self):
        self.assertEqual(
            self.call("echo?n=10&x=1.5&flag=true&word=10&any=%5B1%5D&list=1,2", method="GET"),
            (200, {"n": 10, "x": 1.5, "flag": True, "word": "10", "any": [1], "list": [1, 2]}))
        self.assertEqual(self.call("echo?word=a+b%20%2B%C3%A9%26", method="GET"),
                         (200, {"word": "a b +é&"}))
        self.assertEqual(self.call("echo?word&any=", method="GET"), (200, {"word": "", "any": ""}))

    def test_repeated_keys_are_an_array(self):
        self.assertEqual(self.call("echo?list=1&list=2&n=3&list=3", method="GET"),
                         (200, {"list": [1, 2, 3], "n": 3}))
        self.assertEqual(self.call("echo?list=1", method="GET"), (200, {"list": [1]}))

    def test_query_of_a_post(self):
        self.assertEqual(self.call("echo?n=1"), (200, {"n": 1}))
        self.asks(400, "POST", "/invoke/echo?n=1", '{"n": 1}')

    def test_bad_texts_are_named(self):
        _, error = self.asks(400, "GET", "/invoke/echo?n=ten&x=1&flag=maybe")
        self.assertEqual([each["name"] for each in error["arguments"]], ["n", "flag"])
        self.assertIn("n: ", error["errorMessage"])

    def test_form(self):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self.assertEqual(self.call("echo", "n=7&word=a+b%3D&list=1&list=2", form),
                         (200, {"n": 7, "word": "a b=", "list": [1, 2]}))
        self.asks(400, "POST", "/invoke/echo", "word=%zz", form)
        self.asks(400, "POST", "/invoke/echo", "word=%ff", form)
        self.asks(400, "POST", "/invoke/echo", "word=%00", form)
        self.asks(400, "POST", "/invoke/echo", "&".join(["any=1"] * 1001), form)

    def test_json_that_curl_calls_a_form(self):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self.assertEqual(self.call("echo", '{"n": 10, "word": "a=b&c"}', form),
                         (200, {"n": 10, "word": "a=b&c"}))

    def multipart(self, *parts, boundary="xYx"):
        body = b""
        for head, content in parts:
            body += b"--" + boundary.encode() + b"\r\nContent-Disposition: form-data; " + head
            body += b"\r\n\r\n" + content + b"\r\n"
        return body + b"--" + boundary.encode() + b"--\r\n"

    def test_multipart_form(self):
        kind = {"Content-Type": 'multipart/form-data; boundary="xYx"'}
        body = self.multipart((b'name="n"', b"5"), (b'name="word"', b"line\r\n--xY\r\n"),
                              (b'name="data"; filename="a;b.bin"', b"\x00\xff\r\n"),
                              (b'name="any"; filename="t.txt"\r\nContent-Type: text/plain', b"hi"))
        self.assertEqual(self.call("echo", body, kind),
                         (200, {"n": 5, "word": "line\r\n--xY\r\n", "data": "AP8NCg==",
                                "any": "hi"}))
        self.asks(400, "POST", "/invoke/echo", body[:-20], kind)
        self.asks(400, "POST", "/invoke/echo", b"junk", kind)
        self.asks(400, "POST", "/invoke/echo", body, {"Content-Type": "multipart/form-data"})
        self.asks(400, "POST", "/invoke/echo", self.multipart((b"nameless=1", b"")), kind)
        binary = self.multipart((b'name="word"', b"\xff"))
        self.asks(400, "POST", "/invoke/echo", binary, kind)

    def test_overloads_guide_by_their_names(self):
        # The stand-in says hello to all; what matters is that the texts convert.
        self.assertEqual(self.call("over?number=3", method="GET")[0], 200)
        self.assertEqual(self.call("over?text=3&times=2", method="GET")[0], 200)
        self.asks(400, "GET", "/invoke/over?text=3&times=two")

    def test_failures(self):
        status, error = self.call("raise", "{}")
        self.assertEqual((status, error["errorType"], error["stackTrace"]),
                         (500, "Failure", ["one", "two"]))
        self.assertEqual(self.call("echo", "{")[0], 400)

    def test_unknown_function(self):
        for path in "/invoke/Probe.ecko", "/functions/Probe.ecko":
            _, error = self.asks(404, "GET", path)
            self.assertIn("Probe.echo", error["suggestions"])
        self.asks(404, "GET", "/invoke/nothing?n=1")
        self.asks(404, "GET", "/invoke/")

    def test_large_results(self):
        status, text = self.call("large", '{"n": 5000000}')
        self.assertEqual((status, len(text)), (200, 5000000))

    def test_many_on_one_connection(self):
        connection = self.server.connect()
        ids = set()
        for number in range(200):
            reply, data = self.ask("POST", "/invoke/echo", f"[{number}]", connection=connection)
            self.assertEqual((reply.status, json.loads(data)), (200, [number]))
            ids.add(reply.headers["X-Snafu-Request-Id"])
        self.assertEqual(len(ids), 200)
        connection.close()

    def test_methods(self):
        for method in "PUT", "DELETE", "PATCH", "HEAD":
            connection = self.server.connect()
            connection.request(method, "/invoke/hello", "{}" if method != "HEAD" else None)
            reply = connection.getresponse()
            self.assertEqual((reply.status, reply.headers["Allow"]), (405, "GET, POST, OPTIONS"))
            connection.close()
        reply, data = self.ask("OPTIONS", "/invoke/hello")
        self.assertEqual((reply.status, reply.headers["Allow"], data),
                         (204, "GET, POST, OPTIONS", b""))
        reply, _ = self.asks(405, "POST", "/functions")
        self.assertEqual(reply.headers["Allow"], "GET, HEAD, OPTIONS")

    def test_names_that_are_none(self):
        for path in ("/invoke/%00", "/invoke/hello%00", "/invoke/%", "/invoke/%f", "/invoke/%gg",
                     "/invoke/%ff", "/invoke/%c0%ae", "/invoke/%ed%a0%80", "/functions/%00"):
            self.asks(400, "GET", path)
        for path in ("/invoke/../hello", "/invoke/..%2fhello", "/invoke//hello", "/nothing",
                     "/invoke", "//", "/functions/../metrics"):
            self.asks(404, "GET", path)
        self.asks(414, "GET", "/invoke/" + "a" * 2000)
        self.asks(414, "GET", "/invoke/" + "a" * 17000)


class Documents(WebTest):
    def get(self, path, headers=None):
        reply, data = self.ask("GET", path, headers=headers)
        self.assertEqual(reply.status, 200)
        return reply, data

    def test_functions(self):
        reply, data = self.get("/functions")
        self.assertEqual(reply.headers["Content-Type"], "application/json")
        listed = json.loads(data)
        ids = [each["id"] for each in listed]
        self.assertEqual(sorted(set(ids)), ["Probe." + name for name in (
            "echo", "hello", "large", "over", "raise", "wait")])
        self.assertEqual(len(ids), 7)
        echo = listed[ids.index("Probe.echo")]
        self.assertEqual(echo["arguments"]["properties"]["n"]["type"], "integer")
        self.assertIn("echo(", echo["signature"])
        self.assertTrue(echo["doc"].startswith("Gives its arguments back."))
        self.assertEqual(json.loads(self.get("/functions?language=java")[1]), listed)
        self.assertEqual(json.loads(self.get("/functions?language=cobol")[1]), [])
        brief = json.loads(self.get("/functions?brief=1")[1])
        self.assertEqual([each["id"] for each in brief], ids)
        self.assertNotIn("arguments", brief[0])
        self.assertEqual([each["doc"] for each in json.loads(self.get("/functions/over")[1])],
                         ["Overloaded: by a number.", "Overloaded: by a text."])

    def test_etags(self):
        for path in "/functions", "/openapi.json":
            reply, data = self.get(path)
            tag = reply.headers["ETag"]
            again, nothing = self.ask("GET", path, headers={"If-None-Match": tag})
            self.assertEqual((again.status, nothing), (304, b""))
            self.assertEqual(self.get(path, {"If-None-Match": '"other"'})[1], data)

    def test_head(self):
        for path in "/functions", "/openapi.json", "/healthz", "/":
            reply, data = self.ask("HEAD", path)
            self.assertEqual((reply.status, data), (200, b""))
            self.assertGreater(int(reply.headers["Content-Length"]), 0)

    def test_openapi_names_its_server(self):
        document = json.loads(self.get("/openapi.json")[1])
        self.assertEqual(document["servers"], [{"url": self.server.url}])
        paths = [path for path in document["paths"] if path.startswith("/invoke/")]
        self.assertEqual(len(paths), 6)
        self.assertEqual(len(document["paths"]), 6 + 4)
        over = document["paths"]["/invoke/Probe.over"]["post"]
        schemas = over["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
        self.assertEqual(len(schemas), 4)  # two overloads, by name and by position

    def test_health_and_metrics(self):
        self.assertEqual(self.get("/healthz")[1], b"ok\n")
        self.ask("POST", "/invoke/raise")
        reply, data = self.get("/metrics")
        self.assertTrue(reply.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        self.assertIn(b'snafu_calls_total{function="Probe.raise",executor="inprocess",'
                      b'status="raised"} 1\n', data)
        self.assertIn(b"\nsnafu_calls_in_flight 0\n", data)
        self.assertRegex(data, rb"\nsnafu_web_connections [1-9]\d*\n")

    def test_console(self):
        reply, data = self.get("/")
        policy = reply.headers["Content-Security-Policy"]
        nonce = re.search(r"script-src 'nonce-([\w-]{22})'", policy).group(1)
        self.assertIn("default-src 'none'", policy)
        page = data.decode()
        self.assertIn(f'<script nonce="{nonce}">', page)
        self.assertNotIn("%NONCE%", page)
        self.assertIsNone(re.search(r"(?:src|href)=[\"']?(?:https?:)?//", page))
        self.assertNotIn(nonce, self.get("/")[0].headers["Content-Security-Policy"])


class OtherSites(WebTest):
    """What a page of another site could make a browser send."""

    def test_host_must_be_this_machine(self):
        port = self.server.port
        for good in ("localhost", f"localhost:{port}", f"127.0.0.1:{port}", "127.0.0.2", "[::1]:1",
                     "app.localhost", "LOCALHOST"):
            self.assertEqual(self.call("hello", "{}", {"Host": good})[0], 200, good)
        for bad in ("evil.example", f"evil.example:{port}", "localhost.evil.example", "128.0.0.1",
                    "127.evil.example", "", "[::1", "localhost:x", "notlocalhost", ":80"):
            self.asks(403, "POST", "/invoke/hello", "{}", {"Host": bad})
        # DNS rebinding must not get at the lists either.
        self.asks(403, "GET", "/", headers={"Host": "evil.example"})

    def test_origin_must_be_this_server(self):
        own = self.server.url
        self.assertEqual(self.call("hello", "{}", {"Origin": own})[0], 200)
        for bad in ("http://evil.example", "null", "http://localhost:1", own + "0",
                    own.replace("http", "ftp")):
            self.asks(403, "POST", "/invoke/hello", "{}", {"Origin": bad})
            self.asks(403, "OPTIONS", "/invoke/hello", headers={"Origin": bad})

    def test_fetch_metadata(self):
        for good in "same-origin", "none":
            self.assertEqual(self.call("hello", "{}", {"Sec-Fetch-Site": good})[0], 200)
        for bad in "cross-site", "same-site":
            # An image on a foreign page: no Origin header.
            self.asks(403, "GET", "/invoke/hello", headers={"Sec-Fetch-Site": bad})
            self.asks(403, "GET", "/functions", headers={"Sec-Fetch-Site": bad})
            self.assertEqual(self.ask("GET", "/", headers={"Sec-Fetch-Site": bad})[0].status, 200)

    def test_referer_of_old_browsers(self):
        self.asks(403, "GET", "/invoke/hello", headers={"Referer": "http://evil.example/page"})
        self.assertEqual(self.call("hello", "{}", {"Referer": self.server.url + "/"})[0], 200)

    def test_nobody_is_let_in(self):
        reply, _ = self.ask("POST", "/invoke/hello", "{}", {"Origin": self.server.url})
        self.assertIsNone(reply.headers["Access-Control-Allow-Origin"])
