"""Connections of the web connector: slow calls, clients that wait, leave and crowd, a full queue,
stopping, and the addresses to listen at."""

import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import time
import unittest

from probe import PROBE, UUID, Server, WebTest, read_all, read_reply
from served import STUBBED, release, until
from terminal import PATIENCE, SNAFU


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
        self.addCleanup(self.server.__exit__)

    def test_idle_and_slow_clients_are_sent_away(self):
        idle = self.server.raw()
        partial = self.server.raw(b"POST /invoke/echo HTTP/1.1\r\nHost: localhost\r\n"
                                  b"Content-Length: 10\r\n\r\n[")
        kept = self.server.raw(b"GET /invoke/hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertEqual(read_reply(kept)[:2], (200, b'"hello"'))
        for sock in idle, partial, kept:
            self.assertEqual(read_all(sock), b"")
            sock.close()

    def test_after_a_long_silence(self):
        """Whoever comes when nobody has for longer than that has just come."""
        time.sleep(1.5)
        for method in b"GET", b"POST":
            with self.server.raw(method + b" /invoke/hello HTTP/1.1\r\nHost: localhost\r\n"
                                 b"Content-Length: 0\r\n\r\n") as sock:
                self.assertEqual(read_reply(sock)[:2], (200, b'"hello"'))
        time.sleep(1.5)
        with self.server.raw() as sock:  # and may take his time
            self.server.connect().connect()
            sock.sendall(b"GET /invoke/hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(read_reply(sock)[:2], (200, b'"hello"'))

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
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 4096:
            self.skipTest(f"no more than {hard} descriptors are allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
        server = Server()
        self.addCleanup(server.__exit__)
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
        self.addCleanup(server.__exit__)
        crowd = [server.raw() for _ in range(60)]
        # All of them are answered in the end: idle ones make room.
        with server.raw(b"GET /invoke/hello HTTP/1.1\r\nHost: localhost\r\n\r\n") as sock:
            self.assertEqual(read_reply(sock)[:2], (200, b'"hello"'))
        for sock in crowd:
            sock.close()


class Stopping(unittest.TestCase):
    def serve(self, **options):
        server = Server(**options)
        self.addCleanup(server.end)
        return server

    def test_running_call_is_waited_for(self):
        server = self.serve()
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

    def test_drain_time_over(self):
        server = self.serve(settings="[limits]\ndrain-timeout = 100ms\n")
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

    def test_a_second_signal_at_any_moment(self):
        """Also when the doors are closed and the rest is still ending."""
        for pause in range(20):
            server = self.serve()
            server.process.send_signal(signal.SIGTERM)
            time.sleep(pause / 1000)
            self.assertIn(server.stop(), (0, 128 + signal.SIGTERM), server.said())

    def test_idle_server_stops_at_once(self):
        server = self.serve()
        idle = server.raw()
        self.assertEqual(server.stop(), 0)
        self.assertEqual(read_all(idle), b"")
        idle.close()


class Listening(unittest.TestCase):
    def refused(self, listen):
        done = subprocess.run([SNAFU, "-C", "web", "-L", listen, PROBE],
                              capture_output=True, text=True, timeout=PATIENCE,
                              env={**os.environ, **STUBBED})
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def test_addresses(self):
        for listen, url in (("127.0.0.1:0", "http://127.0.0.1:"), ("localhost:0", "http://localhost:"),
                            ("[::1]:0", "http://[::1]:")):
            if "::" in listen and not os.path.exists("/proc/net/if_inet6"):
                continue
            server = Server(listen=listen)
            self.assertTrue(server.url.startswith(url), server.url)
            connection = server.connect()
            connection.request("GET", "/invoke/hello")
            self.assertEqual(connection.getresponse().read(), b'"hello"')
            connection.close()
            server.__exit__()

    def test_everywhere_any_host_name_will_do(self):
        server = Server(listen="0.0.0.0:0")
        self.addCleanup(server.__exit__)
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
