"""tests/e2e/instance.py — the process side of the isolation ladder: this test is the host.
It starts parts/snafu-instance, speaks the frames of runtime/instances/frame.h with it, and
sees what becomes of the processes."""

import os
import signal
import socket
import sys
import tempfile
import unittest
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ["SNAFU_SOURCE"], "tests/e2e/instance"))
import frames  # noqa: E402
from frames import (  # noqa: E402
    ANSWER, BAD_ARGUMENTS, CALL, EXITED, INVOKE, LOAD_FAILED, OK, ONCE, RAISED, READY, RESULT,
    START, ZYGOTE, call, function, setup, start)

SOURCE = os.path.join(os.environ["SNAFU_SOURCE"], "tests/e2e/instance")
PYTHON, C, JAVA = (os.path.join(SOURCE, name) for name in ("probe.py", "probe.c", "Probe.java"))
SANITIZED = bool(os.environ.get("SNAFU_SANITIZE"))
# Sanitizers reserve terabytes, and see memory that runs out as their own failure.
NO_MEMORY_LIMIT = "limits of memory cannot be had with a sanitizer"

PYTHON_NAMES = [
    "add", "count", "whoami", "fail", "speak", "environment", "directory", "echo", "descriptors",
    "hog", "open_files", "write_file", "limits", "forks", "close_all", "close_and_stay", "meddle",
    "leave", "hang", "breed", "threads_call", "calls_other", "calls_from_child"]
C_NAMES = ["count", "speak", "forks", "crash"]
JAVA_NAMES = ["count", "speak", "environment", "memory", "hog", "hang"]


def python_setup(zygote=0):
    return setup("python", [PYTHON], [function(name, PYTHON) for name in PYTHON_NAMES], zygote)


def c_setup(zygote=0):
    return setup("c", [C], [function(name, C, "c", 0, "i4", [("n", "i4")]) for name in C_NAMES],
                 zygote)


def java_setup():
    return setup("java", [JAVA], [function(f"Probe.{name}", JAVA, "java") for name in JAVA_NAMES])


class Case(unittest.TestCase):
    def setUp(self):
        self.mark = f"SNAFU_TEST_MARK={uuid.uuid4()}"
        name, value = self.mark.split("=")
        os.environ[name] = value
        self.addCleanup(os.environ.pop, name)
        self.peers = []
        self.addCleanup(self.end_all)

    def end_all(self):
        for peer in self.peers:
            peer.socket.close()
        for peer in self.peers:
            if peer.process:
                peer.process.wait(frames.TIMEOUT)
            peer.close()
            if hasattr(peer, "pidfd"):
                os.close(peer.pidfd)
        self.nothing_left()

    def nothing_left(self):
        frames.wait_until(lambda: not frames.marked(self.mark),
                          f"processes stay: {frames.marked(self.mark)}")

    def execute(self, setup_body, *rest):
        peer = frames.execute(setup_body, *rest)
        self.peers.append(peer)
        return peer

    def fork(self, zygote, number, start_body, *rest):
        peer = frames.fork(zygote, number, start_body, *rest)
        self.peers.append(peer)
        return peer

    def here(self, name, names=PYTHON_NAMES, setup_body=None, **options):
        """An instance executed for itself that serves the function NAME."""
        peer = self.execute(setup_body or python_setup(),
                            (START, 1, start(function=names.index(name), **options)))
        self.ready(peer, 1)
        return peer

    def ready(self, peer, number):
        got = peer.result(READY, number)
        self.assertEqual(got.status, OK, got)
        self.assertGreater(got.init_ns, 0)

    def zygote(self):
        return self.execute(python_setup(zygote=1))

    def forked(self, zygote, name, number=5, names=PYTHON_NAMES, **options):
        peer = self.fork(zygote, number, start(here=0, function=names.index(name), **options))
        self.ready(peer, number)
        return peer

    def assertGone(self, peer):
        """The process has ended without another frame."""
        self.assertIsNone(peer.receive())


