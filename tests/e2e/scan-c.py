"""tests/e2e/scan-c.py — the C scanner: golden cases, agreement with clang's own
dump of real sources, and hostile input.

A golden case is a folder in tests/golden/c with `expected.json`, what
`snafu-scan --format json` prints for `input.c` (or for what `arguments` names), and
`expected.txt`, what it says on stderr. SNAFU_UPDATE=1 writes them anew."""

import collections
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import unittest

from folder import FolderTest
from terminal import BUILD, SCAN, SOURCE

HELPER = os.path.join(BUILD, "parts", "scan-c")
GOLDEN = os.path.join(SOURCE, "tests", "golden", "c")
CLANG = shutil.which("clang-14") or shutil.which("clang")
# Large C libraries that a machine may have: Debian's duktape-dev, and what
# tests/real/fetch.sh brings.
REAL = os.path.join(BUILD, "real")
LARGE = ["/usr/share/duktape/duktape.c", os.path.join(REAL, "sqlite3/sqlite3.c")]


def scan(*arguments, cwd=None, environment=None):
    """The functions, and what was said on stderr."""
    done = subprocess.run([SCAN, "--format", "json", *arguments], cwd=cwd, capture_output=True,
                          env=dict(os.environ, **(environment or {})), timeout=300)
    errors = done.stderr.decode()
    if done.returncode not in (0, 1):
        raise AssertionError(f"snafu-scan ended with {done.returncode}: {errors}")
    return json.loads(done.stdout or "[]"), errors


def ask_helper(path, declarations=False, arguments=(), seconds=30):
    request = {"seconds": seconds, "files": [
        {"path": path, "declarations": declarations, "arguments": list(arguments)}]}
    return subprocess.run([HELPER], input=json.dumps(request).encode(), capture_output=True,
                          timeout=300)


class Golden(unittest.TestCase):
    """One method a case; see below."""

    def check(self, case):
        folder = os.path.join(GOLDEN, case)
        arguments = ["input.c"]
        if os.path.exists(os.path.join(folder, "arguments")):
            with open(os.path.join(folder, "arguments"), encoding="utf-8") as file:
                arguments = file.read().split()
        functions, errors = scan(*arguments, cwd=folder)
        for name, got in (("expected.json", json.dumps(functions, indent=1, ensure_ascii=False)),
                          ("expected.txt", errors)):
            path = os.path.join(folder, name)
            if os.environ.get("SNAFU_UPDATE"):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(got.rstrip("\n") + "\n" if got.strip() else "")
            with open(path, encoding="utf-8") as file:
                self.assertEqual(got.rstrip("\n"), file.read().rstrip("\n"), name)


def add_golden_cases():
    for case in sorted(os.listdir(GOLDEN)):
        def method(self, case=case):
            self.check(case)
        setattr(Golden, "test_" + case.replace("-", "_"), method)


add_golden_cases()


def clang_functions(path, arguments=()):
    """(name, file, is a definition) of each function in clang's dump of PATH."""
    command = [CLANG, "-x", "c", "-w", "-fsyntax-only", "-fno-color-diagnostics",
               "-Xclang", "-ast-dump", *arguments, path]
    file, current = None, None
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        for line in process.stdout:
            # A file is only named where it differs from the one before; types in
            # quotes name others.
            if b".c:" in line or b".h:" in line:
                head = re.sub("'[^']*'", "", line.decode(errors="replace"))
                for part in re.findall(r"([^\s<>,:]+):\d+:\d+", head):
                    if part not in ("line", "col"):
                        file = part
            if line[1:].startswith(b"-FunctionDecl "):
                if current:
                    yield current
                words = line.decode(errors="replace").split("'")[0].split()
                current = None if "implicit" in words else [words[-1], file, False]
            elif line[1:2] == b"-":
                if current:
                    yield current
                current = None
            elif current and line[1:].startswith((b" `-CompoundStmt ", b" |-CompoundStmt ")):
                current[2] = True
    if current:
        yield current


