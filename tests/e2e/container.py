"""tests/e2e/container.py — the executor `container`, with a Docker engine of this test's own."""

import json
import os
import shutil
import signal
import subprocess
import threading

from engine import PATIENCE, open_engine
from folder import SharedFolderTest
from served import Served, until
from terminal import BUILD

SOURCE = '''
import os
import socket
import subprocess
import sys
import time

def look():
    def attempt(path):
        try:
            with open(path, "w"):
                return "written"
        except OSError as error:
            return os.strerror(error.errno)
    with open("/proc/self/status") as file:
        status = dict(line.strip().split(":", 1) for line in file)
    return {"interfaces": [name for _, name in socket.if_nameindex()],
            "usr": attempt("/usr/new"), "root": attempt("/new"), "source": attempt(__file__),
            "tmp": attempt("/tmp/new"), "capabilities": status["CapEff"].strip(),
            "new_privileges": status["NoNewPrivs"].strip(), "name": socket.gethostname()}

def fill():
    """How much can be written beside the socket."""
    written = 0
    try:
        for number in range(100):
            with open(f"/run/snafu/{number}", "wb", buffering=0) as file:
                for _ in range(100):
                    written += file.write(bytes(1 << 20))
    except OSError as error:
        return written, os.strerror(error.errno)
    return written, None

def add(a: int, b: int):
    print("adding")
    return a + b

def variable(name: str):
    return os.environ.get(name)

def later():
    import snafu
    try:
        return snafu.call_async("add", 1, 2)
    except Exception as error:
        return [type(error).__name__, str(error)]

def who(event, context):
    return [context.aws_request_id, context.get_remaining_time_in_millis()]

def fail():
    raise LookupError("not there")

def die():
    os._exit(3)

def loop():
    while True:
        pass

def wait(path: str):
    with open(path, "w"):
        time.sleep(1000)

def hog():
    return len(bytearray(1 << 30))

def bomb():
    children = []
    try:
        while len(children) < 5000:
            children.append(subprocess.Popen(["/usr/bin/sleep", "100"]))
    except OSError as error:
        return len(children), os.strerror(error.errno)
    finally:
        for child in children:
            child.kill()
            child.wait()
    return len(children), None
'''
JAVA = "public class Twice { public static int twice(int n) { return 2 * n; } }\n"
C = "int thrice(int n) { return 3 * n; }\nint spin(void) { for (volatile int i = 0;; i++); }\n"


class Host(Served):
    """A Snafu that serves; through a Unix socket, calls can be somebody's."""

    def __init__(self, case, settings="", sources=None, socket_path=None, environment=None):
        super().__init__("-q", "-e", "container", *(sources or [case.source]), settings=settings,
                         listen=f"unix:{socket_path}" if socket_path else "0",
                         env=environment or case.env)
        case.addCleanup(self.end)

    def call(self, name, payload=None, headers=None, tenant=None):
        headers = dict(headers or {})
        if tenant:
            headers["X-Snafu-Context"] = json.dumps({"tenant": tenant})
        reply, value = self.ask("POST", f"/invoke/{name}", payload, headers)
        self.headers = reply.headers
        return reply.status, value

    def stop(self, number=signal.SIGTERM):
        """Its exit status, and what it said after it was ready."""
        status = super().stop(number)
        return status, self.said().split("\n", 1)[1]


