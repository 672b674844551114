"""Records of calls and debug output, as those read them who run a host: a real `snafu -C
web` with the stand-in for the Java gateway (tests/modules/lang-java.c), whose `echo`
prints the text that it is given."""

import base64
import csv
import fcntl
import http.client
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

from folder import FolderTest
from served import STUBBED, Piped, Served, until
from terminal import PATIENCE, SNAFU, SOURCE

PROBE = os.path.join(SOURCE, "tests/e2e/web/Probe.java")
COLUMNS = ["time", "function", "status", "duration_ms", "request_id", "tenant", "trigger",
           "executor", "start", "queue_ms", "init_ms", "run_ms", "peak_memory", "bytes_in",
           "bytes_out", "attempt", "error_type", "log"]
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def ask(server, path, body=None, headers=None, connection=None):
    """The reply and its text."""
    return server.ask_text("GET" if body is None else "POST", path, body, headers, connection)


def events_of(server):
    return [json.loads(line) for line in server.said().splitlines() if line.startswith("{")]


class Load:
    """Clients that call as fast as they can, and keep the ids of the calls that were
    answered, until the server goes."""

    def __init__(self, server, clients=4):
        self.ids, self.server = [], server
        self.threads = [threading.Thread(target=self.run) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def run(self):
        try:
            connection = self.server.connect()
            while True:
                reply, _ = ask(self.server, "/invoke/echo", {"any": "hello,\r\n\"you\""},
                                           connection=connection)
                if reply.status == 200:
                    self.ids.append(reply.headers["X-Snafu-Request-Id"])
        except (OSError, http.client.HTTPException):
            connection.close()

    def join(self):
        for thread in self.threads:
            thread.join()


class Case(FolderTest):
    def setUp(self):
        super().setUp()
        self.csv = self.path("snafu-log.csv")

    def server(self, *arguments, source=PROBE, env=STUBBED, kind=Served):
        server = kind("-q", *arguments, source, cwd=self.folder, env=env)
        self.addCleanup(server.end)
        return server


class Records(Case):
    def test_columns(self):
        server = self.server("-l", "csv")
        begin = time.time()
        echo, _ = ask(server, "/invoke/echo", {"any": "said \"it\",\nä\x00"})
        failed, _ = ask(server, "/invoke/Probe.raise", {})
        unknown, _ = ask(server, "/invoke/no,such", {})
        self.assertEqual((echo.status, failed.status, unknown.status), (200, 500, 404))
        self.assertEqual(server.stop(), 0, server.said())
        self.assertEqual(os.stat(self.csv).st_mode & 0o777, 0o600)
        with open(self.csv, "rb") as file:
            self.assertEqual(file.readline(), ",".join(COLUMNS).encode() + b"\r\n")
        rows = read_csv(self.csv)
        self.assertEqual([row["request_id"] for row in rows],
                         [reply.headers["X-Snafu-Request-Id"] for reply in (echo, failed, unknown)])
        first, second, third = rows
        for row in rows:
            self.assertRegex(row["time"], TIME)
            seconds = time.mktime(time.strptime(row["time"][:19] + " UTC", "%Y-%m-%dT%H:%M:%S %Z"))
            self.assertLess(abs(seconds - time.timezone - begin), PATIENCE + 1)
        payload = json.dumps({"any": "said \"it\",\nä\x00"})
        expected = {"function": "Probe.echo", "status": "ok", "tenant": "", "trigger": "http",
                    "executor": "inprocess", "start": "warm", "init_ms": "0.000",
                    "bytes_in": str(len(payload)), "bytes_out": str(len(payload)), "attempt": "1",
                    "error_type": "", "log": "said \"it\",\nä?"}
        self.assertEqual({name: first[name] for name in expected}, expected)
        for name in "duration_ms", "queue_ms", "run_ms":
            self.assertRegex(first[name], r"^\d+\.\d{3}$")
        self.assertGreaterEqual(float(first["duration_ms"]), float(first["run_ms"]))
        self.assertEqual((second["function"], second["status"], second["error_type"]),
                         ("Probe.raise", "raised", "Failure"))
        self.assertEqual((third["function"], third["status"], third["error_type"],
                          third["executor"], third["start"], third["trigger"]),
                         ("no,such", "unknown-function", "UnknownFunction", "", "", "http"))

    def test_one_call_from_the_command_line(self):
        path = self.write("hello.py", "def hello(): return 'hi'\n")
        log = self.path("calls")
        for _ in range(2):
            done = subprocess.run([SNAFU, "-q", "-l", f"csv={log}", "-x",
                                   "hello", path], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True)
            self.assertEqual((done.stdout, done.stderr), ('"hi"\n', ""))
        rows = read_csv(log)
        self.assertEqual([(row["function"], row["trigger"], row["start"]) for row in rows],
                         [("hello.hello", "cli", "cold")] * 2)
        self.assertGreater(float(rows[0]["init_ms"]), 0)

    def test_executors_of_languages(self):
        """One without a language is for those that are not named, wherever it stands."""
        path = self.write("hello.py", "def hello(): return 'hi'\n")
        log = self.path("calls")
        lists = "isolated", "python=isolated,inprocess", "inprocess,python=isolated", \
            "java=inprocess,isolated"
        for executors in lists:
            done = subprocess.run([SNAFU, "-q", "-e", executors, "-l",
                                   f"csv={log}", "-x", "hello", path], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True)
            self.assertEqual((done.stdout, done.stderr), ('"hi"\n', ""))
        self.assertEqual([row["executor"] for row in read_csv(log)], ["isolated"] * len(lists))

    def test_cold_and_warm_processes(self):
        """Loading for a call is in init_ms, and in nothing else."""
        path = self.write("two.py", "def first(): return 1\n"  # which is preloaded
                          "def second(): return 2\n")
        server = self.server("-l", "csv", "--debug", env={}, source=path)
        wanted = []
        for executor, starts in ("worker", ["cold", "warm"]), ("spawn", ["cold", "cold"]):
            for start in starts:
                self.assertEqual(ask(server, "/invoke/second", [],
                                            {"X-Snafu-Executor": executor})[1], "2")
                wanted.append((executor, start))
        self.assertEqual(server.stop(), 0)
        rows = read_csv(self.csv)
        self.assertEqual([(row["executor"], row["start"]) for row in rows], wanted)
        for row in rows:
            self.assertEqual(float(row["init_ms"]) > 0, row["start"] == "cold", row)
            self.assertLessEqual(sum(float(row[name]) for name in ("queue_ms", "init_ms", "run_ms")),
                                 float(row["duration_ms"]), row)
        events = events_of(server)
        self.assertEqual([(event["executor"], event["state"]) for event in events
                          if event["event"] == "call-started"], wanted)

    def test_settings_say_where(self):
        settings = self.write("snafu.ini", f"[log]\nlogger = csv\nfile = {self.folder}/calls\n")
        server = self.server("-s", settings)
        ask(server, "/invoke/hello")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(len(read_csv(self.path("calls.csv"))), 1)
        server = self.server("-s", settings, "-l", "none")
        ask(server, "/invoke/hello")
        self.assertEqual(server.stop(), 0)
        self.assertEqual(len(read_csv(self.path("calls.csv"))), 1)

    def test_a_place_that_cannot_be_had(self):
        for option, word in ("csv=/nowhere/log", "/nowhere/log"), (f"csv={self.folder}", "director"), \
                (f"sqlite={PROBE}", "not a database"), (f"csv={PROBE}", "other columns"):
            done = subprocess.run([SNAFU, "-l", option, "-x", "hello", PROBE],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(word, done.stderr)

    def test_a_clean_stop_loses_nothing(self):
        server = self.server("-l", "csv,sqlite", "--debug")
        load = Load(server)
        until(lambda: len(load.ids) > 2000, "calls are answered")
        self.assertEqual(server.stop(), 0)
        load.join()
        answered = sorted(load.ids)
        noted = sorted(row["request_id"] for row in read_csv(self.csv) if row["status"] == "ok")
        with sqlite3.connect(self.path("snafu-log.sqlite")) as database:
            rows = database.execute("SELECT request_id FROM calls WHERE status = 'ok'").fetchall()
        database.close()
        self.assertEqual(len(noted), len(set(noted)))
        self.assertLessEqual(set(answered), set(noted))
        self.assertEqual(noted, sorted(row[0] for row in rows))
        events = events_of(server)
        ended = [each["request_id"] for each in events if each["event"] == "call-ended"]
        self.assertEqual(len(ended), len(set(ended)))
        self.assertLessEqual(set(answered), set(ended))

    def test_a_killed_host_leaves_whole_records(self):
        for turn in 1, 2:
            server = self.server("-l", "csv,sqlite")
            load = Load(server)
            until(lambda: os.path.getsize(self.csv) > turn * 200000, "records are written")
            server.stop(signal.SIGKILL)
            load.join()
        server = self.server("-l", "csv,sqlite")
        reply, _ = ask(server, "/invoke/hello")
        self.assertEqual(server.stop(), 0)
        rows = read_csv(self.csv)
        self.assertEqual(rows[-1]["request_id"], reply.headers["X-Snafu-Request-Id"])
        for row in rows:
            self.assertEqual(list(row), COLUMNS)
            self.assertRegex(row["time"], TIME)
        torn = [row for row in rows[:-1] if row["log"] != "hello,\n\"you\""]
        self.assertLessEqual(len(torn), 2)
        with sqlite3.connect(self.path("snafu-log.sqlite")) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        database.close()

    def test_a_log_that_must_not_grow(self):
        """As on a full disk: calls go on, records wait, and are written later."""
        server = self.server("-l", "csv,sqlite")
        reply, _ = ask(server, "/invoke/hello")
        written = 'snafu_records_written_total{logger="%s"}'
        for logger in "csv", "sqlite":
            until(lambda: server.metric(written % logger) == 1, f"{logger} is written")
        whole = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1000, whole[1]))
        ids = [reply.headers["X-Snafu-Request-Id"]]
        for _ in range(20):
            reply, text = ask(server, "/invoke/hello")
            self.assertEqual((reply.status, text), (200, '"hello"'))
            ids.append(reply.headers["X-Snafu-Request-Id"])
        words = "records of calls cannot be written, and wait"
        until(lambda: server.said().count(words) == 2, words)
        self.assertEqual(server.metric("snafu_records_dropped_total"), 0)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, whole)
        for logger in "csv", "sqlite":
            until(lambda: server.metric(written % logger) == 21, f"{logger} is written again")
        self.assertEqual(server.stop(), 0)
        self.assertEqual([row["request_id"] for row in read_csv(self.csv)], ids)

    def test_a_full_disk(self):
        disk = self.path("disk")
        os.mkdir(disk)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk],
                              capture_output=True, text=True)
        if done.returncode:
            self.skipTest(f"no small disk can be made here: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        filler = os.path.join(disk, "filler")
        with open(filler, "wb") as file:
            file.write(bytes(100 << 10))
        log = os.path.join(disk, "calls")
        server = self.server("-l", f"csv={log}")
        load = Load(server)
        server.await_line("No space left on device")
        count = len(load.ids)
        until(lambda: len(load.ids) > count + 1000, "calls go on")
        os.unlink(filler)
        until(lambda: (server.metric('snafu_records_written_total{logger="csv"}') or 0) > 400,
              "there is room again")
        self.assertEqual(server.stop(), 0)
        load.join()
        # The disk has got full once more, and was so at the end.
        noted = [row["request_id"] for row in read_csv(log) if row["status"] == "ok"]
        lost = re.search(r"(\d+) records? of calls (was|were) dropped\n", server.said())
        self.assertTrue(lost, server.said())
        self.assertEqual(len(noted), len(set(noted)))
        self.assertLessEqual(len(load.ids), len(noted) + int(lost.group(1)))

    def written(self, server, logger, count):
        until(lambda: server.metric(f'snafu_records_written_total{{logger="{logger}"}}') == count,
              f"{count} records are written")

    def test_formulas(self):
        """What a spreadsheet would run is text, and what looks like the end of a record is none."""
        server = self.server("-l", "csv")
        texts = ["=1+1", "-2", "@x", "+3", "\tx", "\rx", "a\r\r\nb", "x=1", "'", "=\"a\""]
        for text in texts:
            ask(server, "/invoke/echo", {"any": text})
        ask(server, "/invoke/=cmd|x", {})
        self.assertEqual(server.stop(), 0)
        rows = read_csv(self.csv)
        self.assertEqual([row["log"] for row in rows],
                         ["'=1+1", "'-2", "'@x", "'+3", "'\tx", "'\rx", "a\nb", "x=1", "'",
                          "'=\"a\"", ""])
        self.assertEqual(rows[-1]["function"], "'=cmd|x")
        with open(self.csv, "rb") as file:
            self.assertEqual(file.read().count(b"\r\n"), len(rows) + 1)

    def test_a_file_that_is_renamed(self):
        server = self.server("-l", "csv")
        ids = []
        for turn in range(3):
            for _ in range(3):
                reply, _ = ask(server, "/invoke/hello")
                ids.append(reply.headers["X-Snafu-Request-Id"])
            self.written(server, "csv", len(ids))
            if turn == 0:
                os.rename(self.csv, self.csv + ".1")
            elif turn == 1:
                os.remove(self.csv)
        self.assertEqual(server.stop(), 0)
        self.assertEqual([row["request_id"] for row in read_csv(self.csv + ".1")], ids[:3])
        self.assertEqual([row["request_id"] for row in read_csv(self.csv)], ids[6:])

    def test_a_database_that_is_renamed(self):
        server = self.server("-l", "sqlite")
        path = self.path("snafu-log.sqlite")
        ask(server, "/invoke/hello")
        self.written(server, "sqlite", 1)
        os.rename(path, path + ".1")
        ask(server, "/invoke/hello")
        server.await_line("was moved or removed")
        os.rename(path + ".1", path)
        self.written(server, "sqlite", 2)
        self.assertEqual(server.stop(), 0)
        database = sqlite3.connect(path)
        self.assertEqual(database.execute("SELECT count(*) FROM calls").fetchone(), (2,))
        database.close()

    def test_a_lock_that_is_not_let_go(self):
        """Neither calls nor the end of the host wait for whoever holds it."""
        server = self.server("-l", "csv")
        with open(self.csv, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for _ in range(20):
                reply, _ = ask(server, "/invoke/hello")
                self.assertEqual(reply.status, 200)
            server.await_line("another process holds the lock")
            fcntl.flock(file, fcntl.LOCK_UN)
            self.written(server, "csv", 20)
            fcntl.flock(file, fcntl.LOCK_EX)
            ask(server, "/invoke/hello")
            self.assertEqual(server.stop(), 0)
        self.assertIn("1 record of calls was dropped", server.said())

    def test_what_is_no_file(self):
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        for option in f"csv={fifo}", f"sqlite={fifo}":
            done = subprocess.run([SNAFU, "-l", option, "-x", "hello", PROBE],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=PATIENCE)
            self.assertEqual(done.returncode, 1)
            self.assertIn(fifo, done.stderr)

    def test_sqlite_is_read_while_it_is_written(self):
        if not shutil.which("sqlite3"):
            self.skipTest("there is no sqlite3 here")
        server = self.server("-l", "sqlite")
        path = self.path("snafu-log.sqlite")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        load = Load(server, clients=2)
        counts = [0]

        def more():
            done = subprocess.run(["sqlite3", "-readonly", path, "SELECT count(*) FROM calls WHERE "
                                   "function = 'Probe.echo' AND typeof(run_ms) = 'real'"],
                                  capture_output=True, text=True, check=True)
            if int(done.stdout) > counts[-1]:
                counts.append(int(done.stdout))
            return len(counts) > 5

        until(more, "records appear")
        self.assertEqual(server.stop(), 0)
        load.join()
        database = sqlite3.connect(path)
        columns = [row[1] for row in database.execute("PRAGMA table_info(calls)")]
        self.assertEqual(columns, COLUMNS)
        database.close()


class Debug(Case):
    def test_events(self):
        server = self.server("--debug")
        ask(server, "/invoke/Probe.raise", {})
        reply, _ = ask(server, "/invoke/Probe.raise", {})
        self.assertEqual(server.stop(), 0)
        number = reply.headers["X-Snafu-Request-Id"]
        events = [each for each in events_of(server) if each.get("request_id") == number]
        self.assertEqual([each["event"] for each in events],
                         ["call-accepted", "call-started", "call-ended"])
        for each in events:
            self.assertRegex(each["time"], TIME)
            self.assertEqual((each["function"], each["executor"]), ("Probe.raise", "inprocess"))
        self.assertEqual(events[0]["detail"], "http")
        self.assertEqual(events[1]["state"], "warm")
        self.assertEqual((events[2]["status"], events[2]["error_type"]), ("raised", "Failure"))
        self.assertGreater(events[2]["duration_ms"], 0)
        self.assertEqual([each["time"] for each in events], sorted(each["time"] for each in events))
        self.assertFalse(os.path.exists(self.csv))

    def test_nobody_reads_it(self):
        """Calls and records do not wait for a terminal that has stopped."""
        server = self.server("--debug", "-l", "csv", kind=Piped)
        connection = server.connect()
        for _ in range(1000):  # some 400 KiB of events; a pipe takes 64
            reply, _ = ask(server, "/invoke/hello", connection=connection)
            self.assertEqual(reply.status, 200)
        until(lambda: len(read_csv(self.csv)) == 1000, "records are written")
        connection.close()
        self.assertEqual(server.stop(), 0)

    def test_a_slow_reader(self):
        """Who reads too slowly misses lines, and is told; what is read are whole lines."""
        server = self.server("--debug", "-l", "csv", kind=Piped)
        load = Load(server)
        until(lambda: len(load.ids) > 1000, "calls are answered")
        read = server.reader.read1
        pieces = [read(100) for _ in range(20)]
        # Enough to fill what waits for the reader.
        until(lambda: server.metric("snafu_events_dropped_total"), "lines are left out")
        rest = []
        reader = threading.Thread(target=lambda: rest.extend(iter(lambda: read(1 << 16), b"")))
        reader.start()
        until(lambda: b"debug-output-lost" in b"".join(rest), "it is told")
        server.process.send_signal(signal.SIGTERM)
        load.join()
        reader.join()
        self.assertEqual(server.process.wait(PATIENCE), 0)
        noted = {row["request_id"] for row in read_csv(self.csv)}
        self.assertLessEqual(set(load.ids), noted)
        events = [json.loads(line) for line in b"".join(pieces + rest).splitlines()
                  if line.startswith(b"{")]
        self.assertGreater(sum(each.get("lines", 0) for each in events
                               if each["event"] == "debug-output-lost"), 0)


class LogTail(Case):
    def test_tail(self):
        server = self.server()
        for text in "hello ä\n", "x" * 3000 + "y" * 3000:
            reply, _ = ask(server, "/invoke/echo", {"any": text}, {"X-Snafu-Log": "tail"})
            self.assertEqual(reply.status, 200)
            tail = base64.b64decode(reply.headers["X-Snafu-Log-Result"], validate=True).decode()
            self.assertEqual(tail, text[-4096:])
        for headers in {}, {"X-Snafu-Log": "none"}:
            reply, _ = ask(server, "/invoke/echo", {"any": "hello"}, headers)
            self.assertIsNone(reply.headers["X-Snafu-Log-Result"])
        reply, _ = ask(server, "/invoke/hello", headers={"X-Snafu-Log": "tail"})
        self.assertIsNone(reply.headers["X-Snafu-Log-Result"])
        reply, text = ask(server, "/invoke/hello", headers={"X-Snafu-Log": "head"})
        self.assertEqual((reply.status, json.loads(text)["errorType"]), (400, "BadRequest"))
        self.assertEqual(server.stop(), 0)

    def test_executor_by_name(self):
        server = self.server("-l", "csv")
        reply, _ = ask(server, "/invoke/hello", headers={"X-Snafu-Executor": "isolated"})
        self.assertEqual(reply.status, 500)
        reply, text = ask(server, "/invoke/hello", headers={"X-Snafu-Executor": "nowhere"})
        self.assertEqual((reply.status, json.loads(text)["errorType"]), (400, "ExecutorError"))
        self.assertEqual(server.stop(), 0)
        self.assertEqual([row["executor"] for row in read_csv(self.csv)], ["isolated", ""])
