"""tests/lint/source.py — rules of the house that a machine can check: includes
point from a later room to an earlier one, banned functions are not called,
every header compiles alone, the interpreters' headers stay behind their
gateways, and files, functions and lines keep to their sizes and layout."""

import os
import re
import shutil
import subprocess
import unittest

SOURCE = os.environ["SNAFU_SOURCE"]
ROOMS = ["base", "scanner", "langs", "runtime", "exporter", "convert", "programs"]
BANNED = ["strcpy", "strcat", "sprintf", "vsprintf", "gets", "strtok", "atoi", "atol", "atof",
          "system", "popen", "tmpnam", "mktemp", "alloca"]
FILE_CAP = 600  # lines; a smell to act on long before
FUNCTION_CAP = 66  # lines between the braces
CLANG_FORMAT = shutil.which("clang-format-14")
# Which folder may include what belongs to an interpreter or a heavy library.
GATEWAYS = {"Python.h": "langs/python", "jni.h": "langs/java", "ffi.h": "langs/c",
            "clang-c/Index.h": "scanner/c_helper", "microhttpd.h": "exporter/connectors/web",
            "sqlite3.h": "runtime/", "curl/curl.h": "runtime/",
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
        gateways = [path for path in sources(".h")
                    if any(f"#include <{name}>" in read(path) for name in GATEWAYS)]
        headers = [path for path in sources(".h") if path not in gateways
                   and not any(f'#include "{name}"' in read(path) for name in gateways)]
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

    def test_files_are_about_one_idea(self):
        wrong = []
        for path in sources(".c", ".h"):
            lines = read(path).count("\n")
            if lines > FILE_CAP:
                wrong.append(f"{path}: {lines} lines")
        self.assertEqual(wrong, [])

    def test_functions_fit_a_screen(self):
        wrong = []
        for path in sources(".c"):
            start = 0
            for number, line in enumerate(read(path).split("\n"), 1):
                if line == "{":
                    start = number
                elif line == "}" and start:
                    if number - start - 1 > FUNCTION_CAP:
                        wrong.append(f"{path}:{start}: {number - start - 1} lines")
                    start = 0
        self.assertEqual(wrong, [])

    def test_headers_are_guarded(self):
        wrong = []
        for path in sources(".h"):
            guard = "SNAFU_" + re.sub(r"\W", "_", path.upper())
            if f"\n#ifndef {guard}\n#define {guard}\n" not in read(path):
                wrong.append(path)
        self.assertEqual(wrong, [])

    def test_headers_are_included_once(self):
        wrong = []
        for path in sources(".c", ".h"):
            included = re.findall(r"#include (\S+)", read(path))
            included = [name for name in included if not name.endswith('.inc"')]
            wrong += [f"{path}: {name}" for name in set(included) if included.count(name) > 1]
        self.assertEqual(wrong, [])

    @unittest.skipUnless(CLANG_FORMAT, "clang-format-14 is not installed")
    def test_layout(self):
        paths = [os.path.join(SOURCE, path) for path in sources(".c", ".h")]
        done = subprocess.run([CLANG_FORMAT, "-style=file", "--dry-run", "--Werror", *paths],
                              text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, "make format mends it:\n" + done.stderr[:2000])
