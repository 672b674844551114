"""tests/e2e/calls.py — functions that call functions: every language on every executor calls
every other one; calls inside each other over all of them; recursion without end and storms
with few threads and processes, which are refused in the end and never wait for ever."""

import csv
import collections
import json
import os
import random
import re
import shutil
import tempfile
import unittest

from ladder import EVERY, Server
from served import until
from terminal import SOURCE


FOLDER = os.path.join(SOURCE, "tests/e2e/calls")
LANGUAGES = {"py": "python", "old": "python2", "java": "java", "c": "c"}
NO_FORK = ("java",)
SHARED = tempfile.TemporaryDirectory()  # what is compiled for one server serves all
NO_LIMIT = "\n[limits]\nmemory = 0B\n" # sanitizers need more than there is


class Node:
    """The functions of one language on one executor."""

    def __init__(self, language, executor):
        self.language, self.executor = language, executor
        self.tag = language + executor
        self.file = {"java": f"Hop{self.tag}.java", "c": f"{self.tag}.c"}.get(
            language, f"{self.tag}.py")

    def __repr__(self):
        return self.tag

    def function(self, name):
        if self.language == "c":
            return f"{self.tag}.{name}_{self.tag}"
        return f"{'Hop' if self.language == 'java' else ''}{self.tag}.{name}"

    def pattern(self):
        return f"{'Hop' if self.language == 'java' else ''}{self.tag}.*"

    def write(self, folder):
        name = {"java": "Hop.java", "c": "hop.c"}.get(self.language, "hop.py")
        with open(os.path.join(FOLDER, name)) as file:
            text = file.read()
        if self.language in ("old", "native"):
            text = re.sub(r"print\((.*)\)", r"print \1", text).replace(" as error:", ", error:")
        for word in "@TAG@", "@NAME@", "TAG_OF_NODE":  # the last one is a word in C
            text = text.replace(word, self.tag)
        path = os.path.join(folder, self.file)
        if not os.path.exists(path):
            with open(path, "w") as file:
                file.write(text)


def nodes(languages=tuple(LANGUAGES), executors=EVERY):
    return [Node(language, executor) for language in languages for executor in executors
            if not (language in NO_FORK and executor == "fork")]


class Calls(Server):
    """A server of some nodes, each function on its node's executor."""

    def __init__(self, some, settings="", options=(), **names):
        settings += NO_LIMIT
        for node in some:
            node.write(SHARED.name)
            settings += f"\n[function {node.pattern()}]\nexecutor = {node.executor}\n"
            if node.language == "native":
                settings += "python2 = native\n"
        super().__init__(*(os.path.join(SHARED.name, node.file) for node in some), executor=None,
                         settings=settings, options=options, **names)

    def relay(self, path, value="v"):
        """What each one on PATH says, in order, and the id that the reply had."""
        reply, said = self.ask("POST", "/invoke/" + path[0].function("relay"), {
            "path": ",".join(node.function("relay") for node in path[1:]), "value": value})
        return reply.status, said, reply.headers["X-Snafu-Request-Id"]

    def total(self, state="busy"):
        """All processes in that state."""
        return sum(int(line.rsplit(" ", 1)[1]) for line in self.metrics().splitlines()
                   if line.startswith("snafu_instances{") and f'state="{state}"' in line)


def rounds(all_of_them):
    """Paths on which every one calls every one, itself too."""
    count = len(all_of_them)
    yield [node for node in all_of_them for _ in (0, 1)]
    for step in range(1, count):
        left = set(range(count))
        while left:
            at = start = min(left)
            path = [all_of_them[at]]
            while at in left:
                left.remove(at)
                at = (at + step) % count
                path.append(all_of_them[at])
            assert at == start
            yield path


