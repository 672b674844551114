"""tests/e2e/faults.py — what a host has to survive: its processes killed under load, the end
of itself at any moment, signals, clocks that jump, crowds of functions and of connections.
What functions do is in faults-functions.py, full disks are in faults-disk.py. Ends of the
host with asynchronous calls, or with records to write, are in async.py and records.py too."""

import collections
import concurrent.futures
import contextlib
import http.client
import json
import mmap
import os
import random
import resource
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import threading
import unittest
import uuid

from folder import FolderTest
from ladder import C, JAVA, PROCESSES, Server, each
from served import alive, descendants, release, until
from terminal import PATIENCE, SNAFU, SOURCE

FOLDER = os.path.join(SOURCE, "tests/e2e/faults")
ROGUE = os.path.join(FOLDER, "rogue.py")
YEAR = 365 * 86400
EVERY = ("inprocess", "isolated") + PROCESSES


def below(pid, depth):
    """The processes that are DEPTH generations below PID."""
    children = collections.defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
                if fields[0] not in "ZX":
                    children[int(fields[1])].append(int(name))
    found = [pid]
    for _ in range(depth):
        found = [child for parent in found for child in children[parent]]
    return found


class Case(FolderTest):
    def setUp(self):
        super().setUp()
        self.env = {"SNAFU_TEST_MARK": str(uuid.uuid4()),
                    "XDG_STATE_HOME": self.path("state"), "XDG_CACHE_HOME": self.path("cache")}

    def server(self, *paths, settings="", env=None, **options):
        return Server(*(paths or [ROGUE]), settings=settings, env={**self.env, **(env or {})},
                      **options)

    def marked(self):
        """Every process that runs and comes of one of our servers, whoever its parent is."""
        mark, found = self.env["SNAFU_TEST_MARK"].encode(), []
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError, ValueError):
                with open(f"/proc/{name}/environ", "rb") as file:
                    if mark in file.read() and alive(int(name)):
                        found.append(int(name))
        return found

    def nothing_left(self):
        until(lambda: not self.marked(), "no process is left")

    def healthy(self, server, *executors):
        for executor in executors or PROCESSES:
            self.assertEqual(server.call("rogue.add", 1, 2, executor=executor), (200, 3))

    def fifo(self, name):
        os.mkfifo(self.path(name))
        return self.path(name)


class Killed(Case):
    """Processes of functions, by somebody else, while calls are made by several clients. How
    often is paced by the answers: on a slow machine a kill for every few calls as well."""

    def load(self, server, executor, turns, victims):
        """Answers: (status, request id, value); and how many were killed meanwhile."""
        chance, answers, kills = random.Random(1), [], 0
        due, over = threading.Semaphore(0), threading.Event()

        def client():
            door = server.connect()
            for _ in range(turns):
                door.request("POST", "/invoke/rogue.sign", json.dumps({"path": self.path("ids")}),
                             {"X-Snafu-Executor": executor})
                reply = door.getresponse()
                answers.append((reply.status, reply.headers["X-Snafu-Request-Id"],
                                json.loads(reply.read())))
                due.release()
            door.close()

        def kill():
            nonlocal kills
            while not over.is_set():
                for _ in range(8):
                    due.acquire()
                while not (found := victims()) and not over.wait(0.001):
                    pass  # between two calls there may be none
                if found and not over.is_set():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(chance.choice(found), signal.SIGKILL)
                        kills += 1

        killer = threading.Thread(target=kill)
        killer.start()
        clients = [threading.Thread(target=client) for _ in range(6)]
        for each_client in clients:
            each_client.start()
        for each_client in clients:
            each_client.join()
        over.set()
        due.release(8)
        killer.join()
        return answers, kills

    def check(self, server, executor, answers, turns):
        """Every call is answered, by its own answer, and none is run twice."""
        self.assertEqual(len(answers), 6 * turns)
        with open(self.path("ids")) as file:
            ran = collections.Counter(file.read().split())
        self.assertEqual([number for number, times in ran.items() if times > 1], [])
        for status, number, value in answers:
            self.assertIn(status, (200, 502), value)
            if status == 200:
                self.assertEqual((value, ran[number]), (number, 1))
            else:
                self.assertEqual(value["errorType"], "ProcessDied")
        for _ in range(10):
            self.healthy(server, executor)
        self.assertEqual(server.ask("GET", "/healthz")[0].status, 200)

    @each
    def test_instances_under_load(self, executor):
        """Only the call that ran in a killed process fails: others wait for the next one."""
        turns = 8 if executor == "spawn" else 30
        depth = 3 if executor == "fork" else 2  # zygotes and guardians are above
        with contextlib.suppress(OSError):
            os.remove(self.path("ids"))
        with self.server(settings="[limits]\ninstances = 4\n", executor=executor) as server:
            answers, kills = self.load(server, executor, turns,
                                       lambda: below(server.process.pid, depth))
            self.check(server, executor, answers, turns)
            self.assertGreater(kills, 3)
            self.assertLessEqual([status for status, _, _ in answers].count(502), kills)
        self.nothing_left()

    @each
    def test_anything_under_load(self, executor):
        """Zygotes and guardians as well: they take along what is below them."""
        turns = 8 if executor == "spawn" else 30
        with contextlib.suppress(OSError):
            os.remove(self.path("ids"))
        with self.server(settings="[limits]\ninstances = 4\n", executor=executor) as server:
            answers, kills = self.load(server, executor, turns,
                                       lambda: descendants(server.process.pid))
            self.check(server, executor, answers, turns)
            self.assertGreater(kills, 3)
        self.nothing_left()


