"""tests/e2e/deploy.py — hot deployment: sources and settings that change under a running
snafu, on real files, with real requests meanwhile."""

import ctypes
import json
import os
import shutil
import struct
import subprocess
import threading
import unittest
import zipfile

from folder import FolderTest
from served import NO_LIMIT, SANITIZED, Served, until_good
from terminal import PATIENCE, SNAFU

LIBC = ctypes.CDLL(None, use_errno=True)
IN_OPEN = 0x20

COUNTER = '''
count = 0
def add():
    global count
    count += 1
    return count
'''


class Server(Served):
    def __init__(self, case, *arguments, home, **options):
        super().__init__(*arguments, env={"HOME": home,
                                          "XDG_CACHE_HOME": os.path.join(home, "cache")}, **options)
        case.addCleanup(self.__exit__)

    def request(self, method, path, body=None, connection=None):
        reply, value = self.ask(method, path, body, connection=connection)
        return reply.status, value

    def functions(self):
        return {entry["id"]: entry for entry in self.request("GET", "/functions")[1]}


class Case(FolderTest):
    def setUp(self):
        super().setUp()
        self.top = self.folder
        self.folder = self.path("sources")
        os.mkdir(self.folder)

    def replace(self, name, text):
        """As editors do: a new file, renamed over the old one."""
        path = self.write(name + ".tmp~", text)
        os.rename(path, path[:-5])

    def serve(self, *arguments):
        self.server = Server(self, *(arguments or [self.folder]), home=self.top)
        return self.server

    def until(self, probe, wanted):
        until_good(probe, lambda got: got == wanted, self.server.said)

    def until_call(self, wanted, name, *arguments):
        self.until(lambda: self.server.call(name, *arguments), (200, wanted))

    def until_ids(self, *ids):
        self.until(lambda: sorted(self.server.functions()), sorted(ids))