class Matrix(unittest.TestCase):
    def check_path(self, server, path, seen):
        status, said, id = server.relay(path)
        self.assertEqual(status, 200, (path, said))
        *hops, value = said.split(";")
        self.assertEqual(value, "v")
        self.assertEqual([hop.split("|")[0] for hop in hops], [node.tag for node in path])
        left, hops = 60000, [hop.split("|") for hop in hops]
        self.assertEqual(hops[0][1], id)
        for depth, (tag, id, remaining, told_depth) in enumerate(hops):
            self.assertRegex(id, r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
            self.assertNotIn(id, seen) # each call has one of its own
            seen[id] = "|".join(hops[depth])
            self.assertLessEqual(int(remaining), left + 1, path) # each rounds in its own way
            self.assertGreater(int(remaining), 0)
            left = int(remaining)
            self.assertIn(told_depth, (str(depth), "-"))

    def test_everybody_calls_everybody(self):
        """And each is asked for the right call, has no more time than its caller, and what it
        prints is kept with its own call."""
        seen = {}
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "log.csv")
            all_of_them = nodes()
            with Calls(all_of_them, options=("-l", "csv=" + log)) as server:
                pairs = set()
                for path in rounds(all_of_them):
                    pairs |= set(zip(path, path[1:]))
                    self.check_path(server, path, seen)
                self.assertEqual(len(pairs), len(all_of_them) ** 2)
            with open(log, newline="") as file:
                rows = {row["request_id"]: row for row in csv.DictReader(file)}
        self.assertLessEqual(seen.keys(), rows.keys())
        for id, said in seen.items():
            row, tag = rows[id], said.split("|")[0]
            self.assertEqual((row["status"], tag.endswith(row["executor"])), ("ok", True), row)
            if tag not in ("cinprocess", "cisolated"): # a library prints for the whole process
                self.assertEqual(row["log"], f"hop {said}\n")
            self.assertEqual(row["trigger"], "http" if said.endswith("|0") else row["trigger"])

    def test_values(self):
        value = {"text": "\u00e4\u20ac\U0001f600 \"\\\n", "numbers": [1, -2.5, 2 ** 40, 1e300],
                 "none": None, "yes": True, "deep": [[[{}]], []]}
        all_of_them = nodes(("py", "old", "java"))
        with Calls(all_of_them) as server:
            for first, last in ((0, -1), (-1, 0), (3, 8), (8, 3), (4, 5)):
                order = all_of_them[first:] + all_of_them[:first]
                path = [order[0], order[last], order[1], order[0]]
                status, said = server.call(path[0].function("nest"), [
                    node.function("nest") for node in path[1:]], value)
                self.assertEqual(status, 200, said)
                for node in path:
                    self.assertEqual((said["tag"], said["value"]), (node.tag, value))
                    said = said["inner"]
                self.assertEqual(said, value)

    def test_errors_pass_with_type_and_text(self):
        """To who called, who may catch them; and through who does not."""
        callers = nodes()
        callees = nodes(("py", "old", "java"))
        types = {"java": "IllegalStateException"}
        with Calls(callers) as server:
            for number, callee in enumerate(callees):
                kind = types.get(callee.language, "ValueError")
                for caller in callers[number % 3::3]:
                    status, said = server.call(caller.function("caught"),
                                               callee.function("fail"), "x")
                    self.assertEqual(status, 200, (caller, callee, said))
                    self.assertRegex(said, rf"^([a-z.]*\.)?{kind}/odd: x$", (caller, callee))
                for caller in callers[number % 4::4]:
                    if caller.language == "c":
                        continue # it has what it was told as its result
                    status, said = server.call(caller.function("relay"),
                                               callee.function("fail"), "x")
                    self.assertEqual(status, 500)
                    self.assertRegex(said["errorMessage"], rf"{kind}: odd: x")
            # What is not there, and what is wrong with the arguments.
            for caller in callers:
                self.assertRegex(server.call(caller.function("caught"), "no.such", "x")[1],
                                 "^UnknownFunction/")
                self.assertRegex(server.call(caller.function("caught"),
                                             callers[0].function("fib"), "x")[1],
                                 "^ArgumentError/.*n: missing")


