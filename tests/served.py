"""tests/served.py — a Snafu that serves, for tests: started as a user would, awaited, called and
ended; and waiting for what must come. Nothing of it is left when a test has ended."""

import collections
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from terminal import BUILD, PATIENCE, SNAFU

STUBBED = {"SNAFU_PARTS": os.path.join(BUILD, "tests/modules")}  # tests/modules instead of Java
SANITIZED = bool(os.environ.get("SNAFU_SANITIZE"))
NO_LIMIT = "[limits]\nmemory = 0B\n" if SANITIZED else ""  # they reserve terabytes
OURS = r" in \S+ \S*/(?:base|scanner|langs|runtime|exporter|convert|programs)/\S+\.[ch]:\d"
READY = re.compile(r"ready on (?:http://)?(.*)\n")


def until_good(look, good, tell=lambda: ""):
    """What LOOK gives, once that is GOOD; TELL adds to the words of a failure."""
    end = time.monotonic() + PATIENCE
    while not good(got := look()):
        if time.monotonic() > end:
            raise AssertionError(f"{got!r} stays\n{tell()}")
        time.sleep(0.005)
    return got


def until(look, what):
    """What LOOK gives, once that is something."""
    return until_good(look, bool, lambda: f"in vain: {what}")


def replace(path, text):
    """Writes a file as editors do: it is there whole, or not at all."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


def release(path):
    """Lets the function go that waits at a FIFO; blocks until it does wait there."""
    with open(path, "wb"):
        pass


def _stat(pid):
    """State and parent of a process; None when there is no such one."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state, parent = file.read().rsplit(")", 1)[1].split()[:2]
            return state, int(parent)
    except OSError:
        return None


def alive(pid):
    """Whether it runs: what has ended and was not waited for does not."""
    stat = _stat(pid)
    return stat is not None and stat[0] not in "ZX"


def descendants(pid):
    """All processes below PID that run."""
    below = collections.defaultdict(list)
    for name in os.listdir("/proc"):
        stat = _stat(name) if name.isdigit() else None
        if stat and stat[0] not in "ZX":
            below[stat[1]].append(int(name))
    found, to_see = [], [pid]
    while to_see:
        children = below[to_see.pop()]
        found += children
        to_see += children
    return found


def marked(mark):
    """All processes that run with MARK in their environment, whoever their parents are."""
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if mark.encode() in file.read() and alive(int(name)):
                    found.append(int(name))
        except (OSError, ValueError):  # it has ended, or is no process
            continue
    return found


def only_others_leak(said):
    """Whether all that a sanitizer tells is memory that functions or other libraries have kept."""
    leaks = re.findall(r"leak of \d.*\n((?: +#.*\n)+)", said)
    # Who has allocated: below the sanitizer's own frames and the C library's ("libio/x.c:1").
    frames = [[frame for frame in leak.splitlines()
               if not re.search(r"libsanitizer| in \S+ [a-z]\S*:\d", frame)] for leak in leaks]
    return bool(leaks) and said.count("ERROR: ") == 1 and \
        not any(leak and re.search(OURS, leak[0]) for leak in frames)


