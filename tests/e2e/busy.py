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
import subprocess
import tempfile
import threading
import unittest

BUILD = os.environ["SNAFU_BUILD"]
WORK = os.path.join(os.environ["SNAFU_SOURCE"], "tests/e2e/busy/work.c")
PATIENCE = 60  # seconds until a test that would hang fails instead
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


def write(path, text):
    """Whole, or not at all."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(path + ".new", path)


class Host:
    def __init__(self, case):
        self.folder = tempfile.mkdtemp(prefix="snafu-busy-")
        case.addCleanup(shutil.rmtree, self.folder)
        self.turn = 0
        for name in ("work", "version"):
            os.mkdir(os.path.join(self.folder, name))
        shutil.copy(WORK, os.path.join(self.folder, "work"))
        self.change()
        self.found = os.path.join(self.folder, "found")
        environment = dict(os.environ, XDG_CACHE_HOME=self.folder)
        for name in ("ASAN_OPTIONS", "TSAN_OPTIONS"):
            environment[name] = environment.get(name, "") + ":log_path='" + self.found + "'"
        arguments = ["-C", "web", "-L", "0", "-e", "inprocess", "-s",
                     os.path.join(self.folder, "snafu.ini"), "-l",
                     f"csv={self.folder}/log.csv,sqlite={self.folder}/log.sqlite", "--debug",
                     os.path.join(self.folder, "work"), os.path.join(self.folder, "version")]
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "snafu"), *arguments], stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, env=environment)
        case.addCleanup(self.process.kill)
        self.said, self.ready = [], threading.Event()
        self.listener = threading.Thread(target=self.listen)
        self.listener.start()
        case.assertTrue(self.ready.wait(PATIENCE) and self.port, "".join(self.said))

    def listen(self):
        self.port = None
        with self.process.stderr:
            for line in self.process.stderr:
                self.said.append(line)
                if line.startswith("snafu: ready on http://"):
                    self.port = int(line.rsplit(":", 1)[1])
                    self.ready.set()
        self.ready.set()

    def change(self):
        """New settings, and a new version of a function."""
        self.turn += 1
        write(os.path.join(self.folder, "snafu.ini"),
              SETTINGS % (4 + self.turn % 3, self.turn % 4 * 20, 100 + self.turn,
                          "red" if self.turn // 2 % 2 else "blue"))
        write(os.path.join(self.folder, "version/version.c"),
              f"int version(void)\n{{\n\treturn {self.turn};\n}}\n")

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)


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
            host.listener.join()
            found = ""
            for path in glob.glob(host.found + ".*"):
                with open(path, errors="replace") as file:
                    found += file.read()
            self.assertFalse(found, found)
        self.assertEqual(status, 0, "".join(host.said[-20:]))
        with open(os.path.join(host.folder, "log.csv")) as file:
            self.assertGreater(len(file.readlines()), CLIENTS * TURNS // 2)


if __name__ == "__main__":
    unittest.main()