@unittest.skipUnless(CLANG, "clang is not installed: apt-get install clang-14")
class AgreesWithClang(unittest.TestCase):
    def check_sources(self, paths, *options):
        functions, _ = scan(*options, *paths)
        found = collections.defaultdict(list)
        for function in functions:
            found[function["file"]].append(function["id"].split(".")[-1])
        for path in paths:
            with self.subTest(file=os.path.basename(path)):
                # The dump names files as #line says: what is in no header is in PATH.
                wanted = {name for name, file, definition in clang_functions(path, options)
                          if definition and (file == path or not os.path.isabs(file))}
                got = found.pop(path, [])
                self.assertEqual(sorted(got), sorted(set(got)))
                self.assertEqual(sorted(wanted - set(got)), [], "missing")
                self.assertEqual(sorted(set(got) - wanted), [], "too many")
        self.assertEqual(found, {})
        return len(functions)

    def check_header(self, path, at_least, whole=False):
        """WHOLE: all that the header includes is a part of it."""
        if not os.path.exists(path):
            self.skipTest(f"{path} is not installed")
        functions, _ = scan(path)
        got = {function["id"].split(".")[-1] for function in functions}
        files = {function["file"] for function in functions} | {path}
        wanted = {name for name, file, _ in clang_functions(path)
                  if (whole or file in files) and not name.startswith("__")}
        self.assertEqual(sorted(wanted - got), [], "missing")
        self.assertEqual(sorted(got - wanted), [], "too many")
        self.assertGreaterEqual(len(got), at_least)
        return got

    def test_zlib_header(self):
        got = self.check_header("/usr/include/zlib.h", 80)
        self.assertLessEqual({"crc32", "adler32", "compress", "deflateInit_", "deflateEnd"}, got)
        self.assertNotIn("getopt", got)

    def test_math_header(self):
        got = self.check_header("/usr/include/math.h", 200, whole=True)
        self.assertLessEqual({"cos", "pow", "hypot", "frexp", "sqrt"}, got)

    def test_string_header(self):
        self.assertIn("strlen", self.check_header("/usr/include/string.h", 30))

    def test_sqlite_header(self):
        self.check_header("/usr/include/sqlite3.h", 200)

    def test_own_sources(self):
        paths = sorted(path for room in ("base", "scanner")
                       for path in glob.glob(os.path.join(SOURCE, room, "*.c"))
                       if os.path.basename(path) not in ("scan.c", "parts.c"))
        self.assertGreater(self.check_sources(paths, "-I" + SOURCE, "-D_GNU_SOURCE"), 100)

    def test_zlib_sources(self):
        folder = os.path.join(REAL, "zlib")
        if not os.path.isdir(folder):
            self.skipTest("no zlib tree: run tests/real/fetch.sh build/real")
        self.check_sources(sorted(glob.glob(os.path.join(os.path.abspath(folder), "*.c"))))

    def test_large_libraries(self):
        there = [path for path in LARGE if os.path.exists(path)]
        if not there:
            self.skipTest("no large C library is installed: apt-get install duktape-dev")
        for path in there:
            self.assertGreater(self.check_sources([path]), 1000)


