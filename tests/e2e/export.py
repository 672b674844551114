"""tests/e2e/export.py — snafu-export: config stubs for sources in every language, and that
snafu does what is then written into them."""

import json
import os
import re
import stat
import subprocess
import unittest

from folder import FolderTest
from served import NO_LIMIT, Served, until_good
from terminal import BUILD, PATIENCE, run

EXPORT = os.path.join(BUILD, "snafu-export")
LANG3 = "/usr/share/java/commons-lang3.jar"

SOURCES = {
    "nap.py": "import time\ndef nap_python(ms: int):\n    '''Sleep.'''\n"
              "    time.sleep(ms / 1000)\n    return 'up'\n",
    "old/nap2.py": "import time\ndef nap_python2(ms):\n    print 'good night'\n"
                   "    time.sleep(ms / 1000)\n    return 'up'\n",
    "java/Nap.java": "public class Nap { public static String napJava(int ms) throws Exception {"
                     " Thread.sleep(ms); return \"up\"; } }\n",
    "c/nap.c": "#include <unistd.h>\n"
               "int nap_c(int ms) { usleep(ms * 1000u); return ms; }\n",
    "empty.py": "x = 1\n",
}
NAMES = {"nap.py": "nap_python", "old/nap2.py": "nap_python2", "java/Nap.java": "napJava",
         "c/nap.c": "nap_c"}


def export(*arguments, **options):
    return run(*arguments, program=EXPORT, **options)


