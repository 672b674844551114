"""tests/e2e/hostile.py — functions that behave badly, in the real program: a call
that goes wrong must not spoil the next one, nor the host's end. What a door does
with bad input is in web.py and cli.py; what a gateway does, in the unit tests."""

import http.client
import json
import os
import signal
import subprocess
import tempfile
import unittest

from terminal import SNAFU, SOURCE, run

FOLDER = os.path.join(SOURCE, "tests/e2e/hostile")
PATIENCE = 60


class Server:
    def __init__(self, name, settings):
        self.settings = tempfile.NamedTemporaryFile("w", suffix=".ini")
        self.settings.write(settings)
        self.settings.flush()
        self.process = subprocess.Popen(
            [SNAFU, "-q", "-C", "web", "-L", "0", "-s", self.settings.name,
             os.path.join(FOLDER, name)],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        assert "ready on" in line, line
        self.port = int(line.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        self.settings.close()

    def call(self, name, payload=None):
        """Status and value, over a new connection."""
        door = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        door.request("POST", "/invoke/" + name, json.dumps({} if payload is None else payload))
        reply = door.getresponse()
        value = json.loads(reply.read())
        door.close()
        return reply.status, value

    def stop(self):
        """The exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


class Python(unittest.TestCase):
    def test_a_call_after_an_interrupt_is_as_any_other(self):
        with Server("rude.py", "[limits]\nthreads = 1\n[function loop]\ncall-timeout = 500ms\n") as server:
            for _ in range(2):
                self.assertEqual(server.call("loop")[0], 504)
                server.call("trace")
                # It used to loop inside CPython: an interrupt was pending for ever.
                self.assertIn(server.call("echo", [1])[0], (200, 500))
                self.assertEqual(server.call("echo", [2]), (200, 2))
            self.assertEqual(server.stop(), 0)

    def test_the_end_beside_a_call_that_holds_the_interpreter(self):
        with Server("rude.py", "[limits]\ncall-timeout = 300ms\ndrain-timeout = 100ms\n") as server:
            self.assertEqual(server.call("hold")[0], 504)
            self.assertEqual(server.call("echo", [1])[0], 504)
            self.assertEqual(server.stop(), 0)

    def test_private_names(self):
        with Server("rude.py", "") as server:
            self.assertEqual(server.call("Private.__method", [1]), (200, 1))
            self.assertEqual(server.call("Private.__static", [2]), (200, 2))
            self.assertEqual(server.call("Private.__class", [3]), (200, ["Private", 3]))


class Java(unittest.TestCase):
    def test_what_a_call_leaves_behind(self):
        with Server("Rude.java", "[limits]\nthreads = 1\n") as server:
            self.assertEqual(server.call("interruptSelf"), (200, None))
            self.assertEqual(server.call("isInterrupted"), (200, False))
            self.assertEqual(server.call("noOutput"), (200, None))
            self.assertEqual(server.call("echo", ["a"]), (200, "a"))
            self.assertEqual(server.stop(), 0)

    def test_odd_errors_and_results(self):
        with Server("Rude.java", "") as server:
            status, error = server.call("odd")
            self.assertEqual((status, error["errorType"]), (500, "Rude$Odd"))
            status, error = server.call("half")
            self.assertEqual((status, error["errorType"]), (500, "ResultError"))
            self.assertIn("result[1] has half a surrogate pair", error["errorMessage"])


class Names(unittest.TestCase):
    def test_the_same_id_in_two_languages_is_said(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("same.py", "def f():\n    return 1\n"),
                               ("same.c", "int f(void) { return 2; }\n")):
                with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                    file.write(text)
            done = run("-x", "same.f", folder)
            self.assertIn(int(done.stdout), (1, 2))
            self.assertRegex(done.stderr, r"same\.f is in .*same\.(py|c) as well")
