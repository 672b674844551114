"""tests/e2e/faults-functions.py — functions that treat their process, and what they can
reach from there, as badly as they can: their own call is answered, nobody else is harmed,
and nothing of them is left. Simple crashes, hangs, limits and frames that may not come are
in executors.py and instance.py; what is unsafe in-process is in docs/in-process.md."""

import concurrent.futures
import contextlib
import json
import os
import re
import unittest
import uuid

from folder import FolderTest
from ladder import PROCESSES, Server, each
from served import alive, descendants, until
from terminal import PATIENCE, SOURCE, run

ROGUE = os.path.join(SOURCE, "tests/e2e/faults/rogue.py")
RECKLESS = os.path.join(SOURCE, "tests/e2e/faults/Reckless.java")
SANITIZED = bool(os.environ.get("SNAFU_SANITIZE"))
WILD = os.path.join(SOURCE, "tests/e2e/faults/wild.c")


def memory_of(pid):
    """Resident, in MiB."""
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"VmRSS:\s*(\d+)", file.read()).group(1)) >> 10


class Case(FolderTest):
    def setUp(self):
        super().setUp()
        self.mark = str(uuid.uuid4())

    def server(self, settings="", *paths, **options):
        return Server(*(paths or [ROGUE]), settings="[limits]\n" + settings,
                      env={"SNAFU_TEST_MARK": self.mark}, **options)

    def marked(self):
        """Every process that runs and comes of one of our servers, whoever its parent is."""
        found = []
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if self.mark.encode() in file.read() and alive(int(name)):
                        found.append(int(name))
            except (OSError, ValueError):
                continue
        return found

    def grouped(self, server, executor):
        """Whether control groups can be made here."""
        pid = server.call("rogue.who", executor=executor)[1]
        try:
            with open(f"/proc/{server.process.pid}/cgroup") as ours, \
                    open(f"/proc/{pid}/cgroup") as its:
                return ours.read() != its.read()
        except OSError:  # of its time it is gone, as it is with fork and spawn
            return None

    def healthy(self, server, executor=None):
        self.assertEqual(server.call("rogue.add", 1, 2, executor=executor), (200, 3))

    def recovers(self, server, executor):
        """Processes that have died with the one that was killed may not have been missed yet."""
        until(lambda: server.call("rogue.add", 1, 2, executor=executor) == (200, 3),
              "it is called again")

    def call_raw(self, server, executor, name, *arguments):
        """Status and bytes."""
        door = server.connect()
        door.request("POST", "/invoke/" + name, json.dumps(arguments),
                     {"X-Snafu-Executor": executor})
        reply = door.getresponse()
        data = reply.read()
        door.close()
        return reply.status, data

    def all(self, server, calls):
        """Runs calls at the same time: (executor, function, arguments)."""
        with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(lambda call: server.call(call[1], *call[2], executor=call[0]),
                                 calls))