class HostKilled(Case):
    def end(self, server):
        server.process.kill()
        server.process.wait()
        self.nothing_left()

    def test_at_work(self):
        """Java's machines, zygotes, instances, their children, the queue and the logs; and the
        next host goes on with what there is."""
        options = ("-l", f"csv={self.path('log.csv')},sqlite={self.path('log.sqlite')}")
        names = [(executor, "rogue.note", [self.path("ids"), "x"])
                 for executor in ("inprocess",) + PROCESSES]
        names += [("spawn", "moves.twice", [2]),
                  ("worker", "moves.twice", [2]), ("worker", "Works.twice", [2]),
                  ("inprocess", "Works.twice", [2])]
        for turn in range(3):
            with self.server(ROGUE, C, JAVA, options=options) as server, \
                    concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
                served = threading.Semaphore(0)

                def client(executor, name, arguments, server=server, served=served):
                    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                        while True:
                            status, value = server.call(name, *arguments, executor=executor)
                            self.assertEqual(status, 200, value)
                            served.release()

                server.call("rogue.family", self.path(f"family{turn}"), 3)
                door = server.connect()
                door.request("POST", "/invoke/rogue.sign", json.dumps({"path": self.path("async")}),
                             {"Prefer": "respond-async"})
                self.assertEqual(door.getresponse().status, 202)
                door.close()
                clients = [pool.submit(client, *name) for name in names]
                for _ in range(40 + turn):
                    self.assertTrue(served.acquire(timeout=PATIENCE))
                self.end(server)
                for each_client in clients:
                    each_client.result()
        with self.server(ROGUE, C, JAVA, options=options) as server:
            for executor, name, arguments in names:
                self.assertEqual(server.call(name, *arguments, executor=executor)[0], 200)
            until(lambda: 'snafu_queue_calls{state="succeeded"} 3' in server.metrics(),
                  "accepted calls are run")
        with open(self.path("async")) as file:
            self.assertGreaterEqual(len(set(file.read().split())), 3)
        with contextlib.closing(sqlite3.connect(self.path("log.sqlite"))) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        self.nothing_left()

    def kill_while(self, word, *arguments, executor="inprocess"):
        """Runs a host until a process below it has WORD in its arguments, and kills it then."""
        def there():
            for pid in descendants(process.pid):
                with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline") as file:
                    if word in file.read():
                        return True
            return process.poll() is not None

        process = subprocess.Popen(
            [SNAFU, "-q", "-C", "web", "-L", "0", "-e", executor, *arguments],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **self.env})
        try:
            until(there, word)
        finally:
            process.kill()
            status = process.wait()
        self.assertEqual(status, -signal.SIGKILL, f"no {word} was seen")
        self.nothing_left()

    def result(self, name, *arguments):
        done = subprocess.run([SNAFU, "-q", "-x", name, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE,
                              env={**os.environ, **self.env})
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_while_c_is_scanned(self):
        source = self.write("wide.c", "#include <stdio.h>\n" + "".join(
            f"int f{number}(int n) {{ return n + {number}; }}\n" for number in range(20000)))
        for _ in range(2):
            self.kill_while("scan", source)
        with open(source, "w") as file:
            file.write("int f1(int n) { return n + 1; }\n")
        self.assertEqual(self.result("f1", "-a", "n=1", source), 2)

    def test_while_c_is_compiled(self):
        source = self.write("long.c", "".join(
            f"int f{number}(int n) {{ for (int i = 0; i < n; i++) n += i * {number} % 7; "
            f"return n; }}\n" for number in range(400)))
        for executor in ("inprocess", "worker", "fork"):  # spawn loads nothing ahead
            if executor != "inprocess" and os.environ.get("SNAFU_SANITIZE"):
                continue  # limits of memory cannot be had with a sanitizer
            with self.subTest(executor=executor):
                self.kill_while("cc1", source, executor=executor)
        self.assertEqual(self.result("f2", "-a", "n=0", source), 0)

    def test_while_python_2_is_upgraded(self):
        source = self.write("elder.py", "".join(
            f"def f{number}(n):\n    print 'f', n\n    return {{1: n}}.has_key(n)\n"
            for number in range(400)))
        self.kill_while("python2_upgrade", source)
        self.assertEqual(self.result("f2", "-a", "n=1", source), True)


class Draining(Case):
    """In-process: web.py and cli.py."""

    def refused(self, server, executor):
        try:
            return server.call("rogue.add", 1, 2, executor=executor)[0] == 503
        except (OSError, http.client.HTTPException):
            return True  # nobody listens any more

    def test_running_calls_are_answered(self):
        server = self.server()
        with server, concurrent.futures.ThreadPoolExecutor(3) as pool:
            paths = {executor: self.fifo(executor) for executor in PROCESSES}
            running = [pool.submit(server.call, "rogue.wait", path, executor=executor)
                       for executor, path in paths.items()]
            writers = [open(path, "w") for path in paths.values()]  # now it waits there
            server.process.send_signal(signal.SIGTERM)
            for executor in PROCESSES:
                until(lambda executor=executor: self.refused(server, executor),
                      "new calls are refused")
            for writer in writers:
                writer.write("done")
                writer.close()
            self.assertEqual([each_call.result() for each_call in running], [(200, "done")] * 3)
            self.assertEqual(server.process.wait(PATIENCE), 0)
            self.nothing_left()

    def test_a_second_signal_ends_it_at_once(self):
        server = self.server(settings="[limits]\ndrain-timeout = 1h\ncall-timeout = 2h\n")
        with server, concurrent.futures.ThreadPoolExecutor(3) as pool:
            running = [pool.submit(server.call, "rogue.hang", self.path(executor), "deaf",
                                   executor=executor) for executor in PROCESSES]
            for executor in PROCESSES:
                until(lambda executor=executor: os.path.exists(self.path(executor)), "begun")
            # Not at the same time: two that are pending are one.
            server.process.send_signal(signal.SIGTERM)
            until(lambda: self.refused(server, "worker"), "new calls are refused")
            server.process.send_signal(signal.SIGTERM)
            for each_call in running:
                with contextlib.suppress(ConnectionError, http.client.HTTPException, ValueError):
                    self.assertEqual(each_call.result()[0], 503)
            self.assertIn(server.process.wait(PATIENCE), (0, 143))
            self.nothing_left()

    def test_while_functions_are_loaded(self):
        """A module that never has been loaded holds up nobody, and not the end."""
        path = self.path("slow.py")
        with open(path, "w") as file:
            file.write("import time\n\ndef never():\n    pass\n\nwhile True:\n    time.sleep(1)\n")
        folder = self.path("sources")
        os.mkdir(folder)
        shutil.move(path, folder)
        settings = "[limits]\ncall-timeout = 3s\n"
        with self.server(ROGUE, folder, settings=settings) as server:
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                calls = [pool.submit(server.call, "slow.never", executor=executor)
                         for executor in PROCESSES]
                self.healthy(server)
                self.assertEqual([each_call.result()[0] for each_call in calls], [504] * 3)
            self.healthy(server)
        self.nothing_left()


class Crowds(Case):
    def test_ten_thousand_functions(self):
        folder = self.path("many")
        os.mkdir(folder)
        for number in range(50):
            with open(os.path.join(folder, f"part{number}.py"), "w") as file:
                file.writelines(f"def f{index}(n: int) -> int:\n    return n + {index}\n\n\n"
                                for index in range(200))
        with self.server(folder) as server:
            door = server.connect()
            door.request("GET", "/functions")
            listed = json.loads(door.getresponse().read())
            self.assertEqual(len(listed), 10000)
            door.request("GET", "/openapi.json")
            paths = json.loads(door.getresponse().read())["paths"]
            self.assertGreaterEqual(len(paths), 10000)
            door.close()
            for executor in EVERY:
                for part, index in (0, 0), (25, 100), (49, 199):
                    self.assertEqual(server.call(f"part{part}.f{index}", 1, executor=executor),
                                     (200, 1 + index))
            status, value = server.call("part50.f0", 1)
            self.assertEqual((status, value["errorType"]), (404, "UnknownFunction"))

    def test_more_functions_than_processes(self):
        """Those that have been idle for the longest make room."""
        path = self.path("many.py")
        with open(path, "w") as file:
            file.writelines(f"def f{index}(n: int) -> int:\n    return n + {index}\n\n\n"
                            for index in range(60))
        with self.server(path, settings="[limits]\nall-instances = 24\n") as server, \
                concurrent.futures.ThreadPoolExecutor(4) as pool:
            for executor in "worker", "fork":
                before = len(descendants(server.process.pid))
                answers = list(pool.map(
                    lambda index, executor=executor: server.call(f"many.f{index}", 1,
                                                                 executor=executor), range(60)))
                self.assertEqual(answers, [(200, 1 + index) for index in range(60)])
                # And one that starts Python's: it does not count.
                until(lambda before=before: len(descendants(server.process.pid)) <=
                      before + 24 + 1, "no more than that are left")

    def test_few_descriptors(self):
        """Connections do not take them all: the longest idle one goes, and processes start."""
        command = [shutil.which("prlimit"), "--nofile=200:200", SNAFU]
        if not command[0]:
            self.skipTest("there is no prlimit here")
        with self.server(command=command) as server, contextlib.ExitStack() as stack:
            self.healthy(server)
            self.assertEqual(resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)[0], 200)
            for _ in range(300):
                stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            until(lambda: server.call("rogue.add", 1, 2) == (200, 3), "it is answered")
            self.assertEqual(server.call("rogue.large", 3, executor="spawn"), (200, "xxx"))

    def test_two_thousand_idle_connections(self):
        """Beside processes of functions (in-process: web.py)."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 4096:
            self.skipTest(f"no more than {hard} descriptors are allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with self.server() as server, contextlib.ExitStack() as stack:
            crowd = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                     for _ in range(2000)]
            for number in range(30):
                self.healthy(server)
            self.assertEqual(server.call("rogue.end", "SIGKILL")[0], 502)
            body = b'{"a": 1, "b": 2}'
            for sock in crowd[::10]:
                sock.sendall(b"POST /invoke/rogue.add HTTP/1.1\r\nHost: localhost\r\n"
                             b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            for sock in crowd[::10]:
                sock.settimeout(PATIENCE)
                self.assertTrue(sock.recv(1000).startswith(b"HTTP/1.1 200"))


@unittest.skipIf(os.environ.get("SNAFU_SANITIZE"), "sanitizers want to be the first library")
class Clocks(Case):
    """The wall's clock jumps; times are taken from another one. (What the queue's file notes
    of it: async.py.)"""

    def setUp(self):
        super().setUp()
        library = self.path("clock.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                        os.path.join(FOLDER, "clock.c")], check=True)
        with open(self.path("clock"), "wb") as file:
            file.write(bytes(8))
        file = open(self.path("clock"), "r+b")
        self.addCleanup(file.close)
        self.clock = mmap.mmap(file.fileno(), 8)
        self.addCleanup(self.clock.close)
        self.env.update(LD_PRELOAD=library, SNAFU_TEST_CLOCK=self.path("clock"))

    def jump(self, seconds):
        struct.pack_into("=q", self.clock, 0, seconds)

    def test_calls_under_way(self):
        executors = ("inprocess",) + PROCESSES
        settings = "[limits]\ncall-timeout = 5s\n[execution]\ninstance-idle = 300ms\n"
        with self.server(settings=settings) as server, \
                concurrent.futures.ThreadPoolExecutor(8) as pool:
            for shift in (YEAR, -YEAR, 0):
                paths = {executor: self.fifo(f"{executor}{shift}") for executor in executors}
                running = [pool.submit(server.call, "rogue.wait", path, executor=executor)
                           for executor, path in paths.items()]
                hanging = [pool.submit(server.call, "rogue.hang", self.path(f"{executor}.hang"),
                                       "lock", executor=executor) for executor in PROCESSES]
                writers = [open(path, "w") for path in paths.values()]
                self.jump(shift)
                self.healthy(server, "inprocess", *PROCESSES)
                for writer in writers:
                    writer.close()
                self.assertEqual([each_call.result() for each_call in running], [(200, "")] * 4)
                self.assertEqual([each_call.result()[0] for each_call in hanging], [504] * 3)
                until(lambda: not server.instances("rogue.add", "idle"), "idle ones are ended")
            self.jump(YEAR)  # and the end is not put off either
        self.nothing_left()

    def test_modules_being_loaded(self):
        """A call that waits for another one to load its module waits by a clock that is not set."""
        gate, folder = self.fifo("gate"), self.path("sources")
        os.mkdir(folder)
        with open(os.path.join(folder, "slow.py"), "w") as file:
            file.write(f"open({gate!r}).close()\ndef version():\n    return 1\n")
        # The first function is loaded ahead.
        with open(os.path.join(folder, "first.py"), "w") as file:
            file.write("def first():\n    return 1\n")
        with self.server(folder, executor="inprocess") as server, \
                concurrent.futures.ThreadPoolExecutor(2) as pool:
            self.jump(-YEAR)
            calls = [pool.submit(server.call, "slow.version") for _ in range(2)]
            until(lambda: server.metric("snafu_calls_in_flight") == 2 or
                  any(each_call.done() for each_call in calls), "both are under way")
            release(gate)
            self.assertEqual([each_call.result() for each_call in calls], [(200, 1)] * 2)

    def test_retries_and_new_sources(self):
        folder = self.path("sources")
        os.mkdir(folder)
        with open(os.path.join(folder, "new.py"), "w") as file:
            file.write("def version():\n    return 1\n")
        settings = "[asynchronous]\nretry-delay = 300ms\nretries = 2\n"
        with self.server(ROGUE, folder, settings=settings, executor="inprocess") as server:
            def state(number):
                data = server.ask("GET", "/calls/" + number)[1]
                return data["state"], data["attempts"]

            self.assertEqual(server.call("new.version"), (200, 1))
            for version, shift in (2, -YEAR), (3, YEAR):
                number = server.ask("POST", "/invoke/rogue.end", ["sys.exit"],
                                    {"Prefer": "respond-async"})[1]["id"]
                until(lambda number=number: state(number)[1] >= 1, "it is tried")
                self.jump(shift)
                until(lambda number=number: state(number) == ("dead", 3), "and again")
                with open(os.path.join(folder, "new.py"), "w") as file:
                    file.write(f"def version():\n    return {version}\n")
                until(lambda version=version: server.call("new.version") == (200, version),
                      "the new source is served")


if __name__ == "__main__":
    unittest.main()
