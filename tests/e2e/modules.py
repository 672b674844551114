"""What a person drops into a directory of parts is found and works like what is built
in: a scanner, a language, a connector and an executor, each compiled with nothing but
cc and Snafu's headers."""

import json
import os
import shutil
import subprocess

from folder import SharedFolderTest
from terminal import BUILD, SOURCE

PHRASES = """# Greets somebody.
greet(name, mark=!): Hello, {name}{mark}
bye(): So long.
what is this
"""
# An executor of another sort cannot be had without the host's private headers; this one
# shows that it is found: it refuses to open.
EXECUTOR = """
#include <errno.h>
#include "base/error.h"
#include "runtime/executors/executor.h"
static int start(const struct snafu_executor_options *options, void **ret_state,
                 struct snafu_error *error)
{
	(void)options, (void)ret_state;
	return snafu_fail(error, -EPERM, "the lazy executor does nothing");
}
const struct snafu_executor snafu_executor = {
	.version = SNAFU_EXECUTOR_VERSION, .name = "lazy", .open = start,
};
"""


def compile_part(source, folder, *, text=None, flags=()):
    part = os.path.join(folder, os.path.basename(source)[:-2] + ".so")
    subprocess.run(["cc", "-std=gnu11", "-Wall", "-Werror", "-shared", "-fPIC", "-I", SOURCE, *flags,
                    "-o", part, "-x", "c", "-" if text else source],
                   check=True, input=text, text=True)
    return part


