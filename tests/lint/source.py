"""tests/lint/source.py — rules of the house that a machine can check: includes
point from a later room to an earlier one, banned functions are not called,
every header compiles alone, the interpreters' headers stay behind their
gateways."""

import os
import re
import subprocess
import unittest

SOURCE = os.environ["SNAFU_SOURCE"]
ROOMS = ["base", "scanner", "langs", "runtime", "exporter", "convert", "programs"]
BANNED = ["strcpy", "strcat", "sprintf", "vsprintf", "gets", "strtok", "atoi", "atol", "atof",
          "system", "popen", "tmpnam", "mktemp", "alloca"]
# Which folder may include what belongs to an interpreter or a heavy library.
GATEWAYS = {"Python.h": "langs/python", "jni.h": "langs/java", "ffi.h": "langs/c",
            "clang-c/Index.h": "scanner/c_helper", "microhttpd.h": "exporter/connectors/web",
            "readline/readline.h": "exporter/connectors/cli"}


def sources(*suffixes):
    for room in ROOMS:
        for folder, _, names in os.walk(os.path.join(SOURCE, room)):
            for name in sorted(names):
                if name.endswith(suffixes):
                    yield os.path.relpath(os.path.join(folder, name), SOURCE)


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def without_comments_and_strings(text):
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda match: "\n" * match.group().count("\n"), text, flags=re.S)


class Source(unittest.TestCase):
    def test_includes_point_to_earlier_rooms(self):
        wrong = []
        for path in sources(".c", ".h"):
            room = ROOMS.index(path.split("/")[0])
            for included in re.findall(r'#include "([^"]+)"', read(path)):
                other = included.split("/")[0]
                if included.endswith(".inc"):
                    continue  # made by the build
                if other not in ROOMS or ROOMS.index(other) > room:
                    wrong.append(f"{path} includes {included}")
        self.assertEqual(wrong, [])

    def test_heavy_headers_stay_behind_their_gateways(self):
        wrong = []
        for path in sources(".c", ".h"):
            for included in re.findall(r"#include <([^>]+)>", read(path)):
                gateway = GATEWAYS.get(included)
                if gateway and not path.startswith(gateway):
                    wrong.append(f"{path} includes {included}")
        self.assertEqual(wrong, [])

    def test_banned_functions_are_not_called(self):
        wrong = []
        pattern = re.compile(r"(?<![\w>.])(" + "|".join(BANNED) + r")\s*\(")
        for path in sources(".c", ".h"):
            text = without_comments_and_strings(read(path))
            for number, line in enumerate(text.split("\n"), 1):
                for name in pattern.findall(line):
                    wrong.append(f"{path}:{number}: {name}")
        self.assertEqual(wrong, [])

    def test_headers_compile_alone(self):
        # Headers of the gateways need their library's flags and are compiled
        # with them in the build.
        headers = [path for path in sources(".h")
                   if not any(f"#include <{name}>" in read(path) for name in GATEWAYS)]
        self.assertGreater(len(headers), 10)
        for path in headers:
            done = subprocess.run(
                ["cc", "-std=gnu11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I", SOURCE,
                 "-x", "c", "-"], input=f'#include "{path}"\n', text=True, capture_output=True)
            self.assertEqual(done.returncode, 0, f"{path}:\n{done.stderr}")

    def test_files_open_with_what_they_are(self):
        wrong = [path for path in sources(".c", ".h") if not read(path).startswith(f"/* {path} — ")]
        self.assertEqual(wrong, [])

    def test_no_line_is_too_wide(self):
        wrong = []
        for path in sources(".c", ".h"):
            for number, line in enumerate(read(path).split("\n"), 1):
                if len(line.expandtabs(4)) > 100:
                    wrong.append(f"{path}:{number}")
        self.assertEqual(wrong, [])