class Here(Case):
    """One process, one function: START in the process that was executed."""

    def test_calls_of_a_warm_instance(self):
        peer = self.execute(python_setup(), (START, 9, start(function=1)), (CALL, 4, call([])),
                            (CALL, 5, call([])))
        self.ready(peer, 9)
        first, second = peer.result(RESULT, 4), peer.result(RESULT, 5)
        self.assertEqual([first.payload, second.payload], [1, 2])
        self.assertEqual(peer.value(), 3)
        self.assertGreater(second.run_ns, 0)
        self.assertGreater(second.peak_memory, 1 << 20)

    def test_errors_of_calls(self):
        peer = self.here("add")
        self.assertEqual(peer.call({"a": 1, "b": 2}).payload, 3)
        self.assertEqual(peer.call({"c": 1}).status, BAD_ARGUMENTS)
        self.assertEqual(peer.call(b"[1").status, BAD_ARGUMENTS)
        self.assertEqual(peer.call([1]).payload, 2)
        got = self.here("fail").call([])
        self.assertEqual((got.status, got.payload["errorType"]), (RAISED, "ValueError"))

    def test_once_serves_one_call_and_ends(self):
        peer = self.execute(python_setup(), (START, 1, start(ONCE, function=1)),
                            (CALL, 2, call([])), (CALL, 3, call([])))
        self.ready(peer, 1)
        self.assertEqual(peer.result(RESULT, 2).payload, 1)
        self.assertEqual(peer.process.wait(frames.TIMEOUT), 0)
        self.assertGone(peer)
        self.assertEqual(peer.printed(), b"at the end\n")

    def test_handlers_run_when_the_host_hangs_up(self):
        peer = self.here("count")
        peer.value()
        peer.socket.close()
        self.assertEqual(peer.process.wait(frames.TIMEOUT), 0)
        self.assertEqual(peer.printed(), b"at the end\n")

    def test_output_is_in_the_pipe_before_the_result(self):
        peer = self.here("speak")
        for word in ("one", "two"):
            self.assertEqual(peer.value([word]), 3)
            self.assertEqual(sorted(peer.printed().decode().splitlines()),
                             [word, f"{word} from a shell", f"{word} too"])

    def test_large_payloads_and_results(self):
        peer = self.here("echo")
        for size in (1, 4000, 65519, 65536, 1 << 20, 20 << 20):
            self.assertEqual(peer.value(["x" * size]), "x" * size)
        self.assertEqual(peer.value(["again"]), "again")

    def test_results_are_capped(self):
        peer = self.here("echo", result_size=1000)
        self.assertEqual(peer.call(["x" * 2000]).status, frames.BAD_RESULT)
        self.assertEqual(peer.value(["x"]), "x")

    def test_functions_that_cannot_be_loaded(self):
        missing = [function("missing", PYTHON), function("f", os.path.join(SOURCE, "none.py"))]
        for index in range(2):
            peer = self.execute(setup("python", [PYTHON], missing),
                                (START, 3, start(function=index)), (CALL, 4, call([])))
            got = peer.result(READY, 3)
            self.assertEqual(got.status, LOAD_FAILED)
            self.assertIn("errorMessage", got.payload)
            self.assertGone(peer)
            self.assertEqual(peer.process.wait(frames.TIMEOUT), 1)

    def test_a_language_that_there_is_not(self):
        peer = self.execute(setup("nonesuch", [PYTHON], [function("add", PYTHON)]),
                            (START, 3, start()))
        got = peer.result(READY, 3)
        self.assertEqual(got.status, LOAD_FAILED)
        self.assertIn("nonesuch", got.payload["errorMessage"])

    def test_environment_and_directory(self):
        with tempfile.TemporaryDirectory() as folder:
            peer = self.here("environment", environment="ONE=1\nTWO=a=b\n\nbad\n")
            self.assertEqual(peer.value(["TWO"]), ["a=b", "a=b"])
            peer = self.here("directory", directory=folder)
            self.assertEqual(peer.value(), os.path.realpath(folder))
            peer = self.execute(python_setup(), (START, 1, start(directory=folder + "/none")))
            got = peer.result(READY, 1)
            self.assertEqual(got.status, LOAD_FAILED)
            self.assertIn(folder + "/none", got.payload["errorMessage"])

    def test_a_relative_source_is_found_from_another_directory(self):
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(SOURCE)
        peer = self.execute(setup("python", ["./probe.py"], [function("directory", "./probe.py")]),
                            (START, 1, start(directory="/")))
        os.chdir(here)
        self.ready(peer, 1)
        self.assertEqual(peer.value(), "/")

    def test_no_descriptor_comes_along(self):
        with open("/dev/null") as file:
            os.set_inheritable(file.fileno(), True)
            got = self.here("descriptors").value()
        self.assertEqual(got[:3], [0, 1, 2])
        self.assertLess(len(got), 8)
        self.assertTrue(any(fd >= 640 for fd in got), got)

    def test_nonsense_ends_the_process(self):
        for rest in ([(CALL, 1, call([]))], [(START, 1, b"x")], [(START, 1, start(function=99))],
                     [(77, 1, b"")], [(START, 1, start()), (CALL, 1, b"nonsense")],
                     [(START, 1, start()), (START, 2, start())]):
            peer = self.execute(python_setup(), *rest)
            while peer.receive():
                pass
            peer.process.wait(frames.TIMEOUT)
        peer = self.execute(b"nonsense")
        self.assertGone(peer)

    def test_the_helper_wants_a_socket(self):
        import subprocess
        done = subprocess.run([frames.HELPER], stdin=subprocess.DEVNULL, capture_output=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"a part of snafu", done.stderr)


