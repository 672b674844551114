"""make bench — the figures Snafu is built to reach, each a ratio of two things
measured side by side: the contestants take turns, and the ratio is that of their
medians; the spread is the middle half of the ratios of the single rounds.

    figures.py [--rounds N] [--json FILE] [NAME]...

Peers that are missing (universal-ctags, wrk, uwsgi) are named and left out."""

import argparse
import glob
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

import functions
from ladder import Host, Missing, need, smaps, wrk

BUILD = os.environ["SNAFU_BUILD"]
SOURCE = os.environ["SNAFU_SOURCE"]
SNAFU = os.path.join(BUILD, "snafu")
SCAN = os.path.join(BUILD, "snafu-scan")
PYTHON = "/usr/bin/python3"
SAMPLES = os.path.join(SOURCE, "samples")
STDLIB = "/usr/lib/python3.11"


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
    good = limit is None or (ratio >= limit if higher_is_better else ratio <= limit)
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

    def memory(self):
        return smaps(self.process.pid)["Rss"] / 1024


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
            return smaps(process.pid)["Rss"] / 1024

    a, b = side_by_side(rounds, ours, theirs)
    return result("memory", "resident memory of the idle host with one Python file, against a "
                  "bare python3", a, b, 1.5, unit="MiB")


# ---- the web connector ----------------------------------------------------------

def requests_per_second(port, path, seconds):
    return wrk(f"http://127.0.0.1:{port}{path}", 8, seconds)["rate"]


def web_ratio(name, what, source, path, rounds):
    need("wrk", "wrk")
    constant = need(os.path.join(BUILD, "bench/peers/constant-reply"), "nothing: run make bench")
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


# ---- the isolation ladder --------------------------------------------------------

SECONDS = 2
TRIVIAL = ["hello.hello", functions.ARGUMENTS]


def with_functions(run):
    with tempfile.TemporaryDirectory() as folder:
        return run(functions.write(folder), folder)


