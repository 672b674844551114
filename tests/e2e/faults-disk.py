"""tests/e2e/faults-disk.py — disks that are full: under the queue, the loggers, the cache, the
output. Small disks are made where mounting is allowed; what a limit of the size of files can
stand in for is in async.py and records.py, which also have a CSV log on a full disk."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import unittest

from folder import FolderTest
from ladder import C, PROCESSES, Server
from served import until
from terminal import PATIENCE, SNAFU, SOURCE

ROGUE = os.path.join(SOURCE, "tests/e2e/faults/rogue.py")


class Case(FolderTest):
    def setUp(self):
        super().setUp()
        self.disk = self.path("disk")

    def small_disk(self, size):
        os.mkdir(self.disk)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.disk],
                              capture_output=True, text=True)
        if done.returncode:
            self.skipTest(f"no small disk can be made here: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)

    def fill(self, size=0):
        """No byte is left; or SIZE bytes less than now."""
        if size:
            with open(os.path.join(self.disk, "filler"), "wb") as file:
                file.write(bytes(size))
            return
        with open(os.path.join(self.disk, "filler"), "ab", buffering=0) as file:
            for size in 65536, 4096:
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))
        self.assertEqual(os.statvfs(self.disk).f_bavail, 0)

    def make_room(self):
        os.remove(os.path.join(self.disk, "filler"))

    def server(self, *paths, settings="", env=None, **options):
        return Server(*(paths or [ROGUE]), settings=settings, executor="inprocess",
                      env={"XDG_STATE_HOME": self.path("state"),
                           "XDG_CACHE_HOME": self.path("cache"), **(env or {})}, **options)

    def ask(self, server, method, path, body=None, headers=None):
        reply, value = server.ask(method, path, body, headers)
        return reply.status, value

    def submit(self, server, name, *arguments):
        return self.ask(server, "POST", "/invoke/" + name, arguments,
                        {"Prefer": "respond-async"})

    def metric(self, server, name):
        return server.metric(name) or 0


class Queue(Case):
    def test_what_is_accepted_is_stored(self):
        """Over a full disk, and kill -9 with one."""
        self.small_disk("3m")
        self.fill(1 << 20)
        ran, accepted, refused = self.path("ran"), set(), set()
        env = {"XDG_STATE_HOME": self.disk}

        def submit(server, word):
            status, value = self.submit(server, "rogue.note", ran, word + "x" * 20000)
            self.assertIn(status, (202, 503), value)
            (accepted if status == 202 else refused).add(word)
            return status, value

        def submit_many(server, name):
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                return list(pool.map(lambda number: submit(server, f"{name}-{number}:"), range(100)))

        with self.server(env=env) as server:
            self.assertEqual(submit(server, "first:")[0], 202)
            answers = submit_many(server, "filling")
            self.fill()
            answers += submit_many(server, "full")
            self.assertTrue(refused)
            for status, value in answers:
                if status == 503:
                    self.assertRegex(value["errorMessage"], "queue|asynchronous")
            self.assertEqual(server.call("rogue.add", 1, 2), (200, 3))
            server.process.kill()
            server.process.wait()
        with self.server(env=env) as server:  # the disk is still full
            self.assertEqual(server.call("rogue.add", 1, 2), (200, 3))
            submit(server, "still full:")
            self.make_room()
            until(lambda: submit(server, "room:" if "room:" not in refused else "again:")[0]
                  == 202, "calls are accepted again")
            until(lambda: not self.metric(server, 'snafu_queue_calls{state="waiting"}') and
                  not self.metric(server, 'snafu_queue_calls{state="running"}'), "all is run")
        with open(ran) as file:
            words = {line.split(":")[0] + ":" for line in file}
        self.assertLessEqual(accepted, words)

    def test_no_room_from_the_beginning(self):
        self.small_disk("1m")
        self.fill()
        with self.server(env={"XDG_STATE_HOME": self.disk}) as server:
            status, value = self.submit(server, "rogue.add", 1, 2)
            self.assertEqual(status, 503, value)
            self.assertIn(self.disk, value["errorMessage"])
            self.assertEqual(server.call("rogue.add", 1, 2), (200, 3))
            self.make_room()
            until(lambda: self.submit(server, "rogue.add", 1, 2)[0] == 202, "it is opened")

    def test_destinations_wait_for_room(self):
        self.small_disk("256k")
        path = os.path.join(self.disk, "told")
        settings = f"[asynchronous]\nretry-delay = 50ms\non-success = file:{path}\n"
        with self.server(settings=settings) as server:
            self.fill()
            self.assertEqual(self.submit(server, "rogue.add", 1, 2)[0], 202)
            until(lambda: self.metric(server, "snafu_queue_deliveries") == 1, "it waits")
            number = self.ask(server, "GET", "/calls")[1]["calls"][0]["id"]
            until(lambda: self.ask(server, "GET", "/calls/" + number)[1]["deliveries"][0]
                  .get("error"), "it has been tried")
            self.make_room()
            until(lambda: not self.metric(server, "snafu_queue_deliveries"), "it is told")
        with open(path) as file:
            told = [json.loads(line) for line in file.read().splitlines() if line.endswith("}")]
        self.assertEqual(told[-1]["responsePayload"], 3)


class Loggers(Case):
    def test_sqlite(self):
        self.small_disk("256k")
        path = os.path.join(self.disk, "log.sqlite")
        written = 'snafu_records_written_total{logger="sqlite"}'
        with self.server(options=("-l", f"sqlite={path}")) as server:
            ids = []

            def call():
                door = server.connect()
                for _ in range(100):
                    door.request("POST", "/invoke/rogue.add", "[1, 2]")
                    reply = door.getresponse()
                    self.assertEqual((reply.status, reply.read()), (200, b"3"))
                    ids.append(reply.headers["X-Snafu-Request-Id"])
                door.close()

            call()
            until(lambda: self.metric(server, written) == 100, "records are written")
            self.fill()
            call()
            until(lambda: "cannot be written" in server.said(), "it is said")
            call()
            self.assertLess(self.metric(server, written), 300)
            self.make_room()
            until(lambda: self.metric(server, written) == 300, "nothing is lost")
        with contextlib.closing(sqlite3.connect(path)) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            noted = [row[0] for row in database.execute("SELECT request_id FROM calls")]
        self.assertEqual(sorted(noted), sorted(ids))

    def test_what_is_lost_at_the_end_is_counted(self):
        self.small_disk("256k")
        for logger in "csv", "sqlite":
            with self.subTest(logger=logger):
                path = os.path.join(self.disk, "log." + logger)
                server = self.server(options=("-l", f"{logger}={path}"))
                with server:
                    self.fill()
                    for _ in range(40):  # more than what is left of the log's last page
                        self.assertEqual(server.call("rogue.add", 1, 2), (200, 3))
                    server.process.send_signal(signal.SIGTERM)
                    self.assertEqual(server.process.wait(PATIENCE), 0)
                    self.assertRegex(server.said(), r"\d records? of calls (was|were) dropped")
                self.make_room()

    def test_output(self):
        """Where the host's own words go."""
        with open("/dev/full", "w") as full:
            process = subprocess.Popen([SNAFU, "-v", "--debug", "-C", "web", "-L", "0", ROGUE],
                                       stdin=subprocess.DEVNULL, stdout=full, stderr=full)
        try:
            port = []

            def listens():
                self.assertIsNone(process.poll())
                with open(f"/proc/{process.pid}/net/tcp") as file:
                    lines = [line.split() for line in file.read().splitlines()[1:]]
                inodes = {line[9]: int(line[1].split(":")[1], 16) for line in lines
                          if line[3] == "0A"}
                for name in os.listdir(f"/proc/{process.pid}/fd"):
                    with contextlib.suppress(OSError):
                        target = os.readlink(f"/proc/{process.pid}/fd/{name}")
                        port.extend(inodes[node] for node in inodes
                                    if target == f"socket:[{node}]")
                return port

            until(listens, "it listens")
            for _ in range(3):
                door = http.client.HTTPConnection("127.0.0.1", port[0], timeout=PATIENCE)
                door.request("POST", "/invoke/rogue.add", "[1, 2]")
                self.assertEqual(door.getresponse().read(), b"3")
                door.close()
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(PATIENCE), 0)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