class Limits(Case):
    @unittest.skipIf(SANITIZED, NO_MEMORY_LIMIT)
    def test_memory(self):
        peer = self.here("hog", memory=128 << 20)
        self.assertEqual(peer.value([20]), 20 << 20)
        got = peer.call([500])
        self.assertEqual((got.status, got.payload["errorType"]), (RAISED, "MemoryError"))
        self.assertEqual(peer.value([20]), 20 << 20)

    def test_open_files(self):
        peer = self.here("open_files", open_files=40)
        self.assertEqual(peer.value([20]), 20)
        got = peer.call([60])
        self.assertEqual((got.status, got.payload["errorType"]), (RAISED, "OSError"))
        self.assertIn("Too many open files", got.payload["errorMessage"])

    def test_size_of_files(self):
        with tempfile.TemporaryDirectory() as folder:
            peer = self.here("write_file", file_size=100000)
            path = os.path.join(folder, "file")
            self.assertIsNone(peer.value([path, 50000]))
            got = peer.call([path, 200000])
            self.assertEqual((got.status, got.payload["errorType"]), (RAISED, "OSError"))
            self.assertIn("File too large", got.payload["errorMessage"])
            self.assertLessEqual(os.path.getsize(path), 100000)

    def test_limits_cannot_be_lifted(self):
        memory = 0 if SANITIZED else 1 << 30
        peer = self.here("limits", memory=memory, open_files=50, file_size=1 << 20, processes=10)
        data, files, size, processes, core = peer.value()
        if memory:
            self.assertEqual(data, [memory, memory])
        self.assertEqual((files, size, core), ([50, 50], [1 << 20, 1 << 20], [0, 0]))
        self.assertEqual(processes[0], processes[1])
        self.assertGreater(processes[0], 10)

    def test_compilers_do_not_get_a_functions_limits(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "fresh.c")
            with open(path, "w") as file:  # new text, so that it is compiled now
                file.write(f"static const char *key = \"{uuid.uuid4()}\";\n"
                           "int f(int n) { return n + (key[0] == 0); }\n")
            peer = self.execute(
                setup("c", [path], [function("f", path, "c", 0, "i4", [("n", "i4")])]),
                (START, 1, start(file_size=1000, open_files=16)))
            self.ready(peer, 1)
            self.assertEqual(peer.value([5]), 5)

    def test_control_groups(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "cgroup.procs")
            open(path, "w").close()
            peer = self.here("add", control_groups=path + "\n")
            self.assertEqual(peer.value([1]), 2)
            with open(path) as file:
                self.assertEqual(file.read(), "0")
            peer = self.execute(python_setup(),
                                (START, 1, start(control_groups=folder + "/none/procs")))
            got = peer.result(READY, 1)
            self.assertEqual(got.status, LOAD_FAILED)
            self.assertIn("none/procs", got.payload["errorMessage"])

    def test_processes_by_a_real_control_group(self):
        group = None
        for base in ("/sys/fs/cgroup", "/sys/fs/cgroup/pids"):
            path = os.path.join(base, f"snafu-test-{os.getpid()}")
            try:
                os.mkdir(path)
            except OSError:
                continue
            if os.path.exists(os.path.join(path, "pids.max")):
                group = path
                break
            os.rmdir(path)
        if not group:
            self.skipTest("no control group with a limit of processes can be made here")
        self.addCleanup(self.remove_group, group)
        with open(os.path.join(group, "pids.max"), "w") as file:
            file.write("3")
        peer = self.here("breed", control_groups=os.path.join(group, "cgroup.procs"))
        got = peer.call([])
        self.assertEqual(got.status, RAISED, got)
        peer.socket.close()
        peer.process.wait(frames.TIMEOUT)


    def remove_group(self, group):
        def removed():
            try:
                os.rmdir(group)
            except OSError:
                return False
            return True
        frames.wait_until(removed, f"{group} cannot be removed")


