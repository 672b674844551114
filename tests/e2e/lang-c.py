"""tests/e2e/lang-c.py — C functions through the whole program: installed libraries with
their headers (zlib, libm, SQLite, libc), a library from sources, and the examples of
docs/c-values.md word for word."""

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import zlib

from folder import SharedFolderTest
from served import Served
from terminal import BUILD, SOURCE


class Host(Served):
    """What it compiles is its own."""

    def __init__(self, *arguments, **environment):
        self.cache = tempfile.mkdtemp()
        super().__init__(*arguments, env={"XDG_CACHE_HOME": self.cache, **environment})

    def call(self, function, *positions, **names):
        return self.post(function, json.dumps(list(positions) if positions else names))

    def post(self, function, payload):
        """The value, or else status and error."""
        reply, value = self.ask("POST", "/invoke/" + function, payload)
        return value if reply.status == 200 else (reply.status, value)

    def end(self):
        super().end()
        shutil.rmtree(self.cache, ignore_errors=True)


def encode(data):
    return base64.b64encode(data).decode()


def decode(text):
    return base64.b64decode(text)


class HostCase(unittest.TestCase):
    """Starts one host for all tests of the class."""

    paths = ()

    @classmethod
    def setUpClass(cls):
        for path in cls.paths:
            if path.startswith("/") and not os.path.exists(path):
                raise unittest.SkipTest(f"{path} is not installed")
        cls.host = Host(*cls.paths)

    @classmethod
    def tearDownClass(cls):
        if hasattr(cls, "host"):
            cls.host.__exit__()

    def fails(self, reply, status, words):
        self.assertIsInstance(reply, tuple, reply)
        self.assertEqual(reply[0], status, reply)
        self.assertIn(words, reply[1]["errorMessage"])


class Zlib(HostCase):
    paths = ("/usr/include/zlib.h", "libz.so.1")

    def test_checksums(self):
        self.assertEqual(self.host.call("crc32", 0, encode(b"hello")), zlib.crc32(b"hello"))
        self.assertEqual(self.host.call("adler32", adler=1, buf=encode(b"hello")),
                         zlib.adler32(b"hello"))
        self.assertEqual(self.host.call("crc32", crc=0, buf=encode(b"hello"), len=2),
                         zlib.crc32(b"he"))
        self.fails(self.host.call("crc32", crc=0, buf=encode(b"hello"), len=6), 400, "only 5")

    def test_compress_and_uncompress(self):
        text = bytes(range(256)) * 40
        packed = self.host.call("compress", source=encode(text))
        self.assertEqual(packed["return"], 0)
        self.assertEqual(zlib.decompress(decode(packed["dest"])), text)
        self.assertEqual(len(decode(packed["dest"])), packed["destLen"])
        again = self.host.call("uncompress", source=packed["dest"], destLen=len(text))
        self.assertEqual(decode(again["dest"]), text)
        short = self.host.call("uncompress", source=packed["dest"], destLen=10)
        self.assertEqual(short["return"], -5)

    def test_stream_in_pieces(self):
        text = os.urandom(3000) + b"x" * 3000
        start = self.host.call("deflateInit_", {}, 6, self.host.call("zlibVersion"), 112)
        self.assertEqual(start["return"], 0)
        handle, packed, status = start["strm"]["handle"], b"", 0
        reply = self.host.call("deflate", {"handle": handle, "next_in": encode(text),
                                           "next_out": {"size": 1000}}, 0)
        packed += decode(reply["strm"]["next_out"])
        while status != 1:
            reply = self.host.call("deflate", {"handle": handle, "next_out": {"size": 700}}, 4)
            status = reply["return"]
            packed += decode(reply["strm"]["next_out"])
        self.assertEqual(zlib.decompress(packed), text)
        self.fails(self.host.call("deflate", {"handle": handle, "avail_out": 701}, 4), 400,
                   "next_out has only")
        self.assertEqual(self.host.call("deflateEnd", handle)["return"], 0)
        self.fails(self.host.call("deflateEnd", handle), 400, "any more")

    def test_handles_are_typed(self):
        start = self.host.call("deflateInit_", {}, 6, "1.2.13", 112)
        self.fails(self.host.call("gzclose", start["strm"]["handle"]), 400, "is no handle of")
        self.host.call("deflateEnd", start["strm"]["handle"])


