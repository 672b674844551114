"""tests/terminal.py — running Snafu's programs for tests: with pipes, and at a
terminal of their own (a pty) where somebody types."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time

BUILD = os.environ["SNAFU_BUILD"]
SOURCE = os.environ["SNAFU_SOURCE"]
SNAFU = os.path.join(BUILD, "snafu")
SCAN = os.path.join(BUILD, "snafu-scan")
PATIENCE = 60  # seconds after which something that must come is given up


def run(*arguments, stdin="", cwd=None, env=None, program=SNAFU):
    """Runs to the end; stdin is text, or None for /dev/null."""
    environment = dict(os.environ, **(env or {}))
    options = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    return subprocess.run([program, *arguments], capture_output=True, text=True, cwd=cwd,
                          env=environment, timeout=PATIENCE, **options)


class Terminal:
    """A program at a terminal. What it writes to stdout goes to the file
    `results` when `apart` is given."""

    def __init__(self, *arguments, cwd=None, env=None, apart=False, program=SNAFU):
        self.results = tempfile.TemporaryFile() if apart else None
        self.seen = ""
        self.status = None
        environment = dict(os.environ, TERM="dumb", INPUTRC="/dev/null", **(env or {}))
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 300, 0, 0))
            if self.results:
                os.dup2(self.results.fileno(), 1)
            if cwd:
                os.chdir(cwd)
            os.execve(program, [program, *arguments], environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.fd is not None:
            os.close(self.fd)
        if self.results:
            self.results.close()

    def _read(self, until):
        ready, _, _ = select.select([self.fd], [], [], max(0, until - time.monotonic()))
        if not ready:
            raise AssertionError(f"nothing more came; so far: {self.seen!r}")
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the other side has closed
            data = b""
        self.seen += data.decode(errors="replace").replace("\r\n", "\n").replace("\r", "")
        return data

    def expect(self, pattern):
        """Waits for a regular expression; returns the match and forgets what
        stands before its end."""
        until = time.monotonic() + PATIENCE
        while True:
            match = re.search(pattern, self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            if not self._read(until):
                raise AssertionError(f"it ended without {pattern!r}; so far: {self.seen!r}")

    def type(self, text):
        os.write(self.fd, text.encode())

    def hang_up(self):
        os.close(self.fd)
        self.fd = None

    def wait(self):
        """Waits for the end; returns the exit status, negative for a signal."""
        until = time.monotonic() + PATIENCE
        while self.fd is not None and self._read(until):
            pass
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def result(self):
        self.results.seek(0)
        return self.results.read().decode()
