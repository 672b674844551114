"""tests/e2e/records-executors.py — records, captured output and metrics of the same functions on
every executor, called directly, by each other and asynchronously."""

import base64
import csv
import json

from async_host import ASYNC, AsyncTest
from served import until_good

INSIDE = ["inprocess", "isolated"]
PROCESSES = ["worker", "fork", "spawn"]
SIZE = 40 << 20
WORK = '''
import threading, time
import snafu

def noisy(n: int):
    print("begin")
    def inner(i):
        print("thread", i)
    for i in range(n):
        thread = threading.Thread(target=inner, args=(i,))
        thread.start()
        thread.join()
    print("end")
    return "x" * n

def nap(seconds: float):
    time.sleep(seconds)

def big(size: int):
    whole = bytearray(size)
    whole[::4096] = b"x" * len(whole[::4096])
    return len(whole)

def outer():
    print("outer")
    return snafu.call("work.inner", n=1)

def inner(n: int):
    print("inner")
    return n

def fail():
    raise LookupError("not there")
'''


class Executors(AsyncTest):
    def setUp(self):
        super().setUp()
        with open(self.path("work.py"), "w", encoding="ascii") as file:
            file.write(WORK)
        self.log = self.path("calls.csv")
        self.server = self.start("retries = 1\n[limits]\nmemory = 0B\n", arguments=["-l", f"csv={self.log}",
                                                              self.path("work.py")])

    def call(self, function, executor, **arguments):
        reply, data = self.server.ask("POST", "/invoke/work." + function, arguments,
                                      {"X-Snafu-Executor": executor, "X-Snafu-Log": "tail"})
        printed = base64.b64decode(reply.headers.get("X-Snafu-Log-Result") or "").decode()
        return reply.headers["X-Snafu-Request-Id"], data, printed

    def rows(self):
        """Those of each call, by request id, when the host has ended."""
        self.assertEqual(self.server.stop(), 0)
        found = {}
        with open(self.log, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, strict=True):
                found.setdefault(row["request_id"], []).append(row)
                parts = sum(float(row[name]) for name in ("queue_ms", "init_ms", "run_ms"))
                self.assertLessEqual(parts, float(row["duration_ms"]) + 0.01, row)
        return found

    def test_values(self):
        calls = {}
        for executor in INSIDE + PROCESSES:
            calls[executor] = [self.call("noisy", executor, n=3) for _ in range(2)] + [
                self.call("nap", executor, seconds=0.02), self.call("big", executor, size=SIZE),
                self.call("fail", executor)]
        rows = self.rows()
        for executor, ((first, data, printed), (second, _, again), (nap, _, _), (big, size, _),
                       (fail, error, _)) in calls.items():
            with self.subTest(executor):
                expected = "begin\nthread 0\nthread 1\nthread 2\nend\n"
                self.assertEqual((data, printed, again), ("xxx", expected, expected))
                (one,), (two,) = rows[first], rows[second]
                for row in one, two:
                    self.assertEqual((row["function"], row["status"], row["trigger"], row["executor"],
                                      row["tenant"], row["attempt"], row["bytes_in"],
                                      row["bytes_out"], row["log"], row["error_type"]),
                                     ("work.noisy", "ok", "http", executor, "", "1",
                                      str(len(json.dumps({"n": 3}))), "5", expected, ""))
                if executor in PROCESSES:
                    self.assertEqual(one["start"], "cold")
                    self.assertGreater(float(one["init_ms"]), 0)
                self.assertEqual(two["start"], "cold" if executor == "spawn" else "warm")
                self.assertGreaterEqual(float(rows[nap][0]["run_ms"]), 20)
                self.assertEqual(size, SIZE)
                peak = int(rows[big][0]["peak_memory"])
                if executor in PROCESSES:
                    self.assertGreater(peak, SIZE)
                    self.assertLess(peak, 3 * SIZE)
                else:
                    self.assertEqual(peak, 0)
                self.assertEqual(error["errorType"], "LookupError")
                self.assertEqual((rows[fail][0]["status"], rows[fail][0]["error_type"]),
                                 ("raised", "LookupError"))

    def test_nested_and_asynchronous(self):
        nested = {executor: self.call("outer", executor)
                  for executor in INSIDE + PROCESSES}
        later = {}
        for executor in INSIDE + PROCESSES:
            reply, data = self.server.ask("POST", "/invoke/work.fail", {},
                                          {**ASYNC, "X-Snafu-Executor": executor})
            self.assertEqual(reply.status, 202)
            later[executor] = data["id"]
        for call in later.values():
            self.assertEqual(self.server.ended(call)["state"], "dead")
        rows = self.rows()
        inner = [row for each in rows.values() for row in each if row["function"] == "work.inner"]
        self.assertEqual([(row["trigger"], row["log"], row["status"]) for row in inner],
                         [("function", "inner\n", "ok")] * len(nested))
        for executor, (call, data, printed) in nested.items():
            self.assertEqual((data, printed), (1, "outer\n"))
            self.assertEqual((rows[call][0]["executor"], rows[call][0]["log"]), (executor, "outer\n"))
        for executor, call in later.items():
            self.assertEqual([(row["trigger"], row["executor"], row["attempt"], row["status"])
                              for row in rows[call]],
                             [("queue", executor, "1", "raised"), ("queue", executor, "2", "raised")])

    def test_metrics(self):
        """Prometheus' own parser reads them, and they agree with the records."""
        try:
            from prometheus_client.parser import text_string_to_metric_families
        except ImportError:
            self.skipTest("there is no python3-prometheus-client here")
        for executor in INSIDE + ["worker"]:
            for _ in range(3):
                self.call("noisy", executor, n=1)
            self.call("fail", executor)
        self.server.ended(self.server.submit("add", a=1))

        def text():
            return self.server.text("/metrics")

        until_good(text, lambda got: 'snafu_records_written_total{logger="csv"} 13' in got)
        names, samples = set(), {}
        for family in text_string_to_metric_families(text()):
            self.assertNotIn(family.name, names)
            names.add(family.name)
            self.assertTrue(family.documentation, family.name)
            self.assertNotEqual(family.type, "unknown", family.name)
            for sample in family.samples:
                key = sample.name, tuple(sorted(sample.labels.items()))
                self.assertNotIn(key, samples)
                samples[key] = sample.value
            if family.type == "histogram":
                self.check_histogram(family)
        for executor in INSIDE + ["worker"]:
            labels = {"function": "work.noisy", "executor": executor}
            count = samples["snafu_calls_total", tuple(sorted({**labels, "status": "ok"}.items()))]
            key = tuple(sorted(labels.items()))
            self.assertEqual((count, samples["snafu_call_duration_seconds_count", key]), (3, 3))
            self.assertGreater(samples["snafu_call_duration_seconds_sum", key], 0)

    def check_histogram(self, family):
        """Buckets grow, the last one is the count."""
        series = {}
        for sample in family.samples:
            labels = dict(sample.labels)
            bound = labels.pop("le", None)
            one = series.setdefault(tuple(sorted(labels.items())), {"buckets": []})
            if bound is not None:
                one["buckets"].append((float(bound), sample.value))
            else:
                one[sample.name.rsplit("_", 1)[1]] = sample.value
        self.assertTrue(series)
        for one in series.values():
            self.assertEqual(one["buckets"], sorted(one["buckets"]))
            counts = [count for _, count in one["buckets"]]
            self.assertEqual(counts, sorted(counts))
            self.assertEqual((one["buckets"][-1][0], counts[-1]), (float("inf"), one["count"]))
