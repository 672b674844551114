"""tests/e2e/python.py — Python functions through the real program: scanned, loaded
from where they stand, called with -x. What each kind of argument and result
does is in tests/data/python/*.cases; here it is that scanner, host and gateway
agree on names, files and roots."""

import json
import os
import subprocess
import tempfile
import unittest

from terminal import SNAFU, SOURCE

DATA = os.path.realpath(os.path.join(SOURCE, "tests/data/python"))
STANDARD = "/usr/lib/python3.11"


class Python(unittest.TestCase):
    def call(self, function, path, payload=None, **names):
        """The result, or the message when it failed."""
        done = subprocess.run([SNAFU, "-q", "-x", function, path], text=True, capture_output=True,
                              input=json.dumps(payload) if payload is not None else "{}",
                              timeout=60, **names)
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr

    def data(self, function, path, payload=None):
        return self.call(function, os.path.join(DATA, path), payload)

    def test_functions_and_methods(self):
        self.assertEqual(self.data("calls.hello", "calls.py"), "Hello, world")
        self.assertEqual(self.data("calls.add", "calls.py", {"a": "4", "c": "z"}), [4, 2.5, "z"])
        self.assertEqual(self.data("calls.add", "calls.py", [1, 2]), [1, 2.0, "x"])
        self.assertEqual(self.data("calls.rest", "calls.py", [1, 2]), {"args": [1, 2], "names": {}})
        self.assertEqual(self.data("calls.Counter.up", "calls.py", {"self": {"start": 5}}), 6)
        self.assertEqual(self.data("Counter.made", "calls.py", [1]), ["Counter", 1])
        self.assertEqual(self.data("calls.later", "calls.py", [21]), 42)
        self.assertEqual(self.data("calls.several", "calls.py"), [0, 1, 2])
        self.assertEqual(self.data("calls.decorated", "calls.py", [1]), ["wrapped", 3])

    def test_problems_are_named_together(self):
        said = self.data("annotations.points", "annotations.py",
                         {"points": [{"x": 1}, {"y": "q"}], "z": 1})
        for part in ("points[1].x: missing", "points[1].y: expected a number", "z: unknown"):
            self.assertIn(part, said)

    def test_big_numbers_stay_exact(self):
        self.assertEqual(self.data("calls.echo", "calls.py", [10 ** 40 + 1]), 10 ** 40 + 1)

    def test_a_folder_of_equal_names(self):
        self.assertEqual(self.data("x.util.f", "folders"), "x")
        self.assertEqual(self.data("y.other.g", "folders"), "y")
        self.assertEqual(self.data("json.who", "shadow")[1], os.path.join(DATA, "shadow/json.py"))

    def test_a_package_by_folder_and_by_file(self):
        self.assertEqual(self.data("sub.mod.deep", "pkg", [2]), 6)
        self.assertEqual(self.data("deep", "pkg/sub/mod.py", [2]), 6)

    def test_what_does_not_load_says_why(self):
        self.assertIn("division by zero", self.data("bad_raise.f", "bad_raise.py"))
        self.assertIn("nosuchmodule", self.data("bad_import.f", "bad_import.py"))
        self.assertIn("exit the process (status 4)", self.data("bad_exit.f", "bad_exit.py"))

    def test_the_standard_library(self):
        for name, payload, expected in (
                ("statistics.mean", [[1, 2, 4]], 7 / 3),
                ("colorsys.rgb_to_hsv", [0.2, 0.4, 0.4], [0.5, 0.5, 0.4]),
                ("textwrap.wrap", {"text": "hello big world", "width": 7}, ["hello", "big", "world"]),
                ("difflib.get_close_matches", ["appel", ["ape", "apple"]], ["apple", "ape"]),
                ("ipaddress.ip_address", ["10.0.0.1"], "10.0.0.1"),
                ("calendar.monthrange", [2024, 2], [3, 29])):
            with self.subTest(name):
                path = os.path.join(STANDARD, name.partition(".")[0] + ".py")
                self.assertEqual(self.call(name, path, payload), expected)

    def test_a_virtual_environment(self):
        with tempfile.TemporaryDirectory() as folder:
            place = os.path.join(folder, ".venv")
            subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", place], check=True)
            with open(os.path.join(place, "lib/python3.11/site-packages/only_there.py"), "w") as file:
                file.write("answer = 42\n")
            source = os.path.join(folder, "uses.py")
            with open(source, "w") as file:
                file.write("import sys\nimport only_there\n"
                           "def f(): return [only_there.answer, sys.prefix]\n")
            self.assertEqual(self.call("uses.f", source), [42, place])
            away = os.path.join(folder, "away")
            os.mkdir(away)
            os.rename(source, os.path.join(away, "uses.py"))
            environment = dict(os.environ, VIRTUAL_ENV=place)
            self.assertEqual(self.call("uses.f", os.path.join(away, "uses.py"), env=environment),
                             [42, place])

    def test_no_compiled_files_are_left(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("one", "two"):
                with open(os.path.join(folder, name + ".py"), "w") as file:
                    file.write("def f(): return 1\n" if name == "one" else
                               "import one\ndef g(): return one.f()\n")
            self.assertEqual(self.call("two.g", os.path.join(folder, "two.py")), 1)
            self.assertEqual(sorted(os.listdir(folder)), ["one.py", "two.py"])

    def test_open_files_are_written_at_the_end(self):
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, "keeps.py"), os.path.join(folder, "out")
            with open(source, "w") as file:
                file.write(f"file = open({target!r}, 'w')\ndef f(): file.write('kept')\n")
            self.call("keeps.f", source)
            with open(target) as file:
                self.assertEqual(file.read(), "kept")
