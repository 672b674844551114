"""tests/e2e/hostile.py — functions that behave badly, in the real program: a call
that goes wrong must not spoil the next one, nor the host's end. What a door does
with bad input is in web.py and cli.py; what a gateway does, in the unit tests."""

import csv
import json
import os
import subprocess
import tempfile
import unittest

from served import Served, replace, until
from terminal import SOURCE, run

FOLDER = os.path.join(SOURCE, "tests/e2e/hostile")


def serve(name, settings=""):
    return Served("-q", os.path.join(FOLDER, name), settings=settings)


class Python(unittest.TestCase):
    def test_a_call_after_an_interrupt_is_as_any_other(self):
        settings = "[limits]\nthreads = 1\n[function loop]\ncall-timeout = 500ms\n"
        with serve("rude.py", settings) as server:
            for _ in range(2):
                self.assertEqual(server.call("loop")[0], 504)
                server.call("trace")
                # It used to loop inside CPython: an interrupt was pending for ever.
                self.assertIn(server.call("echo", 1)[0], (200, 500))
                self.assertEqual(server.call("echo", 2), (200, 2))

    def test_the_end_beside_a_call_that_holds_the_interpreter(self):
        with serve("rude.py", "[limits]\ncall-timeout = 300ms\ndrain-timeout = 100ms\n") as server:
            self.assertEqual(server.call("hold")[0], 504)
            self.assertEqual(server.call("echo", 1)[0], 504)

    def test_private_names(self):
        with serve("rude.py") as server:
            self.assertEqual(server.call("Private.__method", 1), (200, 1))
            self.assertEqual(server.call("Private.__static", 2), (200, 2))
            self.assertEqual(server.call("Private.__class", 3), (200, ["Private", 3]))


class Locales(unittest.TestCase):
    def test_numbers_stay_numbers(self):
        """A function may have the whole process write 1,5 for 1.5."""
        with tempfile.TemporaryDirectory() as folder:
            made = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8",
                                   os.path.join(folder, "de_DE.UTF-8")], capture_output=True,
                                  text=True)
            if not os.path.exists(os.path.join(folder, "de_DE.UTF-8")):
                self.skipTest(f"no German locale can be made here: {made.stderr.strip()}")
            path = os.path.join(folder, "german.py")
            with open(path, "w", encoding="ascii") as file:
                file.write("import locale\ndef speak():\n"
                           "    locale.setlocale(locale.LC_ALL, 'de_DE.UTF-8')\n"
                           "    return locale.format_string('%.1f', 1.5)\n"
                           "def half(number: float):\n    return number / 2\n"
                           "def fail():\n    raise ValueError\n")
            log = os.path.join(folder, "log.csv")
            with Served("-q", "-l", f"csv={log}", "--debug", path,
                        settings="[asynchronous]\nretry-delay = 1h\n",
                        env={"LOCPATH": folder, "XDG_STATE_HOME": folder}) as server:
                self.assertEqual(server.call("speak"), (200, "1,5"))
                self.assertEqual(server.call("half", "0.5"), (200, 0.25))
                number = server.ask("POST", "/invoke/fail", [],
                                    {"Prefer": "respond-async"})[1]["id"]
                until(lambda: server.ask("GET", "/calls/" + number)[1]["attempts"] == 1, "tried")
                self.assertGreater(server.ask("GET", "/calls")[1]["calls"][0]["due"], 0)
                for line in server.metrics().splitlines():
                    if not line.startswith("#"):
                        float(line.rsplit(" ", 1)[1])
            with open(log, encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    float(row["duration_ms"])
                    self.assertNotIn(None, row)


class Java(unittest.TestCase):
    def test_what_a_call_leaves_behind(self):
        with serve("Rude.java", "[limits]\nthreads = 1\n") as server:
            self.assertEqual(server.call("interruptSelf"), (200, None))
            self.assertEqual(server.call("isInterrupted"), (200, False))
            self.assertEqual(server.call("noOutput"), (200, None))
            self.assertEqual(server.call("echo", "a"), (200, "a"))

    def test_odd_errors_and_results(self):
        with serve("Rude.java") as server:
            status, error = server.call("odd")
            self.assertEqual((status, error["errorType"]), (500, "Rude$Odd"))
            status, error = server.call("half")
            self.assertEqual((status, error["errorType"]), (500, "ResultError"))
            self.assertIn("result[1] has half a surrogate pair", error["errorMessage"])


class Names(unittest.TestCase):
    def test_folders_that_are_no_text(self):
        """With a module of the same name elsewhere, which the import system has to tell apart."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(os.fsencode(folder), name, b"same.py") for name in
                     (b"a", b"\xff\xfe", b"z")]
            for number, path in enumerate(paths):
                os.mkdir(os.path.dirname(path))
                with open(path, "w", encoding="ascii") as file:
                    file.write(f"def one{number}():\n    return {number}\n"
                               f"def bad{number}():\n    raise LookupError({number})\n")
            with Served("-q", folder, settings="") as server:
                for executor in "inprocess", "isolated", "worker", "fork", "spawn":
                    for number in 0, 1, 2:
                        self.assertEqual(server.call(f"one{number}", executor=executor),
                                         (200, number))
                        status, error = server.call(f"bad{number}", executor=executor)
                        self.assertEqual((status, error["errorType"]), (500, "LookupError"))
                        self.assertRegex(error["stackTrace"][0], r'/same\.py", line 4, in bad')
                ids = [entry["id"] for entry in json.loads(server.text("/functions"))]
                self.assertEqual([name for name in ids if name.endswith("one1")],
                                 ["__.same.one1"])
                self.assertEqual(server.call("__.same.one1"), (200, 1))
                self.assertIn('function="__.same.one1"', server.metrics())  # which is UTF-8
                replace(paths[1].decode("utf-8", "surrogateescape"),
                        "def one1():\n    return 'changed'\n")
                until(lambda: server.call("one1") == (200, "changed"), "the new version is served")

    def test_the_same_id_in_two_languages_is_said(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("same.py", "def f():\n    return 1\n"),
                               ("same.c", "int f(void) { return 2; }\n")):
                with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                    file.write(text)
            done = run("-x", "same.f", folder)
            self.assertIn(int(done.stdout), (1, 2))
            self.assertRegex(done.stderr, r"same\.f is in .*same\.(py|c) as well")
