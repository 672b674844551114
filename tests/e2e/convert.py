"""tests/e2e/convert.py — snafu-convert: legacy code of all languages in, a project that runs out.
Hostile trees, edits, cut-off runs and full disks are in convert-faults.py."""

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import unittest

from folder import FolderTest
from terminal import BUILD, SCAN, SNAFU

CONVERT = os.path.join(BUILD, "snafu-convert")
REAL = os.path.join(BUILD, "real")
PATIENCE = 240

SHOP = {
    "shop/__init__.py": "",
    "shop/prices.py": '''"""Prices, as they were in 2008.

>>> total([["spade", 2]], {"spade": 7})
14
"""

import string
from names import upper, shout


def total(lines, prices):
    """The sum of an order.

    >>> total([["a", 1], ["b", 2]], {"a": 1, "b": 2})
    5
    >>> print total([], {})
    0
    """
    return sum(map(lambda (name, count): prices[name] * count, lines))


def half(cents):
    """
    >>> half(7)
    3
    """
    print "halving", cents
    return cents / 2


class Price:
    def __nonzero__(self):
        return True

    def __cmp__(self, other):
        return cmp(self.cents, other.cents)

    def next(self):
        raise StopIteration, "none"


def label(name):
    return string.join([upper(name), "EUR"])


def packed(text):
    return text.encode("hex")
''',
    "shop/names.py": "def upper(name):\n    return name.upper()\n\n\ndef shout(name):\n"
                     "    exec 'x = 1'\n    return upper(name) + u'!'\n",
    "shop/data/rates.txt": "19\n",
    "kept.py": "def fine(n):\n    print n\n    return n\n\n\ndef bad(True, n):\n    print n\n",
    "broken.py": "def broken(:\n    ???\n",
    "latin.py": b"# caf\xe9\ndef cafe():\n    print 'x'\n    return u'caf\xe9'\n",
    "tool": "#!/usr/bin/env python\nprint 'hello'\n\n\ndef run_tool():\n    return `1`\n",
    "c/area.c": '#include "area.h"\n/* area(2, 3) == 6 */\nint area(int a, int b) { return a * b; }\n'
                "int main(void) { return area(1, 2); }\n",
    "c/area.h": "int area(int a, int b);\n",
    "c/tool.c": '#include "area.h"\nint main(void) { return area(3, 4); }\n'
                "int area(int a, int b) { return a + b; }\n",
    "c/bad.c": "#include <no_such_header.h>\nint bad(void) { return nothing; }\n",
    "c/extension.c": "#include <Python.h>\nvoid initx(void) { Py_InitModule(\"x\", 0); }\n",
    "java/shop/Till.java": "package shop;\npublic class Till {\n"
                           "  /** Adds. Till.add(1, 2) = 3 */\n"
                           "  public static int add(int a, int b) { return a + b; }\n}\n",
    "java/shop/Bad.java": "package shop;\npublic class Bad { int x = \"no\"; }\n",
    "java/shop/NeedsBad.java": "package shop;\npublic class NeedsBad { Bad b = new Bad().gone(); }\n",
}