class Cache(Case):
    """What is compiled and upgraded."""

    def test_c_and_python_2(self):
        self.small_disk("1m")
        self.fill()
        elder = self.path("elder.py")
        with open(elder, "w") as file:
            file.write("def f(n):\n    print 'f', n\n    return {1: n}.has_key(n)\n")
        with self.server(C, elder, env={"XDG_CACHE_HOME": self.disk}) as server:
            for executor in ("inprocess",) + PROCESSES:
                for name in "moves.twice", "elder.f":
                    status, value = server.call(name, 1, executor=executor)
                    self.assertEqual(status, 500, value)
                    self.assertRegex(value["errorMessage"], "(?i)no space left|cannot write")
            self.make_room()
            for executor in ("inprocess",) + PROCESSES:
                self.assertEqual(server.call("moves.twice", 1, executor=executor), (200, 2))
                self.assertEqual(server.call("elder.f", 1, executor=executor), (200, True))


class Functions(Case):
    def test_a_function_fills_its_disk(self):
        self.small_disk("1m")
        with self.server(settings=f"[execution]\ndirectory = {self.disk}\n") as server:
            for executor in PROCESSES:
                status, value = server.call("rogue.fill", f"{executor}.data", 2, executor=executor)
                self.assertEqual(status, 500)
                self.assertIn("No space left", value["errorMessage"])
                self.assertEqual(server.call("rogue.add", 1, 2, executor=executor), (200, 3))


if __name__ == "__main__":
    unittest.main()
