"""tests/e2e/readme.py — what README.md says to type does what it says.

A console block holds commands behind `$ `, lines for the prompt behind `snafu> `, and
what is printed (`...` for anything). An sh block holds commands alone, an ini block settings.
`localhost:8080` is the server of the README's first command."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from served import Served
from terminal import BUILD, SNAFU, SOURCE, Terminal

# What the machine is set up with; a test cannot do that again.
SET_UP = re.compile(r"(npm|autoreconf|make|man|docker) ")
# The chapter on legacy code is a story of its own: below.
LEGACY = re.compile(r"build/real|gyp-services")


def read_blocks(kind, page="README.md"):
    with open(os.path.join(SOURCE, page), encoding="utf-8") as file:
        return re.findall(rf"^```{kind}\n(.*?)^```$", file.read(), re.M | re.S)


def read_steps(block):
    """(prompt, what is typed, what is printed), in order."""
    return re.findall(r"^(\$|snafu>) (.*)\n((?:(?!\$ |snafu> ).*\n)*)", block, re.M)


def pattern(printed):
    return re.escape(printed.strip("\n")).replace(re.escape("..."), "(?s:.*)")


class Readme(unittest.TestCase):
    def setUp(self):
        self.cache = tempfile.mkdtemp(prefix="snafu-readme-")
        self.addCleanup(shutil.rmtree, self.cache)
        self.own = {"LC_ALL": "C.UTF-8", "XDG_CACHE_HOME": self.cache,
                    "XDG_STATE_HOME": self.cache, "PYTHONDONTWRITEBYTECODE": "1"}
        self.env = dict(os.environ, **self.own)

    def arguments(self, command):
        """Of a command that serves; skips what names a file that is not installed."""
        words = command.split()[1:]
        for word in words:
            if word.startswith("/") and not os.path.exists(word):
                self.skipTest(f"there is no {word}")
        return words

    def serve(self, arguments):
        server = Served(*arguments, cwd=SOURCE, env=self.env)
        self.addCleanup(server.__exit__)
        return server.address, server.said()

    def test_first_command_serves(self):
        (_, command, printed), *_ = read_steps(read_blocks("console")[0])
        self.assertTrue(command.startswith("./quickstart "), command)
        _, said = self.serve(self.arguments(command))
        self.assertEqual(re.sub(r":\d+$", ":8080", said.strip()), printed.strip())

    def test_commands_print_what_is_shown(self):
        first, *blocks = read_blocks("console")
        address = None
        for block in blocks:
            if LEGACY.search(block):
                continue
            for prompt, command, printed in read_steps(block):
                if prompt != "$" or "snafu> " in block:
                    continue
                if "localhost:8080" in command and not address:
                    address, _ = self.serve(self.arguments(read_steps(first)[0][1]))
                ran = command.replace("build/snafu", SNAFU).replace("localhost:8080",
                                                                    address or "")
                ran = re.sub(r"^curl ", "curl -s ", ran)
                with self.subTest(command):
                    done = subprocess.run(["sh", "-c", ran], cwd=SOURCE, env=self.env, text=True,
                                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                          stderr=subprocess.STDOUT, timeout=60)
                    self.assertRegex(done.stdout.strip("\n"), f"^{pattern(printed)}$")
                    self.assertEqual(done.returncode, 0)

    def test_prompt_answers_what_is_shown(self):
        for block in read_blocks("console"):
            (_, command, _), *typed = read_steps(block)
            if not typed or typed[0][0] != "snafu>":
                continue
            with Terminal("-L", "0", *self.arguments(command), cwd=SOURCE,
                          env=self.own) as terminal:
                terminal.expect("ready on")
                for _, line, printed in typed:
                    terminal.expect("snafu> ")
                    terminal.type(line + "\n")
                    terminal.expect(re.escape(line) + r"\n" + pattern(printed) + r"\n")
                terminal.expect("snafu> ")
                terminal.type("\x04")
                self.assertEqual(terminal.wait(), 0)

    def test_other_commands_serve(self):
        served = 0
        for block in read_blocks("sh"):
            for line in [] if block.startswith("cd ") else block.splitlines():
                command = line.split(" #")[0].strip()
                if SET_UP.match(command) or command.startswith("build/snafu-bench ") or \
                        LEGACY.search(command):
                    continue
                self.assertTrue(command.startswith("build/snafu "), command)
                served += 1
                with self.subTest(command):
                    self.serve(self.arguments(command))
        self.assertGreater(served, 0)

    def test_legacy_code_becomes_services(self):
        if not os.path.isdir(os.path.join(BUILD, "real/gyp")):
            self.skipTest("not there: run tests/real/fetch.sh build/real")
        places = [("../build/snafu", SNAFU), ("build/snafu", SNAFU),
                  ("build/real", os.path.join(BUILD, "real")),
                  ("gyp-services", os.path.join(self.cache, "gyp-services"))]

        def place(text):
            for name, path in places:
                text = re.sub(rf"(?<![\w/]){re.escape(name)}", path, text)
            return text
        steps = 0
        for block in read_blocks("console"):
            for _, command, printed in read_steps(block) if LEGACY.search(block) else ():
                if command.startswith("sh "):
                    continue # fetched already
                steps += 1
                with self.subTest(command):
                    done = subprocess.run(["sh", "-c", place(command)], cwd=SOURCE, env=self.env,
                                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                          stderr=subprocess.STDOUT, text=True, timeout=240)
                    self.assertRegex(done.stdout.replace(self.cache + "/", "").strip("\n"),
                                     f"^{pattern(printed)}$")
                    self.assertEqual(done.returncode, 0)
        self.assertGreater(steps, 6)
        for line in "".join(read_blocks("sh")).splitlines():
            if LEGACY.search(line) and line.startswith("build/snafu "):
                self.serve(place(line).split()[1:])

    def test_settings_are_taken(self):
        blocks = read_blocks("ini") + read_blocks("ini", "docs/isolation.md")
        self.assertGreater(len(blocks), 2)
        for number, block in enumerate(blocks):
            path = os.path.join(self.cache, f"{number}.ini")
            with open(path, "w", encoding="utf-8") as file:
                file.write(block)
            with self.subTest(block):
                _, said = self.serve(["-s", path, "samples/legacy_module.py"])
                # The functions that the settings are about are the reader's.
                self.assertNotRegex(said, "error")

    def test_bench_measures(self):
        """What the README says, at its shortest."""
        if not shutil.which("wrk"):
            self.skipTest("there is no wrk")
        commands = re.findall(r"^build/snafu-bench (.*)$", "".join(read_blocks("sh")), re.M)
        self.assertGreater(len(commands), 1)
        for command in commands:
            command = re.sub(r" -o \S+| --paper", "", command)
            with self.subTest(command):
                done = subprocess.run(
                    [os.path.join(BUILD, "snafu-bench"), "-e", "inprocess", "-n", "1", "-r", "1",
                     "-d", "1", "-o", os.path.join(self.cache, "figures"), *command.split()],
                    cwd=SOURCE, env=self.env, capture_output=True, text=True, timeout=240)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertRegex(done.stdout, r"(?m)^inprocess +1 +[\d,]+ \(")
                self.assertTrue(os.path.exists(os.path.join(self.cache, "figures/results.json")))

    def test_bench_says_why(self):
        if not shutil.which("wrk"):
            self.skipTest("there is no wrk")
        done = subprocess.run(
            [os.path.join(BUILD, "snafu-bench"), "-e", "inprocess", "-r", "1",
             os.path.join(SOURCE, "samples/legacy_module.py"), "no_such_function"],
            env=self.env, capture_output=True, text=True, timeout=240)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertIn("there is no function 'no_such_function'", done.stdout)

    def test_scripts_run(self):
        """Blocks that begin with a cd are one script each."""
        for block in read_blocks("sh"):
            if not block.startswith("cd "):
                continue
            env = dict(self.env, HOME=self.cache)
            env.pop("XDG_DATA_HOME", None)
            with self.subTest(block):
                script = block.replace("../../build/snafu", SNAFU)
                done = subprocess.run(["sh", "-eu", "-c", script], cwd=SOURCE, env=env, text=True,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, timeout=120)
                self.assertEqual((done.returncode, done.stdout), (0, '"Hello, you!"\n'))

    def test_links_and_options_exist(self):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            text = file.read()
        pages = ["README.md"] + ["docs/" + name for name in os.listdir(os.path.join(SOURCE, "docs"))
                                 if name.endswith(".md")]
        for page in pages:
            with open(os.path.join(SOURCE, page), encoding="utf-8") as file:
                links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read())
            for link in links:
                self.assertTrue(os.path.exists(os.path.join(SOURCE, os.path.dirname(page), link)),
                                f"{page}: {link}")
        with open(os.path.join(SOURCE, "quickstart"), encoding="utf-8") as file:
            quickstart = file.read()
        for option in set(re.findall(r"quickstart (--\w+)", text)):
            self.assertIn(f"\n{option})", quickstart)
        with open(os.path.join(SOURCE, "Makefile.am"), encoding="utf-8") as file:
            makefile = file.read()
        for target in set(re.findall(r"`make ([a-z]+)`", text)) - {
                "check", "install", "distcheck"}:
            self.assertRegex(makefile, rf"(?m)^{target}:")