class Ends(Case):
    def test_every_way_to_die(self):
        ends = {"segfault": "SIGSEGV", "abort": "SIGABRT", "exit": "exited with status 7",
                "stack": "SIGSEGV", "thread": "SIGSEGV", "SIGKILL": "SIGKILL",
                "SIGTERM": "killed by SIGTERM", "SIGXCPU": "SIGXCPU", "SIGALRM": "SIGALRM"}
        calls = [(executor, "rogue.end", [how]) for executor in PROCESSES for how in ends]
        with self.server() as server:
            for call, (status, value) in zip(calls, self.all(server, calls)):
                with self.subTest(call=call):
                    self.assertEqual((status, value["errorType"]), (502, "ProcessDied"), value)
                    self.assertIn(ends[call[2][0]], value["errorMessage"])
            for executor in PROCESSES:
                status, value = server.call("rogue.end", "sys.exit", executor=executor)
                self.assertEqual((status, value["errorType"]), (500, "SystemExit"))
                # The process that all of the language are forked from.
                status, value = server.call("rogue.end", "guard", executor=executor)
                self.assertEqual((status, value["errorType"]), (502, "ProcessDied"))
                self.recovers(server, executor)

    def test_c(self):
        with self.server("call-timeout = 10s\n", WILD) as server:
            calls = [(executor, "wild." + name, []) for executor in PROCESSES
                     for name in ("trample", "recurse", "jump", "free_twice")]
            for call, (status, value) in zip(calls, self.all(server, calls)):
                with self.subTest(call=call):
                    self.assertEqual((status, value["errorType"]), (502, "ProcessDied"), value)
            for executor in PROCESSES:
                self.assertEqual(server.call("wild.twice", 2, executor=executor), (200, 4))

    def test_no_descriptor_and_no_process_is_lost(self):
        """Many deaths leave the host as it was."""
        with self.server("instances = 4\n") as server:
            def figures():
                return (len(os.listdir(f"/proc/{server.process.pid}/fd")),
                        len(descendants(server.process.pid)))

            server.call("rogue.end", "SIGKILL")
            self.healthy(server)
            until(lambda: not server.instances("rogue.end", "busy"), "its end is noted")
            before = figures()
            for _ in range(40):
                self.assertEqual(server.call("rogue.end", "SIGKILL")[0], 502)
            until(lambda: figures() <= before, f"{figures()}, but {before} before")


@unittest.skipIf(SANITIZED, "Java's machine takes the signals that a sanitizer wants")
class Java(Case):
    def test_what_java_can_do(self):
        ends = {"halt": (500, "SystemExit"), "exit": (500, "SystemExit"),
                "crash": (502, "ProcessDied"), "loop": (504, "DeadlineExceeded"),
                "leak": (504, "DeadlineExceeded"), "flood": (504, "DeadlineExceeded")}
        here = self.path("here")
        os.mkdir(here)
        settings = (f"call-timeout = 15s\nmemory = 256MiB\n[execution]\ndirectory = {here}\n")
        with self.server(settings, RECKLESS) as server:
            for executor in "worker", "spawn":
                server.call("Reckless.twice", 2, executor=executor)  # the first one compiles
            calls = [(executor, "Reckless." + name, []) for executor in ("worker", "spawn")
                     for name in ends]
            for call, (status, value) in zip(calls, self.all(server, calls)):
                with self.subTest(call=call):
                    self.assertEqual((status, value["errorType"]), ends[call[1].split(".")[1]],
                                     value)
            for executor in "worker", "spawn":
                self.assertEqual(server.call("Reckless.recurse", 0, executor=executor)[0], 500)
                self.assertEqual(server.call("Reckless.child", executor=executor)[0], 200)
                self.assertEqual(server.call("Reckless.twice", 2, executor=executor), (200, 4))
            self.assertEqual(os.listdir(here), [])  # no reports of crashes
        until(lambda: not self.marked(), "nothing is left")


class Hangs(Case):
    def test_every_way_to_hang(self):
        """Answered at the deadline, and the process is gone."""
        calls = [(executor, "rogue.hang", [self.path(executor + how), how])
                 for executor in PROCESSES for how in ("stop", "deaf", "lock", "native")]
        with self.server("call-timeout = 4s\n") as server:
            for call, (status, value) in zip(calls, self.all(server, calls)):
                with self.subTest(call=call):
                    self.assertEqual((status, value["errorType"]), (504, "DeadlineExceeded"))
                    with open(call[2][0]) as file:
                        pid = int(file.read())
                    until(lambda pid=pid: not alive(pid), "the process is gone")
            for executor in PROCESSES:
                self.healthy(server, executor)

    @each
    def test_the_process_above_is_stopped(self, executor):
        """Whoever forks for all functions of a language goes on when one has stopped it."""
        with self.server("call-timeout = 10s\n", executor=executor) as server:
            path = self.path(executor)
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(server.call, "rogue.hang", path, "frozen guard")
                until(lambda: os.path.exists(path), "it has stopped it")
                self.healthy(server)
                self.assertEqual(server.call("rogue.large", 3), (200, "xxx"))
                with open(path) as file, contextlib.suppress(ProcessLookupError):
                    os.kill(int(file.read()), 9)  # if its deadline has not ended it
                self.assertIn(waiting.result()[0], (502, 504))  # who could tell is stopped


