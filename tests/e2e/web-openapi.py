"""/openapi.json of whole libraries and of the samples, judged by a real validator."""

import os
import shutil
import subprocess
import unittest

from served import Served
from terminal import SOURCE

STDLIB = "/usr/lib/python3.11"
VALIDATOR = os.path.join(SOURCE, "node_modules/@seriousme/openapi-schema-validator")
JUDGE = os.path.join(SOURCE, "tests/e2e/web/validate-openapi.mjs")


def describe(*paths):
    """The document that a server of these sources gives."""
    with Served("-q", *paths) as server:
        return server.text("/openapi.json").encode()


class OpenApi(unittest.TestCase):
    def judge(self, document, step):
        if not shutil.which("node"):
            self.skipTest("node is missing: install nodejs")
        if not os.path.isdir(VALIDATOR):
            self.skipTest(f"{VALIDATOR} is missing: run `npm ci --ignore-scripts`")
        done = subprocess.run(["node", JUDGE, VALIDATOR, str(step)], input=document,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        version, paths = done.stdout.split()
        self.assertEqual(version, b"3.1")
        return int(paths)

    def test_samples(self):
        self.assertGreater(self.judge(describe(os.path.join(SOURCE, "samples")), 1), 5)

    def test_overloads(self):
        self.assertEqual(
            self.judge(describe(os.path.join(SOURCE, "tests/e2e/web/Probe.java")), 1), 6 + 4)

    def test_standard_library(self):
        if not os.path.isdir(STDLIB):
            self.skipTest(f"{STDLIB} is missing: install libpython3.11-stdlib")
        self.assertGreater(self.judge(describe(STDLIB), 100), 8000)
