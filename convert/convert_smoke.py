#!/usr/bin/env python3
"""smoke-test [URL] — calls every example of examples.json, and says which do not give what they
are said to give. Without a URL it starts Snafu itself ($SNAFU, or snafu in PATH).

Exit status: 0, 1 when an example went wrong, 2 when there was nobody to call."""

import ast
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 120 # seconds for one call


def same(one, other):
    """As JSON; fractions may differ in the last digits."""
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other or abs(one - other) <= 1e-9 * max(abs(one), abs(other))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


def is_right(example, result):
    if "result" in example:
        return same(example["result"], result)
    if "printed" not in example or example["printed"] == result:
        return True
    try:
        shown = ast.literal_eval(example["printed"].strip())
    except (SyntaxError, ValueError):
        return not isinstance(result, str)
    return same(list(shown) if isinstance(shown, tuple) else shown, result)


def call(url, example):
    """The status and what came back."""
    request = urllib.request.Request(
        url + "/invoke/" + urllib.parse.quote(example["function"]),
        json.dumps(example["payload"]).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def serve():
    program = os.environ.get("SNAFU", "snafu")
    words = [program, "-C", "web", "-L", "127.0.0.1:0"]
    if os.path.exists(os.path.join(HERE, "snafu.ini")):
        words += ["-s", "snafu.ini"]
    try:
        process = subprocess.Popen(words + ["src"], cwd=HERE, stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, errors="replace")
    except OSError as error:
        print("%s cannot be started (%s): set SNAFU, or give the URL of a running one" % (
            program, error.strerror), file=sys.stderr)
        return None, None
    said = ""
    for line in process.stderr:
        said += line
        match = re.search(r"ready on (http://\S+)", line)
        if match:
            return process, match.group(1)
    process.wait()
    print(said, file=sys.stderr)
    return process, None


def run(url, examples):
    wrong = 0
    for example in examples:
        shown = "%s %s" % (example["function"], json.dumps(example["payload"]))
        try:
            status, result = call(url, example)
        except OSError as error:
            status, result = 0, str(error)
        good = status == 200 and is_right(example, result)
        print("%s %s" % ("ok    " if good else "NOT OK", shown))
        if not good:
            wrong += 1
            if status == 200:
                print("       gave %s\n       not  %s (%s)" % (
                    json.dumps(result), json.dumps(example.get("result", example.get("printed"))),
                    example["from"]))
            else:
                print("       failed with %s: %.500s (%s)" % (status, result, example["from"]))
    print("%d of %d examples went well" % (len(examples) - wrong, len(examples)))
    return 1 if wrong else 0


def main():
    with open(os.path.join(HERE, "examples.json"), encoding="utf-8") as file:
        examples = json.load(file)
    if len(sys.argv) > 1:
        return run(sys.argv[1].rstrip("/"), examples)
    process, url = serve()
    if not url:
        return 2
    try:
        return run(url, examples)
    finally:
        process.terminate()
        process.communicate()


if __name__ == "__main__":
    sys.exit(main())
