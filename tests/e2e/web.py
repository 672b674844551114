"""The web connector as its clients see it: a real `snafu -C web`, with a stand-in
for the Java gateway (tests/modules/lang-java.c), so that functions do what a test
needs. Nothing sleeps: a slow function is one that waits for this test."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

BUILD = os.environ["SNAFU_BUILD"]
SOURCE = os.environ["SNAFU_SOURCE"]
PROBE = os.path.join(SOURCE, "tests/e2e/web/Probe.java")
PARTS = os.path.join(BUILD, "tests/modules")
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
PATIENCE = 30  # seconds until a test that would hang fails instead


class Server:
    def __init__(self, *arguments, settings=""):
        self.folder = tempfile.mkdtemp()
        path = os.path.join(self.folder, "snafu.ini")
        with open(path, "w", encoding="ascii") as file:
            file.write(settings)
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "snafu"), "-q", "-C", "web", "-s", path,
             *(arguments or ("-L", "0")), PROBE],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, SNAFU_PARTS=PARTS))
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            if line.startswith("snafu: ready on http://"):
                self.url = line.split()[-1]
                self.host, self.port = self.url[7:].rsplit(":", 1)
                self.host, self.port = self.host.strip("[]"), int(self.port)
                return
        raise AssertionError("".join(self.said))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.said.append(self.process.stderr.read())
        self.process.stderr.close()
        code = self.process.wait(PATIENCE)
        shutil.rmtree(self.folder)
        return code

    def connect(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)

    def raw(self, data=b""):
        sock = socket.create_connection((self.host, self.port), PATIENCE)
        sock.sendall(data)
        return sock

    def fifo(self, name="fifo"):
        """A FIFO for a function to wait at."""
        path = os.path.join(self.folder, name)
        os.mkfifo(path)
        return path


def until(look, what):
    """What LOOK gives, once that is something."""
    end = time.monotonic() + PATIENCE
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"in vain: {what}"


def release(path):
    """Lets the function go that waits at a FIFO; blocks until it does wait there."""
    with open(path, "wb"):
        pass


def read_all(sock):
    data = b""
    while True:
        try:
            piece = sock.recv(65536)
        except ConnectionResetError:
            return data
        if not piece:
            return data
        data += piece


def read_reply(sock, kept=b""):
    """One reply with a Content-Length: status, body, and what came behind it."""
    data = kept
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            raise EOFError(data)
        data += piece
    head, rest = data.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
    while len(rest) < length:
        rest += sock.recv(65536)
    return int(head.split()[1]), rest[:length], rest[length:]


class WebTest(unittest.TestCase):
    settings = ""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings=cls.settings)

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        assert code == 0, f"exit {code}: {''.join(cls.server.said)}"

    def ask(self, method, path, body=None, headers=None, connection=None):
        own = connection or self.server.connect()
        own.request(method, path, body, headers or {})
        reply = own.getresponse()
        data = reply.read()
        if not connection:
            own.close()
        self.assertRegex(reply.headers["X-Snafu-Request-Id"] or "", UUID)
        return reply, data

    def call(self, path, body=None, headers=None, method="POST"):
        reply, data = self.ask(method, "/invoke/" + path, body, headers)
        self.assertEqual(reply.headers["Content-Type"], "application/json")
        return reply.status, json.loads(data)

    def asks(self, status, method, path, body=None, headers=None):
        """An error, in the form that the contract gives errors."""
        reply, data = self.ask(method, path, body, headers)
        self.assertEqual(reply.status, status, data)
        self.assertEqual(reply.headers["Content-Type"], "application/json")
        error = json.loads(data)
        self.assertIsInstance(error["errorType"], str)
        self.assertIsInstance(error["errorMessage"], str)
        return reply, error


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


class Wire(WebTest):
    """Bytes that no polite client sends."""

    settings = "[limits]\npayload-size = 100KiB\n"

    def one(self, data, close=False):
        with self.server.raw(data) as sock:
            if close:
                sock.shutdown(socket.SHUT_WR)
            return read_reply(sock)[:2]

    def test_chunked_body(self):
        head = b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.assertEqual(self.one(head + b"3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"), (200, b"[1,2]"))
        self.assertEqual(self.one(head + b"0\r\n\r\n"), (200, b"null"))

    def test_expect_continue(self):
        head = (b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
                b"Expect: 100-continue\r\n\r\n")
        with self.server.raw(head % 3) as sock:
            self.assertEqual(sock.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
            sock.sendall(b"[1]")
            self.assertEqual(read_reply(sock)[:2], (200, b"[1]"))
        status, error = self.one(head % 1000000)
        self.assertEqual((status, json.loads(error)["errorType"]), (413, "PayloadTooLarge"))

    def test_too_large_is_refused_by_its_length(self):
        head = b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        for size in 100 * 1024 + 1, 10**12, 2**63, 2**64 - 1:
            self.assertEqual(self.one(head % size)[0], 413, size)

    def test_too_large_in_chunks(self):
        head = b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        body = (b"8000\r\n" + b" " * 0x8000 + b"\r\n") * 10 + b"0\r\n\r\n"
        self.assertEqual(self.one(head + body)[0], 413)

    def test_largest_body(self):
        body = b'"' + b"x" * (100 * 1024 - 2) + b'"'
        self.assertEqual(self.call("echo", body), (200, "x" * (100 * 1024 - 2)))

    def test_refused_client_can_read_the_reply(self):
        # http.client sends the whole body before it reads: a reset would hide the reply.
        self.asks(413, "POST", "/invoke/echo", b" " * 20_000_000)

    def test_pipelined_requests(self):
        one = b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b"
        bodies = [json.dumps([number]).encode() for number in range(50)]
        with self.server.raw(b"".join(one % (len(body), body) for body in bodies)) as sock:
            rest = b""
            for body in bodies:
                status, got, rest = read_reply(sock, rest)
                self.assertEqual((status, got), (200, body))

    def test_half_closed_client_gets_its_reply(self):
        request = b"GET /invoke/hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for _ in range(20):
            with self.server.raw(request) as sock:
                sock.shutdown(socket.SHUT_WR)
                self.assertTrue(read_all(sock).endswith(b'\r\n\r\n"hello"'))

    def test_one_byte_at_a_time(self):
        body = b'{"n": 1}'
        request = (b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
                   % len(body) + body)
        with self.server.raw() as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request:
                sock.sendall(bytes([byte]))
            self.assertEqual(read_reply(sock)[:2], (200, body))

    def test_old_http(self):
        with self.server.raw(b"GET /invoke/hello HTTP/1.0\r\n\r\n") as sock:
            reply = read_all(sock)
        self.assertTrue(reply.startswith(b"HTTP/1.") and reply.endswith(b'\r\n\r\n"hello"'), reply)
        with self.server.raw(b"GET /invoke/hello\r\n\r\n") as sock:
            self.assertNotIn(b"hello", read_all(sock))

    def test_smuggling(self):
        for headers in (b"Content-Length: 3\r\nTransfer-Encoding: chunked",
                        b"Content-Length: 3\r\nContent-Length: 4",
                        b"Host: localhost", b"Content-Type: a\r\nContent-Type: b"):
            request = (b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\n" + headers +
                       b"\r\n\r\n0\r\n\r\nGET /invoke/hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with self.server.raw(request) as sock:
                sock.shutdown(socket.SHUT_WR)
                reply = read_all(sock)
            self.assertTrue(reply.startswith(b"HTTP/1.1 400 "), reply)
            self.assertEqual(reply.count(b"HTTP/1.1 "), 1, reply)
        self.assertEqual(self.one(b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\n"
                                  b"Transfer-Encoding: gzip, chunked\r\n\r\n")[0], 501)

    def test_missing_host(self):
        self.assertEqual(self.one(b"GET /invoke/hello HTTP/1.1\r\n\r\n")[0], 400)

    def test_junk(self):
        for junk in (b"\x00" * 1000 + b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00" * 50 + b"\r\n\r\n",
                     b"GET\r\n\r\n", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
                     b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
                     b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                     b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"):
            with self.server.raw() as sock:
                try:
                    sock.sendall(junk)
                    sock.shutdown(socket.SHUT_WR)
                except OSError:
                    pass  # it has hung up already
                with self.subTest(junk=junk[:50]):
                    read_all(sock)
        self.assertEqual(self.call("hello"), (200, "hello"))

    def test_clients_that_leave_early(self):
        for size in range(0, 90, 7):
            request = (b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n"
                       b'{"n": 1}')
            self.server.raw(request[:size]).close()
        self.assertEqual(self.call("hello"), (200, "hello"))


class SlowCalls(WebTest):
    def start(self, path):
        body = json.dumps({"path": path}).encode()
        return self.server.raw(b"POST /invoke/wait HTTP/1.1\r\nHost: localhost\r\n"
                               b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def metric(self, line):
        _, data = self.ask("GET", "/metrics")
        return f"\n{line}\n" in data.decode()

    def test_slow_calls_hold_up_nobody(self):
        paths = [self.server.fifo(f"slow{number}") for number in range(10)]
        waiting = [self.start(path) for path in paths]
        for _ in range(50):
            self.assertEqual(self.call("hello"), (200, "hello"))
        for path, sock in reversed(list(zip(paths, waiting))):
            release(path)
            self.assertEqual(read_reply(sock)[:2], (200, b'"released"'))
            sock.sendall(b"GET /invoke/hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(read_reply(sock)[:2], (200, b'"hello"'))
            sock.close()

    def test_request_behind_a_slow_one(self):
        path = self.server.fifo("behind")
        with self.start(path) as sock:
            sock.sendall(b"GET /invoke/hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(self.call("hello"), (200, "hello"))
            release(path)
            status, body, rest = read_reply(sock)
            self.assertEqual((status, body), (200, b'"released"'))
            self.assertEqual(read_reply(sock, rest)[:2], (200, b'"hello"'))

    def test_call_of_a_client_that_left_is_cancelled(self):
        path = self.server.fifo("left")
        sock = self.start(path)
        # It waits at the FIFO now, if we can open it for writing without waiting.
        def open_it():
            try:
                return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                self.assertEqual(self.call("hello"), (200, "hello"))

        writer = until(open_it, "the function waits")
        sock.close()
        line = 'snafu_calls_total{function="Probe.wait",executor="inprocess",status="cancelled"} 1'
        until(lambda: self.metric(line), "the call is cancelled")
        os.close(writer)
        self.assertEqual(self.call("hello"), (200, "hello"))


class Clocks(unittest.TestCase):
    """With times of a second or less, clients that keep us waiting are sent away."""

    def setUp(self):
        self.server = Server(settings="[web]\nidle-timeout = 1s\n[function wait]\ncall-timeout = 300ms\n")
        self.addCleanup(lambda: self.assertEqual(self.server.stop(), 0))

    def test_idle_and_slow_clients_are_sent_away(self):
        idle = self.server.raw()
        partial = self.server.raw(b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\n"
                                  b"Content-Length: 10\r\n\r\n[")
        kept = self.server.raw(b"GET /invoke/hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertEqual(read_reply(kept)[:2], (200, b'"hello"'))
        for sock in idle, partial, kept:
            self.assertEqual(read_all(sock), b"")
            sock.close()

    def test_dribbling_headers(self):
        with self.server.raw(b"GET /invoke/hello HTTP/1.1\r\n") as sock:
            sock.settimeout(0.05)
            with self.assertRaises(OSError):
                for _ in range(100000):  # a header line at every turn
                    sock.sendall(b"X-Again: 1\r\n")
                    try:
                        if not sock.recv(100):
                            raise ConnectionResetError
                    except TimeoutError:
                        pass

    def test_deadline(self):
        connection = self.server.connect()
        path = self.server.fifo()
        connection.request("POST", "/invoke/wait", json.dumps({"path": path}))
        reply = connection.getresponse()
        self.assertEqual(reply.status, 504)
        self.assertEqual(json.loads(reply.read())["errorType"], "DeadlineExceeded")
        connection.close()


class Queue(WebTest):
    settings = "[limits]\nthreads = 1\nqueue-length = 2\n"

    def test_a_full_queue(self):
        path = self.server.fifo()
        running = self.server.connect()
        running.request("POST", "/invoke/wait", json.dumps({"path": path}))
        # Holds the function where it is, once it has begun.
        with open(path, "wb"):
            waiting = [self.server.connect() for _ in range(3)]
            for connection in waiting:
                connection.request("POST", "/invoke/hello")
            reply = waiting[2].getresponse()
            error = json.loads(reply.read())
            self.assertEqual((reply.status, error["errorType"]), (429, "TooManyCalls"))
            self.assertRegex(reply.headers["Retry-After"], r"^\d+$")
            self.assertRegex(reply.headers["X-Snafu-Request-Id"], UUID)
        self.assertEqual(running.getresponse().read(), b'"released"')
        for connection in waiting[:2]:
            self.assertEqual(connection.getresponse().read(), b'"hello"')
        for connection in (running, *waiting):
            connection.close()


class Crowds(unittest.TestCase):
    def test_two_thousand_idle_connections(self):
        import resource
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 4096:
            self.skipTest(f"no more than {hard} descriptors are allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
        server = Server()
        self.addCleanup(server.stop)
        crowd = [server.raw() for _ in range(2000)]
        connection = server.connect()
        for number in range(100):
            connection.request("POST", "/invoke/echo", f"[{number}]")
            self.assertEqual(connection.getresponse().read(), f"[{number}]".encode())
        for sock in crowd[::100]:
            sock.sendall(b"GET /invoke/hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(read_reply(sock)[:2], (200, b'"hello"'))
        for sock in crowd:
            sock.close()
        connection.close()

    def test_over_the_cap_the_longest_idle_goes(self):
        server = Server(settings="[web]\nconnections = 40\n")
        self.addCleanup(server.stop)
        crowd = [server.raw() for _ in range(60)]
        # All of them are answered in the end: idle ones make room.
        with server.raw(b"GET /invoke/hello HTTP/1.1\r\nHost: localhost\r\n\r\n") as sock:
            self.assertEqual(read_reply(sock)[:2], (200, b'"hello"'))
        for sock in crowd:
            sock.close()


class Stopping(unittest.TestCase):
    def test_running_call_is_waited_for(self):
        server = Server()
        path = server.fifo()
        connection = server.connect()
        connection.request("POST", "/invoke/wait", json.dumps({"path": path}))
        with open(path, "wb"):  # the function waits there now
            server.process.send_signal(signal.SIGTERM)
            # New calls are refused meanwhile.
            other = server.connect()

            def refused():
                other.request("GET", "/invoke/hello")
                reply = other.getresponse()
                reply.read()
                return reply.status == 503 and reply

            reply = until(refused, "new calls are refused")
            self.assertEqual(reply.headers["Connection"], "close")
            other.close()
        reply = connection.getresponse()
        self.assertEqual((reply.status, reply.read()), (200, b'"released"'))
        connection.close()
        self.assertEqual(server.process.wait(PATIENCE), 0)
        server.stop()

    def test_drain_time_over(self):
        server = Server(settings="[limits]\ndrain-timeout = 100ms\n")
        path = server.fifo()
        connection = server.connect()
        connection.request("POST", "/invoke/wait", json.dumps({"path": path}))
        with open(path, "wb"):
            server.process.send_signal(signal.SIGTERM)
            reply = connection.getresponse()
            self.assertEqual(reply.status, 503)
            reply.read()
            server.process.wait(PATIENCE)
        connection.close()
        server.stop()

    def test_idle_server_stops_at_once(self):
        server = Server()
        idle = server.raw()
        self.assertEqual(server.stop(), 0)
        self.assertEqual(read_all(idle), b"")
        idle.close()


class Listening(unittest.TestCase):
    def refused(self, listen):
        done = subprocess.run([os.path.join(BUILD, "snafu"), "-C", "web", "-L", listen, PROBE],
                              capture_output=True, text=True, timeout=PATIENCE,
                              env=dict(os.environ, SNAFU_PARTS=PARTS))
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def test_addresses(self):
        for listen, url in (("127.0.0.1:0", "http://127.0.0.1:"), ("localhost:0", "http://localhost:"),
                            ("[::1]:0", "http://[::1]:")):
            if "::" in listen and not os.path.exists("/proc/net/if_inet6"):
                continue
            server = Server("-L", listen)
            self.assertTrue(server.url.startswith(url), server.url)
            connection = server.connect()
            connection.request("GET", "/invoke/hello")
            self.assertEqual(connection.getresponse().read(), b'"hello"')
            connection.close()
            self.assertEqual(server.stop(), 0)

    def test_everywhere_any_host_name_will_do(self):
        server = Server("-L", "0.0.0.0:0")
        self.addCleanup(server.stop)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        connection.request("GET", "/invoke/hello", headers={"Host": "my.machine.example"})
        self.assertEqual(connection.getresponse().read(), b'"hello"')
        connection.request("GET", "/invoke/hello", headers={
            "Host": "my.machine.example", "Origin": "http://evil.example"})
        self.assertEqual(connection.getresponse().status, 403)
        connection.close()

    def test_errors(self):
        self.assertIn("brackets", self.refused("::1:80"))
        for bad in "", "x", "127.0.0.1:", "127.0.0.1:65536", ":80", "1.2.3.4", "-1", "[::1]", "[::1]80":
            self.assertIn("give a port", self.refused(bad), bad)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.assertIn("in use", self.refused(str(taken.getsockname()[1])))
        self.assertIn("cannot listen", self.refused("192.0.2.1:80"))
        self.assertIn("cannot listen", self.refused("no.such.name.invalid:80"))