class InProcess(Case):
    """What a host survives without processes for functions."""

    def test_what_can_be_survived(self):
        settings = "call-timeout = 4s\nresult-size = 1MiB\nthreads = 8\ndrain-timeout = 100ms\n"
        for executor in "inprocess", "isolated":
            with self.server(settings, executor=executor) as server:
                calls = [(None, "rogue.end", ["sys.exit"]), (None, "rogue.endless", []),
                         (None, "rogue.nested", [100000]), (None, "rogue.large", [1 << 20]),
                         (None, "rogue.hang", [self.path("deaf"), "deaf"]),
                         (None, "rogue.hang", [self.path("lock"), "lock"])]
                errors = [value["errorType"] for _, value in self.all(server, calls)]
                self.assertEqual(errors, ["SystemExit", "ResultError", "ResultError", "ResultError",
                                          "ValueError", "DeadlineExceeded"])
                self.assertEqual(server.call("rogue.crowd_of_callers", 5), (200, 15))
                self.healthy(server)


@unittest.skipIf(SANITIZED, "limits of memory cannot be had with a sanitizer")
class Memory(Case):
    @unittest.skipIf(os.environ.get("SNAFU_SANITIZE"), "sanitizers reserve terabytes")
    def test_less_than_loading_takes(self):
        with self.server("memory = 1MiB\n", executor="worker") as server:
            status, error = server.call("rogue.add", 1, 2)
            self.assertEqual(status, 500, error)
            self.assertRegex(error["errorMessage"], "(?i)memory")

    @each
    def test_leaks(self, executor):
        settings = "memory = 128MiB\ninstances = 2\nprocesses = 20\ncall-timeout = 20s\n"
        with self.server(settings, executor=executor) as server:
            before = memory_of(server.process.pid)
            status, value = server.call("rogue.leak", "heap")
            self.assertIn(status, (500, 502))
            self.assertIn("emory", json.dumps(value))
            if self.grouped(server, "worker"):
                # What RLIMIT_DATA does not count; a control group does.
                status, value = server.call("rogue.leak", "shared")
                self.assertEqual(status, 502)
                self.assertIn("[limits] memory", value["errorMessage"])
            self.healthy(server)
            self.assertLess(memory_of(server.process.pid), before + 64)