class Modules(SharedFolderTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parts = cls.shared.path("data/snafu/parts")
        os.makedirs(cls.parts)
        for name in "scan-phrase.c", "lang-phrase.c", "connector-lines.c", "logger-lines.c":
            compile_part(os.path.join(SOURCE, "tests/modules", name), cls.parts)
        compile_part("executor-lazy.c", cls.parts, text=EXECUTOR)
        cls.file = cls.shared.write("polite.phrase", PHRASES)
        # The directory of a user's own modules.
        cls.env = dict(os.environ, XDG_DATA_HOME=cls.shared.path("data"))

    def run_program(self, program, *arguments, given="", **env):
        return subprocess.run([os.path.join(BUILD, program), *arguments], input=given, text=True,
                              capture_output=True, env={**self.env, **env}, timeout=60)

    def test_scanner(self):
        done = self.run_program("snafu-scan", "-f", "json", self.file)
        self.assertEqual([each["id"] for each in json.loads(done.stdout)],
                         ["polite.greet", "polite.bye"])
        self.assertEqual(json.loads(done.stdout)[0]["doc"], "Greets somebody.")
        self.assertIn("polite.phrase:4: warning: this is no phrase", done.stderr)

    def test_help_names_it(self):
        done = self.run_program("snafu-scan", "--help")
        self.assertRegex(done.stdout, r"(?m)^  python +\.py ")
        self.assertRegex(done.stdout, r"(?m)^  phrase +\.phrase$")

    def test_files_in_folders_and_by_their_first_line(self):
        folder = self.path("tree/sub")
        os.makedirs(folder)
        shutil.copy(self.file, os.path.join(folder, "deep.phrase"))
        with open(os.path.join(folder, "script"), "w", encoding="utf-8") as file:
            file.write("#!phrase\nhi(): Hi!\n")
        with open(os.path.join(folder, "other.py"), "w", encoding="utf-8") as file:
            file.write("def f(): pass\n")
        done = self.run_program("snafu-scan", "-q", "-f", "json", os.path.dirname(folder))
        self.assertEqual(sorted(each["id"] for each in json.loads(done.stdout)),
                         ["sub.deep.bye", "sub.deep.greet", "sub.other.f", "sub.script.hi"])

    def test_call(self):
        done = self.run_program("snafu", "-q", "-x", "greet", "-a", "name=you", self.file)
        self.assertEqual((done.stdout, done.returncode), ('"Hello, you!"\n', 0), done.stderr)
        done = self.run_program("snafu", "-q", "-x", "polite.greet", self.file)
        self.assertEqual((done.stdout, done.returncode), ("", 1))
        self.assertIn("name: missing", done.stderr)

    def test_connector(self):
        done = self.run_program("snafu", "-q", "-C", "lines", self.file,
                                given='bye\ngreet {"name": "you"}\nnobody\n')
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[:2], ['ok "So long."', 'ok "Hello, you!"'])
        self.assertIn("UnknownFunction", lines[2])

    def test_executor(self):
        done = self.run_program("snafu", "-e", "phrase=inprocess", "-q", "-x", "bye", self.file)
        self.assertEqual(done.stdout, '"So long."\n', done.stderr)
        done = self.run_program("snafu", "-e", "lazy", "-x", "bye", self.file)
        self.assertIn("the lazy executor does nothing", done.stderr)
        done = self.run_program("snafu", "-e", "eager", "-x", "bye", self.file)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, "there is: .*inprocess, .*lazy")

    def test_logger(self):
        path = self.path("calls")
        for number in 1, 2:
            done = self.run_program("snafu", "-q", "-l", f"csv={path}.csv,lines={path}", "-x", "bye",
                                    self.file)
            self.assertEqual(done.stdout, '"So long."\n', done.stderr)
            with open(path, encoding="utf-8") as file:
                lines = file.readlines()
            self.assertEqual(len(lines), number)
            self.assertIn("function=polite.bye status=ok ", lines[-1])
        done = self.run_program("snafu", "-l", "paper", "-x", "bye", self.file)
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is: none, csv, lines, sqlite", done.stderr)

    def test_a_named_folder_of_parts(self):
        other = self.path("other")
        done = self.run_program("snafu", "-q", "-x", "bye", self.file, XDG_DATA_HOME=other)
        self.assertNotEqual(done.returncode, 0)
        done = self.run_program("snafu", "-q", "-x", "bye", self.file, XDG_DATA_HOME=other,
                                SNAFU_PARTS=f"/nowhere:{self.parts}")
        self.assertEqual(done.stdout, '"So long."\n', done.stderr)

    def test_modules_of_another_version_are_refused(self):
        folder = self.path("old")
        os.mkdir(folder)
        for name, symbol in ("scan-phrase", "SCANNER"), ("lang-phrase", "LANGUAGE"), \
                ("connector-lines", "CONNECTOR"), ("logger-lines", "LOGGER"):
            with open(os.path.join(SOURCE, "tests/modules", name + ".c"), encoding="utf-8") as file:
                text = file.read().replace(f"= SNAFU_{symbol}_VERSION", "= 999")
            compile_part(name + ".c", folder, text=text)
        with open(os.path.join(folder, "scan-torn.so"), "wb") as file:
            file.write(b"no library")
        done = self.run_program("snafu-scan", self.file, XDG_DATA_HOME="/nowhere",
                                SNAFU_PARTS=folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("scan-phrase.so is made for another Snafu", done.stderr)
        self.assertRegex(done.stderr, "cannot open .*scan-torn.so")
        done = self.run_program("snafu", "-C", "lines", self.file, SNAFU_PARTS=folder)
        self.assertIn("connector-lines.so is made for another Snafu", done.stderr)
        done = self.run_program("snafu", "-l", "lines", "-x", "f", self.file, SNAFU_PARTS=folder)
        self.assertIn("logger-lines.so is made for another Snafu", done.stderr)

    def test_modules_that_miss_a_function_are_refused(self):
        """When they are opened, not in the midst of a call."""
        folder = self.path("missing")
        os.mkdir(folder)
        with open(os.path.join(SOURCE, "tests/modules/logger-lines.c"), encoding="utf-8") as file:
            text = file.read() + "int snafu_gone(void);\nint later(void);\n" \
                                 "int later(void)\n{\n\treturn snafu_gone();\n}\n"
        compile_part("logger-lines.c", folder, text=text)
        done = self.run_program("snafu", "-l", "lines", "-x", "bye", self.file, SNAFU_PARTS=folder)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, "cannot open .*logger-lines.so.*snafu_gone")

    def test_known_files_open_no_module(self):
        """What `snafu -x` costs on a Python file does not grow with what is dropped in."""
        if not shutil.which("strace"):
            self.skipTest("there is no strace here")
        path = self.write("known.py", "def f(): return 1\n")
        done = subprocess.run(["strace", "-f", "-e", "trace=open,openat",
                               os.path.join(BUILD, "snafu"), "-q", "-x", "f", path],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env=self.env)
        self.assertEqual(done.stdout, "1\n", done.stderr)
        self.assertNotIn("phrase", done.stderr)