class Case(FolderTest):
    def setUp(self):
        super().setUp()
        self.out = self.path("out")

    def shop(self):
        self.write_all({"legacy/" + name: text for name, text in SHOP.items()})
        os.chmod(self.path("legacy/tool"), 0o755)
        return self.path("legacy")

    def environment(self):
        return dict(os.environ, XDG_CACHE_HOME=self.path("cache"), SNAFU=SNAFU, LC_ALL="C.UTF-8",
                    PYTHONDONTWRITEBYTECODE="1")

    def run_convert(self, *arguments):
        return subprocess.run([CONVERT, *arguments], capture_output=True, timeout=PATIENCE,
                              env=self.environment(), stdin=subprocess.DEVNULL, text=True,
                              errors="replace")

    def convert(self, *arguments, status=0):
        done = self.run_convert("-o", self.out, *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def report(self):
        return json.loads(self.read("out/report.json"))

    def files(self):
        return {file["path"]: file for file in self.report()["files"]}

    def notes(self, path):
        return {(note["line"], note["kind"]) for note in self.files()[path].get("notes", ())}

    def call(self, function, *sources, payload=()):
        done = subprocess.run([SNAFU, "-q", "-x", function, *(sources or [self.path("out/src")])],
                              text=True, capture_output=True, timeout=PATIENCE,
                              input=json.dumps(payload), env=self.environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def state(self, folder):
        """What is in FOLDER, to the nanosecond."""
        found = {}
        for place, folders, names in os.walk(folder):
            for name in folders + names:
                path = os.path.join(place, name)
                status = os.lstat(path)
                content = b""
                if stat.S_ISREG(status.st_mode):
                    with open(path, "rb") as file:
                        content = file.read()
                found[os.path.relpath(path, folder)] = (
                    status.st_mode, hashlib.sha256(content).hexdigest(),
                    0 if stat.S_ISDIR(status.st_mode) else status.st_mtime_ns)
        return found

    def changed(self, before, after):
        return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


class Options(Case):
    def test_usage_errors(self):
        source = self.write("a.py", "def f(): pass\n")
        for arguments, words in [([source], "-o DIR"), (["-o", self.out], "no file"),
                                 (["-o", self.out, source, source], "one file"),
                                 (["-p", "4", "-o", self.out, source], "auto, 2 or 3"),
                                 (["--nothing"], "--help")]:
            done = self.run_convert(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
            self.assertIn(words, done.stderr)
        self.assertFalse(os.path.exists(self.out))

    def test_what_is_not_there(self):
        self.assertIn("nothing.py", self.convert(self.path("nothing.py"), status=1).stderr)

    def test_quiet(self):
        source = self.write("a.py", "def f(n):\n    print n\n")
        self.out = self.path("deep/er/")
        done = self.convert("-q", source)
        self.assertEqual((done.stdout, done.stderr), ("", ""))


class Shop(Case):
    """A tree with something of everything in it."""

    @classmethod
    def setUpClass(cls):
        cls.shared = Case("shop")
        cls.shared.setUp()
        cls.addClassCleanup(cls.shared.doCleanups)
        cls.legacy = cls.shared.shop()
        cls.before = cls.shared.state(cls.legacy)
        cls.said = cls.shared.convert(cls.legacy)

    def setUp(self):
        self.folder, self.out = self.shared.folder, self.shared.out

    def test_fates(self):
        fates = {path: file["fate"] for path, file in self.files().items()}
        self.assertEqual(fates, {
            "shop/__init__.py": "same", "shop/prices.py": "upgraded", "shop/names.py": "upgraded",
            "kept.py": "python2", "broken.py": "broken", "latin.py": "upgraded", "tool": "upgraded",
            "c/area.c": "copied", "c/area.h": "copied", "c/tool.c": "copied", "c/bad.c": "failed",
            "c/extension.c": "copied", "java/shop/Till.java": "copied",
            "java/shop/Bad.java": "failed", "java/shop/NeedsBad.java": "failed"})
        self.assertIn("kept.py stays Python 2", self.said.stderr)
        self.assertIn("c/bad.c does not compile: no_such_header.h", self.said.stderr)
        self.assertIn("java/shop/Bad.java does not compile: incompatible types", self.said.stderr)
        for name in "shop/data/rates.txt", "c/area.h", "kept.py", "broken.py":
            with open(os.path.join(self.legacy, name), "rb") as old, \
                    open(os.path.join(self.out, "src", name), "rb") as new:
                self.assertEqual(old.read(), new.read())
        self.assertTrue(os.stat(os.path.join(self.out, "src/tool")).st_mode & 0o100)
        self.assertTrue(self.read("out/src/tool").startswith("#!/usr/bin/env python3\n"))

    def test_the_code_base_is_only_read(self):
        self.assertEqual(self.state(self.legacy), self.before)

    def test_notes_name_their_lines(self):
        prices = self.read("out/src/shop/prices.py").splitlines()
        line = {text: next(number for number, code in enumerate(prices, 1) if text in code)
                for text in ("isinstance", "def __cmp__", "hex")}
        notes = self.notes("shop/prices.py")
        self.assertLessEqual({(line["isinstance"], "division"), (line["def __cmp__"], "method"),
                              (line["hex"], "bytes")}, notes)
        self.assertIn((7, "code"), {(7, kind) for _, kind in self.notes("shop/names.py")})
        self.assertIn("encoding", {kind for _, kind in self.notes("latin.py")})
        self.assertIn((2, "extension"), self.notes("c/extension.c"))
        text = self.read("out/REPORT.md")
        self.assertIn(f"`src/shop/prices.py`:{line['isinstance']}: ", text)
        self.assertIn("`src/kept.py`", text)
        self.assertIn("no_such_header.h", text.replace("\\", ""))

    def test_counts_are_true(self):
        summary = self.report()["summary"]
        scanned = [len(json.loads(subprocess.run(
            [SCAN, "-q", "-f", "json", folder], capture_output=True, check=True,
            env=self.environment()).stdout)) for folder in (self.legacy, self.path("out/src"))]
        self.assertEqual([summary["functionsBefore"], summary["functionsAfter"]], scanned)
        self.assertEqual(sum(file["functions"] for file in self.report()["files"]), scanned[1])
        for path, file in self.files().items():
            if file["language"] == "python":
                done = subprocess.run(["/usr/bin/python3", "-c", "import sys\ncompile(open("
                                       "sys.argv[1], 'rb').read(), 'x', 'exec')",
                                       os.path.join(self.out, "src", path)], capture_output=True)
                self.assertEqual(done.returncode == 0, file["compiles"], path)
        self.assertEqual((summary["python2"], summary["broken"], summary["cFailed"],
                          summary["javaFailed"]), (1, 1, 1, 2))

    def test_patches_make_the_new_of_the_old(self):
        copy = self.path("patched")
        shutil.copytree(self.legacy, copy)
        self.addCleanup(shutil.rmtree, copy)
        patched = 0
        for folder, _, names in os.walk(os.path.join(self.out, "diffs")):
            for name in names:
                patch = os.path.join(folder, name)
                target = os.path.relpath(patch, os.path.join(self.out, "diffs"))[:-len(".patch")]
                if target == "latin.py":
                    continue # its encoding is another one now
                subprocess.run(["patch", "-s", "-p1", "-i", patch], cwd=copy, check=True)
                with open(os.path.join(copy, target), "rb") as old, \
                        open(os.path.join(self.out, "src", target), "rb") as new:
                    self.assertEqual(old.read().replace(b"bin/env python\n", b"bin/env python3\n"),
                                     new.read())
                patched += 1
        self.assertEqual(patched, 3)

    def test_calls(self):
        self.assertEqual(self.call("total", payload=[[["a", 2]], {"a": 4}]), 8)
        self.assertEqual(self.call("half", payload=[7]), 3)
        self.assertEqual(self.call("label", payload=["ada"]), "ADA EUR")
        self.assertEqual(self.call("cafe"), "caf\u00e9")
        self.assertEqual(self.call("run_tool"), "1")
        self.assertEqual(self.call("c.area.area", payload=[3, 4]), 12)
        self.assertEqual(self.call("Till.add", payload=[3, 4]), 7)

    def test_what_stays_python2_is_served_by_one(self):
        config = json.loads(self.read("out/src/kept.py.config"))
        self.assertEqual(config["Python2"], "native")
        self.assertIn("fine", config["Functions"])
        if not any(shutil.which(name) for name in ("python2.7", "python2", "jython")):
            self.skipTest("there is no Python 2: install jython")
        self.assertEqual(self.call("kept.fine", payload=[3]), 3)

    def test_configs_and_settings_set_nothing(self):
        for name in "shop/prices.py", "c/area.c", "java/shop/Till.java":
            config = json.loads(self.read(f"out/src/{name}.config"))
            for key in config.keys() - {"Functions"}:
                self.assertTrue(key.startswith("//"), key)
        self.assertIn(";[function shop.prices.total]", self.read("out/snafu.ini"))
        self.assertRegex(self.read("out/Dockerfile"), r'(?m)^COPY .*"src/"')

    def test_openapi_has_every_function(self):
        paths = json.loads(self.read("out/openapi.json"))["paths"]
        functions = json.loads(subprocess.run(
            [SCAN, "-q", "-f", "json", self.path("out/src")], capture_output=True, check=True,
            env=self.environment()).stdout)
        self.assertEqual({"/invoke/" + function["id"] for function in functions
                          if function["callable"]},
                         {path for path in paths if path.startswith("/invoke/")})

    def test_libraries_and_classes_are_built(self):
        self.assertEqual(sorted(os.listdir(self.path("out/lib"))), ["libc-tool.so", "libc.so"])
        self.assertEqual(self.report()["libraries"],
                         [{"name": "c", "files": 1, "built": True},
                          {"name": "c-tool", "files": 1, "built": True}])
        self.assertTrue(os.path.exists(self.path("out/classes/shop/Till.class")))
        copy = self.path("moved") # the Makefile leads nowhere else
        shutil.copytree(self.out, copy)
        self.addCleanup(shutil.rmtree, copy)
        for target in "clean", "all":
            subprocess.run(["make", "-s", "-C", copy, target], check=True, capture_output=True)
        self.assertTrue(os.path.exists(os.path.join(copy, "lib/libc-tool.so")))
        self.assertTrue(os.path.exists(os.path.join(copy, "classes/shop/Till.class")))
        self.assertNotIn(self.folder, self.read("out/Makefile"))

    def test_smoke_test_calls_every_example(self):
        examples = json.loads(self.read("out/examples.json"))
        self.assertEqual({(example["function"], json.dumps(example["payload"]),
                           example.get("result", example.get("printed")))
                          for example in examples}, {
            ("shop.prices.total", '[[["spade", 2]], {"spade": 7}]', 14),
            ("shop.prices.total", '[[["a", 1], ["b", 2]], {"a": 1, "b": 2}]', 5),
            ("shop.prices.total", "[[], {}]", "0"), ("shop.prices.half", "[7]", 3),
            ("c.area.area", "[2, 3]", 6), ("shop.Till.add", "[1, 2]", 3)})
        done = subprocess.run([self.path("out/smoke-test")], capture_output=True, text=True,
                              env=self.environment(), timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(re.findall("(?m)^ok ", done.stdout)), 6)

    def test_manifest_is_what_sha256sum_takes(self):
        done = subprocess.run(["sha256sum", "--quiet", "-c", "MANIFEST.sha256"], cwd=self.out,
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertFalse(os.path.exists(self.path("out/.snafu-convert")))


class Kinds(Case):
    """What counts as Python 2."""

    def fate(self, name, text, *arguments):
        shutil.rmtree(self.out, ignore_errors=True)
        self.write("code/" + name, text)
        self.convert(*arguments, self.path("code"))
        return self.files()[name]["fate"]

    def test_python3_is_copied(self):
        self.assertEqual(self.fate("a.py", "def f(n: int) -> int:\n    return n / 2\n"), "copied")
        self.assertEqual(self.read("out/src/a.py"), self.read("code/a.py"))

    def test_what_both_take_goes_with_its_neighbours(self):
        neutral = "def half(n):\n    return n / 2\n"
        self.assertEqual(self.fate("a.py", neutral), "copied")
        self.write("code/old.py", "print 'x'\n")
        self.assertEqual(self.fate("a.py", neutral), "upgraded")
        self.assertEqual(self.call("half", payload=[7]), 3)
        self.write("code/new.py", "async def f(): pass\n")
        self.assertEqual(self.fate("a.py", neutral), "copied")
        self.assertEqual(self.fate("a.py", neutral, "-p", "2"), "upgraded")

    def test_what_was_written_for_both_stays(self):
        both = "import sys\nif sys.version_info[0] > 2:\n    unicode = str\ndef f():\n" \
               "    return unicode(1)\n"
        self.assertEqual(self.fate("a.py", both), "copied")
        self.write("code/old.py", "print 'x'\n")
        # Much of it is Python 2 alone: so it was for no Python 3 without 2to3.
        self.assertEqual(self.fate("a.py", both), "upgraded")
        self.assertEqual(self.fate("a.py", "from __future__ import unicode_literals\n" + both),
                         "copied")

    def test_three_is_three(self):
        self.assertEqual(self.fate("old.py", "print 'x'\n", "-p", "3"), "copied")
        self.assertFalse(self.files()["old.py"]["compiles"])

    def test_one_file(self):
        done = self.convert(self.write("one/mod.py", "def f(n):\n    print n\n    return n\n"))
        self.assertIn("1 before, 1 now", done.stdout)
        self.assertEqual(self.call("mod.f", payload=[2]), 2)

    def test_a_package_keeps_its_name(self):
        self.write("top/pkg/__init__.py", "")
        self.write("top/pkg/sub/__init__.py", "")
        self.write("top/pkg/sub/mod.py", "def f(n):\n    print n\n    return n\n")
        self.convert(self.path("top/pkg"))
        self.assertEqual(self.call("pkg.sub.mod.f", payload=[2]), 2)
        self.assertTrue(os.path.exists(self.path("out/src/pkg/sub/mod.py")))

    def test_line_ends_stay(self):
        self.write("code/dos.py", "def f(n):\r\n    print n\r\n")
        self.convert(self.path("code"))
        with open(self.path("out/src/dos.py"), "rb") as file:
            self.assertEqual(file.read(), b"def f(n):\r\n    print(n)\r\n")


class Upgrades(Case):
    """What 2to3 leaves alone, or gets wrong, and Snafu's own fixers do."""

    PAIRS = [
        ("x = len(a) / 2\n", "x = len(a) // 2\n"),
        ("x = float(a) / b\n", "x = float(a) / b\n"),
        ("True, False = 1, 0\n", "pass\n"),
        ("def f(a, int=int, long=long):\n    return long\n",
         "def f(a, int=int, long_=int):\n    return long_\n"),
        ("def f(a, True=True):\n    return a\n", "def f(a):\n    return a\n"),
        ("x = '00ff'.decode('hex')\n", "x = bytes.fromhex('00ff')\n"),
        ("import collections\nx = collections.Mapping\n",
         "import collections.abc\nx = collections.abc.Mapping\n"),
        ("from collections import deque, Mapping\n",
         "from collections import deque; from collections.abc import Mapping\n"),
        ("from collections import Mapping\n", "from collections.abc import Mapping\n"),
        ("from collections import deque\n", "from collections import deque\n"),
        ("import __builtin__\nx = getattr(__builtin__, 'set')\n",
         "import builtins\nx = getattr(builtins, 'set')\n"),
        ("import thread\ndef f(thread): return thread\n",
         "import _thread\ndef f(thread): return thread\n"),
        ("class E(StandardError): pass\n", "class E(Exception): pass\n"),
        ("x = file('a').read()\n", "x = open('a').read()\n"),
        ("def f(file): return file(1)\n", "def f(file): return file(1)\n"),
    ]

    def test_each(self):
        for number, (before, _) in enumerate(self.PAIRS):
            self.write(f"legacy/m{number}.py", before)
        self.write("legacy/old.py", "print 1\n") # so that all of it is Python 2
        self.convert(self.path("legacy"))
        for number, (before, after) in enumerate(self.PAIRS):
            with self.subTest(before):
                self.assertEqual(self.read(f"out/src/m{number}.py"), after)

    def test_texts_that_were_no_bytes_are_not_noted(self):
        self.write("legacy/a.py", "print 1\nx = u'\\xe9'\ny = '\\xe8'\n")
        self.convert(self.path("legacy"))
        self.assertEqual({line for line, kind in self.notes("a.py") if kind == "bytes"}, {3})

    def test_what_is_gone_from_the_library_is_noted(self):
        self.write("legacy/a.py", "print 1\nimport re\ndef f(e): return e.getchildren()\n"
                   "def g(t): return t.isAlive()\nP = re.compile('x', re.L | re.I)\n")
        self.convert(self.path("legacy"))
        self.assertEqual({line for line, kind in self.notes("a.py") if kind == "name"}, {3, 4, 5})


class RealCode(Case):
    """gyp, 30,000 lines of Python 2, as an npm package brings it."""

    def test_gyp(self):
        legacy = os.path.join(REAL, "gyp")
        if not os.path.isdir(legacy):
            self.skipTest("not there: run tests/real/fetch.sh build/real")
        before = self.state(legacy)
        self.convert(legacy)
        self.assertEqual(self.state(legacy), before)
        report = self.report()
        self.assertEqual(report["summary"]["functionsBefore"], report["summary"]["functionsAfter"])
        self.assertGreater(report["summary"]["functionsAfter"], 900)
        python = [file for file in report["files"] if file["to"].endswith(".py")]
        self.assertGreater(len(python), 45)
        done = subprocess.run(["/usr/bin/python3", "-m", "compileall", "-q", "-f", "-x", "None",
                               self.path("out/src")], capture_output=True, text=True,
                              env=dict(self.environment(), PYTHONPYCACHEPREFIX=self.path("pyc")))
        self.assertEqual(done.returncode == 0, all(file["compiles"] for file in python), done.stdout)
        self.assertIn((12, "module"), self.notes("pylib/gyp/input.py"))
        # What the report says of it, and what a person does then.
        path = self.path("out/src/pylib/gyp/input.py")
        subprocess.run(["sed", "-i", "-e", "/^from compiler/d", "-e", "s/^import compiler$/import ast/",
                        "-e", "/ast = compiler/,/return CheckNode(c3/c\\  return ast.literal_eval("
                        "file_contents)", path], check=True)
        done = self.convert(legacy)
        self.assertIn("1 edited and kept", done.stdout)
        self.assertEqual(self.files()["pylib/gyp/input.py"]["fate"], "edited")
        self.assertNotIn("module", {kind for _, kind in self.notes("pylib/gyp/input.py")})
        pylib = self.path("out/src/pylib")
        for function, payload, result in [
                ("common.ParseQualifiedTarget", ["a/b.gyp:x#host"], ["a/b.gyp", "x", "host"]),
                ("common.EncodePOSIXShellList", [["a b", "c"]], "\"a b\" c"),
                ("common.uniquer", [[1, 2, 1]], [1, 2]),
                ("input.CheckedEval", ["{'targets': [{'name': 'a'}]}"], {"targets": [{"name": "a"}]}),
                ("easy_xml.XmlToString", [["a", {"b": "c"}, "d"]],
                 '<?xml version="1.0" encoding="utf-8"?><a b="c">d</a>')]:
            with self.subTest(function):
                self.assertEqual(self.call(function, pylib, payload=payload), result)


if __name__ == "__main__":
    unittest.main()