class Bad(Case):
    """Functions that treat their process badly: the host sees a clean end, never the
    answer of another call."""

    def test_fork_and_return_in_both(self):
        for peer in (self.here("forks"), self.forked(self.zygote(), "forks")):
            for number in range(5):
                first = peer.call([], number)
                self.assertEqual(first.status, OK)
            peer.socket.settimeout(0.3)  # no second answer
            self.assertRaises(TimeoutError, peer.receive)

    def test_c_forks_and_returns_in_both(self):
        peer = self.here("forks", C_NAMES, c_setup())
        for number in range(5):
            self.assertEqual(peer.call([number], number).payload, number)
        peer.socket.settimeout(0.3)
        self.assertRaises(TimeoutError, peer.receive)

    def test_ends_of_the_process(self):
        zygote = self.zygote()
        for how, status in (("kill", -9), ("abort", -6), ("_exit", 3)):
            peer = self.here("leave")
            peer.send((CALL, 1, call([how])))
            self.assertGone(peer)
            self.assertEqual(peer.process.wait(frames.TIMEOUT), status)
            peer = self.forked(zygote, "leave")
            peer.send((CALL, 1, call([how])))
            self.assertGone(peer)
            got = frames.Reader(zygote.expect(EXITED, 5)).number("I")
            self.assertEqual(os.waitstatus_to_exitcode(got), status)
        self.assertEqual(self.here("leave").call(["exit"]).status, RAISED)

    def test_a_crash_in_c(self):
        peer = self.here("crash", C_NAMES, c_setup())
        peer.send((CALL, 1, call([8])))
        self.assertGone(peer)
        self.assertNotEqual(peer.process.wait(frames.TIMEOUT), 0)

    def test_descriptors_closed(self):
        peer = self.here("close_all")
        peer.send((CALL, 1, call([])))
        self.assertGone(peer)
        peer.process.wait(frames.TIMEOUT)

    def test_descriptors_replaced(self):
        peer = self.here("close_and_stay")
        peer.send((CALL, 1, call(["x"])))
        self.assertGone(peer)
        peer.process.wait(frames.TIMEOUT)

    def test_daemons_live_as_long_as_the_instance(self):
        zygote = self.zygote()
        for peer in (self.here("breed"), self.forked(zygote, "breed")):
            before = len(frames.marked(self.mark))
            self.assertEqual(peer.value(), 4)
            self.forked(zygote, "add", 77 + before).socket.close()
            zygote.expect(EXITED)
            self.assertEqual(len(frames.marked(self.mark)), before + 4)

    def test_nonsense_on_the_socket(self):
        peer = self.here("meddle")
        peer.send((CALL, 1, call([])))
        got = peer.socket.recv(16)
        self.assertEqual(got, b"\xff" * 16)  # which the host refuses, and hangs up

    def test_a_function_that_hangs_ends_when_the_host_hangs_up(self):
        zygote = self.zygote()
        for peer in (self.here("hang"), self.forked(zygote, "hang")):
            peer.send((CALL, 1, call([])))
            peer.socket.close()
            if peer.process:
                self.assertEqual(peer.process.wait(frames.TIMEOUT), -signal.SIGKILL)
            else:
                zygote.expect(EXITED, 5)

    def test_what_a_function_leaves_behind_is_killed(self):
        zygote = self.zygote()
        peer = self.execute(python_setup(), (START, 1, start(
            ONCE, function=PYTHON_NAMES.index("breed"))), (CALL, 2, call([])))
        self.ready(peer, 1)
        self.assertEqual(peer.result(RESULT, 2).payload, 4)
        peer.process.wait(frames.TIMEOUT)
        peer = self.forked(zygote, "breed")
        self.assertEqual(peer.value(), 4)
        self.assertGreaterEqual(len(frames.marked(self.mark)), 6)
        signal.pidfd_send_signal(peer.pidfd, signal.SIGKILL)
        zygote.expect(EXITED, 5)
        frames.wait_until(lambda: frames.marked(self.mark) == [zygote.pid], "processes stay")
        self.assertEqual(self.forked(zygote, "add", 6).value([1]), 2)


