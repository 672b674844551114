"""tests/e2e/limits.py — docs/limits.md, walked: each limit, on each executor, for each language,
in the real program."""

import concurrent.futures
import json
import os
import shutil
import threading

from engine import open_engine
from folder import SharedFolderTest
from ladder import Server
from served import until
from terminal import SOURCE


FILES = ("bounds.py", "Bounds.java", "bounds.c")
NAMES = {"python": "bounds.{}", "java": "Bounds.{}", "c": "bounds.bounds_{}"}
PROCESSES = 24 # that `children` may have...
INSTANCES = 4 # ...in so many processes of its own
SANITIZED = bool(os.environ.get("SNAFU_SANITIZE"))
CONTAINER = 200 # processes in a container
SETTINGS = f"""
[limits]
drain-timeout = 100ms
[container]
processes = {CONTAINER}
[function *loop]
call-timeout = 1s
[function *hog]
memory = 200MiB
[function *files]
open-files = 64
[function *children]
processes = {PROCESSES}
instances = {INSTANCES}
[function *write]
file-size = 64KiB
[function *text]
result-size = 64KiB
[function *length]
payload-size = 64KiB
[function *large]
payload-size = 10MiB
[function *meet]
concurrency = 2
[function *queued]
instances = 1
queue-length = 1
"""