class Deadlines(unittest.TestCase):
    def test_the_callers_time_is_all_there_is(self):
        """Outer 1 s, inner more: all of a chain ends, and no process is left busy."""
        chain = [Node("py", "worker"), Node("java", "inprocess"), Node("py", "fork"),
                 Node("c", "worker"), Node("py", "inprocess"), Node("java", "worker"),
                 Node("py", "isolated"), Node("old", "spawn")]
        with Calls(chain) as server:
            self.assertEqual(server.relay(chain)[0], 200) # all has been loaded
        settings = f"[function {chain[0].pattern()}]\ncall-timeout = 1s\n"
        for last in ("inprocess", "isolated", "worker"):
            leaf = Node("old", last)
            some = [node for node in chain if node.tag != leaf.tag] + [leaf]
            with self.subTest(last), Calls(some, settings=settings) as server:
                path = ",".join([node.function("relay") for node in some[1:-1]] +
                                [leaf.function("hang")])
                status, said = server.call(some[0].function("relay"), path, "v")
                self.assertEqual((status, said["errorType"]), (504, "DeadlineExceeded"))
                until(lambda: not server.total(), "nobody hangs any more")
                self.assertEqual(server.relay(some[-3:])[0], 200)

    def test_a_callee_has_less_time_than_its_caller(self):
        """Its own deadline ends it, and its caller, which catches that, goes on."""
        callers = [Node("py", "inprocess"), Node("java", "worker"), Node("c", "worker"),
                   Node("java", "inprocess"), Node("old", "isolated")]
        for executor in EVERY:
            callees = [Node("py", executor), Node("old", executor)]
            if executor != "fork":
                callees.append(Node("java", executor))
            if executor not in ("inprocess", "isolated"):
                callees.append(Node("c", executor))
            some = {node.tag: node for node in callers + callees}
            settings = "".join(f"[function {callee.function('hang')}]\ncall-timeout = 300ms\n"
                               f"executor = {executor}\n" for callee in callees)
            with self.subTest(executor), Calls(some.values(), settings=settings) as server:
                for number, callee in enumerate(callees):
                    for caller in callers[number % 2::2]:
                        status, said = server.call(caller.function("caught"),
                                                   callee.function("hang"), "x")
                        self.assertEqual(status, 200, (caller, callee, said))
                        self.assertRegex(said, "^DeadlineExceeded/.* call timeout of 0.3 s$",
                                         (caller, callee))
                until(lambda: not server.total(), "nobody hangs any more")


class Endless(unittest.TestCase):
    """Mutual recursion without end: refused at the caps, and all is well afterwards."""

    settings = "[limits]\ninstances = 3\nthreads = 4\n[execution]\ninstance-idle = 200ms\n"

    def check(self, one, two, server):
        status, said = server.call(one.function("ping"), two.function("ping"),
                                   one.function("ping"))
        self.assertEqual(status, 200, (one, two, said))
        times, why = said.split(" ")
        self.assertIn(why, ("TooManyCalls", "CallDepthExceeded"), (one, two))
        return int(times), why

    def check_health(self, server, some):
        for node in some:
            self.assertEqual(server.relay([node])[0], 200)
        until(lambda: server.total("idle") + server.total("busy") + server.total("starting")
              <= sum(node.executor == "fork" for node in some) * 16,
              "the processes go when nobody needs them")

    def test_on_each_executor(self):
        some = nodes()
        with Calls(some, settings=self.settings) as server:
            for node in some:
                times, why = self.check(node, node, server)
                if node.executor in ("inprocess", "isolated"):
                    self.assertIn((times, why), ((100, "CallDepthExceeded"),
                                                 (times, "TooManyCalls")), node)
                else: # each process but the first is a call deeper
                    self.assertEqual((times, why), (2, "TooManyCalls"), node)
            self.check_health(server, some)

    def test_across(self):
        some = nodes()
        chance = random.Random(3)
        with Calls(some, settings=self.settings) as server:
            for one in some:
                for two in chance.sample(some, 4):
                    if one is two:
                        continue
                    times, why = self.check(one, two, server)
                    here = ("inprocess", "isolated")
                    if one.executor not in here and two.executor not in here:
                        self.assertEqual((times, why), (5, "TooManyCalls"), (one, two))
                    else:
                        self.assertGreaterEqual(times, 2)
            self.check_health(server, some)

    def test_many_at_once(self):
        some = nodes(executors=("inprocess", "isolated", "worker"))
        chance = random.Random(4)
        with Calls(some, settings=self.settings) as server:
            calls = []
            for _ in range(32):
                one, two = chance.choice(some), chance.choice(some)
                calls.append(((one.function("ping"), two.function("ping"), one.function("ping")),
                              {}))
            for status, said in server.all(calls):
                self.assertIn(status, (200, 429), said)
                if status == 200:
                    self.assertRegex(said, "^[0-9]+ (TooManyCalls|CallDepthExceeded)$")
            self.check_health(server, some)