class Examples(HostCase):
    paths = ("/usr/include/zlib.h", "libz.so.1")

    def test_the_page_says_what_happens(self):
        if self.host.call("zlibVersion") != "1.2.13":
            self.skipTest("the page's bytes are those of zlib 1.2.13")
        with open(os.path.join(SOURCE, "docs/c-values.md"), encoding="utf-8") as page:
            blocks = re.findall(r"^```\n(.*?)^```", page.read(), re.S | re.M)
        self.assertGreaterEqual(len(blocks), 3)
        for block in blocks:
            lines = block.strip().split("\n")
            for question, answer in zip(lines[::2], lines[1::2]):
                function, payload = question.split(" ", 1)
                self.assertEqual(self.host.post(function, payload), json.loads(answer), question)


class Sqlite(HostCase):
    paths = ("/usr/include/sqlite3.h", "libsqlite3.so.0")

    def test_a_query(self):
        opened = self.host.call("sqlite3_open", ":memory:")
        self.assertEqual(opened["return"], 0)
        db = opened["ppDb"]
        done = self.host.call("sqlite3_exec", db, "create table t(a, b); "
                              "insert into t values(1, 'één'), (2, null)", None, None)
        self.assertEqual(done, {"return": 0, "errmsg": None})
        wrong = self.host.call("sqlite3_exec", db, "nonsense", None, None)
        self.assertEqual(wrong["return"], 1)
        self.assertIn("syntax error", wrong["errmsg"])
        prepared = self.host.call("sqlite3_prepare_v2", db, "select a, b from t order by a")
        statement, rows = prepared["ppStmt"], []
        while self.host.call("sqlite3_step", statement) == 100:
            rows.append((self.host.call("sqlite3_column_int", statement, 0),
                         self.host.call("sqlite3_column_text", statement, 1)))
        self.assertEqual(rows, [(1, "één"), (2, None)])
        self.fails(self.host.call("sqlite3_step", db), 400, "no handle of a sqlite3_stmt")
        self.assertEqual(self.host.call("sqlite3_finalize", statement), 0)
        self.fails(self.host.call("sqlite3_step", statement), 400, "any more")
        self.assertEqual(self.host.call("sqlite3_close", db), 0)


class Libm(HostCase):
    paths = ("/usr/include/math.h", "libm.so.6")

    def test_functions(self):
        self.assertEqual(self.host.call("cos", 0), 1.0)
        self.assertEqual(self.host.call("pow", 2, 10), 1024.0)
        self.assertEqual(self.host.call("fmaf", 1, 2, 0.5), 2.5)
        self.assertEqual(self.host.call("frexp", 8), {"return": 0.5, "exponent": 4})
        self.fails(self.host.call("sqrt", -1), 500, "NaN")


class LinkerText(HostCase):
    paths = ("/usr/include/complex.h", "libm.so")

    def test_a_text_leads_to_the_library(self):
        self.assertEqual(self.host.call("csqrt", [-4, 0]), [0.0, 2.0])


class NoLibrary(HostCase):
    paths = ("/usr/include/zlib.h",)

    def test_the_error_says_what_to_add(self):
        self.fails(self.host.call("crc32", 0, "AAAA"), 500, "no library given that defines crc32")


LIBRARY = {
    "include/stack.h": "struct stack;\nstruct stack *stack_new(int room);\n"
                       "int stack_push(struct stack *stack, double value);\n"
                       "int stack_pop(struct stack *stack, double *result);\n"
                       "void stack_free(struct stack *stack);\n",
    "src/stack.c": "#include <stdlib.h>\n#include <stack.h>\n#include \"grow.h\"\n"
                   "struct stack { int room, count; double *values; };\n"
                   "struct stack *stack_new(int room)\n"
                   "{ struct stack *s = calloc(1, sizeof *s); grow(&s->values, s->room = room);\n"
                   "  return s; }\n"
                   "int stack_push(struct stack *s, double value)\n"
                   "{ if (s->count == s->room) grow(&s->values, s->room *= 2);\n"
                   "  s->values[s->count++] = value; return s->count; }\n"
                   "int stack_pop(struct stack *s, double *result)\n"
                   "{ if (!s->count) return -1; *result = s->values[--s->count]; return 0; }\n"
                   "void stack_free(struct stack *s) { free(s->values); free(s); }\n",
    "src/grow.h": "void grow(double **values, int room);\n",
    "src/grow.c": "#include <stdlib.h>\n#include <stdio.h>\n#include \"grow.h\"\n"
                  "void grow(double **values, int room)\n"
                  "{ if (room > 1000) { fprintf(stderr, \"no room\\n\"); exit(3); }\n"
                  "  *values = realloc(*values, room * sizeof **values); }\n",
    "tools/one.c": "int helper(void) { return 1; }\nint one(void) { return helper(); }\n"
                   "int main(void) { return one(); }\n",
    "tools2/two.c": "int helper(void) { return 2; }\nint two(void) { return helper(); }\n"
                    "int main(void) { return two(); }\n",
    "src/windows.c": "#include <windows.h>\nint on_windows(void) { return 1; }\n",
    "src/plugin.c": "int not_there(void);\nint plugged(void) { return not_there(); }\n",
}