class Walk(SharedFolderTest):
    """SERVER and LANGUAGE are what is being looked at."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in FILES:
            shutil.copy(os.path.join(SOURCE, "tests/e2e/limits", name), cls.folder)
        cls.paths = [cls.shared.path(name) for name in FILES]

    def ask(self, name, *arguments):
        return self.server.call(NAMES[self.language].format(name), *arguments)

    def refused(self, name, arguments, status, kind, words):
        got, value = self.ask(name, *arguments)
        self.assertEqual((got, value["errorType"]), (status, kind), value)
        self.assertIn(words, value["errorMessage"])

    def crowd(self, name, n, most, words):
        """Of N calls at the same time MOST are taken."""
        go = self.path("go")
        refused, lock = [], threading.Lock()

        def one(_):
            status, value = self.ask(name, go)
            if status != 200:
                with lock:
                    refused.append((status, value["errorType"], value["errorMessage"]))
            return status

        with concurrent.futures.ThreadPoolExecutor(n) as pool:
            calls = [pool.submit(one, number) for number in range(n)]
            try:
                until(lambda: len(refused) == n - most or all(call.done() for call in calls),
                      "some are refused")
            finally:
                with open(go, "w", encoding="ascii"):
                    pass
            statuses = [call.result() for call in calls]
        os.unlink(go)
        self.assertEqual(statuses.count(200), most, (statuses, refused))
        for status, kind, message in refused:
            self.assertEqual((status, kind), (429, "TooManyCalls"))
            self.assertIn(words, message)

    def everywhere(self):
        """Those that hold on each executor."""
        self.assertEqual(self.ask("length", "x"), (200, 1))
        self.assertEqual(self.ask("length", "x" * 60000), (200, 60000))
        self.refused("length", ["x" * 70000], 413, "PayloadTooLarge", "[limits] payload-size")
        self.assertEqual(self.ask("text", 60000), (200, 60000 * "x"))
        self.refused("text", [70000], 500, "ResultError", "[limits] result-size")
        self.crowd("meet", 4, 2, "[limits] concurrency")

    def deadline(self):
        """The last, since it may leave something that goes on."""
        self.refused("loop", [], 504, "DeadlineExceeded", "the call timeout of 1 s")
        self.assertEqual(self.ask("length", "x"), (200, 1))

    def inside(self):
        """Those that the kernel keeps, where a function has a process."""
        status, value = self.ask("hog", 400)
        if SANITIZED:
            pass  # sanitizers reserve terabytes, so no memory is limited
        elif self.language == "c":
            self.assertEqual((status, value), (200, -12))
        else:
            self.assertEqual(status, 500, value)
            self.assertIn({"python": "MemoryError", "java": "java.lang.OutOfMemoryError"}
                          [self.language], value["errorType"])
        self.assertIn(self.ask("hog", 20), ((200, 20), (200, 20 << 20)))
        for name, words, number in (("files", "Too many open files", -24),
                                    ("write", "File too large", -27)):
            status, value = self.ask(name, 100)
            if self.language == "c":
                self.assertEqual((status, value), (200, number))
            else:
                self.assertEqual(status, 500, value)
                self.assertIn(words, value["errorMessage"])
        self.crowd("queued", 4, 2, "[limits] queue-length")

    def each_language(self, executor, walk):
        with Server(*self.paths, executor=executor, settings=SETTINGS) as self.server:
            for self.language in NAMES:
                if (executor, self.language) == ("fork", "java"):
                    continue
                with self.subTest(executor=executor, language=self.language):
                    walk()
            for self.language in NAMES:
                if (executor, self.language) != ("fork", "java"):
                    with self.subTest(executor=executor, language=self.language):
                        self.deadline()
            self.assertEqual(self.server.call("bounds.large", "x" * (8 << 20)), (200, 8 << 20))


class InProcess(Walk):
    """Functions of C and Java that loop go on; the host ends without them."""

    def test_inprocess(self):
        self.each_language("inprocess", self.everywhere)

    def test_isolated(self):
        self.each_language("isolated", self.everywhere)

    def test_threads_and_queue(self):
        with Server(*self.paths, executor="inprocess",
                    settings="[limits]\nthreads = 1\nqueue-length = 1\n") as self.server:
            self.language = "python"
            self.crowd("meet", 4, 2, "[limits] queue-length")
            self.assertEqual(self.ask("length", "x"), (200, 1))


class OutOfProcess(Walk):
    def walk(self):
        self.everywhere()
        self.inside()

    def children(self, most):
        """Not over: a control group counts, which only root can make."""
        if os.geteuid() == 0 and (os.access("/sys/fs/cgroup/pids", os.W_OK) or
                                  os.access("/sys/fs/cgroup/cgroup.controllers", os.W_OK)):
            status, value = self.ask("children", 400)
            self.assertEqual(status, 200, value)
            self.assertLess(value, most)

    def test_worker(self):
        def walk():
            self.walk()
            self.children(PROCESSES)
        self.each_language("worker", walk)

    def test_fork(self):
        def walk():
            self.walk()
            # One group for all: those for calls, and as many that are about to end.
            self.children(PROCESSES + 2 * INSTANCES)
        self.each_language("fork", walk)

    def test_spawn(self):
        def walk():
            self.walk()
            self.children(PROCESSES)
        self.each_language("spawn", walk)


class Container(OutOfProcess):
    test_worker = test_fork = test_spawn = None

    def test_container(self):
        engine, reason = open_engine()
        if not engine:
            self.skipTest(reason)
        before = os.environ.get("DOCKER_HOST")
        os.environ["DOCKER_HOST"] = f"unix://{engine.socket}"
        try:
            def walk():
                self.walk()
                if self.language != "java": # it starts them slowly
                    self.children(CONTAINER)
            self.each_language("container", walk)
            self.assertEqual(engine.containers(), [])
        finally:
            engine.end()
            if before is None:
                del os.environ["DOCKER_HOST"]
            else:
                os.environ["DOCKER_HOST"] = before


class Tenants(Walk):
    def test_concurrency_of_a_tenant(self):
        path = self.path("door")
        go = self.path("go")
        settings = "[function *meet]\nconcurrency = 3\n[tenant red]\nconcurrency = 1\n" \
                   "[tenant blue]\ncall-timeout = 50s\n"

        def call(tenant):
            headers = {"X-Snafu-Context": json.dumps({"tenant": tenant})} if tenant else {}
            status, value = self.server.call("bounds.meet", go, headers=headers)
            return status, value if status == 200 else value["errorMessage"]

        with Server(self.paths[0], executor="worker", settings=settings, listen="unix:" + path) \
                as self.server, concurrent.futures.ThreadPoolExecutor(8) as pool:
            try:
                # One at a time, and then all at once: one of red's, three of all.
                reds = [pool.submit(call, "red") for _ in range(2)]
                until(lambda: any(each.done() for each in reds), "red is refused")
                status, words = [each for each in reds if each.done()][0].result()
                self.assertEqual(status, 429)
                self.assertIn("for this tenant ([limits] concurrency)", words)
                others = [pool.submit(call, tenant) for tenant in ("blue", "blue", None)]
                until(lambda: any(each.done() for each in others), "the fourth is refused")
                status, words = [each for each in others if each.done()][0].result()
                self.assertEqual(status, 429)
                self.assertIn("3 calls of bounds.meet are under way already ([limits]", words)
            finally:
                with open(go, "w", encoding="ascii"):
                    pass
            self.assertEqual(sorted(each.result()[0] for each in reds + others),
                             [200, 200, 200, 429, 429])
            os.unlink(go)
