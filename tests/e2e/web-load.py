"""tests/e2e/web-load.py — C functions behind the web connector under load: quick and
slow calls at once, deadlines, clients that leave, and a stop in the middle of it all.
What a sanitizer finds makes the server exit with another status than 0."""

import http.client
import json
import os
import shutil
import signal
import tempfile
import threading
import unittest

from served import Served
from terminal import PATIENCE, SOURCE

LOAD = os.path.join(SOURCE, "tests/e2e/web/load.c")
CLIENTS = 8
TURNS = 60  # calls of one client
DEADLINE = 150  # ms


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
    def serve(self, settings=""):
        cache = tempfile.mkdtemp(prefix="snafu-load-")
        self.addCleanup(shutil.rmtree, cache)
        server = Served("-q", LOAD, settings=settings, env={"XDG_CACHE_HOME": cache})
        self.addCleanup(server.end)
        return server

    def end(self, server, number=signal.SIGTERM):
        """A sanitizer that has found something ends it with another status."""
        self.assertEqual(server.stop(number), 0, server.said())
        self.assertEqual(server.said().split("\n", 1)[1], "")

    def finish(self, threads, problems):
        for thread in threads:
            thread.join()
        for problem in problems:
            raise problem

    def test_quick_and_slow_calls(self):
        server = self.serve()

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
        self.end(server)

    def test_deadlines_and_clients_that_leave(self):
        server = self.serve(f"[limits]\ncall-timeout = {DEADLINE}ms\n")

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
        self.end(server)

    def test_stop_in_the_middle(self):
        server = self.serve()
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
        server.process.send_signal(signal.SIGTERM)
        self.finish(threads, problems)
        self.end(server, None)  # another signal might cut its end short