class Sources(SharedFolderTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shared.write_all(LIBRARY)
        cls.host = Host(cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.host.__exit__()

    def test_a_library_of_several_files(self):
        stack = self.host.call("stack_new", 1)
        stack = stack["handle"] if isinstance(stack, dict) else stack
        for n in range(5):
            self.assertEqual(self.host.call("stack_push", stack, n + 0.5)["return"], n + 1)
        popped = self.host.call("stack_pop", stack)
        self.assertEqual((popped["return"], popped["result"]), (0, 4.5))
        self.host.call("stack_free", stack)
        reply = self.host.call("stack_pop", stack)
        self.assertEqual(reply[0], 400)

    def test_exit_ends_the_call_only(self):
        reply = self.host.call("stack_new", 5000)
        self.assertEqual(reply[0], 500)
        self.assertIn("exit(3)", reply[1]["errorMessage"])
        self.assertEqual(self.host.call("one"), 1)

    def test_names_that_are_defined_twice(self):
        self.assertEqual(self.host.call("one"), 1)
        self.assertEqual(self.host.call("two"), 2)

    def test_what_is_left_out_says_why(self):
        reply = self.host.call("plugged")
        self.assertEqual(reply[0], 500)
        self.assertIn("needs not_there", reply[1]["errorMessage"])


def run(folder, *arguments, **environment):
    done = subprocess.run([os.path.join(BUILD, "snafu"), *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120,
                          env={**os.environ, "XDG_CACHE_HOME": folder, **environment})
    return done.returncode, done.stdout, done.stderr


class Cache(unittest.TestCase):
    def test_only_what_changed_is_compiled(self):
        with tempfile.TemporaryDirectory() as folder:
            log, compiler = os.path.join(folder, "log"), os.path.join(folder, "compiler")
            with open(compiler, "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\necho \"$@\" >> {log}\nexec cc \"$@\"\n")
            os.chmod(compiler, 0o700)
            texts = {"a.c": "#include \"n.h\"\nint a(void) { return N; }\n",
                     "b.c": "int b(void) { return 1; }\n", "n.h": "#define N 1\n"}

            def result(**changes):
                for name, text in {**texts, **changes}.items():
                    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                        file.write(text)
                open(log, "w", encoding="utf-8").close()
                status, output, errors = run(folder, "-q", "-x", "a.a", os.path.join(folder, "a.c"),
                                             os.path.join(folder, "b.c"), CC=compiler)
                self.assertEqual(status, 0, errors)
                with open(log, encoding="utf-8") as file:
                    compiled = re.findall(r"-c \S*/([ab]\.c)$", file.read(), re.M)
                return output, sorted(compiled)

            self.assertEqual(result(), ("1\n", ["a.c", "b.c"]))
            self.assertEqual(result(), ("1\n", []))
            self.assertEqual(result(**{"n.h": "#define N 2\n"}), ("2\n", ["a.c"]))
            self.assertEqual(result(), ("1\n", []))

    def test_no_compiler(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "f.c")
            with open(path, "w", encoding="utf-8") as file:
                file.write("int f(void) { return 1; }\n")
            status, _, errors = run(folder, "-q", "-x", "f", path, CC="no-such-compiler")
            self.assertEqual(status, 1)
            self.assertIn("cannot run the C compiler no-such-compiler", errors)
