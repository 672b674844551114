"""tests/e2e/executors.py — the isolation ladder in the real program: each executor with
each language that it makes sense for, and what goes wrong in processes (more of that is in
faults.py and faults-functions.py, served by tests/ladder.py as well)."""

import collections
import concurrent.futures
import json
import os
import signal
import tempfile
import unittest

from ladder import C, EVERY, FOLDER, JAVA, PROCESSES, PYTHON, Server, each
from served import alive, descendants, until
from terminal import PATIENCE, run


class Values(unittest.TestCase):
    def test_every_executor_and_language(self):
        """One function, compared on all executors without a restart."""
        with Server(PYTHON, C, JAVA) as server:
            for executor in EVERY:
                with self.subTest(executor=executor):
                    self.assertEqual(server.call("jobs.add", a=1, b=2, executor=executor),
                                     (200, 3))
                    self.assertEqual(server.call("moves.twice", 21, executor=executor), (200, 42))
                    status, value = server.call("Works.twice", 21, executor=executor)
                    if executor == "fork":
                        self.assertEqual(status, 400)
                        self.assertIn("take worker or spawn", value["errorMessage"])
                    else:
                        self.assertEqual((status, value), (200, 42))

    @each
    def test_large_payloads(self, executor):
        with Server(executor=executor) as server:
            size = (6 << 20) - 100
            self.assertEqual(server.call("jobs.length", text="y" * size), (200, size))
            size = (32 << 20) - 2
            status, value = server.call("jobs.text", size)
            self.assertEqual((status, len(value)), (200, size))
            status, value = server.call("jobs.text", 33 << 20)
            self.assertEqual(status, 500)
            self.assertIn("result", value["errorMessage"])
            self.assertEqual(server.call("jobs.add", 1, 2), (200, 3))

    @each
    def test_errors_with_their_stack(self, executor):
        with Server(PYTHON, executor=executor) as server:
            status, value = server.call("jobs.fail", text="oh")
            self.assertEqual((status, value["errorType"], value["errorMessage"]),
                             (500, "ValueError", "oh"))
            self.assertIn("deeper", "".join(value["stackTrace"]))
            status, value = server.call("jobs.add", a=1)
            self.assertEqual(status, 400)
            self.assertIn("b", value["errorMessage"])

    def test_errors_of_java(self):
        with Server(JAVA) as server:
            for executor in ("worker", "spawn"):
                status, value = server.call("Works.fail", "no", executor=executor)
                self.assertEqual(status, 500)
                self.assertIn("IllegalStateException", value["errorType"])
                self.assertIn("Works.java", "".join(value["stackTrace"]))

    def test_who_keeps_state(self):
        with Server(PYTHON, C, JAVA) as server:
            first, second = server.call("jobs.bump")[1], server.call("jobs.bump")[1]
            self.assertEqual([first[1], second[1]], [1, 2])
            self.assertEqual(first[0], second[0])
            for name in ("moves.bump", "Works.bump"):
                self.assertEqual([server.call(name)[1] for _ in range(2)], [1, 2])
            for executor in ("fork", "spawn"):
                calls = [server.call("jobs.bump", executor=executor)[1] for _ in range(4)]
                self.assertEqual([value for _, value in calls], [1] * 4)
                self.assertEqual(len({pid for pid, _ in calls}), 4)
                self.assertEqual([server.call("moves.bump", executor=executor)[1]
                                  for _ in range(3)], [1] * 3)

    def test_on_the_command_line(self):
        for executor in EVERY:
            done = run("-q", "-e", "c=inprocess,python=" + executor, "-x", "jobs.add", "-a", "a=2",
                       "-a", "b=3", PYTHON, C)
            self.assertEqual((done.stdout, done.returncode), ("5\n", 0), done.stderr)
        done = run("-q", "-e", "worker", "-x", "crash", "-a", "number=11", PYTHON)
        self.assertEqual(done.returncode, 1)
        self.assertIn("SIGSEGV", done.stderr)

    def test_the_header(self):
        with Server(executor="inprocess") as server:
            status, value = server.call("jobs.add", 1, 2, executor="nowhere")
            self.assertEqual(status, 400)
            self.assertIn("worker", value["errorMessage"])
            here = server.call("jobs.bump")[1][0]
            self.assertEqual(here, server.process.pid)
            self.assertNotEqual(server.call("jobs.bump", executor="worker")[1][0], here)
        with Server(executor="inprocess", settings="[execution]\nchoose-executor = no\n") as server:
            self.assertEqual(server.call("jobs.add", 1, 2, executor="worker")[0], 400)
            self.assertEqual(server.call("jobs.add", 1, 2), (200, 3))


