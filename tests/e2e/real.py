"""tests/e2e/real.py — functions of code that nobody here wrote: Python's standard
library, installed C libraries with their headers, zlib and SQLite from source."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import unittest
import zlib

BUILD = os.environ["SNAFU_BUILD"]
SNAFU = os.path.join(BUILD, "snafu")
REAL = os.path.join(BUILD, "real")
STDLIB = "/usr/lib/python3.11"
FETCH = "not there: run tests/real/fetch.sh build/real"


class Real(unittest.TestCase):
    environment = {}

    @classmethod
    def setUpClass(cls):
        cls.cache = tempfile.mkdtemp(prefix="snafu-real-")
        cls.addClassCleanup(shutil.rmtree, cls.cache)

    def call(self, function, payload, *sources):
        done = subprocess.run([SNAFU, "-q", "-x", function, *sources], text=True, timeout=600,
                              input=json.dumps(payload), capture_output=True,
                              env=dict(os.environ, XDG_CACHE_HOME=self.cache, **self.environment))
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def check_zlib(self, sources, prefix=("zlib",) * 4):
        data = b"hello, hello, hello, " * 50
        text = base64.b64encode(data).decode()
        crc32, adler32, compress, uncompress = prefix
        self.assertEqual(self.call(f"{crc32}.crc32", {"crc": 0, "buf": text}, *sources),
                         zlib.crc32(data))
        self.assertEqual(self.call(f"{adler32}.adler32", {"adler": 1, "buf": text}, *sources),
                         zlib.adler32(data))
        packed = self.call(f"{compress}.compress", {"source": text}, *sources)
        self.assertEqual(packed["return"], 0)
        self.assertEqual(zlib.decompress(base64.b64decode(packed["dest"])), data)
        back = self.call(f"{uncompress}.uncompress",
                         {"source": packed["dest"], "destLen": len(data)}, *sources)
        self.assertEqual(base64.b64decode(back["dest"]), data)


class Python(Real):
    def check(self, module, function, payload, wanted):
        path = os.path.join(STDLIB, module + ".py")
        self.assertEqual(self.call(f"{module}.{function}", payload, path), wanted)

    def test_statistics(self):
        self.check("statistics", "mean", [[1, 2, 3, 4]], 2.5)
        self.check("statistics", "quantiles", {"data": [1, 2, 3, 4, 5], "n": 4}, [1.5, 3.0, 4.5])
        self.check("statistics", "linear_regression", [[1, 2, 3], [2, 4, 6]],
                   {"slope": 2.0, "intercept": 0.0})

    def test_colorsys(self):
        self.check("colorsys", "rgb_to_hsv", [0.2, 0.4, 0.4], [0.5, 0.5, 0.4])

    def test_textwrap(self):
        self.check("textwrap", "wrap", {"text": "the quick brown fox", "width": 10},
                   ["the quick", "brown fox"])
        self.check("textwrap", "shorten", {"text": "the quick brown fox", "width": 12},
                   "the [...]")

    def test_difflib(self):
        self.check("difflib", "get_close_matches", ["appel", ["ape", "apple", "peach"]],
                   ["apple", "ape"])
        self.check("difflib", "unified_diff", {"a": ["x"], "b": ["y"], "lineterm": ""},
                   ["--- ", "+++ ", "@@ -1 +1 @@", "-x", "+y"])

    def test_ipaddress(self):
        self.check("ipaddress", "ip_address", ["192.0.2.1"], "192.0.2.1")
        self.check("ipaddress", "collapse_addresses", [[]], [])

    def test_a_module_of_a_package_in_the_whole_library(self):
        self.assertEqual(self.call("json.dumps", [{"a": [1, None]}], STDLIB), '{"a": [1, null]}')
        self.assertEqual(self.call("xml.sax.saxutils.escape", ["<a>"], STDLIB), "&lt;a&gt;")


class InstalledLibraries(Real):
    def test_zlib(self):
        if not os.path.exists("/usr/include/zlib.h"):
            self.skipTest("no zlib.h: install zlib1g-dev")
        self.check_zlib(["/usr/include/zlib.h", "libz.so.1"])

    def test_libm(self):
        sources = ["/usr/include/math.h", "libm.so.6"]
        self.assertEqual(self.call("math.cos", [0], *sources), 1.0)
        self.assertEqual(self.call("math.hypot", [3, 4], *sources), 5.0)
        self.assertEqual(self.call("math.frexp", [8.0], *sources), {"return": 0.5, "exponent": 4})


class FromSource(Real):
    environment = {"CFLAGS": "-O0"}  # SQLite takes five times as long with -O2

    def test_the_zlib_tree(self):
        tree = os.path.join(REAL, "zlib")
        if not os.path.isdir(tree):
            self.skipTest(FETCH)
        self.check_zlib([tree], ("crc32", "adler32", "compress", "uncompr"))

    def test_the_amalgamation_of_sqlite(self):
        source = os.path.join(REAL, "sqlite3", "sqlite3.c")
        if not os.path.exists(source):
            self.skipTest(FETCH)
        self.assertRegex(self.call("sqlite3.sqlite3_libversion", [], source), r"^3\.\d+\.\d+$")
        self.assertEqual(self.call("sqlite3.sqlite3_complete", ["SELECT 1;"], source), 1)
        self.assertEqual(self.call("sqlite3.sqlite3_strglob", ["a*c", "abc"], source), 0)