class Storms(unittest.TestCase):
    def test_recursion(self):
        """fib at a concurrency far beyond threads and processes."""
        for node, n in [(node, 6 if node.executor in ("spawn", "fork") else 8)
                        for node in nodes(executors=("inprocess", "isolated", "worker", "fork"))
                        if node.language != "old"] + [(Node("py", "spawn"), 4)]:
            right = [0, 1, 1, 2, 3, 5, 8, 13, 21][n]
            with self.subTest(node), \
                    Calls([node], settings="[limits]\ninstances = 12\nthreads = 4\n") as server:
                calls = [((node.function("fib"), n), {})] * 64
                statuses = collections.Counter()
                for status, said in server.all(calls):
                    statuses[status] += 1
                    if status == 500: # it was not caught
                        self.assertIn("TooManyCalls", json.dumps(said))
                    elif status == 200 and node.language == "c" and said != right:
                        self.assertLess(said, 0) # it was noted
                    else:
                        self.assertIn((status, said if status == 200 else None),
                                      ((200, right), (429, None)), said)
                if node.executor == "inprocess":
                    self.assertEqual(statuses, {200: 64})
                self.assertEqual(server.call(node.function("fib"), n), (200, right))

    def test_few_threads_and_processes(self):
        """All languages and executors at once, with as good as nothing to run on."""
        some = nodes(executors=("inprocess", "isolated", "worker", "fork"))
        chance = random.Random(5)
        for limit in (1, 2):
            settings = (f"[limits]\ninstances = {limit}\nthreads = {limit}\n"
                        f"[function pyinprocess.*]\nconcurrency = {2 * limit}\n")
            with self.subTest(limit), Calls(some, settings=settings) as server:
                for _ in range(3):
                    calls = []
                    for _ in range(32):
                        path = chance.choices(some, k=chance.randint(1, 4))
                        calls.append(((path[0].function("relay"),
                                       ",".join(node.function("relay") for node in path[1:]),
                                       "v"), {}))
                    statuses = collections.Counter()
                    for status, said in server.all(calls):
                        statuses[status] += 1
                        if status == 500:
                            self.assertRegex(json.dumps(said), "TooManyCalls|OverLimit")
                        else:
                            self.assertIn(status, (200, 429), said)
                    self.assertGreater(statuses[200], 0)
                for node in some:
                    self.assertEqual(server.relay([node])[0], 200)

    def test_threads_of_one_function(self):
        """Many threads of one process call at once."""
        callee = Node("c", "inprocess")
        for executor in ("inprocess", "worker", "fork", "spawn"):
            node = Node("py", executor)
            settings = "[limits]\nprocesses = 1000\nthreads = 500\n"
            with self.subTest(executor), Calls([node, callee], settings=settings) as server:
                for _ in range(3):
                    self.assertEqual(server.call(node.function("threads"), 200,
                                                 callee.function("relay")),
                                     (200, [200, callee.tag]))
                status, said = server.call(node.function("threads"), 400,
                                           callee.function("relay"))
                self.assertEqual((status, said[0]), (200, 400), said)
                self.assertLessEqual(set(said[1:]), {callee.tag, "TooManyCalls"})


