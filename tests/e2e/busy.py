"""tests/e2e/busy.py — everything at once: C functions under load on every executor that runs
here, calls by functions, asynchronous calls, records and events, metrics, settings and sources
that change, clients that leave, and a stop in the middle of it. What a sanitizer finds, in the
host or in a function's process, is a failure: `make tsan` runs this."""

import collections
import glob
import http.client
import json
import os
import random
import shutil
import signal
import tempfile
import threading
import unittest

from served import Served, replace
from terminal import PATIENCE, SOURCE

WORK = os.path.join(SOURCE, "tests/e2e/busy/work.c")
EXECUTORS = ("inprocess", "isolated", "worker", "fork", "spawn")
CLIENTS = 6
TURNS = 50  # calls of one client
SETTINGS = """[limits]
memory = 0B
processes = 1000
threads = 8
instances = %d
[execution]
instance-calls = %d
instance-idle = %dms
environment = COLOUR=%s
[asynchronous]
sync = no
[function work.spin]
call-timeout = 20ms
"""


class Host(Served):
    def __init__(self, case):
        self.place = tempfile.mkdtemp(prefix="snafu-busy-")
        case.addCleanup(shutil.rmtree, self.place)
        self.turn = 0
        for name in ("work", "version"):
            os.mkdir(os.path.join(self.place, name))
        shutil.copy(WORK, os.path.join(self.place, "work"))
        self.change()
        self.found = os.path.join(self.place, "found")
        environment = {"XDG_CACHE_HOME": self.place}
        for name in ("ASAN_OPTIONS", "TSAN_OPTIONS"):
            environment[name] = os.environ.get(name, "") + ":log_path='" + self.found + "'"
        super().__init__("-e", "inprocess", "-s", os.path.join(self.place, "snafu.ini"), "-l",
                         f"csv={self.place}/log.csv,sqlite={self.place}/log.sqlite", "--debug",
                         os.path.join(self.place, "work"), os.path.join(self.place, "version"),
                         env=environment)
        case.addCleanup(self.end)

    def change(self):
        """New settings, and a new version of a function."""
        self.turn += 1
        replace(os.path.join(self.place, "snafu.ini"),
                SETTINGS % (4 + self.turn % 3, self.turn % 4 * 20, 100 + self.turn,
                          "red" if self.turn // 2 % 2 else "blue"))
        replace(os.path.join(self.place, "version/version.c"),
                f"int version(void)\n{{\n\treturn {self.turn};\n}}\n")


class Busy(unittest.TestCase):
    def call(self, connection, chance, statuses):
        executor = chance.choices(EXECUTORS, (8, 4, 8, 6, 1))[0]
        name, arguments, wanted = chance.choice((
            ("add", [1, 2], 3), ("add", [3, 4], 7), ("bump", [], None), ("talk", [20], 20),
            ("nap", [3], 3), ("spin", [40], 40), ("fib", [4], 3), ("version", [], None)))
        headers = {"X-Snafu-Executor": executor}
        if chance.random() < .1:
            headers["Prefer"] = "respond-async"
        elif chance.random() < .2:
            headers["X-Snafu-Log"] = "tail"
        connection.request("POST", "/invoke/" + name, json.dumps(arguments), headers)
        if chance.random() < .03: # nobody waits for the answer
            connection.close()
            return
        reply = connection.getresponse()
        value = json.loads(reply.read())
        statuses[reply.status] += 1
        what = (executor, name, reply.status, value)
        if reply.status == 200:
            self.assertTrue(wanted is None or value == wanted or (name, value) == ("fib", -1), what)
        else:
            self.assertIn(reply.status, (202, 429, 504), what)
            self.assertTrue(reply.status != 504 or name == "spin", what)

    def load(self, host):
        statuses, problems, over = collections.Counter(), [], threading.Event()

        def run(what, number):
            try:
                what(number)
            except BaseException as problem: # the test's thread raises it
                problems.append(problem)

        def client(number):
            chance, connection = random.Random(number), host.connect()
            for _ in range(TURNS):
                if problems:
                    break
                self.call(connection, chance, statuses)
            connection.close()

        def change(_):
            while not over.wait(.2):
                host.change()
                connection = host.connect()
                for path in ("/metrics", "/functions", "/calls?state=dead"):
                    connection.request("GET", path)
                    reply = connection.getresponse()
                    reply.read()
                    self.assertEqual(reply.status, 200, path)
                connection.close()

        changer = threading.Thread(target=run, args=(change, 0))
        clients = [threading.Thread(target=run, args=(client, number)) for number in range(CLIENTS)]
        for thread in [changer] + clients:
            thread.start()
        for thread in clients:
            thread.join()
        over.set()
        changer.join()
        for problem in problems:
            raise problem
        return statuses

    def test_everything_at_once(self):
        host = Host(self)
        try:
            statuses = self.load(host)
            self.assertGreater(statuses[200], CLIENTS * TURNS // 2)
            self.assertGreater(statuses[202], 0)
            # Some are under way, some wait, when it is told to stop.
            late = [host.connect() for _ in range(12)]
            for number, connection in enumerate(late):
                connection.request("POST", "/invoke/nap", "[200]", {
                    "X-Snafu-Executor": EXECUTORS[number % len(EXECUTORS)]})
            host.process.send_signal(signal.SIGTERM)
            for connection in late:
                try:
                    self.assertIn(connection.getresponse().status, (200, 429, 503))
                except (ConnectionError, http.client.HTTPException):
                    pass # it had not been taken in
                connection.close()
            status = host.process.wait(PATIENCE)
        finally:
            host.process.kill()
            host.process.wait()
            found = ""
            for path in glob.glob(host.found + ".*"):
                with open(path, errors="replace") as file:
                    found += file.read()
            self.assertFalse(found, found)
        self.assertEqual(status, 0, "".join(host.said()[-4000:]))
        with open(os.path.join(host.place, "log.csv")) as file:
            self.assertGreater(len(file.readlines()), CLIENTS * TURNS // 2)