class Hostile(FolderTest):
    def check(self, content, expected, words, name="input.c"):
        functions, errors = scan(self.write(name, content))
        self.assertEqual([function["id"].split(".")[-1] for function in functions], expected)
        for word in words:
            self.assertIn(word, errors)
        return errors

    def test_binary(self):
        with open(SCAN, "rb") as file:
            self.check(file.read(), [], ["binary"])
        self.check(bytes(range(1, 256)) * 1000, [], ["error"])

    def test_empty(self):
        self.check("", [], [])
        self.check("\n\n", [], [])
        self.check("\ufeffint marked(void) { return 0; }", ["marked"], [])

    def test_nesting(self):
        self.check("(" * 10_000_000, [], ["error"])
        self.check("int good(void) { return 0; }\nint x = " + "(" * 100_000, ["good"], ["input.c:2"])
        self.check("int f(void) " + "{" * 100_000, [], ["input.c"])
        self.check("struct s { " * 5000, [], ["error"])
        self.check("int *" + "*" * 200 + "deep(int" + "*" * 200 + "p) { return 0; }", ["deep"], [])

    def test_many_errors(self):
        text = "".join(f"unknown x{i};\n" for i in range(20_000))
        errors = self.check(text + "int last(void) { return 0; }", ["last"], [])
        self.assertLess(len(errors), 20_000)

    def test_includes(self):
        fifo = self.path("fifo.h")
        os.mkfifo(fifo)
        self.write("self.h", '#include "self.h"\nint self_declared(void);\n')
        self.check('#include "self.h"\nint f(void) { return 0; }', ["f"], ["nested too deep"])
        self.check('#include "/dev/zero"\nint f(void) { return 0; }', ["f"], ["/dev/zero"])
        self.check(f'#include "{fifo}"\nint f(void) {{ return 0; }}', ["f"], ["fifo.h"])
        self.check('#include "fifo.h"\nint f(void) { return 0; }', ["f"], ["fifo.h"])
        self.check('#include "."\nint f(void) { return 0; }', ["f"], ["input.c:1"])
        self.check('#include "/no/such.h"\nint f(void) { return 0; }', ["f"], ["-I"])

    def test_no_regular_file(self):
        fifo = self.path("fifo.c")
        os.mkfifo(fifo)
        functions, _ = scan(fifo)
        self.assertEqual(functions, [])
        os.mkdir(self.path("folder.c"))
        os.symlink("loop.c", self.path("loop.c"))
        functions, _ = scan(self.folder)
        self.assertEqual(functions, [])

    def test_names(self):
        for name in ("-o.c", "a b.c", "a'b\"c.c", "größe.c", "new\nline.c", "@file.c"):
            with self.subTest(name=name):
                functions, _ = scan(self.write(name, "int f(void) { return 0; }"))
                self.assertEqual(len(functions), 1)
                functions, _ = scan("./" + name, cwd=self.folder)
                self.assertEqual(len(functions), 1)

    def test_time_runs_out(self):
        text = "#define A0 ;;;;;;;;;;\n"
        for i in range(1, 12):
            text += f"#define A{i} " + f"A{i - 1} " * 10 + "\n"
        done = ask_helper(self.write("a.c", text + "A11\n"), seconds=1)
        self.assertIn(done.returncode, (-signal.SIGALRM, -signal.SIGPROF))
        self.assertEqual(done.stdout, b'{"begin":0}\n')

    def test_helper_refuses_nonsense(self):
        for request in (b"", b"[]", b"{", b'{"files": [1]}', b'{"files": [{"path": 1}]', b"\xff"):
            done = subprocess.run([HELPER], input=request, capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 1, request)
            self.assertIn(b"scan-c:", done.stderr)

    def put_helper(self, body):
        """A scan-c of our own, for ends that clang does not come to when told."""
        path = self.write(
            "parts/scan-c",
            "#!/usr/bin/python3\nimport json, os, signal, sys\n"
            "files = json.load(sys.stdin)['files']\n"
            "for i, file in enumerate(files):\n"
            "    print(json.dumps({'begin': i}), flush=True)\n" + body +
            "    print(json.dumps({'function': {'name': 'f', 'line': 1, 'returns': 'int',"
            " 'native': 'i4', 'parameters': []}}))\n"
            "    print(json.dumps({'end': i}), flush=True)\n")
        os.chmod(path, 0o755)
        return {"SNAFU_PARTS": self.path("parts")}

    def check_culprit(self, body, words):
        environment = self.put_helper(body)
        for name in ("a", "b", "culprit", "d", "e"):
            self.write(f"sources/{name}.c", "int f(void) { return 0; }\n")
        functions, errors = scan(self.path("sources"), environment=environment)
        self.assertEqual([function["id"] for function in functions], ["a.f", "b.f", "d.f", "e.f"])
        self.assertEqual(errors.count("culprit.c"), 1, errors)
        self.assertIn(words, errors)

    def test_only_the_culprit_is_left_out_of_a_crash(self):
        self.check_culprit("    if 'culprit' in file['path']:\n"
                           "        os.kill(os.getpid(), signal.SIGSEGV)\n", "died")

    def test_only_the_culprit_is_left_out_when_time_runs_out(self):
        self.check_culprit("    if 'culprit' in file['path']:\n"
                           "        os.kill(os.getpid(), signal.SIGALRM)\n", "longer than")

    def test_only_the_culprit_is_left_out_of_nonsense(self):
        self.check_culprit("    if 'culprit' in file['path']:\n"
                           "        print('{\"function\": 1}')\n", "failed")

    def test_helper_that_cannot_run(self):
        path = self.write("parts/scan-c", "not a program\n")
        functions, errors = scan(self.write("a.c", "int f(void) { return 0; }"),
                                 environment={"SNAFU_PARTS": os.path.dirname(path)})
        self.assertEqual(functions, [])
        self.assertIn("scan-c", errors)
