"""tests/e2e/convert-c.py — snafu-convert of C that needs flags: the project has them, too."""

import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from convert import CONVERT, Case as Convert
import subprocess


class Case(Convert):
    def setUp(self):
        super().setUp()
        self.write("code/src/m.c", "#include <w.h>\nint f(void) { return W + MORE; }\n")
        self.write("code/headers/w.h", "#define W 4\n")

    def flagged(self, *arguments):
        return self.convert(*arguments, self.path("code"))


class Flags(Case):
    def test_they_are_the_projects_wherever_it_is(self):
        done = subprocess.run([CONVERT, "-o", "out", "-I", "code/headers", "-D", "MORE=3", "code"],
                              cwd=self.folder, env=self.environment(), capture_output=True, text=True)
        self.assertIn("C: 2 files, 0 do not compile", done.stdout, done.stderr)
        shutil.move(self.out, self.path("moved"))
        shutil.rmtree(self.path("code"))
        self.assertEqual(self.call("f", self.path("moved/src")), 7)
        shutil.rmtree(self.path("moved/build"))
        subprocess.run(["make", "-s", "-C", self.path("moved")], check=True)

    def test_a_change_of_them_is_a_change(self):
        self.flagged("-I", self.path("code/headers"), "-D", "MORE=3")
        before = self.state(self.out)
        self.flagged("-I", self.path("code/headers"), "-D", "MORE=3")
        self.assertEqual(self.changed(before, self.state(self.out)), set())
        self.flagged("-I", self.path("code/headers"), "-D", "MORE=5")
        self.assertEqual(self.call("f"), 9)
        self.assertIn("build/src/src/m.o", self.changed(before, self.state(self.out)))
        done = self.flagged()
        self.assertIn("1 do not compile", done.stdout)
        self.assertFalse(os.path.exists(self.path("out/src/compile_commands.json")))

    def test_those_of_a_database(self):
        self.write("code/compile_commands.json", json.dumps([
            {"directory": self.path("code/build"), "file": "../src/m.c",
             "command": "cc -DMORE=30 -I../headers -c ../src/m.c"}]))
        os.mkdir(self.path("code/build"))
        self.flagged()
        self.assertIn("-I src/headers", self.read("out/Makefile"))
        shutil.rmtree(self.path("code"))
        self.assertEqual(self.call("f"), 34)

    def test_headers_outside_are_said(self):
        shutil.move(self.path("code/headers"), self.path("headers"))
        done = self.flagged("-I", self.path("headers"), "-D", "MORE=1")
        self.assertIn(f"wanted, but not taken: {self.path('headers')} (", done.stderr)
        self.assertEqual([entry["name"] for entry in self.report()["wanted"]], [self.path("headers")])
        self.assertEqual(self.call("f"), 5)

    def test_a_folder_that_is_not_there(self):
        done = self.convert("-I", self.path("nowhere"), self.path("code"), status=1)
        self.assertIn("nowhere", done.stderr)


class Words(Case):
    def test_where_a_header_is(self):
        done = self.flagged("-D", "MORE=1")
        self.assertIn(f"w.h: No such file or directory (there is one: -I {self.path('code/headers')})",
                      done.stderr)

    def test_many_that_fail_are_not_all_said(self):
        for number in range(14):
            self.write(f"code/bad{number}.c", "int f(void) { return nothing; }\n")
        done = self.flagged()
        self.assertEqual(done.stderr.count("does not compile"), 10)
        self.assertIn("5 more files do not compile", done.stderr)
        self.assertEqual(self.read("out/REPORT.md").count("undeclared"), 14)


if __name__ == "__main__":
    unittest.main()
