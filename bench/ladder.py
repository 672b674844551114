"""Snafu hosts under measurement: starting them in every configuration, loading them with
wrk, reading what their processes take. Used by snafu-bench and make bench."""

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.request

PYTHON = "/usr/bin/python3"
EXECUTORS = ["inprocess", "isolated", "worker", "fork", "spawn", "container"]
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


class Missing(Exception):
    """A peer, an input or an executor that this machine lacks."""


def need(path, package):
    found = shutil.which(path) or (os.path.exists(path) and path)
    if not found:
        raise Missing(f"{path} is missing: install {package}")
    return found


class Host:
    """A snafu that serves FILES; ends with the block. STATE holds its files."""

    def __init__(self, program, files, executor=None, options=(), environment=None):
        self.state = tempfile.mkdtemp(prefix="snafu-bench-")
        command = [program, "-C", "web", "-L", "127.0.0.1:0"]
        if executor:
            command += ["-e", executor]
        self.events = open(os.path.join(self.state, "stderr"), "w+b")
        files = [os.path.abspath(path) if os.path.exists(path) else path for path in files]
        self.process = subprocess.Popen(
            command + list(options) + files, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=self.events, cwd=self.state,
            env=dict(os.environ, XDG_STATE_HOME=self.state, **(environment or {})))
        try:
            self.url = self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    def _wait_until_ready(self, patience=120):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            said = self._said()
            ready = re.search(r"ready on (http://\S+)", said)
            if ready:
                return ready.group(1)
            if self.process.poll() is not None:
                raise Missing(said.strip().splitlines()[-1] if said.strip() else "snafu ended")
            time.sleep(0.005)
        raise Missing("snafu did not get ready")

    def _said(self):
        with open(self.events.name, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 16)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.events.close()
        shutil.rmtree(self.state, ignore_errors=True)

    def call(self, function, arguments, timeout=600):
        """The result, and the seconds until it was there."""
        request = urllib.request.Request(
            f"{self.url}/invoke/{function}", json.dumps(arguments).encode(),
            {"Content-Type": "application/json"})
        start = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=timeout) as reply:
                value = json.load(reply)
        except urllib.error.HTTPError as error:
            raise Missing(f"{function}: {reason(error.read(65536))}") from None
        return value, time.perf_counter() - start

    def load(self, function, arguments, connections, seconds, pause_ms=0):
        """wrk's word on calls a second and latencies in seconds; each connection waits for
        PAUSE_MS between an answer and the next call."""
        script = os.path.join(self.state, "post.lua")
        with open(script, "w", encoding="utf-8") as file:
            body = json.dumps(json.dumps(arguments), ensure_ascii=True)
            file.write(f'wrk.method = "POST"\nwrk.body = {body}\n'
                       'wrk.headers["Content-Type"] = "application/json"\n')
            if pause_ms:
                file.write(f"function delay() return {pause_ms} end\n")
        return wrk(f"{self.url}/invoke/{function}", connections, seconds, script)

    def processes(self):
        """Every process below the host, as {pid: command}."""
        found, parents = {}, {self.process.pid}
        while parents:
            below = set()
            for pid in parents:
                below |= children(pid)
            parents = below - set(found)
            for pid in parents:
                found[pid] = name_of(pid)
        return found

    def cpu(self):
        """Seconds of processor time that the host itself has taken."""
        spent = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/schedstat", encoding="ascii") as file:
                spent += int(file.read().split()[0])
        return spent / 1e9

    def memory(self):
        """MiB: what the host has resident, and what its processes have for themselves."""
        mine = smaps(self.process.pid)
        private = [fields for fields in map(smaps, self.processes()) if fields]  # no zombies
        return {"host": mine.get("Rss", 0) / 1024,
                "processes": len(private),
                "private": sum(p.get("Private_Dirty", 0) + p.get("Private_Clean", 0)
                               for p in private) / 1024}


def reason(body):
    """What an error reply says."""
    try:
        error = json.loads(body)
        return f"{error['errorType']}: {error['errorMessage']}"
    except (ValueError, TypeError, KeyError):
        return body[:2000].decode("utf-8", "replace")


def wrk(url, connections, seconds, script=None):
    command = [need("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
               "--timeout", "60s"]
    done = subprocess.run(command + (["-s", script] if script else []) + [url],
                          capture_output=True, text=True, check=True)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise Missing(f"{url}: " + "; ".join(
            line.strip() for line in done.stdout.splitlines() if "Non-2xx" in line
            or "Socket errors" in line))
    figures = {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1)),
               "calls": int(re.search(r"(\d+) requests in", done.stdout).group(1))}
    for percent in 50, 75, 90, 99:
        value, unit = re.search(rf"^\s+{percent}%\s+([\d.]+)(\w+)", done.stdout, re.M).groups()
        figures[f"p{percent}"] = float(value) * UNITS[unit]
    return figures


def children(pid):
    found = set()
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                found |= {int(word) for word in file.read().split()}
    except OSError:
        pass
    return found


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def smaps(pid):
    fields = {}
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                words = line.split()
                if len(words) == 3 and words[2] == "kB":
                    fields[words[0][:-1]] = int(words[1])
    except OSError:
        pass
    return fields


def median(values):
    return statistics.median(values)


def middle_half(values):
    """The bounds of the middle half."""
    ordered = sorted(values)
    quarter = len(ordered) // 4
    return ordered[quarter], ordered[-1 - quarter]


def in_turns(rounds, contestants):
    """{name: function}: every one runs once a round, in alternating order; the first round
    warms and is dropped. One that raises Missing is left out from then on. Returns
    ({name: values}, {name: why})."""
    values, missing = {name: [] for name in contestants}, {}
    for number in range(rounds + 1):
        names = [name for name in contestants if name not in missing]
        for name in names if number % 2 else reversed(names):
            try:
                values[name].append(contestants[name]())
            except Missing as why:
                missing[name] = str(why)
    return ({name: got[1:] for name, got in values.items() if name not in missing and got[1:]},
            missing)