class Unix(http.client.HTTPConnection):
    """HTTP through a Unix socket."""

    def __init__(self, path):
        super().__init__("snafu", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


class Served:
    """`snafu -C web ARGUMENT...`, ready. SETTINGS are the text of its snafu.ini (none when
    None); ENV is added to the environment; OPTIONS go to Popen. What it says on stderr is
    kept in a file: no test has to read it in time."""

    def __init__(self, *arguments, settings=None, listen="0", command=(SNAFU,), env=None,
                 **options):
        self.folder = tempfile.mkdtemp(prefix="snafu-served-")
        self.settings = os.path.join(self.folder, "snafu.ini")
        if settings is not None or (NO_LIMIT and "-s" not in arguments):
            self.configure(settings or "")
            arguments = ("-s", self.settings, *arguments)
        with self.open_errors() as errors:
            self.process = subprocess.Popen(
                [*command, "-C", "web", "-L", listen, *arguments],
                stdin=subprocess.DEVNULL, stderr=errors, env=dict(os.environ, **(env or {})),
                **options)
        try:
            address = self.await_word(READY)[1]
        except BaseException:
            self.end()
            raise
        self.path = address[5:] if address.startswith("unix:") else None
        self.url, self.address = f"http://{address}", address
        if not self.path:
            host, port = address.rsplit(":", 1)
            self.host, self.port = host.strip("[]"), int(port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Ends it well, and looks whether anything is left."""
        try:
            if self.process.returncode is None:
                below = descendants(self.process.pid)
                status = self.stop()
                assert status == 0, (status, self.said())
                until(lambda: not any(alive(pid) for pid in below), "no process is left")
        finally:
            self.end()

    def configure(self, settings):
        replace(self.settings, ("" if "memory" in settings else NO_LIMIT) + settings)

    def open_errors(self):
        """Where its words go."""
        self.errors = os.path.join(self.folder, "stderr")
        return open(self.errors, "ab")

    def said(self, start=0):
        with open(self.errors, encoding="utf-8", errors="replace") as errors:
            return errors.read()[start:]

    def await_word(self, pattern, start=0):
        """Waits until PATTERN finds something after START characters; the match."""
        def look():
            ended = self.process.poll() is not None
            match = re.search(pattern, self.said(start))
            if not match and ended:
                raise AssertionError(f"{pattern!r} was not said:\n{self.said()}")
            return match
        return until(look, pattern)

    def await_line(self, words, start=0):
        """Waits until it has said a line with WORDS in it, which is the value."""
        return self.await_word(f".*{re.escape(words)}.*\n", start)[0]

    def connect(self):
        if self.path:
            return Unix(self.path)
        return http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)

    def ask_text(self, method, path, body=None, headers=None, connection=None):
        """The reply and its body. BODY is text, or else what JSON is made of."""
        own = connection or self.connect()
        try:
            if body is not None and not isinstance(body, (str, bytes)):
                body = json.dumps(body)
            own.request(method, path, body, headers or {})
            reply = own.getresponse()
            return reply, reply.read().decode()
        finally:
            if not connection:
                own.close()

    def ask(self, *question, **options):
        """The same; of a body that is JSON, its value."""
        reply, text = self.ask_text(*question, **options)
        if reply.headers.get_content_type() == "application/json" and text:
            return reply, json.loads(text)
        return reply, text or None

    def ask_function(self, path, body=None, method=None, **headers):
        """Status, headers and bytes of a request to one that takes them as they are. A header's
        name has _ for -."""
        door = self.connect()
        try:
            door.request(method or ("GET" if body is None else "POST"), "/invoke/" + path, body,
                         {name.replace("_", "-"): value for name, value in headers.items()})
            reply = door.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            door.close()

    def call(self, name, *arguments, executor=None, headers=None, connection=None, **named):
        """Status and value of a call."""
        headers = dict(headers or {})
        if executor:
            headers["X-Snafu-Executor"] = executor
        reply, value = self.ask("POST", f"/invoke/{name}", named or list(arguments), headers,
                                connection)
        return reply.status, value

    def text(self, path):
        return self.ask_text("GET", path)[1]

    def metrics(self):
        return self.text("/metrics")

    def metric(self, name):
        """None where there is no such one."""
        for line in self.metrics().splitlines():
            if line.startswith(name + " "):
                return float(line[len(name) + 1:])
        return None

    def stop(self, number=signal.SIGTERM):
        """Its exit status. NUMBER is None when it is stopping already."""
        if number and self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        return 0 if SANITIZED and status and only_others_leak(self.said()) else status

    def end(self):
        """Whatever its state."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Piped(Served):
    """What it says, somebody has to read from `reader`."""

    def open_errors(self):
        reader, writer = os.pipe()
        self.reader = os.fdopen(reader, "rb")
        return os.fdopen(writer, "wb")

    def await_word(self, pattern, start=0):
        for line in self.reader:
            match = re.search(pattern, line.decode(errors="replace"))
            if match:
                return match
        raise AssertionError(f"{pattern!r} was not said")

    def end(self):
        super().end()
        self.reader.close()
