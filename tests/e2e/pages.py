"""tests/e2e/pages.py — what the pages in docs/ say to type does what they say. (README.md:
readme.py; docs/c-values.md: lang-c.py; docs/settings.md: settings.py.)"""

import json
import os
import re
import subprocess
import tempfile
import unittest

from served import NO_LIMIT, Served, until
from terminal import PATIENCE, SNAFU, SOURCE

BILLING = '''
def total(net: float) -> float:
    return net * 1.19

def report() -> int:
    return 1
'''


def read_page(name):
    with open(os.path.join(SOURCE, "docs", name), encoding="utf-8") as file:
        return file.read()


def read_blocks(page, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", page, re.M | re.S)


class Page(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="snafu-pages-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.env = {"XDG_STATE_HOME": self.folder, "XDG_CACHE_HOME": self.folder}

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def serve(self, *arguments, **options):
        server = Served(*arguments, cwd=self.folder, env=self.env, **options)
        self.addCleanup(server.__exit__)
        return server

    def shell(self, command, server=None):
        command = re.sub(r"^curl ", "curl -sS ", command)
        if server:
            command = command.replace("localhost:8080", server.address)
        done = subprocess.run(["sh", "-c", re.sub(r"^snafu ", f"'{SNAFU}' ", command)],
                              cwd=self.folder, env={**os.environ, **self.env}, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, (command, done.stderr))
        return done.stdout


class Isolation(Page):
    def setUp(self):
        super().setUp()
        self.page = read_page("isolation.md")
        self.write("billing.py", BILLING)
        self.write("src/billing.py", BILLING)

    def test_commands(self):
        server = self.serve("billing.py")
        ran = 0
        for line in "".join(read_blocks(self.page, "sh")).splitlines():
            command = line.split("  #")[0]
            with self.subTest(command):
                if " -x " in command:
                    self.assertEqual(float(self.shell(command)), 119)
                elif command.startswith("curl "):
                    self.assertEqual(float(self.shell(command, server)), 119)
                elif command.startswith("snafu "):
                    self.serve(*command.split()[1:])
                else:
                    self.assertRegex(command, "^snafu-bench ")  # bench.py, readme.py
                    continue
                ran += 1
        self.assertGreater(ran, 3)

    def test_who_goes_before_whom(self):
        """The config of the page, and then its section for whoever runs the host."""
        (config,) = read_blocks(self.page, "json")
        first, second = read_blocks(self.page, "ini")
        self.assertNotIn("billing", first)
        self.write("billing.py.config", config)
        for settings, wanted in (NO_LIMIT, ["worker", "spawn"]), \
                (NO_LIMIT + second, ["worker", "worker"]):
            server = self.serve("-l", "csv", "billing.py", settings=settings)
            server.call("billing.total", 1)
            server.call("billing.report")
            server.stop()
            with open(os.path.join(self.folder, "snafu-log.csv"), encoding="utf-8") as file:
                executors = [line.split(",")[7] for line in file.read().splitlines()[-2:]]
            self.assertEqual(executors, wanted)


class Asynchronous(Page):
    def setUp(self):
        super().setUp()
        self.page = read_page("asynchronous.md")

    def test_the_example(self):
        block = next(each for each in read_blocks(self.page, "") if each.startswith("$ curl -i"))
        submit, answer, show, shown = re.fullmatch(
            r"\$ (.*)\n((?:.*\n)*?)\$ (.*)\n(.*)\n", block).groups()
        server = self.serve(os.path.join(SOURCE, "samples/legacy_module.py"))
        said = self.shell(submit, server).replace("\r", "")
        (number,) = re.findall(r'"id": "([^"]+)"', said)
        old = re.search(r'"id": "([^"]+)"', answer)[1]
        for line in answer.splitlines():
            self.assertIn(line.replace(old, number), said.splitlines())
        wanted = json.loads(shown)

        def look():
            got = json.loads(self.shell(show.replace(old, number), server))
            return got["state"] == wanted["state"] and got

        got = until(look, "it succeeds")
        self.assertEqual(list(got), list(wanted))
        for name in "function", "attempts", "result":
            self.assertEqual(got[name], wanted[name])

    def test_what_operators_type(self):
        self.write("bad.py", "def vat(): raise ValueError\ndef add(a: int): return a\n")
        server = self.serve("bad.py", settings="[asynchronous]\nretries = 0\nretry-delay = 1ms\n")
        later = {"Prefer": "respond-async"}
        dead = server.ask("POST", "/invoke/vat", [], later)[1]["id"]
        self.assertEqual(server.ask("POST", "/invoke/add", [1], later)[0].status, 202)
        is_dead = 'snafu_queue_calls{state="dead"}'
        until(lambda: server.metric(is_dead) == 1, "it is given up")
        block = next(each for each in read_blocks(self.page, "") if "?state=dead" in each)
        commands = [line.split("  #")[0] for line in block.splitlines()]
        self.assertEqual(len(commands), 5)
        said = json.loads(self.shell(commands[0], server))
        self.assertEqual([each["id"] for each in said["calls"]], [dead])
        said = json.loads(self.shell(commands[1].replace("&tenant=me", ""), server))
        self.assertEqual([each["id"] for each in said["calls"]], [dead])
        self.assertEqual(json.loads(self.shell(commands[1], server))["calls"], [])
        self.shell(commands[2].replace("ID", dead), server)
        until(lambda: server.ask("GET", "/calls/" + dead)[1]["attempts"] == 1 and
              server.metric(is_dead) == 1, "it is given up again")
        self.assertEqual(json.loads(self.shell(commands[3], server)), {"redriven": 1})
        until(lambda: server.metric(is_dead) == 1, "and again")
        self.shell(commands[4].replace("ID", dead), server)
        self.assertEqual(server.ask("GET", "/calls/" + dead)[0].status, 404)
