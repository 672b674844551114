"""tests/probe.py — a real `snafu -C web` with a stand-in for the Java gateway
(tests/modules/lang-java.c), so that functions do what a test of the web connector needs.
Nothing sleeps: a slow function is one that waits for its test."""

import json
import os
import re
import socket
import unittest

from served import STUBBED, Served
from terminal import PATIENCE, SOURCE

PROBE = os.path.join(SOURCE, "tests/e2e/web/Probe.java")
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class Server(Served):
    def __init__(self, settings="", **options):
        super().__init__("-q", PROBE, settings=settings, env=STUBBED, **options)

    def raw(self, data=b""):
        sock = socket.create_connection((self.host, self.port), PATIENCE)
        sock.sendall(data)
        return sock

    def fifo(self, name="fifo"):
        """A FIFO for a function to wait at."""
        path = os.path.join(self.folder, name)
        os.mkfifo(path)
        return path


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
        cls.server.__exit__()

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