class Case(FolderTest):
    def write_sources(self):
        self.write_all({"src/" + name: text for name, text in SOURCES.items()})
        return self.path("src")

    def export(self, *arguments, status=0, **options):
        done = export("--stubs", *arguments, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        return done


class Options(Case):
    def test_version(self):
        self.assertRegex(export("-V").stdout, r"^snafu-export \d+\.\d+\.\d+\n$")

    def test_usage_errors(self):
        source = self.write("a.py", "def f(): pass\n")
        for arguments, words in [([source], "say what to write"), (["--stubs"], "no file"),
                                 (["--stub-born", source], "--help"),
                                 (["--stubs", "-o"], "--help")]:
            done = export(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
            self.assertIn(words, done.stderr)
        self.assertEqual(self.list_files("."), ["a.py"])

    def test_what_is_not_there(self):
        self.assertIn("nothing.py", self.export(self.path("nothing.py"), status=1).stderr)
        source = self.write("a.py", "def f(): pass\n")
        self.assertIn("snafu.ini",
                      self.export("-s", self.path("snafu.ini"), source, status=1).stderr)


class Stubs(Case):
    def test_beside_the_sources(self):
        source = self.write_sources()
        done = self.export(source)
        self.assertEqual(done.stdout, "")
        self.assertIn("4 stubs written, 0 updated, for 4 functions; 0 had all", done.stderr)
        self.assertEqual(self.list_files("src"),
                         sorted([*SOURCES, "snafu.ini", *(name + ".config" for name in NAMES)]))
        for name, function in NAMES.items():
            stub = json.loads(self.read(f"src/{name}.config"))
            (own, members), = stub.pop("Functions").items()
            self.assertEqual(own.rpartition(".")[2], function)
            for key in [*stub, *members]:
                self.assertTrue(key.startswith("//"), key)
            self.assertEqual(stub["//Timeout"], 60)
            self.assertIn(function + "(", members["//"])
        self.assertIn("Sleep.", self.read("src/nap.py.config"))
        self.assertIn("//Python2", self.read("src/old/nap2.py.config"))
        self.assertNotIn("//Python2", self.read("src/nap.py.config"))

    def test_values_stay_when_a_stub_is_written_again(self):
        source = self.write_sources()
        self.write("src/nap.py.config", '{"Timeout": 7, "Mine": [1,  2],\n "Functions": {"old":'
                   ' {"Timeout": 1}, "//gone": {}}}')
        self.write("src/c/nap.config", '{"Timeout": 8}')
        os.chmod(self.path("src/nap.py.config"), 0o640)
        done = self.export(source)
        self.assertIn(f"{source}/nap.py.config: added 1 function\n", done.stderr)
        self.assertIn(f"{source}/nap.py.config: not in the source any more: old\n", done.stderr)
        self.assertIn("2 stubs written, 2 updated, for 4 functions; 0 had all", done.stderr)
        text = self.read("src/nap.py.config")
        self.assertTrue(text.startswith('{"Timeout": 7, "Mine": [1,  2],\n "Functions": {"old":'
                                        ' {"Timeout": 1}, "//gone": {},\n    "nap_python": {'))
        stub = json.loads(text)
        self.assertEqual(list(stub["Functions"]), ["old", "//gone", "nap_python"])
        self.assertNotIn("//Timeout", stub)
        self.assertIn("//MemorySize", stub)
        self.assertIn("// MemorySize", stub)
        self.assertEqual(json.loads(self.read("src/c/nap.config"))["Timeout"], 8)
        self.assertIn("nap_c", self.read("src/c/nap.config"))
        self.assertNotIn("c/nap.c.config", self.list_files("src"))
        self.assertEqual(stat.S_IMODE(os.stat(self.path("src/nap.py.config")).st_mode), 0o640)
        before = {name: (self.read("src/" + name), os.stat(self.path("src/" + name)).st_mtime_ns)
                  for name in self.list_files("src")}
        done = self.export(source)
        self.assertIn("0 stubs written, 0 updated, for 0 functions; 4 had all", done.stderr)
        self.assertEqual(before, {name: (self.read("src/" + name),
                                         os.stat(self.path("src/" + name)).st_mtime_ns)
                                  for name in self.list_files("src")})
        with open(self.path("src/nap.py"), "a", encoding="utf-8") as file:
            file.write("def more(): pass\n")
        self.export("-q", source)
        self.assertEqual(list(json.loads(self.read("src/nap.py.config"))["Functions"]),
                         ["old", "//gone", "nap_python", "more"])

    def test_an_ini_that_says_all_and_sets_nothing(self):
        source = self.write_sources()
        self.export(source)
        text = self.read("src/snafu.ini")
        for line in ("[limits]", ";call-timeout = 1min", ";[function nap.nap_python]",
                     "; nap_python(ms: int): Sleep.", ";schedule = ", ";[function old.nap2.nap_python2]",
                     ";environment NAME = value"):
            self.assertIn("\n" + line + "\n", text)
        self.assertRegex(text, r"(?m)^; time from .* \(1ms to 24h\)$")
        for line in text.splitlines():
            self.assertRegex(line, r"^($|;|\[)")
        uncommented = re.sub(r"(?m)^;(?=\[|[a-z0-9-]+ = )", "", text)
        self.assertIn("\n[function nap.nap_python]\n", uncommented)
        self.write("all.ini", uncommented)
        # What it says is what holds, so it is taken, and gives the same again.
        again = self.export("-n", "-o", self.path("new"), "-s", self.path("all.ini"),
                            self.path("src/nap.py")).stdout
        self.assertIn('"//Timeout": 60,', again)

    def test_an_ini_written_again_keeps_what_is_there(self):
        source = self.write_sources()
        self.write("src/snafu.ini", "# mine\n[limits]\ncall-timeout = 7s\n[function nap_gone]\n"
                   "memory = 64MiB\n;[function nap.nap_python]\n[function nap*]\n")
        before = self.read("src/snafu.ini")
        done = self.export(source)
        text = self.read("src/snafu.ini")
        self.assertTrue(text.startswith(before))
        self.assertIn("not in the source any more: nap_gone\n", done.stderr)
        self.assertNotIn(";call-timeout = 1min\n; calls", text)
        self.assertEqual(text.count("[function nap.nap_python]"), 1)
        self.assertIn(";[function old.nap2.nap_python2]", text)
        time = os.stat(self.path("src/snafu.ini")).st_mtime_ns
        self.export(source)
        self.assertEqual((self.read("src/snafu.ini"), os.stat(self.path("src/snafu.ini")).st_mtime_ns),
                         (text, time))

    def test_force_begins_anew(self):
        source = self.write_sources()
        self.write("src/nap.py.config", '{"Timeout": 7}')
        os.chmod(self.path("src/nap.py.config"), 0o640)
        self.export("--force", self.path("src/nap.py"))
        self.assertEqual(json.loads(self.read("src/nap.py.config"))["//Timeout"], 60)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("src/nap.py.config")).st_mode), 0o640)
        done = self.export("-q", source)
        self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_a_config_that_is_no_json_stays(self):
        source = self.write_sources()
        for text in '{"Timeout": 7', "[]", "", '{"Functions": {"a": }}':
            self.write("src/nap.py.config", text)
            done = self.export(source, status=1)
            self.assertIn("nap.py.config: ", done.stderr)
            self.assertIn("it stays as it is", done.stderr)
            self.assertEqual(self.read("src/nap.py.config"), text)

    def test_dry_run(self):
        source = self.write_sources()
        done = self.export("-n", os.path.join(source, "nap.py"))
        stub, end = json.JSONDecoder().raw_decode(done.stdout)
        self.assertIn("nap_python", stub["Functions"])
        self.assertIn(";[function nap.nap_python]\n", done.stdout[end:])
        self.assertIn("1 stub shown", done.stderr)
        self.export("--dry-run", "-o", self.path("out"), source)
        self.assertEqual(self.list_files("."), sorted("src/" + name for name in SOURCES))
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([EXPORT, "--stubs", "-n", source], stdout=full, text=True,
                                  stderr=subprocess.PIPE, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot ", done.stderr)

    def test_into_a_folder(self):
        source = self.write_sources()
        self.export("-o", self.path("out/deep"), source + "/")
        self.assertEqual(self.list_files("out/deep"),
                         sorted(["snafu.ini", *(name + ".config" for name in NAMES)]))
        self.assertEqual(self.list_files("src"), sorted(SOURCES))
        self.export("-o", self.path("one"), "nap.py", cwd=source)
        self.assertEqual(self.list_files("one"), ["nap.py.config", "snafu.ini"])
        self.export("-o", self.path("here"), ".", cwd=source)
        self.assertEqual(self.list_files("here"),
                         sorted(["snafu.ini", *(name + ".config" for name in NAMES)]))

    def test_two_sources_for_one_place(self):
        one, other = (self.write(f"{place}/x.py", f"def {place}(): pass\n") for place in "ab")
        for option in "-q", "-f":
            done = self.export(option, "-o", self.path("out"), one, other, status=1)
            self.assertIn("x.py.config belongs to two of the sources", done.stderr)
            self.assertIn('"a": {', self.read("out/x.py.config"))
            self.assertIn('"//Handler": "x.a"', self.read("out/x.py.config"))

    def test_what_cannot_be_written(self):
        self.write("out", "a file, no folder")
        one, other = (self.write(name, "def f(): pass\n") for name in ("x.py", "y.py"))
        os.mkdir(self.path("x.py.config"))
        done = self.export("-f", one, other, status=1)
        self.assertIn("cannot write", done.stderr)
        self.assertIn('"f"', self.read("y.py.config"))  # the others are written
        done = self.export("-o", self.path("out"), one, status=1)
        self.assertIn(self.path("out"), done.stderr)
        self.assertEqual(self.read("out"), "a file, no folder")

    def test_settings_are_the_start(self):
        source = self.write("x.py", "def f(): pass\ndef g(): pass\n")
        settings = self.write("snafu.ini", "[limits]\ncall-timeout = 5s\n[function g]\n"
                              "call-timeout = 2s\n[execution]\nenvironment = STAGE=test\n")
        shown = self.export("-n", "-s", settings, source).stdout
        stub, end = json.JSONDecoder().raw_decode(shown)
        self.assertIn("\n;call-timeout = 5s\n", shown[end:])
        self.assertEqual(stub["//Timeout"], 5)
        self.assertEqual(stub["//Environment"], {"Variables": {"STAGE": "test"}})
        self.assertEqual([stub["Functions"][name]["//Timeout"] for name in "fg"], [5, 2])

    def test_broken_sources(self):
        self.write("src/good.py", "def f(): pass\n")
        self.write("src/bad.py", "def f(:\n")
        done = self.export(self.path("src"))
        self.assertIn("bad.py", done.stderr)
        self.assertIn("good.py.config", self.list_files("src"))

    def test_a_jar(self):
        if not os.path.exists(LANG3):
            self.skipTest(f"there is no {LANG3}")
        done = self.export("-o", self.folder, LANG3)
        self.assertNotIn("do not fit", done.stderr)
        stub = json.loads(self.read("commons-lang3.jar.config"))
        self.assertIn("org.apache.commons.lang3.StringUtils.isEmpty", stub["Functions"])


    def test_names_do_not_depend_on_the_folder(self):
        self.write("top/pkg/__init__.py", "def here(): pass\n")
        self.write("top/pkg/deep/mod.py", "class A:\n    def f(self): pass\n")
        for served in "top", "top/pkg", "top/pkg/deep":
            self.export("-q", "-f", self.path(served))
            stub = json.loads(self.read("top/pkg/deep/mod.py.config"))
            self.assertEqual(list(stub["Functions"]), ["A.f"])
            self.assertEqual(stub["//Handler"], "mod.A.f")
        stub = json.loads(self.read("top/pkg/__init__.py.config"))
        self.assertEqual((list(stub["Functions"]), stub["//Handler"]), (["here"], "pkg.here"))


class Host(Case):
    """Stubs under a running snafu."""

    def serve(self, *arguments):
        self.server = Served("-s", self.settings(), *arguments,
                             env={"HOME": self.folder, "XDG_CACHE_HOME": self.path("cache")})
        self.addCleanup(self.server.__exit__)

    def settings(self):
        return self.write("snafu.ini", NO_LIMIT)

    def call(self, name, *arguments):
        return self.server.call(name, *arguments)

    def until(self, probe, wanted):
        until_good(probe, lambda got: got == wanted, self.server.said)

    def test_edited_under_a_running_host(self):
        source = self.write_sources()
        self.serve("-v", source)
        for function in NAMES.values():
            status, _ = self.call(function, 1)
            self.assertEqual(status, 200)
        self.export("-q", "-s", self.settings(), source)
        self.server.await_word("settings read again: other ones for 0 functions")
        for name, function in NAMES.items():
            stub = self.read(f"src/{name}.config")
            edited = stub.replace('"//Executor": "inprocess"', '"Executor": "worker"', 1)
            edited = edited.replace('      "//Timeout": 60', '      "Timeout": 0.4', 1)
            self.assertEqual(len(stub) - len(edited), 6)
            self.write(f"src/{name}.config", edited)
            with self.subTest(function):
                # The process takes its time to start, and then the call does not.
                self.until(lambda: self.call(function, 30000)[0], 504)
                self.until(lambda: self.call(function, 1)[0], 200)
        log = self.server.said()
        for word in "is no setting", "there is no function", "error":
            self.assertNotIn(word, log)

    def test_triggers(self):
        source = self.write("src/app.py", "def shut(): return 1\ndef open_(): return shut()\n")
        self.write("src/app.py.config", json.dumps(
            {"Functions": {"shut": {"Http": False, "Schedule": "0 6 * * mon-fri"},
                           "open_": {"Topic": "orders"}}}))
        self.serve(source)
        self.assertEqual(self.call("open_"), (200, 1))
        status, reply = self.call("shut")
        self.assertEqual((status, reply["errorType"]), (404, "NotOffered"))
        self.assertIn("app.shut takes no requests ([triggers] http = no)", reply["errorMessage"])
        self.assertEqual(self.server.call("shut", headers={"Prefer": "respond-async"})[0], 404)
        self.assertEqual(run("-q", "-x", "shut", source).stdout, "1\n")
        self.write("src/app.py.config", json.dumps({"Http": True, "Watch": "/tmp/*.csv"}))
        self.until(lambda: self.call("shut"), (200, 1))
        told = re.findall("warning: (.*) does not serve schedule, watch and topic", self.server.said())
        self.assertEqual(told, [f"{source}.config: this host"])
        self.write("src/app.py.config", json.dumps({"Schedule": "at noon"}))
        self.server.await_word("app.py.config: Schedule: schedule: the minute takes")

    def test_uncommented_changes_nothing(self):
        """As it comes from a person who takes every // away."""
        source = self.write_sources()
        self.export("-q", "-s", self.settings(), source)
        for name in NAMES:
            stub = self.read(f"src/{name}.config")
            self.write(f"src/{name}.config", re.sub(r'"//(?=\w)', '"', stub))
        self.serve("-v", source)
        for name, function in NAMES.items():
            self.assertEqual(self.call(function, 1)[0], 200)
            alias = os.path.basename(name).partition(".")[0]
            self.assertEqual(self.call(alias, 1)[0], 200)  # by FunctionName and Handler
        self.assertNotRegex(self.server.said(), "(warning|error): .*config")


if __name__ == "__main__":
    unittest.main()