class Sources(Case):
    def test_add_change_remove_rename(self):
        self.write("a.py", COUNTER)
        server = self.serve()
        self.assertEqual(server.call("a.add"), (200, 1))
        self.write("b.py", "def g(): return 'old'\ndef h(): return 'h'\n")
        self.until_call("old", "b.g")
        self.replace("b.py", "def g(n: int = 1): return ['new', n]\n")
        self.until_call(["new", 1], "b.g")
        self.until_ids("a.add", "b.g")
        self.assertEqual(server.request("GET", "/invoke/b.g?n=7")[1], ["new", 7])
        self.assertIn("/invoke/b.g", server.request("GET", "/openapi.json")[1]["paths"])
        os.rename(self.path("b.py"), self.path("c.py"))
        self.until_ids("a.add", "c.g")
        self.assertEqual(server.call("c.g"), (200, ["new", 1]))
        self.assertNotIn("/invoke/b.g", server.request("GET", "/openapi.json")[1]["paths"])
        os.unlink(self.path("c.py"))
        self.until_ids("a.add")
        self.assertEqual(server.call("c.g")[0], 404)
        self.assertEqual(server.call("a.add"), (200, 2))
        self.assertIn("snafu: " + self.path("b.py") + ": changed, 1 function\n",
                      server.said())

    def test_named_file(self):
        path = self.write("only.py", "def f(): return 1\n")
        self.write("other.py", "def f(): return 'other'\n")
        self.serve(path)
        self.assertEqual(self.server.call("f"), (200, 1))
        self.replace("only.py", "def f(): return 2\n")
        self.until_call(2, "f")
        os.unlink(path)
        self.until_ids()
        self.write("only.py", "def f(): return 3\n")
        self.until_call(3, "f")
        self.until_ids("only.f")

    def test_folders(self):
        self.write("a.py", COUNTER)
        self.serve()
        outside = os.path.join(self.top, "package")
        os.makedirs(os.path.join(outside, "deep"))
        with open(os.path.join(outside, "deep", "x.py"), "w", encoding="utf-8") as file:
            file.write("def f(): return 'x'\n")
        os.rename(outside, self.path("package"))
        self.until_call("x", "package.deep.x.f")
        self.write("package/deep/y.py", "def f(): return 'y'\n")
        self.until_call("y", "package.deep.y.f")
        self.write("one/two/three/z.py", "def f(): return 'z'\n")
        self.until_call("z", "one.two.three.z.f")
        os.rename(self.path("package"), outside)
        shutil.rmtree(self.path("one"))
        self.until_ids("a.add")
        shutil.rmtree(self.folder)
        self.until_ids()
        self.write("a.py", "def back(): return True\n")
        self.until_call(True, "a.back")

    def test_ids_follow_packages(self):
        self.write("m.py", "def f(): return __name__\n")
        self.serve()
        self.assertEqual(sorted(self.server.functions()), ["m.f"])
        self.write("__init__.py", "")
        self.until_ids("sources.m.f")
        self.until_call("sources.m", "sources.m.f")

    def test_ids_follow_packages_that_came_while_scanning(self):
        """As above, but before the first look at what has changed."""
        for number in range(8):
            name = f"p{number}"
            self.write(f"{name}/m{number}.py", "def f(): return __name__\n")
            server = Server(self, self.path(name), home=self.top)
            self.write(f"{name}/__init__.py", "")
            self.server = server
            self.until_ids(f"{name}.m{number}.f")
            server.stop()

    def test_broken_then_mended(self):
        path = self.write("b.py", "def g(): return 1\ndef h(): return 'h'\n")
        server = self.serve()
        self.assertEqual(server.call("g"), (200, 1))
        self.replace("b.py", "def g(: return 2\n")
        self.until(lambda: "outdated" in server.functions()["b.g"], True)
        self.assertRegex(server.await_line("its last good version stays"),
                         "^snafu: error: " + path + ": .+; its last good version stays\n$")
        self.assertEqual(server.call("g"), (200, 1))
        self.assertEqual(server.call("h"), (200, "h"))  # was never called before
        # It parses, but cannot be loaded.
        start = len(server.said())
        self.replace("b.py", "import nowhere_to_be_found\ndef g(): return 2\n")
        self.assertIn("nowhere_to_be_found",
                      server.await_line("its last good version stays", start))
        self.until(lambda: "nowhere" in server.functions()["b.g"].get("outdated", ""), True)
        self.assertEqual(server.call("g"), (200, 1))
        self.replace("b.py", "def g(): return 3\n")
        self.until_call(3, "g")
        self.assertNotIn("outdated", server.functions()["b.g"])
        self.until_ids("b.g")

    def test_new_file_that_is_broken(self):
        self.write("a.py", COUNTER)
        self.serve()
        self.write("b.py", "def ok(): return 1\n\ndef bad(:\n")
        self.until(lambda: "b.py" in self.server.said(), True)
        self.write("b.py", "def ok(): return 1\n\ndef bad(): return 2\n")
        self.until_call(2, "bad")

    def test_running_call_ends_on_the_old_version(self):
        self.write("s.py", "import time\nentered = 0\n"
                   "def slow(path):\n    open(path + '.in', 'w').close()\n"
                   "    open(path).read()\n    return 'old'\n")
        server = self.serve()
        fifo = os.path.join(self.top, "fifo")
        os.mkfifo(fifo)
        got = []
        thread = threading.Thread(target=lambda: got.append(server.call("slow", fifo)))
        thread.start()
        self.until(lambda: os.path.exists(fifo + ".in"), True)
        self.replace("s.py", "def slow(path): return 'new'\n")
        self.until_call("new", "slow", "")
        with open(fifo, "w", encoding="ascii") as file:
            file.write("go")
        thread.join(PATIENCE)
        self.assertEqual(got, [(200, "old")])

    def test_no_watch(self):
        self.write("a.py", "def f(): return 1\n")
        self.serve("--no-watch", self.folder)
        self.assertEqual(self.server.call("f"), (200, 1))
        names = os.listdir(f"/proc/{self.server.process.pid}/fd")
        links = [os.readlink(f"/proc/{self.server.process.pid}/fd/{name}") for name in names]
        self.assertNotIn("anon_inode:inotify", links)

    def test_only_what_changed_is_read(self):
        for number in range(40):
            self.write(f"m{number}.py", f"def f{number}(): return {number}\n")
        self.serve()
        self.until_call(7, "f7")  # is loaded: so only a round of deployment brings another
        self.write("m7.py", "def f7(): return 'once'\n")
        self.until_call("once", "f7")  # from here on all is known
        watch = LIBC.inotify_init1(os.O_NONBLOCK)
        self.assertGreaterEqual(watch, 0)
        self.addCleanup(os.close, watch)
        LIBC.inotify_add_watch(watch, os.fsencode(self.folder), IN_OPEN)
        self.replace("m7.py", "def f7(): return 'twice'\n")
        self.until_call("twice", "f7")
        data, names = os.read(watch, 1 << 20), set()
        while data:
            size = struct.unpack_from("iIII", data)[3]
            names.add(data[16:16 + size].rstrip(b"\0").decode())
            data = data[16 + size:]
        self.assertIn("m7.py", names)
        self.assertEqual({name for name in names if name.startswith("m")} - {"m7.py.tmp~"},
                         {"m7.py"})

    def test_links(self):
        """To files and folders, from inside; and one that was named, as releases are switched."""
        for number in 1, 2:
            self.write(f"../release{number}/m.py", f"def f(): return {number}\n")
        target = self.write("../real.py", "def g(): return 1\n")
        current, inside = os.path.join(self.top, "current"), self.path("linked")
        os.symlink("release1", current)
        self.write("a.py", COUNTER)
        server = self.serve(self.folder, current)
        self.assertEqual(server.call("a.add"), (200, 1))
        self.assertEqual(server.call("m.f"), (200, 1))
        os.symlink("release2", current + ".new")
        os.rename(current + ".new", current)
        self.until_call(2, "m.f")
        os.symlink(target, self.path("link.py"))
        self.until_call(1, "link.g")
        self.write("../real.py", "def g(): return 22\n")
        self.until_call(22, "link.g")
        os.symlink("../release1", inside)
        self.until_call(1, "linked.m.f")
        os.symlink("../release2", inside + ".new")
        os.rename(inside + ".new", inside)
        self.until_call(2, "linked.m.f")
        self.write("../release2/m.py", "def f(): return 33\n")
        self.until_call(33, "linked.m.f")
        os.unlink(inside)
        self.until(lambda: server.call("linked.m.f")[0], 404)
        self.assertEqual(server.call("a.add"), (200, 2))

    def test_other_bytes_of_the_same_size_and_time(self):
        path = self.write("a.py", "def f(): return 1\n")
        os.utime(path, (1, 1))
        self.serve()
        self.write("b.py", "def g(): pass\n")
        self.until_ids("a.f", "b.g")
        self.write("a.py", "def f(): return 2\n")
        os.utime(path, (1, 1))
        self.until_call(2, "f")

    def test_many_files_at_once(self):
        def write_all(value):
            for number in range(200):
                self.write(f"p{number % 7}/m{number}.py", f"def f{number}(): return {value}\n")

        self.write("a.py", COUNTER)
        write_all("'one'")
        server = self.serve()
        self.assertEqual(server.call("a.add"), (200, 1))
        write_all("'two'")
        for number in range(200):
            self.until_call("two", f"f{number}")
        self.assertEqual(server.call("a.add"), (200, 2))
        self.assertRegex(server.await_line("files: changed"), r"^snafu: \d+ files: changed\n$")
        self.assertLess(len(server.said().splitlines()), 100)

    def test_changes_during_the_start(self):
        path = self.write("a.py", "def f(): return 1\n")
        self.serve()
        os.utime(path)  # a file as it may look that was written while the first scan ran
        self.write("a.py", "def f(): return 2\n")
        self.until_call(2, "f")