class Zygotes(Case):
    def test_forks_instances(self):
        zygote = self.zygote()
        one, two = (self.forked(zygote, "count", number) for number in (5, 6))
        self.assertEqual([one.value(), one.value(), two.value()], [1, 2, 1])
        who = self.forked(zygote, "whoami", 7)
        got = who.value()
        self.assertEqual((got["pid"], got["parent"]), (who.pid, zygote.pid))
        self.assertEqual((got["session"], got["threads"]), (who.pid, 1))

    def test_function_zygotes_have_loaded_it(self):
        zygote = self.zygote()
        warm = self.forked(zygote, "whoami", role=ZYGOTE)
        seen = set()
        for number, ahead in ((8, 0), (9, 1), (10, 1)):
            peer = self.fork(warm, number, start(ONCE, here=0, ahead=ahead,
                                                 function=PYTHON_NAMES.index("whoami")),
                             (CALL, 1, call([])))
            self.ready(peer, number)
            got = peer.result(RESULT, 1).payload
            self.assertEqual((got["born"], got["pid"]), (warm.pid, peer.pid))
            self.assertEqual((got["session"], got["group"]), (warm.pid, peer.pid))
            seen.add(got["pid"])
            if ahead:
                peer.socket.shutdown(socket.SHUT_WR)  # such a one ends when it is let go
            self.assertGone(peer)
            self.assertEqual(peer.printed(), b"at the end\n")
            reader = frames.Reader(warm.expect(EXITED, number))
            self.assertEqual(reader.number("I"), 0)
            self.assertGreater(reader.number("Q"), 1 << 20)
        self.assertEqual(len(seen), 3)

    def test_a_function_zygote_that_is_executed(self):
        zygote = self.execute(python_setup(), (START, 1, start(
            ZYGOTE, function=PYTHON_NAMES.index("count"), open_files=20)))
        self.ready(zygote, 1)
        peers = [self.forked(zygote, "count", number, open_files=50) for number in range(5, 35)]
        self.assertEqual({peer.value() for peer in peers}, {1})

    def test_limits_and_environment_of_forked_ones(self):
        zygote = self.zygote()
        with tempfile.TemporaryDirectory() as folder:
            peer = self.forked(zygote, "environment", environment="NEW=value", directory=folder)
            self.assertEqual(peer.value(["NEW"]), ["value", "value"])
        peer = self.forked(zygote, "limits", 6, open_files=33)
        self.assertEqual(peer.value()[1], [33, 33])

    def test_c_is_forked_too(self):
        zygote = self.execute(c_setup(zygote=1))
        warm = self.forked(zygote, "count", 5, C_NAMES, role=ZYGOTE)
        for number in (6, 7):
            peer = self.forked(warm, "count", number, C_NAMES)
            self.assertEqual([peer.value([2]), peer.value([2])], [2, 4])
        peer.socket.close()
        warm.expect(EXITED, 7)
        self.assertEqual(peer.printed(), b"at the end of C\n")
        peer = self.forked(zygote, "speak", 8, C_NAMES)
        peer.value([3])
        self.assertEqual(peer.printed(), b"C says 3\n")

    def test_java_is_not(self):
        zygote = self.execute(java_setup())
        ours = frames.socket.socketpair()
        zygote.send((START, 4, start(here=0)), files=[ours[1].fileno(), 1])
        ours[1].close()
        peer = frames.Peer(ours[0], os.open("/dev/null", os.O_RDONLY))
        got = peer.result(READY, 4)
        self.assertEqual(got.status, LOAD_FAILED)
        peer.close()
        self.assertEqual(frames.Reader(zygote.expect(EXITED, 4)).number("I"), 256)

    def test_a_zygote_without_descriptors_ends(self):
        zygote = self.zygote()
        zygote.send((START, 4, start(here=0)))
        self.assertGone(zygote)

    def test_many_come_and_go(self):
        zygote = self.zygote()
        warm = self.forked(zygote, "add", role=ZYGOTE)
        for number in range(100, 200):
            peer = frames.fork(warm, number, start(ONCE, here=0), (CALL, 1, call([number])))
            self.assertEqual(peer.result(READY).status, OK)
            self.assertEqual(peer.result(RESULT, 1).payload, number + 1)
            self.assertGone(peer)
            warm.expect(EXITED, number)
            peer.close()
            os.close(peer.pidfd)
        self.assertLess(len(os.listdir(f"/proc/{warm.pid}/fd")), 12)


