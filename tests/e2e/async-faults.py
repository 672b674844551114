"""tests/e2e/async-faults.py — what could go wrong with asynchronous calls: a host killed again
and again with hundreds of calls under way, on every executor; a long queue; files that are
damaged, moved, or of another version; other tenants' calls; hostile destinations.

SNAFU_SOAK=SECONDS goes on killing for so long: SNAFU_SOAK=600 ... tests/e2e/async-faults.py"""

import collections
import http.client
import http.server
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from async_host import ASYNC, AsyncTest
from served import until_good
from terminal import PATIENCE

SOAK = float(os.environ.get("SNAFU_SOAK", "0"))
SANITIZED = os.environ.get("SNAFU_SANITIZE")
EXECUTORS = ["inprocess", "isolated", "worker", "fork"]
CLIENTS = 16
UNDER_WAY = 200
LONG = 10000  # calls of a long queue
NAP = '''
import os, time

def note(path: str, word: str, seconds: float):
    time.sleep(seconds)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, (word + "\\n").encode())
    os.close(file)
    return word

def where():
    return [os.getpid(), __import__("threading").current_thread().name]
'''


class Flood:
    """Clients that submit until the host is gone: what was accepted, by id."""

    def __init__(self, make):
        self.make, self.accepted, self.lock, self.next = make, {}, threading.Lock(), 0

    def client(self, server, case):
        connection = server.connect()
        try:
            while True:
                with self.lock:
                    self.next += 1
                    number = self.next
                function, arguments, headers = self.make(number)
                reply, data = server.ask("POST", "/invoke/" + function, arguments,
                                         {**ASYNC, **headers}, connection)
                if reply.status == 202:
                    with self.lock:
                        self.accepted[data["id"]] = str(number)
                else:
                    case.assertIn(reply.status, (429, 503), data)
        except (OSError, http.client.HTTPException):
            pass  # it was killed
        finally:
            connection.close()

    def run(self, server, case, kill_at):
        """Until the host is killed, when so many have been accepted."""
        threads = [threading.Thread(target=self.client, args=(server, case))
                   for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        until_good(lambda: len(self.accepted) >= kill_at or server.process.poll() is not None, bool)
        server.process.kill()
        for thread in threads:
            thread.join()
        case.assertEqual(server.stop(), -signal.SIGKILL)


def below(pid):
    """Processes that PID has started, and what these have."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                children = [int(word) for word in file.read().split()]
        except OSError:
            continue
        for child in children:
            found.append(child)
            try:
                found += below(child)
            except OSError:
                pass
    return found


class Killed(AsyncTest):
    def setUp(self):
        super().setUp()
        with open(self.path("nap.py"), "w", encoding="ascii") as file:
            file.write(NAP)

    def start(self, settings="", **options):
        return super().start(f"concurrency = {UNDER_WAY}\n" + settings,
                             arguments=[self.path("nap.py")], **options)

    def test_kill_with_hundreds_under_way(self):
        flood = Flood(lambda number: ("nap.note", {"path": self.path("ran"), "word": str(number),
                                                   "seconds": random.random() / 50},
                                      {"X-Snafu-Executor": random.choice(EXECUTORS)}))
        end, rounds, orphans = time.monotonic() + SOAK, 0, []
        while rounds < 4 or time.monotonic() < end:
            server = self.start("[limits]\ninstances = 4\nmemory = 0B\n")
            more = random.randrange(1, 2 * UNDER_WAY)
            until_good(lambda: server.process.poll() is None, bool)
            orphans += below(server.process.pid)
            flood.run(server, self, len(flood.accepted) + more)
            self.servers.remove(server)
            rounds += 1
        server = self.start("[limits]\ninstances = 4\nmemory = 0B\n")
        server.idle()
        ran = collections.Counter(self.lines("ran"))
        lost = [number for number in flood.accepted.values() if not ran[number]]
        self.assertEqual(lost, [])
        # Killed ten times while it ran, a call is taken for the culprit.
        for call in flood.accepted:
            got = server.show(call)
            if got["state"] == "dead":
                self.assertEqual(got["error"]["errorType"], "HostDied")
                self.assertEqual(server.ask("POST", f"/calls/{call}/redrive")[0].status, 202)
        server.idle()
        states = collections.Counter(server.show(call)["state"] for call in flood.accepted)
        self.assertEqual(states, {"succeeded": len(flood.accepted)})
        self.assertEqual(server.stop(), 0)
        for pid in orphans:
            self.assertFalse(os.path.exists(f"/proc/{pid}"), "a process has outlived its host")

    def test_every_executor(self):
        server = self.start("retries = 1\n[limits]\nmemory = 0B\n")
        calls = {}
        for executor in EXECUTORS + ["spawn"]:
            reply, data = server.ask("POST", "/invoke/nap.where", {},
                                     {**ASYNC, "X-Snafu-Executor": executor})
            self.assertEqual(reply.status, 202, data)
            calls[executor] = data["id"]
        for executor, call in calls.items():
            got = server.ended(call)
            self.assertEqual(got["state"], "succeeded", (executor, got))
            inside = executor in ("inprocess", "isolated")
            self.assertEqual(got["result"][0] == server.process.pid, inside, executor)
        reply, data = server.ask("POST", "/invoke/nap.where", {},
                                 {**ASYNC, "X-Snafu-Executor": "nowhere"})
        self.assertEqual((reply.status, data["errorType"]), (400, "ExecutorError"))


class Long(AsyncTest):
    def memory(self, server):
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) / 1024

    def submit_many(self, server, count):
        """Keeps many requests on the way on one connection."""
        body = b'{"a": 1}'
        request = (b"POST /invoke/jobs.add HTTP/1.1\r\nHost: localhost\r\nPrefer: respond-async\r\n"
                   b"Content-Length: %d\r\n\r\n" % len(body)) + body
        connections = [socket.create_connection((server.host, server.port), PATIENCE)
                       for _ in range(CLIENTS)]
        files = [connection.makefile("rb") for connection in connections]
        for _ in range(count // CLIENTS):
            for connection in connections:
                connection.sendall(request)
            for file in files:
                status = file.readline()
                self.assertIn(b"202", status)
                size = 0
                for line in iter(file.readline, b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        size = int(line.split(b":")[1])
                file.read(size)
        for file, connection in zip(files, connections):
            file.close()
            connection.close()

    def test_a_long_queue(self):
        server = self.start("concurrency = 1\n")
        fifo, note = self.path("fifo"), self.path("note")
        os.mkfifo(fifo)
        server.submit("wait", path=fifo, note=note)
        until_good(lambda: self.lines("note"), bool)
        count = LONG // CLIENTS * CLIENTS
        self.submit_many(server, CLIENTS)
        before = self.memory(server)
        self.submit_many(server, count - CLIENTS)
        if not SANITIZED:  # else what is freed is kept for a while
            self.assertLess(self.memory(server) - before, 16)
        self.assertEqual(server.ask("POST", "/invoke/add", {"a": 1})[1], 2)
        seen, page = set(), {"next": 1 << 60}
        while page["next"] is not None:
            page = server.ask("GET", f"/calls?state=waiting&limit=1000&before={page['next']}")[1]
            seen |= {each["id"] for each in page["calls"]}
        self.assertEqual(len(seen), count)
        server.stop(signal.SIGKILL)
        self.servers.remove(server)
        server = self.start()
        until_good(lambda: len(self.lines("note")), lambda lines: lines == 2)
        with open(fifo, "w", encoding="ascii"):
            pass
        server.idle()
        counts = server.counts()
        self.assertEqual(counts['snafu_queue_calls{state="succeeded"}'], count + 1)

    def test_pages_of_few_among_many(self):
        """A list that looks for few of many calls ends its page early, and goes on."""
        server = self.start("retry-delay = 1h\n")
        call = self.failed_once(server)
        self.assertEqual(server.stop(), 0)
        self.tamper("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)"
                    " INSERT INTO calls SELECT 1000 + i, 'id' || i, 'jobs.other', '', '', '', 0, 1, 0,"
                    " 0, 2, 1, 1, 1, 1, 1, 1 FROM n")
        server = self.start("retry-delay = 1h\n")
        pages, before, found = 0, 1 << 60, []
        while before is not None:
            page = server.ask("GET", f"/calls?function=jobs.fail&before={before}")[1]
            found += [each["id"] for each in page["calls"]]
            before, pages = page["next"], pages + 1
        self.assertEqual((found, pages), ([call], 3))


class Files(AsyncTest):
    def queue_file(self):
        (path,) = [path for path in self.files() if path.endswith(".queue")]
        return path

    def refused(self, server):
        reply, data = server.ask("POST", "/invoke/add", {"a": 1}, ASYNC)
        self.assertEqual(reply.status, 503, data)
        self.assertEqual(server.ask("POST", "/invoke/add", {"a": 1})[1], 2)
        return data["errorMessage"]

    def test_durable_before_202(self):
        if not shutil.which("strace"):
            self.skipTest("there is no strace here")
        server = self.start()
        server.ended(server.submit("add", a=1))
        trace = self.path("trace")
        tracer = subprocess.Popen(["strace", "-f", "-y", "-e", "trace=fdatasync,fsync,sendmsg,sendto,"
                                   "recvfrom", "-s", "40", "-o", trace, "-p",
                                   str(server.process.pid)], stderr=subprocess.PIPE, text=True)
        self.addCleanup(tracer.stderr.close)
        line = tracer.stderr.readline()
        if "attached" not in line:
            tracer.wait()
            self.skipTest("strace may not look: " + line.strip())
        calls = 5
        for number in range(calls):
            server.submit("add", a=number)
            server.idle()
        tracer.terminate()
        tracer.wait()
        synced, answers = False, 0
        with open(trace, encoding="utf-8", errors="replace") as file:
            for line in file:
                if "POST /invoke" in line:  # nothing else is under way now
                    synced = False
                elif re.search(r"f(data)?sync\(.*queue-wal.*= 0", line) or \
                        re.search(r"f(data)?sync resumed.*= 0", line):
                    synced = True
                elif "202 Accepted" in line:
                    answers += 1
                    self.assertTrue(synced, "202 was sent before the disk had the call")
        self.assertEqual(answers, calls)

    def test_a_file_that_was_moved(self):
        server = self.start()
        call = server.submit("add", a=1)
        self.assertEqual(server.ended(call)["result"], 2)
        path = self.queue_file()
        for name in path, path + ".lock":
            os.rename(name, name + ".away")
            self.assertIn("was moved or removed", self.refused(server))
            server.await_line("was moved or removed")
            self.assertEqual(server.show(call)["result"], 2)
            os.rename(name + ".away", name)
            self.assertEqual(server.ended(server.submit("add", a=2))["result"], 3)

    def test_versions(self):
        server = self.start("retry-delay = 1h\n")
        call = self.failed_once(server)
        self.assertEqual(server.stop(), 0)
        # As the first version had it.
        self.tamper("DROP INDEX calls_interrupted", "PRAGMA user_version = 1")
        server = self.start("retry-delay = 1h\n")
        self.assertEqual(server.show(call)["state"], "waiting")
        self.assertEqual(server.stop(), 0)
        self.tamper("PRAGMA user_version = 99")
        server = self.start()
        server.await_line("is of another version of Snafu (99)")
        self.assertIn("another version of Snafu (99)", self.refused(server))
        self.tamper("PRAGMA user_version = 2")
        self.assertEqual(until_good(lambda: server.ask("GET", "/calls/" + call),
                                    lambda got: got[0].status == 200)[1]["id"], call)

    def test_a_damaged_page(self):
        """Nothing is accepted into it, nothing is thrown away, and it is said."""
        server = self.start("retry-delay = 1h\n")
        calls = [self.failed_once(server) for _ in range(50)]
        self.assertEqual(server.stop(), 0)
        path = self.queue_file()
        size = os.path.getsize(path)
        with open(path, "r+b") as file:
            whole = file.read()
            file.seek(4096)
            file.write(os.urandom(size - 4096))
        server = self.start()
        server.await_line("if the file is damaged, move it away")
        self.assertIn(path, self.refused(server))
        self.assertEqual(os.path.getsize(path), size)
        with open(path, "r+b") as file:  # somebody has a copy
            file.write(whole)
        until_good(lambda: server.ask("GET", "/calls/" + calls[0])[0].status,
                   lambda got: got == 200)
        self.assertEqual(len(server.ask("GET", "/calls")[1]["calls"]), 50)

    def test_suspects_hold_nothing_up(self):
        """Calls that have ended many hosts are run alone, or given up; then come the others."""
        server = self.start("retry-delay = 1h\n")
        calls = [self.failed_once(server) for _ in range(9)]
        self.assertEqual(server.stop(), 0)
        self.tamper("UPDATE calls SET due = 0, attempts = 0",
                    "UPDATE calls SET interruptions = 10 WHERE number <= 3",
                    "UPDATE calls SET interruptions = 3 WHERE number BETWEEN 4 AND 6")
        server = self.start("retries = 0\n")
        server.idle()  # asks for nothing that would wake the queue
        types = [server.show(call)["error"]["errorType"] for call in calls]
        self.assertEqual(types[3:], ["ValueError"] * 6)
        self.assertEqual([server.show(call)["state"] for call in calls], ["dead"] * 9)
        server.await_line("HostDied")

    def test_no_function_any_more(self):
        """It was there when the call was accepted: the call is kept, and run when it is back."""
        server = self.start("concurrency = 1\nretries = 0\n[limits]\ndrain-timeout = 0ms\n")
        fifo, note = self.path("fifo"), self.path("note")
        os.mkfifo(fifo)
        server.submit("wait", path=fifo, note=note)
        until_good(lambda: self.lines("note"), bool)
        call = server.submit("add", a=1)
        self.assertEqual(server.stop(), 0)
        jobs = self.path("jobs.py")
        with open(jobs, encoding="ascii") as file:
            whole = file.read()
        with open(jobs, "w", encoding="ascii") as file:
            file.write("def other(): pass\n")
        server = self.start("retries = 0\n")
        got = server.ended(call)
        self.assertEqual((got["state"], got["error"]["errorType"]), ("dead", "UnknownFunction"))
        self.assertEqual(server.stop(), 0)
        with open(jobs, "w", encoding="ascii") as file:
            file.write(whole)
        server = self.start()
        self.assertEqual(server.ask("POST", f"/calls/{call}/redrive")[0].status, 202)
        self.assertEqual(server.ended(call)["result"], 2)


class Tenants(AsyncTest):
    def ask(self, method, path, tenant=None, body=None, **headers):
        if tenant:
            headers["X-Snafu-Context"] = json.dumps({"tenant": tenant})
        reply, data = self.server.ask(method, path, body, headers)
        return reply.status, data

    def submit(self, tenant, function, **arguments):
        status, data = self.ask("POST", "/invoke/" + function, tenant, arguments, **ASYNC)
        self.assertEqual(status, 202, data)
        return data["id"]

    def ended(self, tenant, call):
        return until_good(lambda: self.ask("GET", "/calls/" + call, tenant)[1],
                          lambda got: got["state"] in ("succeeded", "failed", "dead"))

    def listed(self, tenant, query=""):
        return {each["id"] for each in self.ask("GET", "/calls" + query, tenant)[1]["calls"]}

    def test_each_sees_its_own(self):
        self.server = self.start("retries = 2\n[tenant red]\nretries = 0\n",
                                 listen="unix:" + self.path("door"))
        red = [self.submit("red", "fail", why="red"), self.submit("red", "add", a=1)]
        blue = [self.submit("blue", "fail", why="blue"), self.submit("blue", "add", a=2)]
        mine = self.submit(None, "add", a=3)
        for tenant, calls in ("red", red), ("blue", blue), (None, [mine]):
            for call in calls:
                self.ended(tenant, call)
        # A tenant's settings hold for its calls.
        self.assertEqual(self.ended("red", red[0])["attempts"], 1)
        self.assertEqual(self.ended("blue", blue[0])["attempts"], 3)
        self.assertEqual(self.ended("blue", blue[0])["tenant"], "blue")
        self.assertEqual(self.listed("red"), set(red))
        self.assertEqual(self.listed("blue"), set(blue))
        self.assertEqual(self.listed("blue", "?tenant=red"), set(blue))
        self.assertEqual(self.listed("green"), set())
        self.assertEqual(self.listed(None), {*red, *blue, mine})
        self.assertEqual(self.listed(None, "?tenant=red"), set(red))
        for path, method in ("", "GET"), ("", "DELETE"), ("/redrive", "POST"):
            self.assertEqual(self.ask(method, "/calls/" + red[0] + path, "blue")[0], 404)
        self.assertEqual(self.ask("POST", "/calls/redrive?tenant=red", "green")[1], {"redriven": 0})
        self.assertEqual(self.ask("POST", "/calls/redrive", "red")[1], {"redriven": 1})
        self.ended("red", red[0])
        self.assertEqual(self.ask("DELETE", "/calls/" + red[1], "red")[0], 204)
        self.assertEqual(self.listed(None), {red[0], *blue, mine})


class Hostile(AsyncTest):
    """Destinations that somebody else has chosen."""

    def delivery(self, server):
        call = server.submit("add", a=1)
        return until_good(lambda: server.show(call).get("deliveries", [{}])[0],
                          lambda got: got.get("state") == "failed")["error"]

    def test_files_stay_in_their_folder(self):
        results, outside = self.path("results"), self.path("outside")
        os.mkdir(results)
        os.symlink(self.folder, os.path.join(results, "link"))
        for path in outside, "../outside", "link/outside", "/proc/self/cwd/outside":
            server = self.start(f"on-success = file:{path}\ndestination-folder = {results}\n")
            self.assertIn("is not below", self.delivery(server))
            self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.exists(outside))
        server = self.start(f"on-success = file:good\ndestination-folder = {results}\n")
        server.submit("add", a=1)
        until_good(lambda: self.lines("results/good"), bool)

    def test_kinds_can_be_forbidden(self):
        for destination in f"file:{self.path('x')}", "http://127.0.0.1:1/", "function:jobs.tell":
            kinds = "function" if not destination.startswith("function") else "file, https"
            server = self.start(f"on-success = {destination}\ndestinations = {kinds}\n")
            self.assertIn("is no destination of this host", self.delivery(server))
            self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.exists(self.path("x")))

    def test_things_that_are_no_files(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        server = self.start(f"on-success = file:{fifo}\n")
        self.assertIn(fifo, self.delivery(server))

    def test_urls(self):
        got = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                got.append(self.path)
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(int(self.path[1:4]))
                self.send_header("Location", "/204")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *arguments):
                pass

        listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        silent = socket.create_server(("127.0.0.1", 0))
        try:
            base = f"http://127.0.0.1:{listener.server_address[1]}"
            for path, word in ("/302", "answered 302"), ("/404", "answered 404"):
                server = self.start(f"on-success = {base}{path}\n")
                self.assertIn(word, self.delivery(server))
                self.assertEqual(server.stop(), 0)
            self.assertEqual(got, ["/302", "/404"])
            server = self.start(f"on-success = {base}/503\nretry-delay = 1ms\n")
            self.assertIn("answered 503", self.delivery(server))
            self.assertEqual(len(got), 2 + 10)
            self.assertEqual(server.stop(), 0)
            # A server that takes the connection and says nothing does not hold up the others.
            server = self.start(f"on-success = http://127.0.0.1:{silent.getsockname()[1]}/\n"
                                "destination-timeout = 50ms\nretry-delay = 1ms\n")
            self.assertIn("cannot post to", self.delivery(server))
        finally:
            listener.shutdown()
            thread.join()
            listener.server_close()
            silent.close()