class UnderLoad(Case):
    CALLERS = 4
    CHANGES = 12

    def test_nothing_fails_and_state_stays(self):
        self.write("a.py", COUNTER)
        self.write("b.py", "def g(): return 0\n")
        server = self.serve()
        stop, problems, counts = threading.Event(), [], []

        def load(name, check):
            connection = server.connect()
            n = 0
            while not stop.is_set():
                status, value = server.request("POST", f"/invoke/{name}", "[]", connection)
                n += 1
                if status != 200 or not check(value):
                    problems.append((name, status, value))
                    break
            counts.append((name, n))
            connection.close()

        threads = [threading.Thread(target=load, args=arguments) for arguments in
                   [("a.add", lambda value: True)] * self.CALLERS +
                   [("b.g", lambda value: 0 <= value <= self.CHANGES)] * self.CALLERS]
        for thread in threads:
            thread.start()
        for number in range(1, self.CHANGES + 1):
            self.replace("b.py", f"def g(): return {number}\n")
            self.until_call(number, "b.g")
            if number % 4 == 0:
                self.write(f"c{number}.py", "def h(): return 1\n")
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(problems, [])
        added = sum(n for name, n in counts if name == "a.add")
        self.assertGreater(added, self.CHANGES)
        self.assertEqual(server.call("a.add"), (200, added + 1))
        self.assertEqual(server.stop(), 0)


