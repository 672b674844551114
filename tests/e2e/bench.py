"""snafu-bench: that its reckoning is the paper's, and that it measures, prints and draws.
What it measures is left to itself: figures depend on the machine."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

from folder import FolderTest
from terminal import SOURCE

BENCH = os.path.join(SOURCE, "bench")
sys.path.insert(0, BENCH)

import draw  # noqa: E402
import economics  # noqa: E402

PAPER_TABLE_4 = [  # calls a second, price: calls a month, price a month, utility
    (99.30, ("ppmc", 0.20), 260965583, 51.99, 5.02),
    (347.19, ("pph", 0.031), 912418507, 22.59, 40.39),
    (281.25, ("pph", 0.031), 739126707, 22.59, 32.72),
    (138.10, ("pph", 0.031), 362928625, 22.59, 16.07),
]


def run(*arguments):
    return subprocess.run(["/usr/bin/python3", os.path.join(BENCH, "snafu-bench"), *arguments],
                          capture_output=True, text=True, timeout=120, check=False)


class Economics(unittest.TestCase):
    def test_the_papers_table(self):
        # The paper rounds its calls a second, so the rest agrees to a part in a thousand.
        for cps, price, cpm, ppm, utility in PAPER_TABLE_4:
            got = economics.month(cps, *price)
            for mine, wanted in zip(got, (cpm, ppm, utility)):
                self.assertAlmostEqual(mine / wanted, 1, delta=5e-3, msg=(cps, got))

    def test_prices_that_are_none(self):
        for line in "a = pph", "a = pph -1", "a = yearly 3", "a = pph much":
            with self.subTest(line), tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
                file.write(f"[prices]\n{line}\n")
                file.flush()
                with self.assertRaisesRegex(ValueError, "want 'pph PRICE'"):
                    economics.read_prices(file.name)


class Pictures(unittest.TestCase):
    def numbers(self, svg, tag, attribute):
        root = xml.etree.ElementTree.fromstring(svg)
        return [float(found.get(attribute))
                for found in root.iter("{http://www.w3.org/2000/svg}" + tag)]

    def test_a_longer_bar_for_a_larger_value(self):
        svg = draw.bars("a & b", "calls/s", [("<one>", [("x", 10, 9, 12), ("y", 1000, 900, 1100)])])
        _, short, long = self.numbers(svg, "rect", "width")
        # Two decades apart, on an axis that has them all.
        self.assertGreater(long, short + 100)

    def test_lines_have_a_point_for_each_value(self):
        svg = draw.lines("p50", "seconds", [1, 8, 64], {"a": {1: 1e-3, 8: 1e-2, 64: 1e-1}})
        heights = self.numbers(svg, "circle", "cy")
        self.assertEqual(len(heights), 3)
        self.assertAlmostEqual(heights[0] - heights[1], heights[1] - heights[2], delta=0.2)

    def test_nothing_to_draw(self):
        for svg in draw.bars("empty", "", []), draw.lines("empty", "", [], {}):
            xml.etree.ElementTree.fromstring(svg)


class Measuring(FolderTest):
    def setUp(self):
        if not shutil.which("wrk"):
            self.skipTest("wrk is missing")
        super().setUp()
        self.source = self.write("mine.py", "def double(n):\n    return n * 2\n")

    def test_a_function_of_ones_own(self):
        out = self.path("out")
        done = run("-r", "1", "-d", "1", "-n", "2", "-e", "inprocess,worker", "-o", out,
                   self.source, "mine.double", "n=21")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
            results = json.load(file)["function"]["results"]
        self.assertEqual(sorted(results), ["inprocess", "worker"])
        for name, entry in results.items():
            self.assertGreater(entry["connections"]["2"]["rate"][0], 0)
            self.assertIn(name, done.stdout)
        self.assertGreater(results["worker"]["memory"]["processes"], 0)
        drawn = sorted(name for name in os.listdir(out) if name.endswith(".svg"))
        self.assertEqual(drawn, ["function-p50.svg", "function-p99.svg", "function-rates.svg"])
        for name in drawn:
            xml.etree.ElementTree.parse(os.path.join(out, name))

    def test_what_fails_is_named(self):
        done = run("-r", "1", "-d", "1", "-n", "1", "-e", "inprocess", self.source, "mine.none")
        self.assertIn("left out: inprocess:", done.stdout)
        self.assertEqual(run("-e", "magic", self.source, "mine.double").returncode, 2)
        self.assertEqual(run("-n", "many", self.source, "mine.double").returncode, 2)
        self.assertEqual(run().returncode, 2)


if __name__ == "__main__":
    unittest.main()
