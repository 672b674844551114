"""make bench — the figures Snafu is built to reach, each a ratio of two things
measured side by side: the contestants take turns, and the ratio is that of their
medians; the spread is the middle half of the ratios of the single rounds.

    bench.py [--rounds N] [--json FILE] [NAME]...

Peers that are missing (universal-ctags, wrk) are named and left out."""

import argparse
import glob
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

BUILD = os.environ["SNAFU_BUILD"]
SOURCE = os.environ["SNAFU_SOURCE"]
SNAFU = os.path.join(BUILD, "snafu")
SCAN = os.path.join(BUILD, "snafu-scan")
PYTHON = "/usr/bin/python3"
SAMPLES = os.path.join(SOURCE, "samples")
STDLIB = "/usr/lib/python3.11"


class Missing(Exception):
    """A peer or an input that this machine lacks."""


def need(path, package):
    if not (shutil.which(path) or os.path.exists(path)):
        raise Missing(f"{path} is missing: install {package}")
    return path


def wall(command, **options):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, **options)
    return time.perf_counter() - start


def side_by_side(rounds, ours, theirs):
    """Runs both in turns; returns their values, the first round of each dropped."""
    a, b = [], []
    for number in range(rounds + 1):
        order = [(ours, a), (theirs, b)]
        for run, values in order if number % 2 else reversed(order):
            values.append(run())
    return a[1:], b[1:]


def result(name, what, a, b, limit, higher_is_better=False, unit="s"):
    ratios = sorted(x / y for x, y in zip(a, b))
    quarter = len(ratios) // 4
    ratio = statistics.median(a) / statistics.median(b)
    good = ratio >= limit if higher_is_better else ratio <= limit
    return {"name": name, "what": what, "ours": statistics.median(a),
            "theirs": statistics.median(b), "unit": unit, "ratio": ratio,
            "low": ratios[quarter], "high": ratios[-1 - quarter], "limit": limit,
            "at_least": higher_is_better, "good": good}


# ---- scanning -------------------------------------------------------------------

def files_below(folder, suffix):
    found = []
    for path, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        found += [os.path.join(path, name) for name in names if name.endswith(suffix)]
    return sorted(found)


def scan_ratio(name, what, folder, suffix, language, rounds):
    need("ctags", "universal-ctags")
    with tempfile.TemporaryDirectory() as scratch:
        # Both read the same files from the same list of paths.
        files = files_below(folder, suffix)
        listing = os.path.join(scratch, "files")
        with open(listing, "w", encoding="utf-8") as file:
            file.write("\n".join(files) + "\n")
        out = os.path.join(scratch, "tags")

        def ours():
            return wall([SCAN, "-q", "--format", "ctags", "-o", out, folder])

        def theirs():
            return wall(["ctags", f"--languages={language}", "-f", out, "-L", listing])

        a, b = side_by_side(rounds, ours, theirs)
        size = sum(os.path.getsize(path) for path in files) / 1e6
        return result(name, f"{what} ({len(files)} files, {size:.1f} MB) against universal-ctags",
                      a, b, 3.0)


def bench_scan_python(rounds):
    return scan_ratio("scan-python", "scanning Python's standard library", STDLIB, ".py",
                      "Python", rounds)


def bench_scan_java(rounds):
    folder = os.environ.get("SNAFU_BENCH_JAVA")
    if folder:
        return scan_ratio("scan-java", f"scanning {os.path.basename(folder)}", folder, ".java",
                          "Java", rounds)
    archives = sorted(glob.glob("/usr/lib/jvm/*/lib/src.zip"))
    if not archives:
        raise Missing("no JDK with its source: install openjdk-17-source")
    with tempfile.TemporaryDirectory() as scratch:
        with zipfile.ZipFile(archives[0]) as archive:
            archive.extractall(scratch, [name for name in archive.namelist()
                                         if name.startswith("java.base/java/")])
        return scan_ratio("scan-java", "scanning java.base", scratch, ".java", "Java", rounds)


# ---- start and memory -----------------------------------------------------------

def bench_start(rounds):
    hello = os.path.join(SAMPLES, "hello.py")
    a, b = side_by_side(rounds * 5, lambda: wall([SNAFU, "-q", "-x", "hello.hello", hello]),
                        lambda: wall([PYTHON, "-c", "pass"]))
    return result("start", "snafu -q -x hello.hello hello.py against python3 -c pass", a, b, 1.5)