class Case(SharedFolderTest):
    """With sources and a place for sockets; not the engine's folder."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.source = cls.shared.write("sources/probe.py", SOURCE)
        cls.java = cls.shared.write("sources/Twice.java", JAVA)
        cls.c = cls.shared.write("sources/thrice.c", C)
        cls.env = dict(os.environ, XDG_RUNTIME_DIR=cls.shared.path("run"))
        os.mkdir(cls.env["XDG_RUNTIME_DIR"], 0o700)


class Containers(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine, cls.reason = open_engine()
        if cls.engine:
            cls.env["DOCKER_HOST"] = f"unix://{cls.engine.socket}"

    @classmethod
    def tearDownClass(cls):
        if cls.engine:
            cls.engine.end()
        super().tearDownClass()

    def setUp(self):
        if self.reason:
            self.skipTest(self.reason)

    def tearDown(self):
        """Nothing is left, of containers and files."""
        self.engine.go_on()
        left = self.engine.containers()
        self.engine.remove_all()
        files = os.listdir(self.env["XDG_RUNTIME_DIR"])
        for name in files:
            shutil.rmtree(os.path.join(self.env["XDG_RUNTIME_DIR"], name))
        self.assertEqual(([each["Names"] for each in left], files), ([], []))

    def only(self):
        """The Id of the one container that there is, once others are removed."""
        until(lambda: len(self.engine.containers()) == 1, "there is one container")
        return self.engine.containers()[0]["Id"]

    def test_every_language(self):
        host = Host(self, sources=[self.source, self.java, self.c])
        self.assertEqual(host.call("add", {"a": 1, "b": 2}), (200, 3))
        self.assertEqual(host.call("add", [5, 6]), (200, 11))
        self.assertEqual(host.call("thrice", [7]), (200, 21))
        self.assertEqual(host.call("twice", [7]), (200, 14))
        status, failure = host.call("fail")
        self.assertEqual((status, failure["errorType"]), (500, "LookupError"))
        status, failure = host.call("add", {"a": 1})
        self.assertEqual((status, failure["errorType"]), (400, "ArgumentError"))
        self.assertEqual([each["name"] for each in failure["arguments"]], ["b"])
        self.only()
        self.assertEqual(host.stop(), (0, ""))

    def test_conventions(self):
        """Whole HTTP requests and replies cross as they are."""
        samples = os.path.join(os.environ["SNAFU_SOURCE"], "samples/conventions")
        host = Host(self, sources=[samples])
        connection = host.connect()
        self.addCleanup(connection.close)
        for method, path, body, wanted in (
                ("GET", "gcf.main.hello_http?name=Ann", None, (200, b"Hello Ann!")),
                ("PUT", "gcf.main.hello_method", None, 403),
                ("POST", "requestdata.main/teapot", None, (418, b"short and stout")),
                ("POST", "hello-python.handler.handle", b"\xc3\xa4",
                 (200, b"Hello! You said: \xc3\xa4")),
                ("POST", "openwhisk.hello.main", b'{"name": "W"}',
                 (200, b'{"greeting":"Hello W!"}'))):
            connection.request(method, "/invoke/" + path, body)
            reply = connection.getresponse()
            text = reply.read()
            self.assertEqual((reply.status, text) if isinstance(wanted, tuple) else reply.status,
                             wanted, (path, text))
        self.assertEqual(host.stop(), (0, ""))

    def test_what_it_may_not(self):
        host = Host(self)
        status, seen = host.call("look")
        self.assertEqual(status, 200, seen)
        self.assertEqual(seen, {
            "interfaces": ["lo"], "usr": "Read-only file system", "root": "Read-only file system",
            "source": "Read-only file system", "tmp": "written",
            "capabilities": "0000000000000000", "new_privileges": "1", "name": "snafu"})
        status, (written, why) = host.call("fill")
        self.assertEqual((status, why), (200, "No space left on device"))
        self.assertLess(written, 1 << 20)
        self.assertEqual(host.stop(), (0, ""))

    def test_what_it_knows_of_its_call(self):
        host = Host(self, "[limits]\ncall-timeout = 20s\n")
        status, (number, left) = host.call("who", {})
        self.assertEqual((status, number), (200, host.headers["X-Snafu-Request-Id"]))
        self.assertTrue(0 < left <= 20000, left)
        self.assertEqual(host.stop(), (0, ""))

    def test_no_queue_of_its_own(self):
        """What it would put off would be lost with the container."""
        host = Host(self)
        status, said = host.call("later")
        self.assertEqual(status, 200, said)
        self.assertEqual(said, ["CallError", "QueueError: asynchronous calls are switched off here "
                                "([asynchronous] file = none)"])
        self.assertEqual(host.stop(), (0, ""))

    def test_tenants(self):
        settings = '[tenant red]\nenvironment COLOUR = "dark red"\n' \
                   "[tenant blue]\nenvironment COLOUR = blue\n" \
                   "[function variable]\nenvironment SECRET = word\n"
        host = Host(self, settings, socket_path=self.path("door"))
        self.assertEqual(host.call("variable", ["COLOUR"], tenant="red"), (200, "dark red"))
        self.assertEqual(host.call("variable", ["COLOUR"], tenant="blue"), (200, "blue"))
        self.assertEqual(host.call("variable", ["SECRET"], tenant="blue"), (200, "word"))
        all_of_them = [self.engine.inspect(each["Id"]) for each in self.engine.containers()]
        self.assertEqual(sorted(each["Config"]["Labels"]["snafu.tenant"] for each in all_of_them),
                         ["blue", "red"])
        self.assertNotIn("word", json.dumps(all_of_them)) # whoever asks the engine
        # Other settings, another container.
        host.configure(settings.replace("dark", "light"))
        until(lambda: host.call("variable", ["COLOUR"], tenant="red") == (200, "light red"),
              "the settings are read again")
        self.assertEqual(host.stop(), (0, ""))

    def test_more_tenants_than_containers(self):
        host = Host(self, "[container]\ncontainers = 1\n", socket_path=self.path("door"))
        self.assertEqual(host.call("add", [1, 2], tenant="red"), (200, 3))
        first = self.only()
        self.assertEqual(host.call("add", [1, 2], tenant="blue"), (200, 3))
        self.assertNotEqual(self.only(), first)
        mark = self.path("mark")
        waits = threading.Thread(target=host.call, args=("wait", ["/tmp/mark"]),
                                 kwargs={"tenant": "blue"})
        waits.start()
        root = f"/proc/{self.engine.inspect(self.only())['State']['Pid']}/root"
        until(lambda: os.path.exists(root + "/tmp/mark"), "blue's call runs")
        status, failure = host.call("add", [1, 2], tenant="red")
        self.assertEqual((status, failure["errorType"]), (429, "TooManyContainers"))
        self.assertIn("[container] containers", failure["errorMessage"])
        self.assertFalse(os.path.exists(mark))
        self.assertEqual(host.stop()[0], 0)
        waits.join()

    def test_a_process_that_dies(self):
        host = Host(self)
        status, failure = host.call("die")
        self.assertEqual((status, failure["errorType"]), (502, "ProcessDied"))
        before = self.only()
        self.assertEqual(host.call("add", [1, 2]), (200, 3))
        self.assertEqual(self.only(), before)
        self.assertEqual(host.stop(), (0, ""))

    def test_a_container_that_dies(self):
        host = Host(self, "[container]\nexecutor = inprocess\n")
        status, failure = host.call("die")
        self.assertEqual((status, failure["errorType"]), (502, "ContainerDied"))
        self.assertIn("has ended", failure["errorMessage"])
        self.assertEqual(host.call("add", [1, 2]), (200, 3))
        # Killed while it serves.
        results, first = [], self.only()
        waits = threading.Thread(target=lambda: results.append(host.call("wait", ["/tmp/mark"])))
        waits.start()
        root = f"/proc/{self.engine.inspect(first)['State']['Pid']}/root"
        until(lambda: os.path.exists(root + "/tmp/mark"), "the call runs")
        self.engine.ask("POST", f"/containers/{first}/kill")
        waits.join()
        self.assertEqual((results[0][0], results[0][1]["errorType"]), (502, "ContainerDied"))
        self.assertEqual(host.call("add", [3, 4]), (200, 7))
        # Nobody calls, and it is gone: the next call finds another.
        second = self.only()
        self.assertNotEqual(first, second)
        self.engine.ask("DELETE", f"/containers/{second}?force=1")
        self.assertEqual(host.call("add", [3, 4]), (200, 7))
        self.assertNotEqual(self.only(), second)
        self.assertEqual(host.stop(), (0, ""))

    def test_a_container_that_hangs(self):
        host = Host(self, "[limits]\ncall-timeout = 20s\n")
        self.assertEqual(host.call("add", [1, 2]), (200, 3))
        first = self.only()
        self.engine.ask("POST", f"/containers/{first}/pause")
        until(lambda: first not in [each["Id"] for each in self.engine.containers()],
              "it is removed")
        self.assertEqual(host.call("add", [1, 2]), (200, 3))
        self.assertEqual(host.stop(), (0, ""))

    def test_limits_inside(self):
        host = Host(self, "[limits]\nmemory = 200MiB\ncall-timeout = 30s\n"
                    "[function loop]\ncall-timeout = 2s\n[container]\nprocesses = 100\n")
        status, failure = host.call("hog")
        self.assertEqual((status, failure["errorType"]), (500, "MemoryError"))
        status, failure = host.call("loop")
        self.assertEqual((status, failure["errorType"]), (504, "DeadlineExceeded"))
        status, (count, why) = host.call("bomb")
        self.assertEqual((status, why), (200, "Resource temporarily unavailable"))
        self.assertLess(count, 100)
        self.assertEqual(host.call("add", [1, 2]), (200, 3))
        self.assertEqual(host.stop(), (0, ""))

    def test_memory_of_all(self):
        host = Host(self, "[limits]\nmemory = 0B\n"
                    "[container]\nmemory = 200MiB\nexecutor = inprocess\n")
        status, failure = host.call("hog")
        self.assertEqual((status, failure["errorType"]), (502, "ContainerDied"))
        self.assertIn("[container] memory", failure["errorMessage"])
        self.assertEqual(host.call("add", [1, 2]), (200, 3))
        self.assertEqual(host.stop(), (0, ""))

    def test_idle_ones_are_removed(self):
        host = Host(self, "[execution]\ninstance-idle = 1s\n")
        self.assertEqual(host.call("add", [1, 2]), (200, 3))
        until(lambda: not self.engine.containers(), "it is removed")
        self.assertEqual(host.call("add", [1, 2]), (200, 3))
        self.assertEqual(host.stop(), (0, ""))

    def test_what_a_killed_host_leaves(self):
        host = Host(self)
        self.assertEqual(host.call("add", [1, 2]), (200, 3))
        host.stop(signal.SIGKILL)
        left = self.only()
        other = Host(self)
        self.assertEqual(other.call("add", [1, 2]), (200, 3))
        now = self.only()
        self.assertNotEqual(now, left)
        # One that runs loses nothing to another.
        done = subprocess.run([os.path.join(BUILD, "snafu"), "-q", "-e", "container", "-x", "add",
                               "-a", "a=1", "-a", "b=1", self.source], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=self.env, timeout=PATIENCE)
        self.assertEqual((done.stdout, done.stderr), ("2\n", ""))
        self.assertEqual(self.only(), now)
        self.assertEqual(other.stop(), (0, ""))

    def test_an_end_with_a_thread_that_is_stuck(self):
        host = Host(self, "[limits]\ndrain-timeout = 100ms\ncall-timeout = 1s\n"
                    "[function add]\ncall-timeout = 1min\n[caps]\ncall-timeout = 1min\n",
                    sources=[self.source, self.c])
        self.assertEqual(host.call("add", [1, 2]), (200, 3))
        self.assertEqual(host.call("spin", headers={"X-Snafu-Executor": "inprocess"})[0], 504)
        self.assertIn("1 thread did not end", host.stop()[1])

    def test_an_image_that_is_not_there(self):
        host = Host(self, "[container]\nimage = nobody/has:this\n")
        status, failure = host.call("add", [1, 2])
        self.assertEqual((status, failure["errorType"]), (500, "ContainerError"))
        self.assertRegex(failure["errorMessage"], "(?i)no such image")
        self.assertEqual(host.stop(), (0, ""))

    def test_the_engine_within_reach_of_functions(self):
        shutil.copy(self.source, os.path.dirname(self.engine.socket))
        host = Host(self, sources=[os.path.dirname(self.engine.socket) + "/probe.py"])
        status, failure = host.call("add", [1, 2])
        self.assertEqual(status, 500)
        self.assertIn("would reach the container engine", failure["errorMessage"])
        self.assertEqual(host.stop(), (0, ""))

    def test_an_engine_that_goes_and_comes(self):
        host = Host(self, "[limits]\ncall-timeout = 4s\n[caps]\ncall-timeout = 1min\n"
                    "[tenant red]\ncall-timeout = 1min\n[tenant blue]\ncall-timeout = 1min\n",
                    socket_path=self.path("door"))
        self.assertEqual(host.call("add", [1, 2], tenant="red"), (200, 3))
        self.addCleanup(self.engine.go_on)
        # It hangs: what runs goes on, what has to be started is not waited for too long.
        self.engine.hang()
        self.assertEqual(host.call("add", [1, 2], tenant="red"), (200, 3))
        self.assertEqual(host.call("add", [1, 2], tenant="green")[0], 504)
        self.engine.go_on()
        self.assertEqual(host.call("add", [1, 2], tenant="blue"), (200, 3))
        # It is gone, and the containers with it.
        self.engine.stop()
        status, failure = host.call("add", [1, 2], tenant="red")
        self.assertEqual((status, failure["errorType"]), (503, "EngineUnavailable"))
        self.assertIn(f"no container engine answers at {self.engine.socket}",
                      failure["errorMessage"])
        # It is back.
        self.assertIsNone(self.engine.start())
        self.assertEqual(host.call("add", [1, 2], tenant="red"), (200, 3))
        # It hangs while the host ends.
        self.engine.hang()
        self.assertEqual(host.stop()[0], 0)
        self.engine.go_on()
        next_host = Host(self)
        self.assertEqual(next_host.call("add", [1, 2]), (200, 3))
        self.assertEqual(next_host.stop(), (0, ""))


class NoEngine(Case):
    def test_it_says_so(self):
        for at, words in (f"unix://{self.folder}/nothing", f"answers at {self.folder}/nothing"), \
                ("tcp://127.0.0.1:1", "must listen at a Unix socket"), \
                ("unix:///" + 120 * "x", "at most 107 characters"):
            done = subprocess.run(
                [os.path.join(BUILD, "snafu"), "-q", "-e", "container", "-x", "add", "-a", "a=1",
                 "-a", "b=1", self.source], stdin=subprocess.DEVNULL, capture_output=True,
                text=True, env=dict(self.env, DOCKER_HOST=at), timeout=PATIENCE)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn(words, done.stderr)

    def test_a_server_says_so_at_once(self):
        host = Host(self, sources=[self.source, self.java], environment=dict(
            self.env, DOCKER_HOST=f"unix://{self.folder}/nothing"))
        status, failure = host.call("add", [1, 2])
        self.assertEqual((status, failure["errorType"]), (503, "EngineUnavailable"))
        self.assertEqual(host.stop()[0], 0)
        self.assertEqual(host.said().count("start it"), 1, host.said())
