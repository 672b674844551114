"""The web connector and bytes that no polite client sends."""

import json
import socket

from probe import WebTest, read_all, read_reply


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