class HostGone(Case):
    """Nothing stays when the host's end of all sockets is closed, as kill -9 does."""

    def test_instances_at_work_and_their_children(self):
        zygote = self.zygote()
        warm = self.forked(zygote, "hang", 5, role=ZYGOTE)
        peers = [self.here("hang"), self.forked(zygote, "hang", 6), self.forked(warm, "hang", 7),
                 self.forked(zygote, "add", 8), self.here("add")]
        for peer in peers[:3]:
            peer.send((CALL, 1, call([True])))
        # three times four children, and the processes themselves
        frames.wait_until(lambda: len(frames.marked(self.mark)) >= 12 + 8, "not yet there")
        for peer in self.peers:
            peer.socket.close()
        self.nothing_left()

    def test_an_executed_instance_is_terminated(self):
        peer = self.here("hang")
        peer.send((CALL, 1, call([True])))
        frames.wait_until(lambda: len(frames.marked(self.mark)) >= 6, "not yet there")
        peer.process.terminate()
        self.assertEqual(peer.process.wait(frames.TIMEOUT), -signal.SIGKILL)
        self.nothing_left()

    def test_a_zygote_that_is_killed_takes_its_instances_along(self):
        zygote = self.zygote()
        self.forked(zygote, "hang").send((CALL, 1, call([])))
        self.forked(zygote, "add", 6)
        zygote.process.kill()
        zygote.process.wait()
        self.nothing_left()