class Loading(Case):
    """What a module does while it is loaded, in an instance or in a zygote of its own."""

    SAY = """
import os, struct
for name in os.listdir("/proc/self/fd"):
    try:
        if os.readlink("/proc/self/fd/" + name).startswith("socket:"):
            %s
    except OSError:
        pass
"""
    # READY, STARTED and EXITED of processes that there are not, and what is no frame at all.
    MODULES = {
        "closes": "import os\nos.closerange(3, 4096)\n",
        "closes_all": "import os\nos.closerange(0, 4096)\n",
        "detaches": "import os\nif os.fork():\n    os._exit(0)\n",
        "exits": "import sys\nsys.exit(3)\n",
        "kills_its_parent": "import os\nos.kill(os.getppid(), 9)\n",
        "stops_its_parent": "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\n",
        "starts_threads": "import threading, time\nfor _ in range(3):\n"
                          "    threading.Thread(target=time.sleep, args=(600,)).start()\n",
        "prints": "import os\nfor _ in range(200):\n    os.write(1, b'x' * 65536)\n",
        "lies": SAY % ("for number in range(1, 100):\n                "
                       "os.write(int(name), struct.pack('=IIQI', 4, 19, number, 1))"),
        "talks": SAY % "os.write(int(name), bytes(range(256)))",
        "ends_itself": SAY % ("for number in range(1, 100):\n                os.write(int(name), "
                              "struct.pack('=IIQIQQQ', 28, 20, number, 0, 0, 0, 0))"),
    }

    def test_rogue_modules(self):
        folder = self.path("modules")
        os.mkdir(folder)
        for name, text in self.MODULES.items():
            with open(os.path.join(folder, name + ".py"), "w") as file:
                file.write(text + "\n\ndef f(n: int) -> int:\n    return n + 1\n")
        with self.server("call-timeout = 30s\n", folder, ROGUE) as server:
            for executor in PROCESSES:
                # One after the other: those that end their parent end the others with it.
                for name in self.MODULES:
                    with self.subTest(executor=executor, module=name):
                        status, value = self.call_raw(server, executor, name + ".f", 1)
                        self.assertIn(status, (200, 500, 502), value)
                        if name in ("starts_threads", "prints"):
                            self.assertEqual(value, b"2")
                        self.recovers(server, executor)
        until(lambda: not self.marked(), "nothing is left")


class Processes(Case):
    @each
    def test_families(self, executor):
        with self.server(executor=executor) as server:
            path = self.path(executor)
            status, pid = server.call("rogue.family", path, 6)
            self.assertEqual(status, 200)
            with open(path) as file:
                family = [int(line) for line in file]
            self.assertGreaterEqual(len(family), 6)
            if executor == "worker":  # they live as long as the instance
                self.assertTrue(all(map(alive, family)))
                os.kill(pid, 9)
            until(lambda: not any(map(alive, family)), "nobody is left")
            self.healthy(server)
        until(lambda: not self.marked(), "nothing is left")

    @each
    def test_bombs(self, executor):
        with self.server("processes = 20\ninstances = 4\n", executor=executor) as server:
            if os.getuid() == 0 and not self.grouped(server, "worker"):
                self.skipTest("root's processes are only counted by control groups, and none "
                              "can be made here")
            status, count = server.call("rogue.bomb")
            self.assertEqual(status, 200, count)
            if os.getuid() == 0:
                self.assertTrue(0 < count <= 28, count)
            self.healthy(server)
            if executor != "worker":
                until(lambda: len(descendants(server.process.pid)) < 20, "they are killed")
        until(lambda: not self.marked(), "nothing is left")

    @each
    def test_rabbits(self, executor):
        with self.server(executor=executor) as server:
            self.assertEqual(server.call("rogue.rabbit", self.path(executor))[0], 200)
            self.healthy(server)
        until(lambda: not self.marked(), "nothing is left")


class Files(Case):
    @each
    def test_descriptors(self, executor):
        with self.server("open-files = 100\ncall-timeout = 10s\n", executor=executor) as server:
            # The answer finds its way even so, or the call is lost; never anything else.
            self.assertIn(server.call("rogue.replace_all")[0], (200, 500, 502))
            status, count = server.call("rogue.use_up_descriptors")
            self.assertEqual(status, 200)
            self.assertLessEqual(count, 100)
            self.assertEqual(server.call("rogue.use_up_descriptors")[0], 200)
            self.healthy(server)

    @each
    def test_a_file_without_end(self, executor):
        with self.server("file-size = 3MiB\n", executor=executor) as server:
            path = self.path(executor)
            status, value = server.call("rogue.fill", path, 10)
            self.assertEqual(status, 500)
            self.assertIn("File too large", value["errorMessage"])
            self.assertEqual(os.path.getsize(path), 3 << 20)
            self.healthy(server)


