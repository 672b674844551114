"""The executor `container`, with a Docker engine of this test's own: it is started by hand in
a private folder, without a network, and ended when the tests are over."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import socket

BUILD = os.environ["SNAFU_BUILD"]
PATIENCE = 120  # seconds until a test that would hang fails instead
LABEL = "snafu.host"
SOURCE = '''
import os
import socket

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

def add(a: int, b: int):
    print("adding")
    return a + b

def who(event, context):
    return [context.aws_request_id, context.get_remaining_time_in_millis()]

def fail():
    raise LookupError("not there")

def die():
    os._exit(3)

def loop():
    while True:
        pass

def hog():
    return len(bytearray(1 << 30))
'''


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"in vain: {what}")
        time.sleep(0.05)


class Engine:
    """dockerd, its files in FOLDER."""

    def __init__(self, folder):
        self.socket = os.path.join(folder, "engine.sock")
        self.log = open(os.path.join(folder, "engine.log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            ["dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec",
             "-H", f"unix://{self.socket}", "--pidfile", f"{folder}/engine.pid", "--bridge=none",
             "--iptables=false", "--ip-masq=false", "--storage-driver=vfs"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def ask(self, method, path):
        connection = http.client.HTTPConnection("engine", timeout=PATIENCE)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(self.socket)
            connection.request(method, path)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def ready(self):
        """None, or why there is no engine."""
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if self.ask("GET", "/_ping")[0] == 200:
                    return None
            except OSError:
                pass
            time.sleep(0.1)
        self.log.seek(0)
        lines = self.log.read().splitlines()
        return f"no container engine can be started here: {lines[-1] if lines else 'no word'}"

    def containers(self):
        filters = urllib.parse.quote(json.dumps({"label": [LABEL]}))
        return json.loads(self.ask("GET", f"/containers/json?all=1&filters={filters}")[1])

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()


class Containers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.reason = cls.engine = None
        cls.folder = tempfile.mkdtemp(prefix="snafu-engine-")
        if os.geteuid() != 0:
            cls.reason = "only root can start a container engine"
        elif os.environ.get("SNAFU_SANITIZE"):
            cls.reason = "sanitizers need more of /proc and memory than containers have"
        elif not shutil.which("dockerd"):
            cls.reason = "there is no dockerd here (package docker.io)"
        else:
            cls.engine = Engine(cls.folder)
            cls.reason = cls.engine.ready()
        os.mkdir(os.path.join(cls.folder, "sources"))
        cls.source = os.path.join(cls.folder, "sources/probe.py")
        with open(cls.source, "w", encoding="ascii") as file:
            file.write(SOURCE)
        cls.env = dict(os.environ, XDG_RUNTIME_DIR=os.path.join(cls.folder, "run"),
                       DOCKER_HOST=f"unix://{cls.folder}/engine.sock")
        os.mkdir(cls.env["XDG_RUNTIME_DIR"], 0o700)

    @classmethod
    def tearDownClass(cls):
        if cls.engine:
            cls.engine.stop()
        subprocess.run(f"umount {cls.folder}/exec/netns/* 2>/dev/null", shell=True, check=False)
        shutil.rmtree(cls.folder)

    def setUp(self):
        if self.reason:
            self.skipTest(self.reason)

    def tearDown(self):
        if not self.reason:
            self.assertEqual(self.engine.containers(), [])
            self.assertEqual(os.listdir(self.env["XDG_RUNTIME_DIR"]), [])

    def serve(self, settings=""):
        path = os.path.join(self.folder, "snafu.ini")
        with open(path, "w", encoding="ascii") as file:
            file.write(settings)
        process = subprocess.Popen(
            [os.path.join(BUILD, "snafu"), "-q", "-C", "web", "-L", "0", "-e", "container", "-s",
             path, self.source],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=self.env)
        for line in process.stderr:
            if "ready on" in line:
                self.port = int(line.rsplit(":", 1)[1])
                break
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def stop(self, process, number=signal.SIGTERM):
        process.send_signal(number)
        said = process.stderr.read()
        process.stderr.close()
        return process.wait(PATIENCE), said

    def call(self, name, payload=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("POST", f"/invoke/{name}",
                           None if payload is None else json.dumps(payload), headers or {})
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        self.headers = reply.headers
        return reply.status, json.loads(text)

    def test_a_call(self):
        process = self.serve()
        self.assertEqual(self.call("add", {"a": 1, "b": 2}, {"X-Snafu-Log": "tail"}), (200, 3))
        self.assertEqual(self.call("add", [5, 6]), (200, 11))
        status, failure = self.call("fail")
        self.assertEqual((status, failure["errorType"]), (500, "LookupError"))
        status, failure = self.call("add", {"a": 1})
        self.assertEqual((status, failure["errorType"]), (400, "ArgumentError"))
        self.assertEqual([each["name"] for each in failure["arguments"]], ["b"])
        self.assertEqual(len(self.engine.containers()), 1)
        self.assertEqual(self.stop(process), (0, ""))

    def test_what_it_may_not(self):
        process = self.serve()
        status, seen = self.call("look")
        self.assertEqual(status, 200, seen)
        self.assertEqual(seen, {
            "interfaces": ["lo"], "usr": "Read-only file system", "root": "Read-only file system",
            "source": "Read-only file system", "tmp": "written",
            "capabilities": "0000000000000000", "new_privileges": "1", "name": "snafu"})
        self.assertEqual(self.stop(process), (0, ""))

    def test_what_it_knows_of_its_call(self):
        process = self.serve("[limits]\ncall-timeout = 20s\n")
        status, (number, left) = self.call("who", {})
        self.assertEqual((status, number), (200, self.headers["X-Snafu-Request-Id"]))
        self.assertTrue(0 < left <= 20000, left)
        self.assertEqual(self.stop(process), (0, ""))

    def test_one_that_dies(self):
        process = self.serve()
        status, failure = self.call("die")
        self.assertEqual((status, failure["errorType"]), (502, "ContainerDied"))
        self.assertIn("has ended", failure["errorMessage"])
        self.assertEqual(self.call("add", [1, 2]), (200, 3))
        number = self.engine.containers()[0]["Id"]
        self.engine.ask("DELETE", f"/containers/{number}?force=1")
        self.assertEqual(self.call("add", [3, 4]), (200, 7))
        self.assertNotEqual(self.engine.containers()[0]["Id"], number)
        self.assertEqual(self.stop(process), (0, ""))

    def test_one_that_needs_too_much(self):
        process = self.serve("[limits]\nmemory = 200MiB\n")
        status, failure = self.call("hog")
        self.assertIn((status, failure["errorType"]),
                      ((502, "ContainerDied"), (500, "MemoryError")), failure)
        self.assertEqual(self.call("add", [1, 2]), (200, 3))
        self.assertEqual(self.stop(process), (0, ""))

    def test_one_that_does_not_end(self):
        process = self.serve("[function loop]\ncall-timeout = 1s\n")
        self.assertEqual(self.call("add", [1, 2]), (200, 3))
        status, failure = self.call("loop")
        self.assertEqual((status, failure["errorType"]), (504, "DeadlineExceeded"))
        self.assertEqual(self.call("add", [1, 2]), (200, 3))
        self.assertEqual(self.stop(process), (0, ""))

    def test_idle_ones_are_removed(self):
        process = self.serve("[execution]\ninstance-idle = 1s\n")
        self.assertEqual(self.call("add", [1, 2]), (200, 3))
        until(lambda: not self.engine.containers(), "it is removed")
        self.assertEqual(self.call("add", [1, 2]), (200, 3))
        self.assertEqual(self.stop(process), (0, ""))

    def test_what_a_killed_host_leaves(self):
        process = self.serve()
        self.assertEqual(self.call("add", [1, 2]), (200, 3))
        self.stop(process, signal.SIGKILL)
        left = self.engine.containers()
        self.assertEqual(len(left), 1)
        other = self.serve()
        self.assertEqual(self.call("add", [1, 2]), (200, 3))
        now = self.engine.containers()
        self.assertEqual(len(now), 1)
        self.assertNotEqual(now[0]["Id"], left[0]["Id"])
        # One that runs loses nothing to another.
        done = subprocess.run([os.path.join(BUILD, "snafu"), "-q", "-e", "container", "-x", "add",
                               "-a", "a=1", "-a", "b=1", self.source], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=self.env)
        self.assertEqual((done.stdout, done.stderr), ("2\n", ""))
        self.assertEqual([each["Id"] for each in self.engine.containers()], [now[0]["Id"]])
        self.assertEqual(self.stop(other), (0, ""))

    def test_an_image_that_is_not_there(self):
        process = self.serve("[container]\nimage = nobody/has:this\n")
        status, failure = self.call("add", [1, 2])
        self.assertEqual((status, failure["errorType"]), (500, "ContainerError"))
        self.assertRegex(failure["errorMessage"], "(?i)no such image")
        self.assertEqual(self.stop(process), (0, ""))


class NoEngine(unittest.TestCase):
    def test_it_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "one.py")
            with open(path, "w", encoding="ascii") as file:
                file.write("def f(): return 1\n")
            for host, words in (f"unix://{folder}/nothing", f"{folder}/nothing"), \
                    ("tcp://127.0.0.1:1", "must listen at a Unix socket"):
                done = subprocess.run([os.path.join(BUILD, "snafu"), "-q", "-e", "container", "-x",
                                       "f", path], stdin=subprocess.DEVNULL, capture_output=True,
                                      text=True, env=dict(os.environ, DOCKER_HOST=host))
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertTrue(re.search(re.escape(words), done.stderr), done.stderr)