class Deaths(unittest.TestCase):
    @each
    def test_crashes(self, executor):
        with Server(PYTHON, C, executor=executor) as server:
            for _ in range(3):
                status, value = server.call("jobs.crash", int(signal.SIGSEGV))
                self.assertEqual((status, value["errorType"]), (502, "ProcessDied"))
                self.assertIn("SIGSEGV", value["errorMessage"])
            status, value = server.call("jobs.leave", 3)
            self.assertEqual(status, 502)
            self.assertIn("exited with status 3", value["errorMessage"])
            self.assertIn("the last words", value["errorMessage"])
            self.assertEqual(server.call("jobs.add", 1, 2), (200, 3))

    @each
    def test_a_hang_ends_at_its_deadline(self, executor):
        with Server(executor=executor, settings="[limits]\ncall-timeout = 500ms\n") as server:
            status, value = server.call("jobs.hang")
            self.assertEqual((status, value["errorType"]), (504, "DeadlineExceeded"))
            until(lambda: not server.instances("jobs.hang", "busy", executor),
                  "the process is killed")

    @each
    def test_a_client_that_leaves(self, executor):
        with Server(executor=executor) as server:
            door = server.connect()
            door.request("POST", "/invoke/jobs.hang", "{}")
            until(lambda: server.instances("jobs.hang", "busy", executor), "it runs")
            door.sock.shutdown(2)
            door.close()
            until(lambda: not server.instances("jobs.hang", "busy", executor),
                  "its process is killed")

    def test_what_cannot_be_loaded(self):
        broken, doomed = (os.path.join(FOLDER, name) for name in ("broken.py", "doomed.py"))
        for executor in PROCESSES:
            with self.subTest(executor=executor), \
                    Server(PYTHON, executor=executor) as other, \
                    tempfile.TemporaryDirectory() as folder:
                del other
                for path in (broken, doomed):
                    with open(path) as source, \
                            open(os.path.join(folder, os.path.basename(path)), "w") as copy:
                        copy.write(source.read())
                with Server(folder, executor=executor) as server:
                    results = server.all([(("broken.never",), {})] * 4)
                    for status, value in results:
                        self.assertEqual(status, 500)
                        self.assertIn("no_such_module_anywhere", value["errorMessage"])
                    for _ in range(4):
                        status, value = server.call("doomed.never")
                        self.assertEqual((status, value["errorType"]), (502, "ProcessDied"))

    def test_sockets_are_no_toys(self):
        """Frames that may not come end the process, and nothing else."""
        with Server() as server:
            for kind in (0, 99, 17):
                status, value = server.call("jobs.rude", kind)
                self.assertEqual(status, 502)
                self.assertIn("may not", value["errorMessage"])
            self.assertEqual(server.call("jobs.add", 1, 2), (200, 3))

    @each
    def test_descriptors_closed_and_children_left(self, executor):
        with Server(executor=executor) as server:
            self.assertIn(server.call("jobs.close_all")[0], (200, 502))
            status, pid = server.call("jobs.offspring")
            self.assertEqual(status, 200)
            if executor != "worker":
                until(lambda: not alive(pid), "the child is killed with its process")
            self.assertEqual(server.call("jobs.add", 1, 2), (200, 3))
        until(lambda: not alive(pid), "nothing is left after the host")

    def test_forks_under_load(self):
        """Those that have answered, and are ending, are nobody's reason to be refused."""
        settings = "[limits]\nprocesses = 8\ninstances = 4\nqueue-length = 100\n"
        with Server(executor="fork", settings=settings) as server:
            results = server.all([(("jobs.add", number, 1), {}) for number in range(12)] * 30)
            self.assertEqual({status for status, _ in results}, {200})

    def test_output(self):
        with Server() as server:
            self.assertEqual(server.call("jobs.chatter", 200000), (200, 200000))
            self.assertEqual(server.call("jobs.add", 1, 2), (200, 3))


