"""tests/e2e/java-start.py — how the JVM starts: with the archive of the bridge's classes that the
build has made, or without one that does not fit."""

import os
import shutil
import unittest

from folder import FolderTest
from terminal import run

PARTS = os.path.join(os.environ["SNAFU_BUILD"], "parts")
ARCHIVE = "snafu-bridge.jsa"

SOURCE = """
public class Start {
    public static int next(int n) { return n + 1; }
}
"""


class JavaStart(FolderTest):
    def setUp(self):
        super().setUp()
        self.parts = self.path("parts")
        os.mkdir(self.parts)
        for name in os.listdir(PARTS):
            if name != ARCHIVE:
                os.symlink(os.path.join(PARTS, name), os.path.join(self.parts, name))
        self.source = self.write("Start.java", SOURCE)

    def check(self, options=""):
        log = self.path("classes.log")
        env = {"HOME": self.folder, "XDG_CACHE_HOME": self.path("cache"),
               "SNAFU_PARTS": self.parts,
               "SNAFU_JAVA_OPTIONS": "-Xlog:class+load=info:file=" + log + " " + options}
        done = run("-q", "-x", "Start.next", self.source, stdin="[1]", env=env)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "2\n", ""))
        with open(log, encoding="utf-8") as file:
            return [line for line in file if " snafu.Bridge " in line][0]

    def archive(self, content):
        with open(os.path.join(self.parts, ARCHIVE), "wb") as file:
            file.write(content)

    def made(self):
        with open(os.path.join(PARTS, ARCHIVE), "rb") as file:
            return file.read()

    def test_archive_is_used(self):
        if not self.made():
            self.skipTest("this JDK makes no archive")
        self.archive(self.made())
        self.assertIn("shared objects file", self.check())

    def test_without(self):
        self.assertNotIn("shared objects file", self.check())

    def test_broken_archives(self):
        for content in b"", b"no archive" * 1000, self.made()[:5000], self.made()[:-4096 * 20]:
            self.archive(content)
            self.assertNotIn("shared objects file", self.check())

    def test_archive_of_another_bridge(self):
        """The JVM compares the jar's time."""
        self.archive(self.made())
        jar = os.path.join(self.parts, "snafu-bridge.jar")
        os.remove(jar)
        shutil.copy(os.path.join(PARTS, "snafu-bridge.jar"), jar)
        os.utime(jar, (1_000_000_000, 1_000_000_000))
        self.assertNotIn("shared objects file", self.check())


if __name__ == "__main__":
    unittest.main()
