"""tests/e2e/samples.py — every line of samples/*.calls does what it says."""

import os
import re
import subprocess

from folder import FolderTest
from served import Served
from terminal import BUILD, SOURCE

SAMPLES = os.path.join(SOURCE, "samples")


def read_calls(path):
    """The served source and the commands, each with what it prints."""
    with open(os.path.join(SAMPLES, path), encoding="utf-8") as file:
        text = file.read()
    served = re.match(r"# snafu (\S+)\n", text)
    calls = [(command, output.strip("\n"))
             for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.M)]
    return served and served.group(1), calls


class Samples(FolderTest):
    def setUp(self):
        super().setUp()
        self.env = dict(os.environ, PATH=BUILD + ":" + os.environ["PATH"], LC_ALL="C.UTF-8",
                        XDG_CACHE_HOME=self.folder, PYTHONDONTWRITEBYTECODE="1")

    def serve(self, source):
        server = Served(source, cwd=SAMPLES, env=self.env)
        self.addCleanup(server.__exit__)
        return server.address

    def check(self, path):
        source, calls = read_calls(path)
        self.assertGreater(len(calls), 0)
        address = None
        for command, output in calls:
            if "localhost:8080" in command and not address:
                address = self.serve(source)
            done = subprocess.run(["sh", "-c", command.replace("localhost:8080", address or "")],
                                  cwd=SAMPLES, env=self.env, stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
            pattern = re.escape(output).replace(re.escape("..."), ".*")
            self.assertRegex(done.stdout.strip("\n"), re.compile(f"^{pattern}$", re.S),
                             f"{path}: {command}")

    def test_each_source_has_calls(self):
        self.assertEqual(
            sorted(os.path.relpath(os.path.join(folder, name), SAMPLES)
                   for folder, _, names in os.walk(SAMPLES) for name in names
                   if name.endswith(".calls")),
            ["c/plotter.calls", "hello.calls", "java/Shipping.calls", "legacy_module.calls",
             "localfib.calls", "python2/mailmerge.calls"])

    def test_hello(self):
        self.check("hello.calls")

    def test_localfib(self):
        self.check("localfib.calls")

    def test_legacy_module(self):
        self.check("legacy_module.calls")

    def test_java(self):
        self.check("java/Shipping.calls")

    def test_c(self):
        self.check("c/plotter.calls")

    def test_python2(self):
        self.check("python2/mailmerge.calls")