class Nested(Case):
    def answer(self, peer):
        """Answers the next INVOKE, other.double; what it said."""
        kind, number, body = peer.receive()
        self.assertEqual(kind, INVOKE)
        reader = frames.Reader(body)
        caller = reader.number("I") and [reader.text() for _ in range(5)] + [
            reader.number(code) for code in "QQI"]
        name, asynchronous = reader.text(), reader.number("I")
        self.assertEqual((name, asynchronous, reader.number("I")), (b"other.double", 0, 1))
        n = frames.json.loads(reader.rest())["n"]
        return number, n, caller

    def test_a_call_inside_a_call(self):
        for peer in (self.here("calls_other"), self.forked(self.zygote(), "calls_other")):
            peer.send((CALL, 1, call([20])), (CALL, 2, call([30])))
            for outer, n in ((1, 20), (2, 30)):
                number, got, caller = self.answer(peer)
                self.assertEqual((got, caller[0]), (n, b"id-1"))
                peer.send((ANSWER, number, frames.result(OK, str(2 * n).encode())))
                self.assertEqual(peer.result(RESULT, outer).payload, 2 * n + 1)

    def test_errors_of_inner_calls(self):
        peer = self.here("calls_other")
        peer.send((CALL, 1, call([20])))
        number, _, _ = self.answer(peer)
        peer.send((ANSWER, number, frames.result(
            RAISED, b'{"errorType":"ValueError","errorMessage":"inner"}')))
        got = peer.result(RESULT, 1)
        self.assertEqual(got.status, RAISED)
        self.assertIn("inner", got.payload["errorMessage"])

    def test_several_threads_call(self):
        peer = self.here("threads_call")
        peer.send((CALL, 1, call([8])), (CALL, 2, call([0])))
        asked = [self.answer(peer) for _ in range(8)]
        self.assertEqual(len({number for number, _, _ in asked}), 8)
        for number, n, _ in reversed(asked):
            peer.send((ANSWER, number, frames.result(OK, str(2 * n).encode())))
        self.assertEqual(peer.result(RESULT, 1).payload, [2 * n for n in range(8)])
        self.assertEqual(peer.result(RESULT, 2).payload, [])

    def test_a_child_of_the_function_cannot_call(self):
        peer = self.here("calls_from_child")
        got = peer.call([])
        self.assertEqual(got.status, OK, got)
        self.assertIn("own process", got.payload)

    def test_the_host_hangs_up_meanwhile(self):
        peer = self.here("calls_other")
        peer.send((CALL, 1, call([20])))
        self.answer(peer)
        peer.socket.close()
        peer.process.wait(frames.TIMEOUT)


class Java(Case):
    def test_calls(self):
        peer = self.execute(java_setup(), (START, 1, start(memory=256 << 20, environment="J=java")),
                            (CALL, 2, call([5])))
        self.ready(peer, 1)
        self.assertEqual(peer.result(RESULT, 2).payload, 5)
        self.assertEqual(peer.value([2]), 7)
        peer.socket.close()
        self.assertEqual(peer.process.wait(frames.TIMEOUT), 0)
        self.assertEqual(peer.printed(), b"hook\n")

    def test_memory_and_environment(self):
        peer = self.here("memory", JAVA_NAMES, java_setup(), memory=128 << 20)
        self.assertLessEqual(peer.value(), 128 << 20)
        peer = self.here("environment", JAVA_NAMES, java_setup(), environment="J=java")
        self.assertEqual(peer.value(["J"]), "java")
        peer = self.here("hog", JAVA_NAMES, java_setup(), memory=128 << 20)
        got = peer.call([400])
        self.assertEqual(got.status, RAISED, got)
        self.assertIn("OutOfMemoryError", got.payload["errorType"])

    def test_output(self):
        peer = self.here("speak", JAVA_NAMES, java_setup())
        peer.value([3])
        self.assertEqual(peer.printed(), b"Java says 3\n")

    def test_hangs(self):
        peer = self.here("hang", JAVA_NAMES, java_setup())
        peer.send((CALL, 1, call([1])))
        peer.socket.close()
        peer.process.wait(frames.TIMEOUT)


if __name__ == "__main__":
    unittest.main()