def write_settings(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return ["-s", path]


def rate(host, function=None, arguments=None, connections=8):
    figures = host.load(function or TRIVIAL[0], arguments or TRIVIAL[1], connections, SECONDS)
    return figures["rate"]


def hosts_ratio(name, what, rounds, ours, theirs, limit, function=None, arguments=None):
    """Two hosts, made by OURS and THEIRS, under the same load."""
    with ours() as one, theirs() as other:
        for host in one, other:
            rate(host, function, arguments)
        a, b = side_by_side(rounds, lambda: rate(one, function, arguments),
                            lambda: rate(other, function, arguments))
    return result(name, what, a, b, limit, higher_is_better=True, unit="/s")


def executors_ratio(name, language, ours, theirs, limit, rounds):
    return with_functions(lambda paths, _: hosts_ratio(
        name, f"{ours} against {theirs}, a trivial {language} function, 8 connections", rounds,
        lambda: Host(SNAFU, [paths[language]], ours), lambda: Host(SNAFU, [paths[language]], theirs),
        limit, functions.NAMES[language]))


def bench_isolated_python(rounds):
    return executors_ratio("isolated-python", "python", "isolated", "inprocess", 0.7, rounds)


def bench_isolated_java(rounds):
    return executors_ratio("isolated-java", "java", "isolated", "inprocess", 0.7, rounds)


def bench_isolated_c(rounds):
    return executors_ratio("isolated-c", "c", "isolated", "inprocess", 0.7, rounds)


def bench_worker(rounds):
    return executors_ratio("worker", "python", "worker", "inprocess", 0.5, rounds)


UWSGI_APP = """\
import json

import hello


def application(environ, start_response):
    size = int(environ.get("CONTENT_LENGTH") or 0)
    arguments = json.loads(environ["wsgi.input"].read(size) or "{}")
    body = json.dumps(hello.hello(**arguments)).encode()
    start_response("200 OK", [("Content-Type", "application/json"),
                              ("Content-Length", str(len(body)))])
    return [body]
"""


class Uwsgi:
    """uWSGI with its Python plugin: a process a core, kept-alive connections."""

    def __init__(self, folder):
        need("uwsgi", "uwsgi uwsgi-plugin-python3")
        with open(os.path.join(folder, "app.py"), "w", encoding="ascii") as file:
            file.write(UWSGI_APP)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.script = os.path.join(folder, "post.lua")
        with open(self.script, "w", encoding="ascii") as file:
            file.write("wrk.method = 'POST'\nwrk.body = '" + json.dumps(TRIVIAL[1]) + "'\n")
        self.process = subprocess.Popen(
            ["uwsgi", "--plugin", "python3", "--http11-socket", f"127.0.0.1:{self.port}",
             "--chdir", folder, "--module", "app", "--master", "--processes", str(os.cpu_count()),
             "--disable-logging", "--die-on-term", "--listen", "100"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.01)
        raise Missing("uwsgi did not get ready")

    def load(self, function, arguments, connections, seconds):
        del function, arguments
        return wrk(f"http://127.0.0.1:{self.port}/", connections, seconds, self.script)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def uwsgi_ratio(name, executor, limit, rounds):
    return with_functions(lambda paths, folder: hosts_ratio(
        name, f"{executor} against uWSGI with a process a core, a trivial Python function", rounds,
        lambda: Host(SNAFU, [paths["python"]], executor),
        lambda: Uwsgi(os.path.dirname(paths["python"])), limit))


def bench_inprocess_uwsgi(rounds):
    return uwsgi_ratio("inprocess-uwsgi", "inprocess", 2.0, rounds)


def bench_worker_uwsgi(rounds):
    return uwsgi_ratio("worker-uwsgi", "worker", 1.0, rounds)


def bench_worker_two(rounds):
    def run(paths, folder):
        one = write_settings(folder, "one.ini", "[limits]\ninstances = 1\n")
        two = write_settings(folder, "two.ini", "[limits]\ninstances = 2\n")
        return hosts_ratio(
            "worker-two", "two instances against one, a function that only computes", rounds,
            lambda: Host(SNAFU, [paths["python"]], "worker", two),
            lambda: Host(SNAFU, [paths["python"]], "worker", one), 1.7, "hello.compute",
            {"n": 20000})
    return with_functions(run)


def bench_fork(rounds):
    loop = need(os.path.join(BUILD, "bench/peers/fork-loop"), "nothing: run make bench")

    def run(paths, _):
        folder = os.path.dirname(paths["python"])
        command = [loop, folder, "hello", "hello", json.dumps(TRIVIAL[1]), str(SECONDS),
                   str(os.cpu_count())]

        def theirs():
            return float(subprocess.run(command, check=True, capture_output=True).stdout)

        with Host(SNAFU, [paths["python"]], "fork") as host:
            rate(host)
            a, b = side_by_side(rounds, lambda: rate(host), theirs)
        return result("fork", "fork against a bare loop that forks a warmed interpreter on both "
                      "cores", a, b, 0.7, higher_is_better=True, unit="/s")
    return with_functions(run)


FORK_PAUSE_MS = 10


def bench_fork_latency(rounds):
    peer = need(os.path.join(BUILD, "bench/peers/wake-up"), "nothing: run make bench")

    def run(paths, _):
        with Host(SNAFU, [paths["python"]], "fork") as fork, \
                Host(SNAFU, [paths["python"]], "worker") as worker:
            # Calls without pauses wait for forks, not for the one that is to wake.
            def p50(host):
                return host.load(*TRIVIAL, 1, SECONDS, FORK_PAUSE_MS)["p50"]

            p50(fork), p50(worker)
            a, b = side_by_side(
                rounds, lambda: max(p50(fork) - p50(worker), 1e-9),
                lambda: float(subprocess.run([peer, "2000"], check=True,
                                             capture_output=True).stdout) / 1e6)
        return result("fork-latency", "added p50 of fork over worker, one connection with "
                      f"pauses of {FORK_PAUSE_MS} ms, against a socket pair's wake-up", a, b, 4.0)
    return with_functions(run)


SPAWN_SCRIPT = """\
import json, sys
sys.path.insert(0, %r)
import hello
print(json.dumps(hello.hello(**json.loads(sys.argv[1]))))
"""


def bench_spawn(rounds):
    def run(paths, folder):
        script = os.path.join(folder, "script.py")
        with open(script, "w", encoding="ascii") as file:
            file.write(SPAWN_SCRIPT % os.path.dirname(paths["python"]))
        command = [PYTHON, "-I", "-S", script, json.dumps(TRIVIAL[1])]
        with Host(SNAFU, [paths["python"]], "spawn") as host:
            a, b = side_by_side(rounds * 5, lambda: host.call(*TRIVIAL)[1], lambda: wall(command))
        return result("spawn", "a call by spawn against python3 -I -S running the same script", a,
                      b, 1.3)
    return with_functions(run)


CALLER = """\
import json
import time

import snafu


def target(n):
    return n


def plain(count):
    start = time.perf_counter()
    for i in range(count):
        json.loads(json.dumps(target(**json.loads(json.dumps({"n": i})))))
    return (time.perf_counter() - start) / count


def contained(count):
    start = time.perf_counter()
    for i in range(count):
        snafu.call("caller.target", n=i)
    return (time.perf_counter() - start) / count


clients = {}


def client_of(url):
    if url not in clients:
        import boto3
        clients[url] = boto3.client("lambda", endpoint_url=url, region_name="local",
                                    aws_access_key_id="key", aws_secret_access_key="secret")
    return clients[url]


def boto(count, url):
    client = client_of(url)
    start = time.perf_counter()
    for i in range(count):
        client.invoke(FunctionName="caller.target", Payload=json.dumps({"n": i}))["Payload"].read()
    return count / (time.perf_counter() - start)


def fib(n, url):
    # by boto3, over and over
    if n < 2:
        return n
    return sum(json.loads(client_of(url).invoke(
        FunctionName="caller.fib", Payload=json.dumps({"n": less, "url": url}))["Payload"].read())
        for less in (n - 1, n - 2))
"""


def bench_call(rounds):
    def run(path):
        with Host(SNAFU, [path], "inprocess") as host:
            a, b = side_by_side(rounds, lambda: host.call("caller.contained", {"count": 5000})[0],
                                lambda: host.call("caller.plain", {"count": 5000})[0])
        return result("call", "snafu.call() of a Python function, in-process, against a plain call "
                      "with the same JSON", a, b, 10.0)
    return with_source("caller.py", CALLER, run)


def need_boto():
    """The constant-reply server, where boto3 is there, too."""
    constant = need(os.path.join(BUILD, "bench/peers/constant-reply"), "nothing: run make bench")
    if subprocess.run([PYTHON, "-c", "import boto3"], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        raise Missing("python3-boto3 is missing")
    return constant


def bench_boto(rounds):
    constant = need_boto()

    def run(path):
        with Server([constant]) as server, \
                Host(SNAFU, [path], "inprocess",
                     environment={"SNAFU_CONTAIN_BOTO3": "1"}) as inside, \
                Host(SNAFU, [path], "inprocess") as outside:
            arguments = {"count": 500, "url": f"http://127.0.0.1:{server.port}"}
            a, b = side_by_side(rounds, lambda: inside.call("caller.boto", arguments)[0],
                                lambda: outside.call("caller.boto", arguments)[0])
        return result("boto", "contained boto3 invoke() against one over a socket, to a constant "
                      "reply", a, b, 8.0, higher_is_better=True, unit="/s")
    return with_source("caller.py", CALLER, run)


FIB = 15
FIB_CALLS = 1972  # that fib(15) makes of itself


def bench_boto_fib(rounds):
    constant = need_boto()

    def run(path):
        with Server([constant]) as server, Host(SNAFU, [path], "inprocess") as host:
            own, other = host.url, f"http://127.0.0.1:{server.port}"

            def rate():
                value, seconds = host.call("caller.fib", {"n": FIB, "url": own})
                assert value == 610, value
                return FIB_CALLS / seconds

            a, b = side_by_side(rounds, rate, lambda: host.call(
                "caller.boto", {"count": FIB_CALLS, "url": other})[0])
        return result("boto-fib", "recursive fib(15) by boto3 over sockets, calls a second against "
                      "a plain loop to a constant reply", a, b, 0.6, higher_is_better=True,
                      unit="/s")
    return with_source("caller.py", CALLER, run)


COLD_STARTS = 20


def bench_cold_start(rounds):
    """Every function of a file gets a process of its own, which imports the file."""
    peer = need(os.path.join(BUILD, "bench/peers/fork-import"), "nothing: run make bench")
    names = [f"hello{i}" for i in range((rounds + 1) * COLD_STARTS + 1)]
    source = "\n\n\n".join(
        f'def {name}():\n    return "Hello!"' for name in names) + "\n"

    def run(path):
        left = iter(names)
        with Host(SNAFU, [path], "worker") as host:
            def cold(name):
                """What a first call takes longer than a second one."""
                first = host.call(f"cold.{name}", {})[1]
                return first - host.call(f"cold.{name}", {})[1]

            cold(next(left))  # starts the zygote
            a, b = side_by_side(
                rounds, lambda: statistics.median(cold(next(left)) for _ in range(COLD_STARTS)),
                lambda: float(subprocess.run(
                    [peer, os.path.dirname(path), "cold", names[0], str(COLD_STARTS)],
                    check=True, capture_output=True).stdout) / 1e6)
        return result("cold-start", "cold start of a worker, against a bare fork that imports the "
                      "function's file", a, b, 3.0)
    return with_source("cold.py", source, run)


INSTANCES = 8


def bench_instance_memory(rounds):
    def one_more(path):
        """MiB of one more instance: of many against one."""
        with Host(SNAFU, [path], "worker") as host:
            host.call("hello.hello", functions.ARGUMENTS)
            few = host.memory()
            threads = [threading.Thread(target=host.call, args=("hello.wait", {"seconds": 0.5}))
                       for _ in range(INSTANCES)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            many = host.memory()
            return (many["private"] - few["private"]) / (many["processes"] - few["processes"])

    def run(paths, _):
        a, b = side_by_side(rounds, lambda: one_more(paths["python"]), lambda: 1.0)
        return result("instance-memory", "private memory of one more idle instance, in MiB", a, b,
                      3.0, unit="MiB")
    return with_functions(run)


def instance_memory(language, rounds):
    """An instance that is executed, with the process that looks after it."""
    def one(paths):
        with Host(SNAFU, [paths[language]], "worker") as host:
            host.call(functions.NAMES[language], functions.ARGUMENTS)
            return host.memory()["private"]

    def run(paths, _):
        a, b = side_by_side(rounds, lambda: one(paths), lambda: 1.0)
        return result(f"instance-memory-{language}", f"private memory of a {language} instance, in "
                      "MiB", a, b, None, unit="MiB")
    return with_functions(run)


def bench_instance_memory_java(rounds):
    return instance_memory("java", rounds)


def bench_instance_memory_c(rounds):
    return instance_memory("c", rounds)


def bench_records(rounds):
    return with_functions(lambda paths, _: hosts_ratio(
        "records", "a CSV log and debug output, against neither, in-process", rounds,
        lambda: Host(SNAFU, [paths["python"]], "inprocess", ["-l", "csv", "--debug"]),
        lambda: Host(SNAFU, [paths["python"]], "inprocess"), 0.75))


def write_many(folder, count):
    """COUNT functions in files of a hundred."""
    for number in range(0, count, 100):
        with open(os.path.join(folder, f"many{number}.py"), "w", encoding="ascii") as file:
            for i in range(number, min(count, number + 100)):
                file.write(f'def hello{i}(name="world"):\n    return "Hello, " + name + "!"\n\n\n')


MANY = 10000


def first_answer(count):
    """Of a host with COUNT functions: seconds until its first answer, MiB then."""
    with tempfile.TemporaryDirectory() as folder:
        write_many(folder, count)
        start = time.perf_counter()
        with Host(SNAFU, [folder]) as host:
            host.call("many0.hello0", {})
            return time.perf_counter() - start, host.memory()["host"]


def growth(name, what, which, unit, rounds):
    """What the second ten thousand functions add, against the first: 1 is in proportion."""
    def added(more, fewer):
        return first_answer(more)[which] - first_answer(fewer)[which]

    a, b = side_by_side(rounds, lambda: added(2 * MANY, MANY), lambda: added(MANY, 1))
    return result(name, f"{what}: what functions {MANY:,} to {2 * MANY:,} add, against the first "
                  f"{MANY:,}", a, b, 1.2, unit=unit)


def bench_many_start(rounds):
    return growth("many-start", "time to the first answer", 0, "s", rounds)


def bench_many_memory(rounds):
    return growth("many-memory", "resident memory", 1, "MiB", rounds)


def bench_many(rounds):
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        write_many(few, 1)
        write_many(many, MANY)
        with Host(SNAFU, [many]) as one, Host(SNAFU, [few]) as other:
            def cpu(host):
                before = host.cpu()
                calls = host.load("many0.hello0", {}, 8, SECONDS)["calls"]
                return (host.cpu() - before) / calls

            for host in one, other:
                cpu(host)
            a, b = side_by_side(rounds, lambda: cpu(one), lambda: cpu(other))
        return result("many", f"processor time a call in the host with {MANY:,} functions in the "
                      "pool, against one", a, b, 1.1)


BENCHES = {name[6:].replace("_", "-"): run for name, run in list(globals().items())
           if name.startswith("bench_")}


def show(value, unit):
    if unit == "s":
        return f"{value * 1000:.1f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} µs"
    return f"{value:.1f} MiB" if unit == "MiB" else f"{value:,.0f}{unit}"


def main():
    parser = argparse.ArgumentParser(prog="figures.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json")
    options = parser.parse_args()
    results, failed = [], 0
    print(f"{'':20}{'ours':>12}{'theirs':>12}{'ratio':>8}  {'spread':<13}{'wanted':<10}")
    for name in options.names or BENCHES:
        try:
            got = BENCHES[name](options.rounds)
        except Missing as missing:
            print(f"{name:20} left out: {missing}")
            continue
        results.append(got)
        failed += not got["good"]
        sign = ">=" if got["at_least"] else "<="
        wanted = "" if got["limit"] is None else f"{sign} {got['limit']:g}"
        print(f"{name:20}{show(got['ours'], got['unit']):>12}{show(got['theirs'], got['unit']):>12}"
              f"{got['ratio']:8.2f}  {got['low']:.2f}..{got['high']:<7.2f}{wanted:<10}"
              f"{'' if got['good'] else 'MISSED'}\n    {got['what']}", flush=True)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    return 1 if failed else 0


sys.exit(main())
