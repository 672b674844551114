"""tests/e2e/settings.py — docs/settings.md says what the program does: every setting with its
default, bounds and who may set it; every member of a config; and the examples work."""

import json
import os
import re
import unittest

from folder import FolderTest
from terminal import BUILD, SOURCE, run

# Sanitizers reserve terabytes.
NO_LIMIT = "[limits]\nmemory = 0B\n" if os.environ.get("SNAFU_SANITIZE") else ""
SOURCE_TEXT = """
import os
def handler(n: int): return n + 1
def report(): return [os.environ.get("STAGE"), os.environ.get("GREETING")]
"""
VALUES = {"executor": "fork", "environment": "A=1", "directory": "/tmp", "on-success": "file:/tmp/x",
          "on-failure": "file:/tmp/x", "schedule": "*/5 * * * *", "watch": "/tmp/*.csv",
          "topic": "orders"}


def read_doc():
    with open(os.path.join(SOURCE, "docs/settings.md"), encoding="utf-8") as file:
        return file.read()


def rows(text):
    """The cells of a table's rows, without its head."""
    return [[cell.strip() for cell in line.strip("|").split("|")]
            for line in re.findall(r"^\| .*\|$", text, re.M)][2:]


class Reference(FolderTest):
    def setUp(self):
        super().setUp()
        self.env = {"XDG_CACHE_HOME": self.folder, "XDG_STATE_HOME": self.folder}
        self.doc = read_doc()
        self.source = self.write("app.py", SOURCE_TEXT)

    def execute(self, *arguments):
        return run("-v", *arguments, self.source, stdin=None, env=self.env)

    def sections(self):
        """(section, name, default, bounds, by, text)"""
        parts = re.split(r"^### \[(\w+)\]$", self.doc, flags=re.M)[1:]
        return [(section, row[0].strip("`"), *row[1:])
                for section, text in zip(parts[::2], parts[1::2]) for row in rows(text)]

    def test_all_settings_are_told(self):
        help_text = run("--help").stdout
        shown = re.findall(r"^  \[(\w+)\] ([\w-]+) =(?: (\S+))?(?:  \(([^)]*)\))?\n +(.+)$",
                           help_text, re.M)
        self.assertGreater(len(shown), 40)
        self.assertEqual([(*row[:4], row[5]) for row in self.sections()], shown)

    def test_who_may_set_it(self):
        """What the reference says is set by all can be set for a function, the rest cannot."""
        names = [row[1] for row in self.sections() if row[4] != "instance"]
        self.assertEqual(len(names), len(set(names)))
        for section, name, default, _, by, _ in self.sections():
            value = VALUES.get(name) or default
            if by == "instance" and name in names:
                continue  # means the other one there: [asynchronous] concurrency
            settings = self.write("snafu.ini", f"{NO_LIMIT}[function report]\n{name} = {value}\n")
            done = self.execute("-s", settings, "-x", "report")
            with self.subTest(f"[{section}] {name}"):
                self.assertIn(by, ("all", "instance", "instance, function"))
                if by != "instance":
                    self.assertEqual(done.returncode, 0, done.stderr)
                else:
                    self.assertEqual(done.returncode, 1)
                    self.assertIn("is set for the whole instance only", done.stderr)

    def test_all_members_are_told(self):
        python2 = self.write("old.py", "def f():\n    print 1\n")
        said = run("--stubs", "-n", python2, program=os.path.join(BUILD, "snafu-export")).stdout
        stub, _ = json.JSONDecoder().raw_decode(said)  # the snafu.ini follows
        members = {key[2:] for key in stub if re.match(r"//\w", key)} | {"Functions"}
        table = self.doc[self.doc.index("| member |"):]
        told = {row[0].strip("`"): row for row in rows(table[:table.index("\n\n")])}
        self.assertEqual(set(told) - {"Description"}, members)
        narrowable = {row[1] for row in self.sections() if row[4] != "instance"}
        self.assertEqual(
            narrowable - {"environment", "on-success", "on-failure"},
            {row[1].strip("`") for row in told.values() if row[1].startswith("`")} & narrowable
            - {"environment", "on-success", "on-failure"})

    def test_members_mean_what_is_told(self):
        table = self.doc[self.doc.index("| member |"):]
        for member, setting, unit in rows(table[:table.index("\n\n")]):
            member, setting = member.strip("`"), setting.strip("`")
            number = [row for row in self.sections() if row[1] == setting and row[3]]
            if not number:
                continue
            with self.subTest(member):
                self.write("app.py.config", json.dumps({member: "nonsense"}))
                done = self.execute("-x", "report")
                self.assertIn(f"app.py.config: {member}: {setting} takes ", done.stderr)
                if unit:
                    self.write("app.py.config", json.dumps({member: 2 if unit == "MiB" else 1.5}))
                    self.assertNotIn(member, self.execute("-x", "report").stderr)
                elif re.search(r"\dB to|iB to", number[0][3]):
                    self.write("app.py.config", json.dumps({member: 4096}))
                    self.assertIn("with its unit", self.execute("-x", "report").stderr)

    @unittest.skipIf(NO_LIMIT, "sanitizers reserve terabytes")
    def test_examples_work(self):
        ini, = re.findall(r"^```ini\n(.*?)^```$", self.doc, re.M | re.S)
        config, = re.findall(r"^```json\n(.*?)^```$", self.doc, re.M | re.S)
        settings = self.write("snafu.ini", ini)
        done = self.execute("-s", settings, "-x", "report")
        self.assertEqual((done.returncode, done.stdout), (0, '["test","two words"]\n'), done.stderr)
        self.assertNotRegex(done.stderr, "warning|error")
        self.write("app.py.config", config)
        done = self.execute("-x", "increment", "-a", "n=1")
        self.assertEqual((done.returncode, done.stdout), (0, "2\n"), done.stderr)
        self.assertNotRegex(done.stderr, "warning|error")
        done = self.execute("-s", settings, "-x", "report")
        self.assertEqual(done.stdout, '["test","two words"]\n', done.stderr)
        self.assertNotRegex(done.stderr, "warning|error")

    @unittest.skipIf(NO_LIMIT, "sanitizers reserve terabytes")
    def test_the_sample_works(self):
        done = run("-v", "-s", os.path.join(SOURCE, "samples/snafu.ini"), "-x", "fib", "-a", "n=10",
                   os.path.join(SOURCE, "samples/localfib.py"), stdin=None, env=self.env)
        self.assertEqual((done.returncode, done.stdout), (0, "55\n"), done.stderr)
        self.assertNotRegex(done.stderr, "warning|error")


if __name__ == "__main__":
    unittest.main()
