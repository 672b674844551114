"""/openapi.json of whole libraries and of the samples, judged by a real validator."""

import os
import shutil
import signal
import subprocess
import unittest
import urllib.request

BUILD = os.environ["SNAFU_BUILD"]
SOURCE = os.environ["SNAFU_SOURCE"]
STDLIB = "/usr/lib/python3.11"
VALIDATOR = os.path.join(SOURCE, "node_modules/@seriousme/openapi-schema-validator")
JUDGE = os.path.join(SOURCE, "tests/e2e/web/validate-openapi.mjs")


def describe(*paths):
    """The document that a server of these sources gives."""
    process = subprocess.Popen([os.path.join(BUILD, "snafu"), "-q", "-C", "web", "-L", "0", *paths],
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if line.startswith("snafu: ready on "):
                with urllib.request.urlopen(line.split()[-1] + "/openapi.json", timeout=60) as reply:
                    return reply.read()
        raise AssertionError("snafu did not get ready")
    finally:
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        process.stderr.close()
        process.wait()


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