class Words(Case):
    def test_output_without_end(self):
        calls = [(executor, "rogue.flood", [number]) for executor in PROCESSES
                 for number in (1, 2)]
        with self.server("call-timeout = 4s\n") as server:
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                floods = pool.submit(self.all, server, calls)
                until(lambda: server.instances("rogue.flood", "busy", "spawn") == 2, "begun")
                for _ in range(20):  # others are answered meanwhile
                    self.healthy(server)
                for status, value in floods.result():
                    self.assertEqual((status, value["errorType"]), (504, "DeadlineExceeded"))
            self.assertLess(memory_of(server.process.pid), 200)

    @unittest.skipIf(SANITIZED, "limits of memory cannot be had with a sanitizer")
    def test_last_words_are_no_commands_to_a_terminal(self):
        done = run("-q", "-e", "worker", "-x", "escape", ROGUE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("secret", done.stderr)
        self.assertNotIn("\x1b", done.stderr)

    @each
    def test_results_without_end(self, executor):
        with self.server("result-size = 1MiB\n", executor=executor) as server:
            for name, arguments, word in (("endless", [], "larger than"),
                                          ("nested", [100000], "nested deeper"),
                                          ("large", [1 << 20], "larger than")):
                status, value = server.call("rogue." + name, *arguments)
                self.assertEqual((status, value["errorType"]), (500, "ResultError"))
                self.assertIn(word, value["errorMessage"])
            self.healthy(server)


class Frames(Case):
    """A function finds the socket, and speaks to the host in its process's name."""

    def test_garbage(self):
        with self.server("call-timeout = 5s\n") as server, \
                concurrent.futures.ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(self.call_raw, server, executor, "rogue.garbage", seed)
                    for seed in range(16) for executor in PROCESSES]
            statuses = {job.result()[0] for job in jobs}
            self.assertIn(502, statuses)
            self.assertLessEqual(statuses, {200, 499, 500, 502, 503, 504, 400, 404, 413, 429})
            for executor in PROCESSES:
                self.healthy(server, executor)

    @each
    def test_lies(self, executor):
        with self.server("call-timeout = 5s\n", executor=executor) as server:
            self.assertEqual(self.call_raw(server, executor, "rogue.lie", 1, '"a lie"'),
                             (200, b'"a lie"'))
            # Figures that cannot be are not believed.
            sums = re.findall(r'_seconds_sum\{function="rogue.lie",.*\} (\S+)', server.metrics())
            self.assertTrue(sums)
            self.assertLess(max(map(float, sums)), PATIENCE)
        with self.server("call-timeout = 5s\n", executor=executor) as server:
            status, value = server.call("rogue.lie", 9, "1")  # of a call that there is not
            self.assertEqual(status, 502)
            self.assertIn("may not", value["errorMessage"])
            # The second answer to one call is nobody's.
            self.assertEqual(self.call_raw(server, executor, "rogue.lie", 1, "1", 0, True), (200, b"1"))
            self.healthy(server)

    def test_descriptors_that_come_along(self):
        with self.server("call-timeout = 2s\n") as server:
            calls = [(executor, "rogue.send_files", []) for executor in PROCESSES]
            before = len(os.listdir(f"/proc/{server.process.pid}/fd"))
            for status, _ in self.all(server, calls):
                self.assertIn(status, (502, 504))
            self.healthy(server)
            self.assertLess(len(os.listdir(f"/proc/{server.process.pid}/fd")), before + 100)

    @each
    def test_answers_that_nobody_reads(self, executor):
        with self.server("result-size = 1MiB\n", executor=executor) as server:
            status, value = server.call("rogue.deaf_caller", 1000000)
            self.assertEqual(status, 502)
            self.assertIn("than it reads", value["errorMessage"])
            self.assertLess(memory_of(server.process.pid), 300)
            self.healthy(server)

    @each
    def test_many_threads_call(self, executor):
        with self.server(executor=executor) as server:
            self.assertEqual(server.call("rogue.crowd_of_callers", 40), (200, 120))


if __name__ == "__main__":
    unittest.main()
