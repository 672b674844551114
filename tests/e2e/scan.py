"""tests/e2e/scan.py — snafu-scan: its options, its three formats, what it says of
files that it cannot read."""

import json
import os
import re
import shutil
import subprocess

from folder import FolderTest
from terminal import SCAN, SOURCE, run

SAMPLES = os.path.join(SOURCE, "samples")


def scan(*arguments, **options):
    return run(*arguments, program=SCAN, **options)


class Scan(FolderTest):
    def test_ids_that_are_too_long(self):
        self.write("/".join(["d" * 200] * 6 + ["f.py"]), "def one(): pass\ndef two(): pass\n")
        self.assertEqual(scan(self.folder).stderr.count("left out: its id"), 1)

    def test_usage_errors(self):
        for arguments in ((), ("--format", "xml", "x.py"), ("-j", "0", "x.py"),
                          ("-j", "4x", "x.py"), ("-j", "257", "x.py"), ("--nonsense",)):
            done = scan(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertTrue(done.stderr)

    def test_json(self):
        done = scan("--format", "json", "-q", os.path.join(SAMPLES, "legacy_module.py"))
        self.assertEqual(done.returncode, 0)
        functions = {function["id"]: function for function in json.loads(done.stdout)}
        self.assertIn("legacy_module.Invoice.total", functions)
        vat = functions["legacy_module.vat"]
        self.assertEqual(list(vat), ["id", "language", "file", "line", "kind", "parameters",
                                     "returns", "doc", "callable", "reason"])
        self.assertIs(vat["callable"], True)
        self.assertIsNone(vat["reason"])
        self.assertEqual(vat["parameters"][1], {
            "name": "rate", "type": None, "default": '"standard"', "kind": "normal",
            "doc": "standard, reduced or none"})
        self.assertEqual(functions["legacy_module.easter"]["returns"], "datetime.date")

    def test_table(self):
        done = scan(SAMPLES)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^FUNCTION +LANGUAGE  WHERE +SIGNATURE\n")
        self.assertRegex(done.stdout, r"localfib\.fib +python +\S*localfib\.py:4 +"
                                      r"fib\(n: int\) -> int\n")
        self.assertRegex(done.stdout, r"mailmerge\.merge +python2 ")
        self.assertRegex(done.stdout, r"Shipping\.price +java ")
        self.assertRegex(done.stdout, r"c\.plotter\.geometry\.distance +c ")

    def test_ctags(self):
        tags = self.path("tags")
        done = scan("-q", "-f", "ctags", "-o", tags, SAMPLES)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        with open(tags, "rb") as file:
            lines = file.read().splitlines()
        names = [line.split(b"\t")[0] for line in lines]
        self.assertEqual(names, sorted(names))
        self.assertTrue(lines[0].startswith(b"!_TAG_FILE_FORMAT\t2\t"))
        if not shutil.which("readtags"):
            self.skipTest("there is no readtags here")
        read = subprocess.run(["readtags", "-t", tags, "-e", "-n", "total"], capture_output=True,
                              text=True)
        self.assertRegex(read.stdout, r"legacy_module\.py\t\d+;\"\tkind:m\tline:\d+")
        for field in "language:Python", "class:Invoice", "signature:()":
            self.assertIn(field, read.stdout)

    def test_vim_takes_the_tags(self):
        vim = shutil.which("vim") or shutil.which("vim.tiny")
        if not vim:
            self.skipTest("there is no vim: install vim-tiny")
        source = self.write("module.py", "# a line\n\ndef wanted(a, b=1):\n    pass\n")
        tags = self.path("tags")
        self.assertEqual(scan("-f", "ctags", "-o", tags, source).returncode, 0)
        out = self.path("out")
        # The line that the tag leads to is written out.
        subprocess.run([vim, "-e", "-s", "-u", "NONE", "-c", f"set tags={tags}", "-c",
                        "tag wanted", "-c", f".write {out}", "-c", "qall!"],
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        with open(out, encoding="utf-8") as file:
            self.assertEqual(file.read(), "def wanted(a, b=1):\n")

    def test_diagnostics(self):
        broken = self.write("broken.py", "def good():\n    pass\n\ndef bad(:\n    pass\n")
        done = scan(broken)
        self.assertEqual(done.returncode, 0)
        self.assertIn("broken.good", done.stdout)
        self.assertRegex(done.stderr, re.escape(broken) + r":\d+: warning: ")
        self.assertEqual(scan("-q", broken).stderr, "")

    def test_nothing_could_be_scanned(self):
        self.assertEqual(scan(self.path("missing.py")).returncode, 1)
        self.assertEqual(scan(self.write("picture.xyz", b"\x89PNG\0\1\2")).returncode, 1)
        done = scan("--format", "json", self.write("binary.py", b"\0\1\2\xff" * 1000))
        self.assertEqual(json.loads(done.stdout), [])
        done = scan("--format", "json", self.write("empty.py", ""))
        self.assertEqual((done.stdout, done.returncode), ("[]\n", 0))

    def test_output_that_cannot_be_written(self):
        source = self.write("module.py", "def f():\n    pass\n")
        done = scan("-o", self.path("no", "such"), source)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write", done.stderr)
        for name in "table", "json", "ctags":
            done = scan("-o", "/dev/full", "-f", name, source)
            self.assertEqual(done.returncode, 1)
            self.assertIn("No space left", done.stderr)

    def test_defines_and_includes_of_c(self):
        os.mkdir(self.path("headers"))
        self.write("headers/own.h", "typedef int own;\n")
        source = self.write("code.c", "#include <own.h>\n#ifdef WIDE\nown wide(own a)"
                                      "{return a;}\n#endif\nint narrow(void){return 0;}\n")
        done = scan("-f", "json", "-I", self.path("headers"), "-D", "WIDE=1", source)
        ids = [function["id"] for function in json.loads(done.stdout)]
        self.assertEqual((ids, done.stderr), (["code.wide", "code.narrow"], ""))

    def test_a_large_tree_with_little_memory(self):
        # 100,000 functions: the list is written as it goes.
        text = "".join(f'def function_{i}(a, b={i}):\n    """Doc {i}."""\n' for i in range(2000))
        for i in range(50):
            self.write(f"module_{i}.py", text)
        for name in "json", "ctags", "table":
            out = self.path(name)
            self.assertEqual(scan("-f", name, "-o", out, self.folder).returncode, 0)
        self.assertEqual(len(json.loads(self.read("json"))), 100000)