class Python2(unittest.TestCase):
    SOURCE = """
import atexit, os
def farewell():
    with open(os.environ["COLOUR_FILE"], "a") as file:
        print >> file, "farewell"
atexit.register(farewell)
def colour():
    print "asked"
    return os.environ.get("COLOUR_FILE")
"""

    def test_surroundings(self):
        """Variables of the function's settings, and what it left for its process's end."""
        with tempfile.TemporaryDirectory() as folder:
            path, told = os.path.join(folder, "surely.py"), os.path.join(folder, "told")
            with open(path, "w") as file:
                file.write(self.SOURCE)
            for executor in EVERY:
                with self.subTest(executor):
                    open(told, "w").close()
                    with Server(path, executor=None, settings="[execution]\nenvironment = "
                                f"COLOUR_FILE={told}\n{NO_LIMIT}") as server:
                        self.assertEqual(server.call("colour", executor=executor), (200, told))
                    with open(told) as file:
                        self.assertIn("farewell\n", file.read())

    @unittest.skipUnless(any(map(shutil.which, ("python2.7", "python2", "pypy", "jython"))),
                         "no Python 2 here: none of python2.7, python2, pypy, jython")
    def test_native(self):
        """In a real Python 2, called by others and calling others."""
        native, others = Node("native", "worker"), [
            Node("py", "inprocess"), Node("java", "inprocess"), Node("c", "worker")]
        settings = "[limits]\ncall-timeout = 5min\n"
        quick = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}  # of Jython
        with Calls([native] + others, settings=settings, env=quick) as server:
            for _ in range(5): # Jython's start may take longer than a client waits
                try:
                    self.assertEqual(server.call(native.function("fib"), 1), (200, 1))
                    break
                except TimeoutError:
                    pass
            path = [others[0], native, others[1], others[2]]
            status, said, _ = server.relay(path)
            self.assertEqual(status, 200, said)
            self.assertEqual([hop.split("|")[0] for hop in said.split(";")[:-1]],
                             [node.tag for node in path])
            self.assertEqual(server.call(native.function("caught"), others[1].function("fail"),
                                         "x")[1], "java.lang.IllegalStateException/odd: x")
            self.assertEqual(server.call(others[0].function("caught"), native.function("fail"),
                                         "x")[1], "ValueError/odd: x")
            for executor in ("inprocess", "isolated", "fork"):
                status, said = server.call(native.function("fib"), 1, executor=executor)
                self.assertIn(status, (400, 500), said)
                self.assertIn("take worker or spawn", said["errorMessage"])


class Loading(unittest.TestCase):
    """What is loaded, or made, calls functions."""

    MODULE = """
import os, snafu, time
here = os.path.dirname(os.path.realpath(__file__))
open(os.path.join(here, "{mine}.there"), "w").close()
while not os.path.exists(os.path.join(here, "{other}.there")):
    time.sleep(.01)
try:
    said = snafu.call("{other}.{other}_says")
except snafu.CallError as error:
    said = error.message

def {mine}_says():
    return "{mine}, " + said
"""
    CLASSES = """
import snafu

class First:
    def __init__(self):
        self.said = snafu.call("middle.pass_on")

    def says(self):
        return "first, " + self.said

class Second:
    def says(self):
        return "second"
"""

    def serve(self, sources, settings=""):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in sources.items():
            with open(os.path.join(folder.name, name + ".py"), "w") as file:
                file.write(text)
        return Server(folder.name, executor=None, settings=settings + NO_LIMIT)

    def test_modules_that_call_each_other(self):
        sources = {mine: self.MODULE.format(mine=mine, other=other)
                   for mine, other in (("one", "two"), ("two", "one"))}
        with self.serve(sources) as server:
            said = server.all([(("one.one_says",), {}), (("two.two_says",), {})])
            for status, value in said:
                self.assertIn(status, (200, 500), value)
            words = json.dumps(said)
            self.assertIn("is called while it is still being loaded", words)
            for name in ("one", "two"): # they are there afterwards
                self.assertEqual(server.call(f"{name}.{name}_says")[0], 200)

    def test_an_object_that_calls_while_it_is_made(self):
        """By way of a process, a call comes back to another thread, and needs an object too."""
        sources = {"first": self.CLASSES,
                   "middle": "import snafu\ndef pass_on():\n    return snafu.call('Second.says')\n"}
        with self.serve(sources, "[function middle.*]\nexecutor = worker\n") as server:
            self.assertEqual(server.all([(("First.says",), {})] * 4), [(200, "first, second")] * 4)