class Limits(unittest.TestCase):
    def test_concurrency_grows_and_is_refused(self):
        with Server(settings="[limits]\ninstances = 3\nqueue-length = 2\n") as server:
            with tempfile.TemporaryDirectory() as folder, \
                    concurrent.futures.ThreadPoolExecutor(12) as pool:
                # Of twelve, three can run and two wait, until one comes who lets them go.
                under_way = [pool.submit(server.call, "jobs.meet", folder, 100)
                             for _ in range(12)]
                until(lambda: sum(each.done() for each in under_way) >= 7,
                      "the others are refused")
                for number in range(100):
                    open(os.path.join(folder, f"release-{number}"), "w").close()
                calls = [each.result() for each in under_way]
            statuses = collections.Counter(status for status, _ in calls)
            self.assertEqual(set(statuses), {200, 429})
            self.assertGreaterEqual(statuses[429], 7)
            self.assertLessEqual(len({pid for status, pid in calls if status == 200}), 3)

    @each
    def test_slow_calls_run_beside_each_other(self, executor):
        with Server(executor=executor) as server, tempfile.TemporaryDirectory() as folder:
            calls = server.all([(("jobs.meet", folder, 8), {})] * 8)
            self.assertEqual({status for status, _ in calls}, {200})
            self.assertEqual(len({pid for _, pid in calls}), 8)

    def test_nobody_stays_behind_a_call_that_takes_long(self):
        # A function that was quick gets calls written ahead. Those that sit behind one that
        # takes long must get away: it lasts until they are answered.
        with Server() as server, tempfile.TemporaryDirectory() as folder, \
                concurrent.futures.ThreadPoolExecutor(24) as threads:
            for round_number in range(5):
                quick = [threads.submit(server.call, "jobs.wait_for", "", i) for i in range(200)]
                path = os.path.join(folder, str(round_number))
                slow = threads.submit(server.call, "jobs.wait_for", path, -1)
                quick += [threads.submit(server.call, "jobs.wait_for", "", i)
                          for i in range(200, 300)]
                self.assertEqual([call.result(PATIENCE) for call in quick],
                                 [(200, i) for i in range(300)])
                self.assertFalse(slow.done())
                open(path, "w").close()
                self.assertEqual(slow.result(PATIENCE), (200, -1))

    def test_recycled_and_reaped(self):
        with Server(settings="[execution]\ninstance-calls = 3\n"
                    "[function nap]\ninstance-idle = 300ms\n") as server:
            pids = [server.call("jobs.bump")[1] for _ in range(9)]
            self.assertEqual(sorted(collections.Counter(pid for pid, _ in pids).values()), [3] * 3)
            server.call("jobs.nap", 0)
            until(lambda: not server.instances("jobs.nap", "idle"), "idle ones are ended")
            self.assertEqual(server.call("jobs.add", 1, 2), (200, 3))

    @each
    def test_room_for_all_functions(self, executor):
        """However few processes there may be, whoever rests makes room for the next function."""
        calls = [("jobs.add", 1, 2), ("jobs.nap", 0), ("moves.twice", 3), ("jobs.bump",)] * 4
        settings = "[limits]\nall-instances = 3\n"
        with Server(PYTHON, C, executor=executor, settings=settings) as server:
            for call in calls:
                self.assertEqual(server.call(*call)[0], 200, call)

    @each
    def test_surroundings(self, executor):
        with tempfile.TemporaryDirectory() as folder:
            settings = ("[execution]\nenvironment = COLOUR=green\ndirectory = " + folder +
                        "\n[limits]\nopen-files = 200\n")
            with Server(executor=executor, settings=settings) as server:
                self.assertEqual(server.call("jobs.surroundings"),
                                 (200, {"directory": os.path.realpath(folder), "colour": "green",
                                        "files": 200}))

    def test_variables_of_others(self):
        """A process has those of its own function, not what others have in the host."""
        settings = ("[function jobs.surroundings]\nexecutor = inprocess\n"
                    "environment = COLOUR=green\n[function other.surroundings]\n")
        with tempfile.TemporaryDirectory() as folder:
            with open(PYTHON) as source, open(os.path.join(folder, "other.py"), "w") as copy:
                copy.write(source.read())
            with Server(PYTHON, folder, settings=settings, executor=None) as server:
                self.assertEqual(server.call("jobs.surroundings")[1]["colour"], "green")
                for executor in PROCESSES:
                    value = server.call("other.surroundings", executor=executor)[1]
                    self.assertIsNone(value["colour"], executor)

    @each
    def test_memory(self, executor):
        if os.environ.get("SNAFU_SANITIZE"):
            self.skipTest("sanitizers reserve terabytes, so no memory is limited")
        with Server(executor=executor, settings="[limits]\nmemory = 128MiB\n") as server:
            status, value = server.call("jobs.hog", 512)
            self.assertIn(status, (500, 502))
            self.assertIn("emory", json.dumps(value))
            self.assertEqual(server.call("jobs.hog", 1), (200, 1 << 20))


