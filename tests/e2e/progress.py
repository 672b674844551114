"""What takes long shows a line on the terminal, and only there. The long work is a
compiler, or the helper of the C scanner, that waits for this test."""

import os
import stat

from folder import FolderTest
from terminal import BUILD, SCAN, SNAFU, Terminal, run

ERASED = "\x1b\\[K"


class Progress(FolderTest):
    def setUp(self):
        super().setUp()
        self.fifo = self.path("fifo")
        os.mkfifo(self.fifo)
        self.source = self.write("slow.c", "int two(void) { return 2; }\n")
        self.cache = self.path("cache")

    def script(self, name, text):
        path = self.write(name, "#!/bin/sh\n" + text)
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        return path

    def release(self):
        with open(self.fifo, "wb"):
            pass

    def compiler(self):
        return {"XDG_CACHE_HOME": self.cache,
                "CC": self.script("cc", f'case "$*" in *slow.c*) cat "{self.fifo}" ;; esac\n'
                                        'exec cc "$@"\n')}

    def test_a_compilation(self):
        with Terminal("-x", "two", self.source, env=self.compiler(), apart=True) as terminal:
            terminal.expect(r"snafu: compiling \S*slow\.c, 1 s")
            terminal.expect(r"snafu: compiling \S*slow\.c, 2 s")
            self.release()
            terminal.expect(ERASED + r"\Z")
            self.assertEqual(terminal.wait(), 0)
            self.assertEqual(terminal.result(), "2\n")

    def test_a_scan(self):
        helper = os.path.join(BUILD, "parts/scan-c")
        self.script("scan-c", f'cat "{self.fifo}"\nexec "{helper}" "$@"\n')
        for program in SNAFU, SCAN:
            arguments = ("-x", "two") if program == SNAFU else ("-f", "json")
            with Terminal(*arguments, self.source, program=program,
                          env={"SNAFU_PARTS": self.folder, "XDG_CACHE_HOME": self.cache}) as terminal:
                terminal.expect(r": scanning, 0 of 1 files, 1 s")
                self.release()
                terminal.expect(ERASED)
                terminal.expect("two" if program == SCAN else "2\n")
                self.assertEqual(terminal.wait(), 0)

    def test_quick_and_quiet_work_shows_nothing(self):
        done = run("-x", "two", self.source, stdin=None, env={"XDG_CACHE_HOME": self.cache})
        self.assertEqual((done.stdout, done.stderr), ("2\n", ""))
        with Terminal("-x", "two", self.source, env={"XDG_CACHE_HOME": self.cache}) as terminal:
            terminal.expect("^2\n")
            self.assertEqual(terminal.wait(), 0)

    def test_no_terminal(self):
        compiler = self.script("cc", 'case "$*" in *slow.c*) sleep 1.3 ;; esac\nexec cc "$@"\n')
        done = run("-x", "two", self.source, stdin=None,
                   env={"XDG_CACHE_HOME": self.cache, "CC": compiler})
        self.assertEqual((done.stdout, done.stderr), ("2\n", ""))
