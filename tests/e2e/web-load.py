"""tests/e2e/web-load.py — C functions behind the web connector under load: quick and
slow calls at once, deadlines, clients that leave, and a stop in the middle of it all.
What a sanitizer finds makes the server exit with another status than 0."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

BUILD = os.environ["SNAFU_BUILD"]
LOAD = os.path.join(os.environ["SNAFU_SOURCE"], "tests/e2e/web/load.c")
PATIENCE = 60  # seconds until a test that would hang fails instead
CLIENTS = 8
TURNS = 60  # calls of one client
DEADLINE = 150  # ms


class Server:
    def __init__(self, case, settings=""):
        self.folder = tempfile.mkdtemp(prefix="snafu-load-")
        case.addCleanup(shutil.rmtree, self.folder)
        path = os.path.join(self.folder, "snafu.ini")
        with open(path, "w", encoding="ascii") as file:
            file.write(settings)
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "snafu"), "-q", "-C", "web", "-L", "0", "-s", path, LOAD],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=dict(os.environ, XDG_CACHE_HOME=self.folder))
        case.addCleanup(self.process.kill)
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            if line.startswith("snafu: ready on http://"):
                self.host, self.port = line.split()[-1][7:].rsplit(":", 1)
                break
        else:
            raise AssertionError("".join(self.said))
        self.listener = threading.Thread(target=self.listen)
        self.listener.start()

    def listen(self):
        with self.process.stderr:
            self.said += self.process.stderr

    def connect(self):
        return http.client.HTTPConnection(self.host, int(self.port), timeout=PATIENCE)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)

    def ended(self):
        """Its exit status and what it said after its ready line."""
        code = self.process.wait(PATIENCE)
        self.listener.join()
        return code, "".join(self.said[1:])


def call(connection, function, *arguments):
    connection.request("POST", "/invoke/" + function, json.dumps(arguments))
    reply = connection.getresponse()
    return reply.status, json.loads(reply.read())


def together(target):
    """Runs TARGET(number) in CLIENTS threads; returns what they raised."""
    problems = []

    def run(number):
        try:
            target(number)
        except BaseException as problem:  # the test's thread raises it
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    return threads, problems


class Load(unittest.TestCase):
    def finish(self, threads, problems):
        for thread in threads:
            thread.join()
        for problem in problems:
            raise problem

    def test_quick_and_slow_calls(self):
        server = Server(self)

        def client(number):
            connection = server.connect()
            for turn in range(TURNS):
                wanted = call(connection, "add", number, turn)
                self.assertEqual(wanted, (200, number + turn))
                if turn % 8 == number:
                    self.assertEqual(call(connection, "nap", 10 + number), (200, 10 + number))
                if turn % 16 == number:
                    self.assertEqual(call(connection, "spin", 1000000)[0], 200)
            connection.close()

        self.finish(*together(client))
        server.stop()
        self.assertEqual(server.ended(), (0, ""))

    def test_deadlines_and_clients_that_leave(self):
        server = Server(self, f"[limits]\ncall-timeout = {DEADLINE}ms\n")

        def client(number):
            for turn in range(4):
                connection = server.connect()
                if (turn + number) % 2:
                    # C cannot be interrupted; the reply comes on time all the same.
                    status, error = call(connection, "nap", DEADLINE * 3)
                    self.assertEqual((status, error["errorType"]), (504, "DeadlineExceeded"))
                else:
                    connection.request("POST", "/invoke/nap", f"[{DEADLINE * 2}]")
                connection.close()
                connection = server.connect()
                for again in range(TURNS // 4):
                    status, value = call(connection, "add", number, again)
                    self.assertIn((status, value), [(200, number + again), (504, value)])
                connection.close()

        self.finish(*together(client))
        server.stop()
        self.assertEqual(server.ended(), (0, ""))

    def test_stop_in_the_middle(self):
        server = Server(self)
        at_work = threading.Barrier(CLIENTS + 1, timeout=PATIENCE)

        def client(number):
            connection = server.connect()
            self.assertEqual(call(connection, "add", number, 1), (200, number + 1))
            at_work.wait()
            try:
                while True:
                    function, arguments = (("add", (1, 2)), ("nap", (3,)))[number % 2]
                    status, value = call(connection, function, *arguments)
                    if status == 503:
                        break
                    self.assertEqual((status, value), (200, 3))
            except (OSError, http.client.HTTPException):
                pass  # it is gone

        threads, problems = together(client)
        at_work.wait()
        server.stop()
        self.finish(threads, problems)
        self.assertEqual(server.ended(), (0, ""))