class OtherLanguages(Case):
    def test_c_sources_and_headers(self):
        self.write("unit.h", "#define FACTOR 10\n")
        self.write("scale.c", '#include "unit.h"\nint scale(int n) { return n * FACTOR; }\n')
        self.write("count.c", "static int n;\nint count(void) { return ++n; }\n")
        server = self.serve()
        self.assertEqual(server.call("scale", 2), (200, 20))
        self.assertEqual(server.call("count"), (200, 1))
        self.replace("unit.h", "#define FACTOR 100\n")
        self.until_call(200, "scale", 2)
        self.assertEqual(server.call("count"), (200, 2))
        self.replace("scale.c", '#include "unit.h"\nlong scale(long n) { return n + FACTOR; }\n')
        self.until_call(102, "scale", 2)
        self.replace("scale.c", "int scale(int n) { return undeclared; }\n")
        self.server.await_line("its last good version stays")
        self.assertEqual(server.call("scale", 2), (200, 102))
        self.assertEqual(server.call("count"), (200, 3))

    def make_jar(self, name, value):
        """Of two classes in a package; moved over what is there."""
        folder = os.path.join(self.top, "classes")
        os.makedirs(folder, exist_ok=True)
        for number in 1, 2:
            source = os.path.join(folder, f"C{number}.java")
            with open(source, "w", encoding="utf-8") as file:
                file.write(f"package p; public class C{number} {{ public static String get{number}"
                           f"() {{ return \"{value}\" + System.getenv(\"STAGE\"); }} }}")
            subprocess.run(["javac", "-d", folder, source], check=True, timeout=PATIENCE)
        jar = os.path.join(self.top, "made.jar")
        with zipfile.ZipFile(jar, "w") as file:
            for number in 1, 2:
                file.write(os.path.join(folder, f"p/C{number}.class"), f"p/C{number}.class")
        os.rename(jar, self.path(name))

    def test_jars(self):
        if not shutil.which("javac"):
            self.skipTest("there is no javac here")
        self.make_jar("lib.jar", "one")
        self.write("a.py", COUNTER)
        server = self.serve("-e", "java=worker", self.folder)
        self.assertEqual(server.call("get1"), (200, "onenull"))
        self.replace("a.py", "def other(): return 1\n")
        self.until_ids("a.other", "p.C1.C1", "p.C1.get1", "p.C2.C2", "p.C2.get2")
        self.assertEqual(server.call("get2"), (200, "onenull"))
        self.write("lib.jar.config", '{"Environment": {"Variables": {"STAGE": "-test"}}}')
        self.until_call("one-test", "get1")
        self.make_jar("lib.jar", "two")
        self.until_call("two-test", "get1")
        self.until_call("two-test", "get2")
        self.assertIn("lib.jar: changed, 4 functions\n", server.said())
        os.unlink(self.path("lib.jar"))
        self.until_ids("a.other")

    def test_configs_of_jars(self):
        """One for all of a jar's classes, whether the jar or its folder was named."""
        if not shutil.which("javac"):
            self.skipTest("there is no javac here")
        def stage(value):
            return {"Environment": {"Variables": {"STAGE": value}}}

        self.make_jar("lib.jar", "one")
        for named in self.folder, self.path("lib.jar"):
            self.write("lib.config", json.dumps(stage("-short")))
            self.write("lib.jar.config", json.dumps(
                {**stage("-long"), "Functions": {"get2": stage("-two"), "C1.get1": {}}}))
            server = self.serve("-e", "java=worker", named)
            self.assertEqual(server.call("get1"), (200, "one-long"))
            self.assertEqual(server.call("get2"), (200, "one-two"))
            os.unlink(self.path("lib.jar.config"))
            self.until_call("one-short", "get2")
            self.assertEqual(server.call("get1"), (200, "one-short"))
            os.unlink(self.path("lib.config"))
            self.until_call("onenull", "get1")
            server.stop()

    def test_what_is_inside_of_other_files_stays(self):
        """Functions of a jar's classes, and of headers that a header includes."""
        self.write("Twice.java", "public class Twice { public static int of(int n) { return 2 * n; } }")
        jar = os.path.join(self.top, "twice.jar")
        subprocess.run(["javac", "-d", self.top, self.path("Twice.java")], check=True)
        os.unlink(self.path("Twice.java"))
        with zipfile.ZipFile(jar, "w") as archive:
            archive.write(os.path.join(self.top, "Twice.class"), "Twice.class")
        self.write("inner/power.h", "double exp2(double x);\n")
        header = self.write("outer.h", '#include "inner/power.h"\n')
        os.mkdir(self.path("py"))
        self.serve(jar, header, "libm.so.6", self.path("py"))
        os.rename(self.write("late.py", "def f(): return 1\n"),
                  self.path("py", "late.py"))
        self.until_call(1, "late.f")  # a round of looking at everything is over
        self.assertEqual(self.server.call("Twice.of", 21), (200, 42))
        self.assertEqual(self.server.call("exp2", 3), (200, 8.0))
        with zipfile.ZipFile(jar + ".new", "w"):
            pass
        os.rename(jar + ".new", jar)
        self.until(lambda: self.server.call("Twice.of", 21)[0], 404)

    def test_workers(self):
        self.write("a.py", COUNTER)
        self.write("b.py", "def g(): return 1\n")
        server = self.serve("-e", "worker", self.folder)
        self.assertEqual(server.call("a.add"), (200, 1))
        self.assertEqual(server.call("b.g"), (200, 1))
        self.replace("b.py", "def g(): return 2\n")
        self.until_call(2, "b.g")
        self.assertEqual(server.call("a.add"), (200, 2))


