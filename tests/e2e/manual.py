"""tests/e2e/manual.py — every program's manual page: it is clean, and it agrees with --help."""

import glob
import os
import re
import shutil
import subprocess
import unittest

from terminal import BUILD, SOURCE, run


def read(page):
    with open(os.path.join(SOURCE, "docs", page), encoding="utf-8") as file:
        return file.read()


def show_help(program):
    return run("--help", program=os.path.join(BUILD, program), env={"COLUMNS": "120"}).stdout


class Page:
    """PROGRAM has more than FEW options."""
    program, few = "", 5

    def test_options_agree(self):
        # An option's letter, name and argument.
        shown = re.findall(r"^ +(?:-(\w)(?: \w+)?, )?--([\w-]+)(?: (\S+))?",
                           show_help(self.program), re.M)
        told = re.findall(r"^\.It (?:Fl (\w) , )?Fl Fl ([\w-]+)(?: Ar (\S+))?$",
                          read(self.program + ".1"), re.M)
        self.assertGreater(len(shown), self.few)
        self.assertEqual(shown, told)

    def test_is_clean(self):
        if not shutil.which("man"):
            self.skipTest("there is no man here")
        page = os.path.join(SOURCE, "docs", self.program + ".1")
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", page],
                              capture_output=True, text=True,
                              env=dict(os.environ, LC_ALL="C.UTF-8", PAGER="cat"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("EXIT STATUS", done.stdout)


class Snafu(Page, unittest.TestCase):
    program, few = "snafu", 10

    def test_settings_agree(self):
        # A setting's section and name, default, bounds and meaning.
        shown = re.findall(r"^  (\[\w+\] [\w-]+) =(?: (\S+))?(?:  \(([^)]*)\))?\n +(.+)$",
                           show_help("snafu"), re.M)
        told = re.findall(r"^\.It (\[\w+\] [\w-]+) =(?: (\S+))?(?: \(([^)]*)\))?\n(.+)$",
                          read("snafu.1"), re.M)
        self.assertGreater(len(shown), 20)
        self.assertEqual(shown, told)


class Scan(Page, unittest.TestCase):
    program = "snafu-scan"


class Convert(Page, unittest.TestCase):
    program = "snafu-convert"


class Export(Page, unittest.TestCase):
    program = "snafu-export"


class Bench(Page, unittest.TestCase):
    program, few = "snafu-bench", 8


class Every(unittest.TestCase):
    def test_page_is_looked_at(self):
        pages = [os.path.basename(page)[:-2] for page in glob.glob(f"{SOURCE}/docs/*.1")]
        self.assertEqual(sorted(pages), sorted(each.program for each in Page.__subclasses__()))
