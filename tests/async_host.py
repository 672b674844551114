"""tests/async_host.py — a host for tests of asynchronous calls, started as a user would, and the
functions that it serves."""

import contextlib
import os
import sqlite3

from folder import FolderTest
from served import Served, until_good

ASYNC = {"Prefer": "respond-async"}

JOBS = '''
import os

def append(path: str, word: str):
    """Notes that it ran: one write, which is never torn."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, (word + "\\n").encode())
    os.close(file)

def count(path: str) -> int:
    return len(open(path).readlines()) if os.path.exists(path) else 0

def add(a: int, b: int = 1) -> int:
    return a + b

def flaky(path: str, good: int) -> int:
    append(path, "x")
    if count(path) < good:
        raise ValueError("not yet")
    return count(path)

def fail(why: str):
    raise ValueError(why)

def wait(path: str, note: str = "") -> str:
    if note:
        append(note, "began")
    with open(path) as fifo:
        return fifo.read()

def tell(path: str = "", **record):
    if record:
        append(record["requestPayload"]["path"], record["requestContext"]["condition"] + " " +
               str(record["responsePayload"]) + " " + record["requestContext"]["functionName"])

def ask(path: str):
    import snafu
    return snafu.call_async("jobs.append", path=path, word="asked")

def circle(**record):
    append(os.environ["CIRCLE"], "again")
'''


class Server(Served):
    """SETTINGS go into [asynchronous] of its snafu.ini, ARGUMENTS onto the command line; all but
    the settings is kept in FOLDER when it ends."""

    def __init__(self, folder, settings="", arguments=(), **options):
        jobs = os.path.join(folder, "jobs.py")
        if not os.path.exists(jobs):
            with open(jobs, "w", encoding="ascii") as file:
                file.write(JOBS)
        super().__init__(*arguments, jobs,
                         settings="[asynchronous]\nretry-delay = 1ms\n" + settings,
                         env={"XDG_STATE_HOME": os.path.join(folder, "state"),
                              "CIRCLE": os.path.join(folder, "circle")}, **options)

    def submit(self, function, **arguments):
        reply, data = self.ask("POST", "/invoke/" + function, arguments, ASYNC)
        assert reply.status == 202, (reply.status, data)
        return data["id"]

    def show(self, call):
        return self.ask("GET", "/calls/" + call)[1]

    def ended(self, call):
        """What a call has come to."""
        return until_good(lambda: self.show(call),
                          lambda got: got["state"] in ("succeeded", "failed", "dead"))

    def counts(self):
        data = {}
        for line in self.text("/metrics").splitlines():
            if line.startswith("snafu_queue_") and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                data[name] = float(value)
        return data

    def idle(self):
        """Waits until nothing waits or runs, as long as there is progress."""
        left = None

        def fewer():
            counts = self.counts()
            return (counts['snafu_queue_calls{state="waiting"}'] +
                    counts['snafu_queue_calls{state="running"}'])
        while left != 0:
            before = left
            left = until_good(fewer, lambda got: not got or got != before)

    def maps(self, name):
        with open(f"/proc/{self.process.pid}/maps", encoding="utf-8") as file:
            return name in file.read()


class AsyncTest(FolderTest):
    def setUp(self):
        super().setUp()
        self.servers = []

    def tearDown(self):
        for server in self.servers:
            if server.process.poll() is None:
                code = server.stop()
                self.assertEqual(code, 0, server.said())

    def start(self, settings="", **options):
        server = Server(self.folder, settings, **options)
        self.servers.append(server)
        self.addCleanup(server.end)
        return server

    def failed_once(self, server):
        """A call that waits for its second attempt."""
        call = server.submit("fail", why="x" * 500)
        until_good(lambda: server.show(call),
                   lambda got: got["state"] == "waiting" and got["attempts"])
        return call

    def lines(self, name):
        path = self.path(name)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()

    def tamper(self, *statements):
        (path,) = [path for path in self.files() if path.endswith(".queue")]
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            for statement in statements:
                database.execute(statement)

    def files(self):
        found = []
        for folder, _, names in os.walk(self.path("state")):
            found += [os.path.join(folder, name) for name in names]
        return found
