"""tests/e2e/cli.py — snafu's options, -x, and the interactive prompt, all on the
real program; what needs a terminal gets one."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess

from folder import SharedFolderTest
from served import Served, release
from terminal import BUILD, PATIENCE, SNAFU, SOURCE, Terminal, run

LATE_CALLS = 100  # that are tried until one is in time

MODULE = '''
"""A module to be called."""
import enum, sys, time

class Color(enum.Enum):
    RED = 1
    BLUE = 2

def add(n: int, m: int = 10) -> int:
    """Add two numbers.

    :param n: the first
    :param m: the second
    """
    return n + m

def plain():
    return "plain"

def shout(text="hey"):
    print("noise on stdout")
    return text.upper()

def total(values: list[float]) -> float:
    return sum(values)

def kinds(*rest, **options):
    return [list(rest), options]

def fail(why):
    raise ValueError("no: " + why)

def forever():
    print("running", file=sys.stderr, flush=True)
    while True:
        time.sleep(0.01)

def big(n: int):
    return "x" * n

def outer():
    def inner():
        pass
'''


class Case(SharedFolderTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.module = cls.shared.write("module.py", MODULE)
        cls.env = {"HOME": cls.folder, "XDG_STATE_HOME": cls.shared.path("state"),
                   "XDG_CACHE_HOME": cls.shared.path("cache")}

    def execute(self, function, *arguments, stdin=None):
        return run("-x", function, *arguments, self.module, stdin=stdin, env=self.env)

    def check(self, done, stdout, status=0):
        self.assertEqual((done.stdout, done.returncode), (stdout, status), done.stderr)
        return done

    def terminal(self, *arguments, apart=False):
        return Terminal(*arguments, self.module, env=self.env, apart=apart)


class Options(Case):
    def test_version(self):
        self.assertRegex(run("--version").stdout, r"^snafu \d+\.\d+\.\d+\n$")

    def usage(self, *arguments):
        done = run(*arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        return done.stderr

    def test_usage_errors(self):
        self.assertIn("no file", self.usage())
        self.assertIn("--help", self.usage("--nonsense", "x.py"))
        self.assertIn("-a goes with -x", self.usage("-a", "n=1", "x.py"))
        self.assertIn("'n' is not NAME=VALUE", self.usage("-x", "add", "-a", "n", self.module))
        self.assertIn("NAME=VALUE", self.usage("-x", "add", "-a", "=1", self.module))

    def test_what_comes_later_says_so(self):
        self.assertIn("no convention 'cobol': -c takes any, none, fission, ",
                      self.usage("-c", "cobol", "x"))
        self.assertIn("no logger 'paper'; there is: none, csv", self.usage("-l", "csv,paper", "x"))
        self.assertIn("no executor 'rocket'; there is: fork, ", self.usage("-e", "rocket", "x"))
        self.assertIn("no executor 'rocket'",
                      self.usage("-e", "java=inprocess,python=rocket", "x"))
        self.assertIn("'cobol' is no language", self.usage("-e", "cobol=inprocess", "x"))

    def test_what_is_there_is_taken(self):
        done = run("-c", "any", "-l", "none", "-e", "python=inprocess,c=inprocess", "-x", "plain",
                   self.module, env=self.env)
        self.check(done, '"plain"\n')

    def test_unknown_connector_lists_those_there_are(self):
        self.assertRegex(self.usage("-C", "cli,morse", "x"),
                         r"no connector 'morse'; there are: cli.*, web")
        self.assertIn("there is no connector '../web'", self.usage("-C", "../web", "x"))

    def test_libraries_alone(self):
        self.assertIn("libz.so.1 is a library: name the header", self.usage("libz.so.1", "libm.so"))

    def test_nothing_to_serve(self):
        empty = self.write("empty.py", "")
        done = run("-C", "cli", empty)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no functions found", done.stderr)
        done = run(self.path("not-there.py"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("not-there.py", done.stderr)

    def test_settings(self):
        path = self.write("snafu.ini", "[limits]\nresult-size = 1KiB\n")
        done = run("-s", path, "-x", "big", "-a", "n=5000", self.module, stdin=None)
        self.assertEqual((done.stdout, done.returncode), ("", 1))
        with open(path, "w", encoding="utf-8") as file:
            file.write("[limits]\nresult-sizes = 1KiB\n")
        done = run("-s", path, "-x", "plain", self.module, stdin=None)
        self.assertEqual((done.stdout, done.returncode), ("", 1))
        self.assertIn("snafu.ini", done.stderr)


class Execute(Case):
    def test_arguments(self):
        self.check(self.execute("module.add", "-a", "n=1"), "11\n")
        self.check(self.execute("add", "-a", "n=1", "-a", "m=-3"), "-2\n")
        self.check(self.execute("shout", "-q", "-a", "text=a=b"), '"A=B"\n')
        self.check(self.execute("total", "-a", "values=1,2.5"), "3.5\n")
        self.check(self.execute("total", "-a", "values:=[1, 2.5]"), "3.5\n")
        self.check(self.execute("total", "-a", "values=1", "-a", "values=2"), "3.0\n")
        self.check(self.execute("kinds", "-a", "rest=1,x", "-a", "depth=2", "-a", "name:=\"7\""),
                   '[[1,"x"],{"depth":2,"name":"7"}]\n')

    def test_bad_values_name_the_argument(self):
        done = self.check(self.execute("add", "-a", "n=ten"), "", 1)
        self.assertEqual(done.stderr, "snafu: n: expected an integer, not 'ten'\n")
        done = self.check(self.execute("add", "-a", "n:=[1"), "", 1)
        self.assertIn("snafu: n: ", done.stderr)

    def test_missing_and_unknown_arguments(self):
        done = self.check(self.execute("add"), "", 1)
        self.assertRegex(done.stderr, r"\bn\b.*missing")
        done = self.check(self.execute("add", "-a", "k=1", "-a", "n=1"), "", 1)
        self.assertRegex(done.stderr, r"\bk\b")

    def test_stdin(self):
        self.check(self.execute("add", stdin='{"n": 10}'), "20\n")
        self.check(self.execute("add", stdin="[1, 2]"), "3\n")
        self.check(self.execute("shout", stdin='{"text": "x"}'), '"X"\n')
        self.check(self.execute("shout", stdin=""), '"HEY"\n')
        self.check(self.execute("shout", stdin=" \n"), '"HEY"\n')
        done = self.check(self.execute("add", stdin=""), "", 1)
        self.assertRegex(done.stderr, r"\bn\b.*missing")
        done = self.check(self.execute("add", stdin='{"n": '), "", 1)
        self.assertTrue(done.stderr.startswith("snafu: "), done.stderr)

    def test_stdin_and_arguments_together(self):
        self.check(self.execute("add", "-a", "m=5", stdin='{"n": 1, "m": 100}'), "6\n")
        self.check(self.execute("shout", "-a", "text=a", "-a", "-", stdin='{"text": "b"}'), '"A"\n')
        self.check(self.execute("kinds", "-a", "a=1", "-a", "-", stdin='{"b": 2}'),
                   '[[],{"a":1,"b":2}]\n')
        done = self.check(self.execute("add", "-a", "m=5", stdin="[1]"), "", 1)
        self.assertIn("object", done.stderr)

    def test_a_regular_file_as_stdin(self):
        path = self.path("arguments.json")
        with open(path, "w+", encoding="utf-8") as file:
            file.write('{"text": "file"}')
            file.flush()
            file.seek(0)
            done = subprocess.run([SNAFU, "-x", "shout", self.module], stdin=file,
                                  capture_output=True, text=True, timeout=60)
        self.check(done, '"FILE"\n')

    def test_a_pipe_that_never_closes_is_left_alone(self):
        reading, writing = os.pipe()
        try:
            for arguments, result in ((["plain"], '"plain"\n'), (["shout"], '"HEY"\n'),
                                      (["add", "-a", "n=1"], "11\n")):
                done = subprocess.run([SNAFU, "-x", *arguments, self.module], stdin=reading,
                                      capture_output=True, text=True, timeout=60)
                self.check(done, result)
        finally:
            os.close(reading)
            os.close(writing)

    def test_closed_descriptors(self):
        for closed in "<&-", "2>&-", "<&- 2>&-":
            done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", SNAFU, "-x", "shout",
                                   self.module], capture_output=True, text=True, timeout=60)
            self.check(done, '"HEY"\n')

    def test_stdout_that_cannot_be_written(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([SNAFU, "-x", "plain", self.module], stdin=subprocess.DEVNULL,
                                  stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write the result", done.stderr)

    def test_only_the_result_is_on_stdout(self):
        done = self.check(self.execute("shout"), '"HEY"\n')
        self.assertIn("noise on stdout", done.stderr)

    def test_large_results_and_arguments(self):
        done = self.execute("big", "-a", "n=3000000")
        self.assertEqual(len(done.stdout), 3000003)
        done = self.check(self.execute("shout", stdin=json.dumps({"text": "y" * 1000000})),
                          '"' + "Y" * 1000000 + '"\n')
        done = self.check(self.execute("shout", stdin=json.dumps({"text": "y" * 7000000})), "", 1)
        self.assertIn("payload-size", done.stderr)

    def test_failures(self):
        done = self.check(self.execute("fail", "-a", "why=never"), "", 1)
        self.assertEqual(done.stderr, "snafu: ValueError: no: never\n")
        done = self.check(self.execute("fail", "-v", "-a", "why=never"), "", 1)
        self.assertRegex(done.stderr, r"ValueError: no: never\n(.*\n)*.*module\.py.*\bfail\b")
        self.assertRegex(done.stderr, r"took \d+\.\d+ ms")

    def test_unknown_functions(self):
        done = self.check(self.execute("ad"), "", 1)
        self.assertIn("module.add", done.stderr)
        self.assertLessEqual(done.stderr.count("\n"), 2)
        done = self.check(self.execute("inner"), "", 1)
        self.assertIn("cannot be called", done.stderr)

    def test_questions(self):
        with self.terminal("-x", "add", apart=True) as terminal:
            terminal.expect("the first\n")
            terminal.expect(r"n \(int\): ")
            terminal.type("many\n")
            terminal.expect("expected an integer, not 'many'\n")
            terminal.expect(r"n \(int\): ")
            terminal.type("\n")
            terminal.expect("n has no default")
            terminal.expect(r"n \(int\): ")
            terminal.type("5\n")
            terminal.expect("the second\n")
            terminal.expect(r"m \(int\) \[10\]: ")
            terminal.type("\n")
            self.assertEqual(terminal.wait(), 0)
            self.assertEqual(terminal.result(), "15\n")

    def test_only_what_is_not_given_is_asked(self):
        with self.terminal("-x", "add", "-a", "n=1", apart=True) as terminal:
            terminal.expect(r"m \(int\) \[10\]: ")
            self.assertNotIn("n (int)", terminal.seen)
            terminal.type("2\n")
            self.assertEqual(terminal.wait(), 0)
            self.assertEqual(terminal.result(), "3\n")

    def test_overloads_are_a_choice(self):
        with Terminal("-x", "price", os.path.join(SOURCE, "samples/java/Shipping.java"),
                      env=self.env, apart=True) as terminal:
            terminal.expect(r"  2  double price\(double weight, Zone zone\)\n")
            terminal.expect(r"which one\? \[1\]: ")
            terminal.type("4\n")
            terminal.expect("expected a number from 1 to 3")
            terminal.expect(r"which one\? \[1\]: ")
            terminal.type("2\n")
            terminal.expect("  kilograms\n")
            terminal.expect(r"weight \(double\): ")
            terminal.type("1.5\n")
            terminal.expect("where it goes\n")
            terminal.expect("DOMESTIC, EUROPE, WORLD")
            terminal.expect(r"zone \(Zone\): ")
            terminal.type("europe\n")
            self.assertEqual(terminal.wait(), 0)
            self.assertEqual(terminal.result(), "8.98\n")

    def test_questions_can_be_given_up(self):
        with self.terminal("-x", "add", apart=True) as terminal:
            terminal.expect(r"n \(int\): ")
            terminal.type("\x04")
            terminal.expect("snafu: cancelled")
            self.assertEqual(terminal.wait(), 1)
            self.assertEqual(terminal.result(), "")
        with self.terminal("-x", "add") as terminal:
            terminal.expect(r"n \(int\): ")
            terminal.type("\x03")
            self.assertEqual(terminal.wait(), 130)

    def test_a_running_call_can_be_interrupted(self):
        with self.terminal("-x", "forever") as terminal:
            terminal.expect("running")
            terminal.type("\x03")
            self.assertEqual(terminal.wait(), 130)


class Lines(Case):
    """The cli connector with a pipe for a terminal."""

    def lines(self, *lines, options=()):
        return run("-C", "cli", "-q", *options, self.module, stdin="\n".join(lines), env=self.env)

    def test_calls(self):
        done = self.lines("add 1", "add n=1 m=2", 'add {"n": 5}', "module.total [1,2,3]",
                          "total 1,2", "", "# a comment", "plain", 'shout "a b"',
                          "kinds 1 x depth=2", "call plain")
        self.check(done, '11\n3\n15\n6.0\n3.0\n"plain"\n"A B"\n[[1,"x"],{"depth":2}]\n"plain"\n')

    def test_errors_do_not_end_it(self):
        done = self.lines("add", "add x", "nothing", 'add {"n":', 'add "1', "add 1 2 3", "inner",
                          "fail no", "add(1)", "add 1")
        self.check(done, "11\n")
        for text in ("missing", "expected an integer, not 'x'", "nothing", "JSON",
                     "is never closed", "one argument too many", "cannot be called",
                     "ValueError: no: no", "without brackets"):
            self.assertIn(text, done.stderr)

    def test_help_and_list(self):
        done = self.lines("help add", "? module.plain", "help", "list to", "list module.[pt]*l*")
        self.assertIn("add(n: int, m: int = 10) -> int\n", done.stdout)
        self.assertIn("    Add two numbers.\n", done.stdout)
        self.assertIn("    n: the first\n", done.stdout)
        self.assertIn("module.py:", done.stdout)
        self.assertIn("Ctrl-D ends", done.stdout)
        self.assertRegex(done.stdout, r"module\.total  total\(")
        self.assertRegex(done.stdout, r"module\.plain  plain\(\)\n")
        self.assertNotIn("\nmodule.inner", done.stdout)

    def test_quit_and_times(self):
        done = self.lines("quit", "plain")
        self.check(done, "")
        self.assertRegex(run("-v", "-C", "cli", self.module, stdin="plain\n").stderr,
                         r"\(\d+\.\d+ ms\)")

    def test_overlong_line(self):
        done = self.lines("shout " + "x" * 8000000, "plain")
        self.check(done, '"plain"\n')
        self.assertIn("longer than arguments may be", done.stderr)

    def test_many_lines(self):
        done = self.lines(*["add 1"] * 2000)
        self.check(done, "11\n" * 2000)


class Prompt(Case):
    """The cli connector at a terminal."""

    def test_a_session(self):
        with self.terminal("-C", "cli") as terminal:
            terminal.expect("Ctrl-D or quit ends the program")
            terminal.expect("snafu> ")
            terminal.type("add\n")
            terminal.expect(r"the first\nn \(int\): ")
            terminal.type("x\n")
            terminal.expect(r"expected an integer, not 'x'\nn \(int\): ")
            terminal.type("4\n")
            terminal.expect(r"m \(int\) \[10\]: ")
            terminal.type("\n")
            terminal.expect("\n14\nsnafu> ")
            terminal.type("help add\n")
            terminal.expect("Add two numbers.")
            terminal.expect("snafu> ")
            terminal.type("\x04")
            self.assertEqual(terminal.wait(), 0)

    def test_completion(self):
        with self.terminal("-C", "cli") as terminal:
            terminal.expect("snafu> ")
            terminal.type("module.sh\t")
            terminal.expect("module.shout ")
            terminal.type("te\tx\n")
            terminal.expect('"X"\n')
            terminal.expect("snafu> ")
            terminal.type("ki\ta\n")
            terminal.expect('kinds a\n')
            terminal.expect("snafu> ")
            terminal.type("qu\t\n")
            self.assertEqual(terminal.wait(), 0)

    def test_history(self):
        path = self.path("state/snafu/history")
        if os.path.exists(path):
            os.remove(path)
        with self.terminal("-C", "cli") as terminal:
            terminal.expect("snafu> ")
            for line in "add 1 1", "add 1 1", " add 2 2", "add":
                terminal.type(line + "\n")
                if line == "add":
                    terminal.expect(r"n \(int\): ")
                    terminal.type("77\n")
                    terminal.expect(r"\[10\]: ")
                    terminal.type("\n")
                terminal.expect(r"\n\d+\nsnafu> ")
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), "add 1 1\nadd\n")
            terminal.type("quit\n")
            self.assertEqual(terminal.wait(), 0)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, "a", encoding="utf-8") as file:
            file.write("".join(f"add 1 {i}\n" for i in range(3000)))
        with self.terminal("-C", "cli") as terminal:
            terminal.expect("snafu> ")
            terminal.type("\x10\n")  # Ctrl-P, the line before
            terminal.expect("\n3000\nsnafu> ")
            terminal.type("quit\n")
            self.assertEqual(terminal.wait(), 0)
        with open(path, encoding="utf-8") as file:
            self.assertLessEqual(len(file.readlines()), 1000)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_ctrl_c(self):
        with self.terminal("-C", "cli") as terminal:
            terminal.expect("snafu> ")
            terminal.type("add 1 1")
            terminal.expect("add 1 1")
            terminal.type("\x03")
            terminal.expect(r"\^C\nsnafu> ")
            terminal.type("add\n")
            terminal.expect(r"n \(int\): ")
            terminal.type("\x03")
            terminal.expect(r"\^C\nsnafu> ")
            terminal.type("forever\n")
            terminal.expect("running\n")
            terminal.type("\x03")
            terminal.expect("Cancelled: module.forever was cancelled\nsnafu> ")
            terminal.type("add 20 2\n")
            terminal.expect("\n22\nsnafu> ")
            terminal.type("quit\n")
            self.assertEqual(terminal.wait(), 0)

    def test_ctrl_d_at_a_question(self):
        with self.terminal("-C", "cli") as terminal:
            terminal.expect("snafu> ")
            terminal.type("add\n")
            terminal.expect(r"n \(int\): ")
            terminal.type("\x04")
            terminal.expect("snafu> ")
            terminal.type("\x04")
            self.assertEqual(terminal.wait(), 0)

    def test_signals_end_it(self):
        for number in signal.SIGTERM, signal.SIGHUP:
            with self.terminal("-C", "cli") as terminal:
                terminal.expect("snafu> ")
                os.kill(terminal.pid, number)
                self.assertEqual(terminal.wait(), 0)

    def test_the_terminal_goes_away(self):
        with self.terminal("-C", "cli") as terminal:
            terminal.expect("snafu> ")
            terminal.hang_up()
            self.assertEqual(terminal.wait(), 0)

    def test_results_apart(self):
        with self.terminal("-C", "cli", apart=True) as terminal:
            terminal.expect("snafu> ")
            terminal.type("add 1 1\n")
            terminal.expect("\nsnafu> ")
            terminal.type("\x04")
            self.assertEqual(terminal.wait(), 0)
            self.assertEqual(terminal.result(), "2\n")

    def test_with_the_web_connector(self):
        with self.terminal("-C", "web,cli", "-L", "0") as terminal:
            terminal.expect(r"ready on http://127\.0\.0\.1:\d+\nsnafu> ")
            terminal.type("add 1 1\n")
            terminal.expect("\n2\nsnafu> ")
            terminal.type("\x04")
            self.assertEqual(terminal.wait(), 0)


class Moved(Case):
    def test_installation_may_be_moved(self):
        with open(os.path.join(BUILD, "Makefile"), encoding="utf-8") as file:
            makefile = file.read()
        if not re.search(r"^libdir = \$\{exec_prefix\}/lib$", makefile, re.M):
            self.skipTest("configured for another layout")
        prefix = re.search("^prefix = (.*)$", makefile, re.M).group(1)
        top = self.path("elsewhere") + prefix
        os.makedirs(os.path.join(top, "bin"))
        shutil.copy(SNAFU, os.path.join(top, "bin"))
        shutil.copytree(os.path.join(BUILD, "parts"), os.path.join(top, "lib/snafu/parts"))
        os.symlink(os.path.join(top, "bin/snafu"), self.path("link"))
        environment = {name: value for name, value in os.environ.items() if name != "SNAFU_PARTS"}
        for program in "elsewhere" + prefix + "/bin/snafu", "link":
            done = subprocess.run([self.path(program), "-x", "plain", self.module],
                                  env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, cwd="/", timeout=60)
            self.check(done, '"plain"\n')


class Loading(Case):
    """A call whose deadline passes while its source is loaded says so."""

    def test_deadline_while_a_module_loads(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        self.write("slow/slow.py", f"open({fifo!r}).close()\ndef one():\n    return 1\n")
        with Served("-q", self.path("slow"), settings="[limits]\ncall-timeout = 200ms\n",
                    env=self.env) as server:
            status, error = server.call("one")
            self.assertEqual(status, 504)
            self.assertIn("slow.py is still being compiled or loaded", error["errorMessage"])
            release(fifo)
            for _ in range(LATE_CALLS):
                status, value = server.call("one")
                if status != 504:
                    break
            self.assertEqual((status, value), (200, 1))


class Listening(Case):
    def test_what_is_no_address_is_a_usage_error(self):
        for address in "nonsense", "1.2.3:x", "127.0.0.1:70000":
            done = run("-C", "web", "-L", address, self.module)
            self.assertEqual(done.returncode, 2, done.stderr)


class Stopping(Case):
    def serve(self, *options, **more):
        server = Served(*options, self.module, env=self.env, **more)
        self.addCleanup(server.end)
        return server

    def test_signals(self):
        for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
            self.assertEqual(self.serve().stop(number), 0)

    def test_the_second_signal_does_not_wait(self):
        server = self.serve("-v", settings="[limits]\ndrain-timeout = 1h\n")
        with socket.create_connection((server.host, server.port)) as client:
            client.sendall(b"POST /invoke/forever HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            # A second request is answered: so the first one has been taken.
            self.assertEqual(server.call("plain"), (200, "plain"))
            server.process.send_signal(signal.SIGTERM)
            server.process.send_signal(signal.SIGINT)
            self.assertIn(server.process.wait(PATIENCE), (0, 130, 143))

    def test_what_was_ignored_stays_ignored(self):
        server = self.serve(command=("sh", "-c", "trap '' HUP; exec \"$@\"", "sh", SNAFU))
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual(server.stop(), 0)