class Settings(Case):
    def test_config_that_changes_at_the_start(self):
        """When its folder is not yet watched."""
        slow = ("strace", "-D", "-f", "-qq", "-o", os.devnull, "-e", "trace=inotify_add_watch",
                "-e", "inject=inotify_add_watch:delay_enter=500000")
        if SANITIZED or not shutil.which("strace") or subprocess.run(
                [*slow, "true"], capture_output=True, check=False).returncode:
            self.skipTest("no strace here, or it may not look")
        self.write("a.py", "import os\ndef env(): return os.environ.get('STAGE')\n")
        self.write("a.py.config", "{}")
        self.server = Server(self, "-e", "worker", self.folder, home=self.top,
                             command=(*slow, SNAFU))
        self.replace("a.py.config", json.dumps({"Environment": {"Variables": {"STAGE": "new"}}}))
        self.until_call("new", "env")

    def test_config_beside_the_source(self):
        self.write("a.py", "import os\ndef env(): return os.environ.get('STAGE')\n"
                   "def other(): return os.environ.get('STAGE')\n")
        self.write("a.py.config", json.dumps(
            {"Environment": {"Variables": {"STAGE": "file"}}, "Executor": "worker",
             "Functions": {"other": {"Environment": {"Variables": {"STAGE": "own"}}}}}))
        server = self.serve()
        self.assertEqual(server.call("env"), (200, "file"))
        self.assertEqual(server.call("other"), (200, "own"))
        self.replace("a.py.config", json.dumps(
            {"Environment": {"Variables": {"STAGE": "changed"}}, "Executor": "worker"}))
        self.until_call("changed", "env")
        self.until_call("changed", "other")
        start = len(server.said())
        self.replace("a.py.config", '{"Timeout": "soon"}')
        line = server.await_line("the settings stay as they were", start)
        self.assertIn("a.py.config: Timeout: call-timeout takes", line)
        self.assertEqual(server.call("env"), (200, "changed"))
        os.unlink(self.path("a.py.config"))
        self.until_call(None, "env")

    def test_handler_by_another_name(self):
        self.write("src/app.py", "def handler(n: int): return n + 1\n")
        self.write("src/app.config", '{"FunctionName": "increment", "Handler": "src/app.handler"}')
        server = self.serve()
        self.assertEqual(server.call("increment", 1), (200, 2))
        self.assertEqual(server.call("handler", 1), (200, 2))
        self.assertEqual(server.request("GET", "/invoke/increment?n=1"), (200, 2))
        self.assertNotIn("Handler", server.said())
        self.replace("src/app.config", '{"FunctionName": "plus", "Handler": "app.gone"}')
        server.await_line("app.config: Handler: there is no function 'app.gone'")
        self.until(lambda: server.call("plus", 1)[0], 404)

    def test_environment_in_process(self):
        self.write("a.py", "import os\nAT_LOAD = os.environ.get('STAGE')\n"
                   "def env(): return [AT_LOAD, os.environ.get('STAGE'), os.getenv('HOME')]\n")
        self.write("b.py", "import os\ndef env(): return os.environ.get('STAGE')\n")
        self.write("a.config", '{"Environment": {"Variables": {"STAGE": "one", "HOME": "/h"}}}')
        self.write("b.config", '{"Environment": {"Variables": {"STAGE": "two"}}}')
        server = self.serve()
        self.assertEqual(server.call("a.env"), (200, ["one", "one", "/h"]))
        self.assertEqual(server.call("b.env"), (200, "one"))
        self.assertIn("STAGE is set to 'one' for a.env and to 'two' for b.env", server.said())

    def test_instance_tenants_functions(self):
        ini = os.path.join(self.top, "snafu.ini")

        def settings(text):
            with open(ini + "~", "w", encoding="utf-8") as file:
                file.write(text.replace("[limits]\n", NO_LIMIT) if NO_LIMIT and "[limits]" in text
                           else text + NO_LIMIT)
            os.rename(ini + "~", ini)

        self.write("a.py", "import os\ndef env(): return os.environ.get('STAGE')\n"
                   "def nap(s: float):\n    import time\n    time.sleep(s)\n    return 'up'\n")
        settings("[execution]\nexecutor = worker\nenvironment = STAGE='in all' X=1\n")
        server = self.serve("-s", ini, self.folder)
        self.assertEqual(server.call("env"), (200, "in all"))
        settings("[execution]\nexecutor = worker\n[limits]\nthreads = 3\n"
                 "[function a.*]\nenvironment STAGE = pattern\n"
                 "[function nap]\ncall-timeout = 200ms\n")
        self.until_call("pattern", "env")
        self.assertEqual(server.call("nap", 20)[0], 504)
        self.assertIn("[limits] threads is the whole instance's", server.said())
        start = len(server.said())
        settings("[limits]\ncall-timeout = 1s\n[function nap]\ncall-timeout = 2s\n")
        line = server.await_line("the settings stay as they were", start)
        self.assertIn(f"{ini}:{5 if NO_LIMIT else 4}: call-timeout of [function nap] is over the "
                      "instance's 1s", line)
        self.assertEqual(server.call("env"), (200, "pattern"))


if __name__ == "__main__":
    unittest.main()