class Nested(unittest.TestCase):
    @each
    def test_recursion(self, executor):
        with Server(executor=executor) as server:
            n, value = (6, 8) if executor != "spawn" else (3, 2)
            self.assertEqual(server.call("jobs.fib", n=n), (200, value))

    @each
    def test_too_deep_is_refused(self, executor):
        """Nobody waits for ever for a process that waits itself."""
        with Server(executor=executor, settings="[limits]\ninstances = 4\n") as server:
            self.assertEqual(server.call("jobs.down", n=3), (200, 3))
            status, value = server.call("jobs.down", n=10)
            self.assertEqual(status, 500)
            self.assertIn("busy", json.dumps(value))
            results = server.all([(("jobs.down",), {"n": 3})] * 6)
            self.assertLessEqual({status for status, _ in results}, {200, 429, 500})

    def test_mutual_calls_of_languages_and_executors(self):
        path = ["Works.through", "jobs.through", "Works.through", "jobs.through"]
        for executors in ("worker", "python=worker,java=inprocess", "python=fork,java=worker",
                          "python=inprocess,java=worker", "python=spawn,java=inprocess"):
            with self.subTest(executors=executors), \
                    Server(PYTHON, JAVA, executor=executors) as server:
                self.assertEqual(server.call("jobs.through", path=path), (200, path + ["end"]))

    def test_mutual_calls_under_load(self):
        """Threads and processes at their cap: some calls are refused, none waits for ever."""
        settings = "[limits]\nthreads = 4\ninstances = 3\n"
        path = ["Works.through", "jobs.through", "Works.through"]
        with Server(PYTHON, JAVA, executor="python=worker,java=inprocess",
                    settings=settings) as server:
            results = server.all([(("jobs.through",), {"path": path})] * 24)
            self.assertLessEqual({status for status, _ in results}, {200, 429, 500})
            self.assertNotIn("DeadlineExceeded", json.dumps(results))
            self.assertEqual(server.call("jobs.through", path=path), (200, path + ["end"]))


class Ends(unittest.TestCase):
    @each
    def test_stop_with_calls_under_way(self, executor):
        with Server(executor=executor, settings="[limits]\ndrain-timeout = 200ms\n") as server:
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                waiting = pool.submit(server.call, "jobs.hang")
                until(lambda: server.instances("jobs.hang", "busy", executor), "it runs")
                below = descendants(server.process.pid)
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(waiting.result()[0], 503)
                self.assertEqual(server.process.wait(PATIENCE), 0)
                until(lambda: not any(alive(pid) for pid in below), "no process is left")

    @each
    def test_the_host_is_killed(self, executor):
        with Server(executor=executor) as server:
            door = server.connect()
            door.request("POST", "/invoke/jobs.hang", "{}")
            until(lambda: server.instances("jobs.hang", "busy", executor), "it runs")
            below = descendants(server.process.pid)
            self.assertTrue(below)
            server.process.kill()
            server.process.wait()
            until(lambda: not any(alive(pid) for pid in below), "no process is left")
            door.close()