class Server:
    """A server that ends when its stdin does, and its port."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        # Snafu says where it is ready on stderr, constant-reply prints its port.
        stream = self.process.stderr if command[0] == SNAFU else self.process.stdout
        for line in stream:
            if command[0] != SNAFU or b"ready on http://" in line:
                self.port = int(line.rsplit(b":", 1)[-1])
                return
        raise RuntimeError(f"{command[0]} did not get ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.stderr.read()
        self.process.wait()

    def memory(self, field="Rss"):
        return memory_of(self.process.pid, field)


def memory_of(pid, field):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {field} of process {pid}")


def bench_memory(rounds):
    hello = os.path.join(SAMPLES, "hello.py")

    def ours():
        with Server([SNAFU, "-C", "web", "-L", "0", hello]) as server:
            return server.memory()

    def theirs():
        code = "import sys; print(flush=True); sys.stdin.read()"
        with subprocess.Popen([PYTHON, "-c", code], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            return memory_of(process.pid, "Rss")

    a, b = side_by_side(rounds, ours, theirs)
    return result("memory", "resident memory of the idle host with one Python file, against a "
                  "bare python3", a, b, 1.5, unit="MiB")


# ---- the web connector ----------------------------------------------------------

def requests_per_second(port, path, seconds):
    done = subprocess.run(["wrk", "-t1", "-c8", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"],
                          capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout:
        raise RuntimeError(f"{path}: {done.stdout}")
    for line in done.stdout.splitlines():
        if line.startswith("Requests/sec:"):
            return float(line.split()[1])
    raise RuntimeError(done.stdout)


def web_ratio(name, what, source, path, rounds):
    need("wrk", "wrk")
    constant = need(os.path.join(BUILD, "tests/bench/constant-reply"), "nothing: run make bench")
    with Server([SNAFU, "-C", "web", "-L", "0", source]) as ours, Server([constant]) as theirs:
        requests_per_second(ours.port, path, 2)  # warm
        a, b = side_by_side(rounds, lambda: requests_per_second(ours.port, path, 2),
                            lambda: requests_per_second(theirs.port, "/", 2))
    return result(name, what + " over HTTP against a constant reply of libmicrohttpd", a, b, 0.5,
                  higher_is_better=True, unit="/s")


def bench_web_python(rounds):
    return web_ratio("web-python", "a trivial Python function", os.path.join(SAMPLES, "hello.py"),
                     "/invoke/hello.hello", rounds)


def with_source(name, text, run):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return run(path)


def bench_web_java(rounds):
    text = 'public class Hello { public static String hello() { return "Hello, world!"; } }\n'
    return with_source("Hello.java", text, lambda path: web_ratio(
        "web-java", "a trivial Java function", path, "/invoke/Hello.hello", rounds))


def bench_web_c(rounds):
    text = 'const char *hello(void) { return "Hello, world!"; }\n'
    return with_source("hello.c", text, lambda path: web_ratio(
        "web-c", "a trivial C function", path, "/invoke/hello.hello", rounds))


BENCHES = {name[6:].replace("_", "-"): run for name, run in list(globals().items())
           if name.startswith("bench_")}


def show(value, unit):
    return f"{value * 1000:.1f} ms" if unit == "s" else f"{value:,.0f} {unit}".replace(" /s", "/s")


def main():
    parser = argparse.ArgumentParser(prog="bench.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json")
    options = parser.parse_args()
    results, failed = [], 0
    print(f"{'':14}{'ours':>12}{'theirs':>12}{'ratio':>8}  {'spread':<13}{'wanted':<10}")
    for name in options.names or BENCHES:
        try:
            got = BENCHES[name](options.rounds)
        except Missing as missing:
            print(f"{name:14}left out: {missing}")
            continue
        results.append(got)
        failed += not got["good"]
        sign = ">=" if got["at_least"] else "<="
        print(f"{name:14}{show(got['ours'], got['unit']):>12}{show(got['theirs'], got['unit']):>12}"
              f"{got['ratio']:8.2f}  {got['low']:.2f}..{got['high']:<7.2f}{sign} {got['limit']:<7g}"
              f"{'' if got['good'] else 'MISSED'}\n{'':14}{got['what']}", flush=True)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    return 1 if failed else 0


sys.exit(main())
