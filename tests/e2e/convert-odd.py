"""tests/e2e/convert-odd.py — snafu-convert of what old disks hold: other encodings and line ends,
tabs in the indentation, nothing at all, and what cannot be read."""

import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from convert import CONVERT, PATIENCE, Case as Convert


class Case(Convert):
    def convert_texts(self, **texts):
        for name, text in texts.items():
            self.write("code/" + name, text)
        return self.convert(self.path("code"))


class Nothing(Case):
    def test_no_source(self):
        os.mkdir(self.path("code"))
        self.write("text", "words\n")
        for place in "code", "text":
            self.assertIn("no source that Snafu reads", self.convert(self.path(place), status=1).stderr)
        self.convert_texts(**{"a.py": "def f(): return 1\n"}) # into what failed before
        self.assertEqual(self.call("f"), 1)

    def test_no_function(self):
        self.assertIn("no function was found", self.convert_texts(**{"a.py": "X = 1\n"}).stderr)

    def test_what_cannot_be_read(self):
        self.write("code/a.py", "def f(): return 1\n")
        self.write("code/no/b.py", "def g(): return 1\n")
        self.write("code/no.py", "def g(): return 1\n")
        os.chmod(self.path("code/no.py"), 0)
        os.chmod(self.path("code/no"), 0)
        self.addCleanup(os.chmod, self.path("code/no"), 0o700)
        command = [CONVERT, "-q", "-o"]
        if os.geteuid() == 0:
            if not shutil.which("setpriv"):
                self.skipTest("root reads everything, and there is no setpriv")
            command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]

        def run(*arguments):
            return subprocess.run([*command, *arguments], env=self.environment(), text=True,
                                  capture_output=True, timeout=PATIENCE)
        done = run(self.out, self.path("code"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual({(entry["path"], entry["why"]) for entry in self.report()["leftOut"]},
                         {("no", "cannot be read"), ("no.py", "cannot be read")})
        done = run(self.path("other"), self.path("code/no.py"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot read " + self.path("code/no.py"), done.stderr)
        os.mkdir(self.path("kept"), 0o555)
        os.chown(self.path("kept"), 0, -1) if os.geteuid() == 0 else None
        self.assertIn("cannot write into", run(self.path("kept"), self.path("code")).stderr)


class Python(Case):
    def test_tabs_are_eight_blanks(self):
        self.convert_texts(**{"a.py": 'def f(n):\n\tif n:\n        \tprint n\n\t\treturn """x\n\ty"""\n'
                                      "        return 2\n"})
        self.assertEqual(self.files()["a.py"]["fate"], "upgraded")
        self.assertEqual(self.call("f", payload=[1]), "x\n\ty")

    def test_other_line_ends_and_marks(self):
        self.convert_texts(**{
            "bom.py": b"\xef\xbb\xbfdef bom(n):\r\n    print n\r\n    return u'\xc3\xa9'\r\n",
            "mac.py": b"def mac(n):\r    print n\r    return n\r",
            "dos.py": b"def dos(n):\r\n    print n\r\n    return n\r\n\x1a"})
        self.assertEqual({file["fate"] for file in self.files().values()}, {"upgraded"})
        for function, result in ("bom", "\u00e9"), ("mac", 1), ("dos", 1):
            self.assertEqual(self.call(function, payload=[1]), result)

    def test_binary_files_keep_nobody_from_being_upgraded(self):
        self.convert_texts(**{"a16.py": "def f(): print 1\n".encode("utf-16"),
                              "b.py": b"\0print 1\n", "z.py": "def f(n):\n    print n\n    return n\n"})
        files = self.files()
        self.assertEqual([files[name]["fate"] for name in sorted(files)],
                         ["broken", "broken", "upgraded"])
        self.assertIn("UTF-16", files["a16.py"]["why"])


class Java(Case):
    TEXT = 'public class %s {\n  public static String f() { return "\u00e9"; }\n}\n'

    def test_a_byte_order_mark(self):
        self.convert_texts(**{"Bom.java": ("\ufeff" + self.TEXT % "Bom").encode()})
        self.assertEqual({file["fate"] for file in self.files().values()}, {"copied"})
        self.assertEqual(self.notes("Bom.java"), {(0, "encoding")})
        self.assertEqual(self.call("Bom.f"), "\u00e9")
        before = self.state(self.out)
        self.convert(self.path("code"))
        self.assertEqual(self.changed(before, self.state(self.out)), set())

    def test_latin_1(self):
        self.convert_texts(**{"Latin.java": (self.TEXT % "Latin").encode("latin-1"),
                              "Plain.java": (self.TEXT % "Plain").replace("\u00e9", "e"),
                              "Wide.java": (self.TEXT % "Wide").encode("utf-16")})
        self.assertEqual({path for path, file in self.files().items() if file["fate"] == "failed"},
                         {"Wide.java"})
        self.assertEqual(self.notes("Latin.java"), {(0, "encoding")})
        self.assertIn("-encoding ISO-8859-1", self.read("out/Makefile"))
        self.assertTrue(os.path.exists(self.path("out/classes/Latin.class")))
        self.assertEqual(self.call("Latin.f"), "\u00e9")


if __name__ == "__main__":
    unittest.main()
