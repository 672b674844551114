"""tests/e2e/convert-single.py — snafu-convert of one file: what it needs of its folder comes along,
and nothing else does."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from convert import Case as Convert


class Case(Convert):
    def tree(self, **files):
        for name, text in files.items():
            self.write("code/" + name, text)

    def single(self, name, *arguments):
        self.done = self.convert(*arguments, self.path("code/" + name))
        report = self.report()
        self.along = {entry["path"]: entry["why"] for entry in report["takenAlong"]}
        self.wanted = {entry["name"]: entry["why"] for entry in report["wanted"]}

    def sources(self):
        return {os.path.relpath(os.path.join(folder, name), self.path("out/src"))
                for folder, _, names in os.walk(self.path("out/src")) for name in names
                if not name.endswith(".config")}


class Spelling(Case):
    """Names that are no plain ASCII words."""

    def test_files_named_in_quotes(self):
        self.tree(**{"m.py": "def f(): return open('pr\u00e9cis.txt').read()\n",
                     "pr\u00e9cis.txt": "x\n"})
        self.single("m.py")
        self.assertEqual(list(self.along), ["pr\u00e9cis.txt"])

    def test_classes(self):
        self.tree(**{"A.java": "public class A { static int f() { return \u00c9toile.n(); } }\n",
                     "\u00c9toile.java": "public class \u00c9toile { static int n() { return 1; } }\n"})
        self.single("A.java")
        self.assertEqual(list(self.along), ["\u00c9toile.java"])

    def test_symbols(self):
        self.tree(**{
            "m.c": "int a$b(int); int \u00e9t\u00e9(int); int o(int) __asm__(\"\\\"o(\\\"\");\n"
                   "int m(int x) { return a$b(x) + \u00e9t\u00e9(x) + o(x); }\n",
            "dollar.c": "int a$b(int x) { return x; }\n",
            "summer.c": "int \u00e9t\u00e9(int x) { return x; }\n", "other.c": "int a(int x) { return x; }\n"})
        self.single("m.c")
        self.assertEqual(set(self.along), {"dollar.c", "summer.c"})

    def test_a_long_line(self):
        """It is read in a time that grows with its length."""
        self.tree(**{"m.py": "import near\nprint near\nfrom" + " " * 50000 + "x\n", "near.py": ""})
        self.single("m.py")
        self.assertEqual(list(self.along), ["near.py"])


class Python(Case):
    def test_modules_packages_and_data(self):
        self.tree(**{
            "shop.py": "import rates, os.path, no_such_module; import six\n"
                       "from parts import (door, # the one\n    window)\n"
                       "try: import no_such_either\nexcept ImportError: pass\n"
                       "def total(n):\n    import late\n    print n\n"
                       "    return rates.rate() * n + door.WIDTH + late.more(window)\n",
            "rates.py": "import os\nHERE = os.path.dirname(os.path.abspath(__file__))\ndef rate():\n"
                        "    return int(open(os.path.join(HERE, 'data', 'rates.txt')).read())\n",
            "data/rates.txt": "19\n", "data/other.txt": "0\n", "other.py": "def other(): pass\n",
            "parts/__init__.py": "window = 3L\n", "parts/door.py": "import frame\nWIDTH = frame.WIDTH\n",
            "parts/frame.py": "WIDTH = 100\n", "parts/roof.py": "",
            "late.py": "def more(n): return n\n", "shop.txt": "x\n"})
        self.single("shop.py")
        self.assertEqual(self.along, {
            "rates.py": "imported by shop.py", "parts/__init__.py": "imported by shop.py",
            "parts/door.py": "imported by shop.py", "parts/frame.py": "imported by parts/door.py",
            "late.py": "imported by shop.py", "data/rates.txt": "named in rates.py"})
        self.assertEqual(self.sources(), {"shop.py", *self.along})
        self.assertIn("no_such_module", self.wanted)
        self.assertIn("neither here nor installed", self.wanted["no_such_module"])
        self.assertNotIn("no_such_either", self.wanted)
        self.assertIn("Taken along: 6 files that ", self.done.stdout)
        self.assertIn("wanted, but not taken: no_such_module", self.done.stderr)
        report = self.read("out/REPORT.md")
        self.assertIn("- `src/parts/frame.py`: imported by parts/door.py", report)
        self.assertIn("- `no_such_module`: imported by shop.py", report)
        before = self.state(self.out)
        self.single("shop.py")
        self.assertEqual(self.changed(before, self.state(self.out)), set())

    def test_it_runs(self):
        self.tree(**{"app.py": "from lib.util import *\nimport pkg\ndef twice(n):\n    print n\n"
                               "    return double(n) + pkg.one.ONE\n",
                     "lib/util.py": "from lib import deep\ndef double(n): return deep.two() * n\n",
                     "lib/deep.py": "def two(): return 2L\n",
                     "pkg/__init__.py": "__all__ = ['one']\nfrom pkg import *\n",
                     "pkg/one.py": "ONE = 1\n", "pkg/two.py": "TWO = 2\n"})
        self.single("app.py")
        self.assertEqual(set(self.along), {"lib/util.py", "lib/deep.py", "pkg/__init__.py", "pkg/one.py"})
        self.assertEqual(self.call("app.twice", payload=[20]), 41)

    def test_a_module_of_a_package_comes_with_it(self):
        self.tree(**{"top/pkg/__init__.py": "NAME = 'pkg'\n", "top/pkg/sub/__init__.py": "",
                     "top/pkg/sub/mod.py": "import near\nfrom pkg.far import far\nfrom .. import side\n"
                                           "def f(n):\n    print n\n    return [near.n(), far(), side.S]\n",
                     "top/pkg/sub/near.py": "def n(): return 1\n", "top/pkg/far.py": "def far(): return 2\n",
                     "top/pkg/side.py": "S = 3\n", "top/pkg/rest.py": "", "top/far.py": ""})
        self.single("top/pkg/sub/mod.py")
        self.assertEqual(self.sources(), {
            "pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/mod.py", "pkg/sub/near.py",
            "pkg/far.py", "pkg/side.py"})
        self.assertEqual(self.call("pkg.sub.mod.f", payload=[2]), [1, 2, 3])

    def test_python_3_and_what_is_outside(self):
        self.write("secret.py", "KEY = 1\n")
        self.tree(**{"a.py": "import b\ntry:\n    import key\nexcept ImportError: pass\nimport json\nasync def f(): return b.B\n",
                     "b.py": "import a\nB = 1\n"})
        os.symlink("../secret.py", self.path("code/key.py"))
        self.single("a.py")
        self.assertEqual(self.sources(), {"a.py", "b.py"})
        self.assertIn("outside of", self.wanted[self.path("code/key.py")])
        self.assertEqual(self.call("a.f"), 1)

    def test_a_project_beside_it_is_not_taken(self):
        self.tree(**{"a.py": "import project.src.b\ndef f(): return 1\n"})
        self.out = self.path("code/project")
        for _ in range(2):
            self.convert(self.path("code/a.py"))
        self.assertEqual(sorted(os.listdir(self.path("code/project/src"))), ["a.py", "a.py.config"])


class C(Case):
    def test_headers_and_sources(self):
        self.tree(**{
            "m.c": '#include "m.h"\n#include "inc/deep.h"\n#include <stdio.h>\n#ifdef _WIN32\n'
                   '#include "windows_only.h"\n#endif\n'
                   "int sum(int a) { return one(a) + count + DEEP; }\n",
            "m.h": "int one(int a);\nextern int count;\n", "inc/deep.h": '#include "../base.h"\n',
            "base.h": "#define DEEP 100\n", "unused.h": "", "windows_only.h": "",
            "one.c": "#include \"m.h\"\nint two(int a);\nint\none(int a)\n{\n\treturn two(a) + 1;\n}\n",
            "two.c": "int two(a) int a; { return a * 2; }\nint count = 10;\n",
            "tool.c": "int one(int a) { return a; }\nint main(void) { return one(1); }\n",
            "other.c": "int other(void) { return 0; }\n"})
        self.single("m.c")
        self.assertEqual(self.along, {
            "m.h": "included by m.c", "inc/deep.h": "included by m.c", "base.h": "included by m.c",
            "one.c": "defines one, which m.c needs", "two.c": "defines count, which m.c needs"})
        self.assertEqual(self.wanted, {})
        self.assertEqual(self.call("sum", payload=[4]), 119)
        self.assertTrue(os.path.exists(self.path("out/lib/libm.so")))

    def test_what_is_not_there(self):
        self.write("far.h", "#define FAR 1\n")
        self.tree(**{"m.c": '#include "../far.h"\nint nowhere(int a);\n'
                            "int f(int a) { return nowhere(a) + FAR; }\n",
                     "n.c": '#include "generated.h"\nint g(int a) { return a; }\n'})
        self.single("m.c")
        self.assertEqual(set(self.wanted), {self.path("far.h"), "nowhere"})
        self.assertIn("outside of", self.wanted[self.path("far.h")])
        self.single("n.c")
        self.assertEqual(self.wanted, {"generated.h": "included by n.c; it is not there"})

    def test_folders_of_headers_that_are_near(self):
        self.tree(**{"src/m.c": "#include <lib/m.h>\nint f(void) { return M; }\n",
                     "include/lib/m.h": "#define M 3\n", "other/x.h": ""})
        self.single("src/m.c")
        self.assertEqual(self.wanted["lib/m.h"], "included by m.c; it is not there: give its folder, -I " +
                         self.path("code/include"))
        self.single("src/m.c", "-I", self.path("code/include"))
        self.assertEqual(self.sources(), {"src/m.c", "include/lib/m.h", "compile_commands.json"})
        self.assertEqual(self.wanted, {})
        os.rename(self.path("code"), self.path("gone"))
        self.assertEqual(self.call("f"), 3)

    def test_flags_say_which(self):
        self.tree(**{"m.c": "#ifdef WIDE\n#include <wide.h>\n#else\n#include <thin.h>\n#endif\n"
                            "int f(void) { return WIDTH; }\n",
                     "inc/wide.h": "#define WIDTH 2\n", "inc/thin.h": "#define WIDTH 1\n"})
        self.single("m.c", "-I", self.path("code/inc"), "-D", "WIDE")
        self.assertEqual(self.sources(), {"m.c", "inc/wide.h", "compile_commands.json"})


class Java(Case):
    def test_classes_of_the_source_root(self):
        self.tree(**{
            "a/b/A.java": "package a.b;\nimport a.c.D;\nimport static a.c.E.x;\nimport a.d.*;\n"
                          "import org.foo.Bar;\nimport java.util.*;\n/* Never. */ public class A {\n"
                          "  B b = new B();\n  String s = \"In a.c.X\";\n"
                          "  public static int sum(int n) { return n + D.N + x() + a.c.F.N + G.N; }\n}\n",
            "a/b/B.java": "package a.b;\npublic class B { Object o = B.class.getResource(\"b.properties\"); }\n",
            "a/b/b.properties": "x=1\n", "a/b/Never.java": "package a.b;\nclass Never {}\n",
            "a/c/D.java": "package a.c;\npublic class D { public static final int N = 1; }\n",
            "a/c/E.java": "package a.c;\npublic class E { public static int x() { return 10; } }\n",
            "a/c/F.java": "package a.c;\npublic class F { public static final int N = 100; }\n",
            "a/c/X.java": "package a.c;\npublic class X { }\n",
            "a/d/G.java": "package a.d;\npublic class G { public static final int N = 1000; }\n",
            "a/d/H.java": "package a.d;\npublic class H { }\n"})
        self.single("a/b/A.java")
        self.assertEqual(set(self.along), {"a/b/B.java", "a/b/b.properties", "a/c/D.java", "a/c/E.java",
                                           "a/c/F.java", "a/d/G.java"})
        self.assertEqual(set(self.wanted), {"org.foo.Bar"})
        self.write("code/a/b/A.java", self.read("code/a/b/A.java").replace("import org.foo.Bar;\n", ""))
        self.single("a/b/A.java")
        self.assertEqual(self.wanted, {})
        self.assertEqual(self.call("a.b.A.sum", payload=[5]), 1116)
        self.assertTrue(os.path.exists(self.path("out/classes/a/d/G.class")))


class Others(Case):
    def environment(self):
        return dict(super().environment(), SNAFU_PARTS=self.path("parts"))

    def test_alone_when_nobody_can_tell(self):
        self.tree(**{"a.py": "import b\ndef f(): return 1\n", "b.py": ""})
        self.write("parts/convert_needs.py", "import sys\nsys.exit('no\\nway')\n")
        self.single("a.py")
        self.assertIn("is converted alone: convert_needs.py failed: way\n", self.done.stderr)
        self.assertEqual(self.sources(), {"a.py"})

    def test_a_folder_has_no_needs(self):
        self.tree(**{"a.py": "import b\n"})
        self.convert(self.path("code"))
        self.assertNotIn("takenAlong", self.report())

    def test_a_script_by_any_name(self):
        self.tree(**{"tool": "#!/usr/bin/python\nimport helper\ndef f(n):\n    print n\n"
                             "    return helper.h(n)\n", "helper.py": "def h(n): return n + 1\n"})
        self.single("tool")
        self.assertEqual(self.sources(), {"tool", "helper.py"})
        self.assertEqual(self.call("tool.f", payload=[1]), 2)

    def test_odd_names(self):
        for name in "new\nline", "quo'te\"", "-dash", "spa ce":
            with self.subTest(name):
                self.tree(**{name + "/" + name + ".py": "import b\ndef f(): return b.B\n",
                             name + "/b.py": "B = 1\n"})
                self.out = self.path("out" + name)
                self.convert(self.path("code/" + name + "/" + name + ".py"))
                with open(os.path.join(self.out, "report.json"), encoding="utf-8") as file:
                    self.assertEqual([entry["path"] for entry in json.load(file)["takenAlong"]], ["b.py"])


if __name__ == "__main__":
    unittest.main()
