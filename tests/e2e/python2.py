"""tests/e2e/python2.py — Python 2 sources, upgraded into the cache and called from there."""

import json
import os
import shutil
import subprocess

from folder import FolderTest
from terminal import SNAFU, SOURCE

DATA = os.path.realpath(os.path.join(SOURCE, "tests/data/python2"))


class Python2(FolderTest):
    def setUp(self):
        super().setUp()
        self.sources = self.path("sources")
        shutil.copytree(DATA, self.sources)
        for folder, names, files in os.walk(self.sources): # distcheck's sources are read-only
            os.chmod(folder, 0o755)
            for name in files:
                os.chmod(os.path.join(folder, name), 0o644)
        self.before = self.contents()

    def contents(self):
        found = {}
        for folder, _, names in os.walk(self.sources):
            for name in names:
                if not name.endswith(".pyc"):
                    path = os.path.join(folder, name)
                    with open(path, "rb") as file:
                        found[path] = file.read()
        return found

    def run_snafu(self, *arguments, payload=None, **env):
        return subprocess.run(
            [SNAFU, "-q", *arguments], text=True, capture_output=True, timeout=100,
            input=json.dumps(payload) if payload is not None else "{}",
            env=dict(os.environ, XDG_CACHE_HOME=self.path("cache"), LC_ALL="C.UTF-8", **env))

    def call(self, function, path="", payload=None, **env):
        """The result, or the message when it failed."""
        done = self.run_snafu("-x", function, os.path.join(self.sources, path), payload=payload, **env)
        return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else done.stderr

    def test_a_package(self):
        self.assertEqual(self.call("total", payload=[[["spade", 2], ["rake", 1]]]), "34.00 \u20ac")
        self.assertEqual(self.call("in_stock"), ["spade"])
        self.assertEqual(self.call("names"), ["rake", "spade"])
        self.assertEqual(self.call("sales.table", payload=[[["a", 2], ["b", 1]], 3]), "a  2\nb  1")
        self.assertEqual(self.contents(), self.before)

    def test_a_file_of_a_package(self):
        self.assertEqual(self.call("total", "shop/reports/sales.py", [[["rake", 1]]]), "9.00 \u20ac")

    def test_integers_divide_as_they_did(self):
        self.assertEqual(self.call("average", payload=[[1, 2], 4]), 2)
        self.assertEqual(self.call("average", payload=[[1, 2.0], 4]), 7 / 3)

    def test_a_tuple_goes_by_the_names_in_it(self):
        self.assertEqual(self.call("average", payload={"first_second": [10, 20]}), 15)
        self.assertIn("first_second: missing", self.call("average", payload={}))

    def test_errors_name_the_source(self):
        done = self.run_snafu("-x", "sales.fail", "-a", "depth=1", self.sources)
        self.assertEqual(done.returncode, 1)
        self.assertIn("ValueError: too deep", done.stderr)
        self.assertIn("no item called spoon", self.call("price", payload={"name": "spoon"}))

    def test_what_cannot_be_upgraded_says_where(self):
        for function in "broken.fine", "uses_broken.f":
            said = self.call(function, payload={} if function.endswith("f") else [1])
            self.assertIn(os.path.join(self.sources, "broken.py") + ":9 cannot be upgraded", said)
            self.assertIn("--python2 native", said)
        self.assertEqual(self.call("in_stock"), ["spade"])

    def test_the_second_time_nothing_is_started(self):
        self.assertEqual(self.call("in_stock"), ["spade"])
        cache = self.path("cache/snafu/python2")
        trees = sorted(name for name in os.listdir(cache) if name.endswith(".list"))
        before = [os.stat(os.path.join(cache, name)).st_mtime_ns for name in trees]
        self.assertEqual(len(trees), 1)
        self.assertEqual(self.call("in_stock"), ["spade"])
        self.assertEqual([os.stat(os.path.join(cache, name)).st_mtime_ns for name in trees], before)
        with open(os.path.join(self.sources, "shop/items.ini"), "a") as file:
            file.write("\n[hoe]\nprice = 7\nstock = 1\n")
        self.assertEqual(self.call("in_stock"), ["hoe", "spade"])

    def test_a_changed_file_is_upgraded_anew(self):
        path = os.path.join(self.sources, "one.py")
        for value in 1, 2:
            with open(path, "w") as file:
                file.write(f"def f():\n    print 'x'\n    return {value}\n")
            self.assertEqual(self.call("f", "one.py"), value)

    def test_every_executor(self):
        # AddressSanitizer wants all addresses there are.
        settings = self.write("snafu.ini", "[limits]\nmemory = 0B\n")
        for executor in "isolated", "worker", "fork", "spawn":
            with self.subTest(executor):
                done = self.run_snafu("-s", settings, "-e", executor, "-x", "total", self.sources,
                                      payload=[[["spade", 2]]])
                self.assertEqual((done.stdout, done.returncode), ('"25.00 \u20ac"\n', 0), done.stderr)
                done = self.run_snafu("-s", settings, "-e", executor, "-x", "price", "-a",
                                      "name=spoon", self.sources)
                self.assertIn("no item called spoon", done.stderr)

    def test_native_is_no_matter_of_this_process(self):
        path = os.path.join(self.sources, "shop/catalogue.py")
        done = self.run_snafu("--python2", "native", "-e", "inprocess", "-x", "in_stock", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("take worker or spawn instead of inprocess", done.stderr)
        self.assertEqual(self.run_snafu("--python2", "new", path).returncode, 2)

    def test_with_python_3_in_one_process(self):
        with open(os.path.join(self.sources, "three.py"), "w") as file:
            file.write("import json\ndef three(): return json.loads('3')\n")
        done = subprocess.run(
            [SNAFU, "-q", "-C", "cli", self.sources], text=True, capture_output=True, timeout=100,
            input="three\nin_stock\nthree\n",
            env=dict(os.environ, XDG_CACHE_HOME=self.path("cache")))
        self.assertEqual(done.stdout.split(), ["3", '["spade"]', "3"])
