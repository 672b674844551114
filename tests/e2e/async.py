"""tests/e2e/async.py — asynchronous calls through the real program: accepted, run at
least once over kill -9, retried, given up, redriven, told to destinations; two hosts,
full disks, and a clean stop."""

import http.client
import http.server
import json
import os
import random
import resource
import signal
import stat
import threading

from async_host import ASYNC, JOBS, AsyncTest
from served import until_good
from terminal import PATIENCE

KILLS = 6
CLIENTS = 8


class Life(AsyncTest):
    def test_accepted_and_run(self):
        server = self.start()
        self.assertFalse(server.maps("sqlite"))
        self.assertEqual(server.ask("GET", "/calls")[1], {"calls": [], "next": None})
        self.assertEqual(server.ask("GET", "/calls/123")[0].status, 404)
        self.assertEqual(self.files(), [])
        reply, data = server.ask("POST", "/invoke/add", {"a": 3, "b": 4},
                                 {"Prefer": "wait=10, Respond-Async"})
        self.assertEqual(reply.status, 202)
        self.assertEqual(reply.headers["Location"], "/calls/" + data["id"])
        self.assertEqual(reply.headers["Preference-Applied"], "respond-async")
        self.assertEqual(reply.headers["X-Snafu-Request-Id"], data["id"])
        got = server.ended(data["id"])
        self.assertEqual((got["state"], got["result"], got["attempts"], got["function"]),
                         ("succeeded", 7, 1, "jobs.add"))
        self.assertTrue(server.maps("sqlite"))
        self.assertFalse(server.maps("libcurl"))
        self.assertTrue(self.files())
        for path in self.files():
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)

    def test_forms_and_queries(self):
        server = self.start()
        reply, data = server.ask("GET", "/invoke/add?a=3&b=5", None, ASYNC)
        self.assertEqual(reply.status, 202)
        self.assertEqual(server.ended(data["id"])["result"], 8)

    def test_other_preferences_are_none_of_ours(self):
        server = self.start()
        for value in ("respond-asynchronously", "wait=3", "handling=respond-async"):
            reply, data = server.ask("POST", "/invoke/add", {"a": 1}, {"Prefer": value})
            self.assertEqual((reply.status, data), (200, 2))

    def test_the_callers_faults_are_not_retried(self):
        server = self.start()
        got = server.ended(server.submit("add", a="x", c=1))
        self.assertEqual((got["state"], got["attempts"]), ("failed", 1))
        self.assertEqual({each["name"] for each in got["error"]["arguments"]}, {"a", "c"})
        self.assertEqual(got["payload"], {"a": "x", "c": 1})
        reply, data = server.ask("POST", "/invoke/ad", {}, ASYNC)
        self.assertEqual((reply.status, data["errorType"]), (404, "UnknownFunction"))
        self.assertIn("jobs.add", data["suggestions"])

    def test_payloads_that_are_no_json(self):
        server = self.start()
        connection = server.connect()
        connection.request("POST", "/invoke/add", b'{"a": \xff', ASYNC)
        reply = connection.getresponse()
        self.assertEqual(reply.status, 202)
        got = server.ended(json.loads(reply.read())["id"])
        connection.close()
        self.assertEqual((got["state"], got["payload"]), ("failed", '{"a": \ufffd'))

    def test_retries(self):
        server = self.start()
        got = server.ended(server.submit("flaky", path=self.path("flaky"), good=3))
        self.assertEqual((got["state"], got["attempts"], got["result"]), ("succeeded", 3, 3))
        self.assertEqual(server.counts()["snafu_queue_retries_total"], 2)

    def test_dead_letters(self):
        server = self.start("retries = 1\n")
        calls = [server.submit("fail", why=str(number)) for number in range(3)]
        for number, call in enumerate(calls):
            got = server.ended(call)
            self.assertEqual((got["state"], got["attempts"]), ("dead", 2))
            self.assertEqual(got["error"]["errorMessage"], str(number))
            self.assertEqual(got["payload"], {"why": str(number)})
        server.submit("add", a=1)
        first = server.ask("GET", "/calls?state=dead&limit=2")[1]
        rest = server.ask("GET", f"/calls?state=dead&limit=2&before={first['next']}")[1]
        self.assertEqual([each["id"] for each in first["calls"] + rest["calls"]], calls[::-1])
        self.assertIsNone(rest["next"])
        self.assertEqual(len(server.ask("GET", "/calls?function=fail")[1]["calls"]), 3)
        self.assertEqual(server.ask("GET", "/calls?state=no")[0].status, 400)
        self.assertEqual(server.ask("GET", "/calls?limit=0")[0].status, 400)
        self.assertEqual(server.ask("GET", "/calls?limit=1001")[0].status, 400)
        reply, data = server.ask("POST", f"/calls/{calls[0]}/redrive")
        self.assertEqual((reply.status, data), (202, {"id": calls[0], "state": "waiting"}))
        self.assertEqual(reply.headers["Location"], "/calls/" + calls[0])
        self.assertEqual(server.ended(calls[0])["state"], "dead")
        self.assertEqual(server.ask("POST", "/calls/redrive?function=add")[1], {"redriven": 0})
        self.assertEqual(server.ask("POST", "/calls/redrive")[1], {"redriven": 3})
        server.idle()
        self.assertEqual(server.counts()['snafu_queue_calls{state="dead"}'], 3)
        self.assertEqual(server.ask("DELETE", "/calls/" + calls[1])[0].status, 204)
        self.assertEqual(server.ask("DELETE", "/calls/" + calls[1])[0].status, 404)
        self.assertEqual(server.ask("POST", f"/calls/{calls[1]}/redrive")[0].status, 404)
        self.assertEqual(server.counts()['snafu_queue_calls{state="dead"}'], 2)

    def test_what_runs_can_be_forgotten(self):
        server = self.start("concurrency = 1\n")
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        running = server.submit("wait", path=fifo, note=self.path("note"))
        until_good(lambda: self.lines("note"), bool)
        waiting = server.submit("add", a=1)
        self.assertEqual(server.show(running)["state"], "running")
        reply, got = server.ask("GET", "/calls/" + waiting)
        self.assertEqual((got["state"], reply.headers["Retry-After"]), ("waiting", "1"))
        self.assertEqual(server.ask("POST", f"/calls/{running}/redrive")[0].status, 409)
        self.assertEqual(server.ask("DELETE", "/calls/" + running)[0].status, 204)
        self.assertEqual(server.ask("GET", "/calls/" + running)[0].status, 404)
        with open(fifo, "w", encoding="ascii"):
            pass
        self.assertEqual(server.ended(waiting)["result"], 2)

    def test_functions_ask_for_calls(self):
        server = self.start()
        reply, data = server.ask("POST", "/invoke/ask", {"path": self.path("asked")})
        self.assertEqual(reply.status, 200, data)
        server.idle()
        self.assertEqual(self.lines("asked"), ["asked"])
        # One that is asynchronous itself asks in turn.
        self.assertEqual(server.ended(server.submit("ask", path=self.path("asked")))["state"],
                         "succeeded")
        server.idle()
        self.assertEqual(self.lines("asked"), ["asked"] * 2)

    def test_too_old(self):
        server = self.start("retries = 1000\nretry-delay = 200ms\nmaximum-age = 1s\n")
        got = server.ended(server.submit("fail", why="x"))
        self.assertEqual(got["state"], "dead")
        self.assertLess(got["attempts"], 10)
        server.await_line("EventAgeExceeded")

    def test_results_are_pruned(self):
        server = self.start("result-space = 0B\n")
        call = server.submit("add", a=1)
        until_good(lambda: server.ask("GET", "/calls/" + call)[0].status,
                   lambda status: status == 404)
        self.assertEqual(server.counts()['snafu_queue_calls{state="succeeded"}'], 0)


class Destinations(AsyncTest):
    def test_function(self):
        server = self.start("on-success = function:jobs.tell\non-failure = function:jobs.tell\n"
                            "retries = 0\n[limits]\ncall-depth = 3\n")
        server.submit("flaky", path=self.path("told"), good=1)
        until_good(lambda: self.lines("told"), lambda lines: len(lines) >= 2)
        self.assertEqual(self.lines("told")[:2], ["x", "Success 1 jobs.flaky"])
        # tell() fails on what it is told of itself, and the circle ends by its depth.
        server.idle()

    def test_a_circle_ends(self):
        server = self.start("on-success = function:jobs.circle\n[limits]\ncall-depth = 5\n")
        server.submit("circle")
        server.idle()
        self.assertEqual(len(self.lines("circle")), 6)
        told = server.ask("GET", "/calls?limit=1")[1]["calls"][0]["id"]
        delivery = server.show(told)["deliveries"][0]
        self.assertEqual((delivery["state"], delivery["destination"]),
                         ("failed", "function:jobs.circle"))

    def test_file(self):
        path = self.path("told")
        with open(path, "w", encoding="ascii") as file:
            file.write("torn")
        server = self.start(f"on-success = file:{path}\non-failure = file:{path}\nretries = 0\n")
        calls = [server.submit("add", a=number) for number in range(20)]
        dead = server.submit("fail", why="because")
        until_good(lambda: self.lines("told"), lambda lines: len(lines) == 22)
        torn, *told = self.lines("told")
        self.assertEqual(torn, "torn")
        told = {each["requestContext"]["requestId"]: each for each in map(json.loads, told)}
        self.assertEqual(set(told), {*calls, dead})
        good, bad = told[calls[3]], told[dead]
        self.assertEqual((good["requestPayload"], good["responsePayload"], good["version"]),
                         ({"a": 3}, 4, "1.0"))
        self.assertEqual((good["requestContext"]["condition"], good["responseContext"]),
                         ("Success", {"statusCode": 200, "executedVersion": "$LATEST"}))
        self.assertEqual((bad["requestContext"]["condition"],
                          bad["requestContext"]["approximateInvokeCount"],
                          bad["responseContext"]["functionError"],
                          bad["responsePayload"]["errorMessage"]),
                         ("RetriesExhausted", 1, "Unhandled", "because"))
        until_good(server.counts, lambda counts: not counts["snafu_queue_deliveries"])

    def test_url(self):
        got = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                got.append((self.path, self.headers["Content-Type"], body))
                self.send_response(500 if len(got) < 3 else 204)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{listener.server_address[1]}/end?x=1"
            server = self.start(f"on-success = {url}\n")
            call = server.submit("add", a=1)
            until_good(lambda: len(got), lambda count: count >= 3)
            until_good(server.counts, lambda counts: not counts["snafu_queue_deliveries"])
        finally:
            listener.shutdown()
            thread.join()
            listener.server_close()
        self.assertEqual([each[0] for each in got], ["/end?x=1"] * 3)
        self.assertEqual(got[2][1], "application/json")
        self.assertEqual(got[2][2]["requestContext"]["requestId"], call)
        self.assertEqual(got[2][2]["responsePayload"], 2)

    def test_what_is_no_destination(self):
        server = self.start("on-success = nonsense\n")
        call = server.submit("add", a=1)
        got = until_good(lambda: server.show(call),
                         lambda got: got.get("deliveries", [{}])[0].get("error"))
        self.assertEqual(got["result"], 2)
        self.assertIn("is no destination", got["deliveries"][0]["error"])


class Faults(AsyncTest):
    def test_kill_under_load(self):
        accepted, lock, numbers = {}, threading.Lock(), iter(range(10 ** 9))

        def client(server, enough):
            connection = server.connect()
            try:
                while True:
                    with lock:
                        number = next(numbers)
                    reply, data = server.ask(
                        "POST", "/invoke/append",
                        {"path": self.path("ran"), "word": str(number)}, ASYNC, connection)
                    self.assertEqual(reply.status, 202)
                    with lock:
                        accepted[data["id"]] = number
                        if len(accepted) >= enough:
                            server.process.kill()
            except (OSError, http.client.HTTPException):
                pass  # it was killed
            finally:
                connection.close()

        for _ in range(KILLS):
            server = self.start()
            enough = len(accepted) + random.randrange(1, 300)
            threads = [threading.Thread(target=client, args=(server, enough))
                       for _ in range(CLIENTS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(server.stop(), -signal.SIGKILL)
        server = self.start()
        server.idle()
        ran = set(self.lines("ran"))
        self.assertEqual({number for number in accepted.values() if str(number) not in ran}, set())
        for call in accepted:
            self.assertEqual(server.show(call)["state"], "succeeded")
        counts = server.counts()
        # Some were accepted whose reply nobody has read.
        self.assertGreaterEqual(counts['snafu_queue_calls{state="succeeded"}'], len(accepted))
        self.assertEqual(counts['snafu_queue_calls{state="dead"}'], 0)

    def test_kill_while_running(self):
        server = self.start("retries = 0\n")
        fifo, note = self.path("fifo"), self.path("note")
        os.mkfifo(fifo)
        call = server.submit("wait", path=fifo, note=note)
        until_good(lambda: self.lines("note"), bool)
        server.stop(signal.SIGKILL)
        server = self.start("retries = 0\n")
        until_good(lambda: self.lines("note"), lambda lines: len(lines) == 2)
        self.assertEqual(server.show(call)["interruptions"], 1)
        with open(fifo, "w", encoding="ascii") as file:
            file.write("done")
        got = server.ended(call)
        self.assertEqual((got["state"], got["result"]), ("succeeded", "done"))

    def test_clean_stop(self):
        settings = "concurrency = 1\nretries = 0\n[limits]\ndrain-timeout = 0ms\n"
        server = self.start(settings)
        fifo, note = self.path("fifo"), self.path("note")
        os.mkfifo(fifo)
        running = server.submit("wait", path=fifo, note=note)
        waiting = [server.submit("add", a=number) for number in range(5)]
        until_good(lambda: self.lines("note"), bool)
        server.stop()
        server = self.start(settings)
        until_good(lambda: self.lines("note"), lambda lines: len(lines) == 2)
        got = server.show(running)
        self.assertEqual((got["state"], got["attempts"]), ("running", 1))
        self.assertNotIn("interruptions", got)
        with open(fifo, "w", encoding="ascii") as file:
            file.write("done")
        self.assertEqual(server.ended(running)["result"], "done")
        self.assertEqual([server.ended(call)["result"] for call in waiting], [1, 2, 3, 4, 5])
        self.assertEqual(server.stop(), 0)
        # Nothing is left to do: nothing is opened.
        server = self.start(settings)
        self.assertFalse(server.maps("sqlite"))
        self.assertEqual(server.show(running)["result"], "done")

    def test_two_hosts(self):
        first, second = self.start(), self.start()
        call = first.submit("add", a=1)
        self.assertEqual(first.ended(call)["result"], 2)
        reply, data = second.ask("POST", "/invoke/add", {"a": 1}, ASYNC)
        self.assertEqual((reply.status, reply.headers["Retry-After"]), (503, "1"))
        self.assertIn(f"process {first.process.pid} works with the queue", data["errorMessage"])
        second.await_line(f"process {first.process.pid} works with the queue")
        self.assertEqual(second.ask("POST", "/invoke/add", {"a": 1})[1], 2)
        fifo, note = self.path("fifo"), self.path("note")
        os.mkfifo(fifo)
        call = first.submit("wait", path=fifo, note=note)
        until_good(lambda: self.lines("note"), bool)
        first.stop(signal.SIGKILL)
        until_good(lambda: self.lines("note"), lambda lines: len(lines) == 2)
        with open(fifo, "w", encoding="ascii") as file:
            file.write("taken over")
        self.assertEqual(second.ended(call)["result"], "taken over")

    def test_full_disk(self):
        """A limit of the size of files stands in for a disk that is full."""
        limit = 1 << 20

        def confine():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

        server = self.start(preexec_fn=confine)
        accepted, word = [], "x" * 50000
        for _ in range(100):
            reply, data = server.ask("POST", "/invoke/add", {"a": 1, "b": word}, ASYNC)
            if reply.status != 202:
                break
            accepted.append(data["id"])
        self.assertEqual(reply.status, 503)
        self.assertIn("queue", data["errorMessage"])
        self.assertTrue(accepted)
        self.assertEqual(server.ask("POST", "/invoke/add", {"a": 1})[1], 2)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        call = until_good(lambda: server.ask("POST", "/invoke/add", {"a": 5}, ASYNC),
                          lambda got: got[0].status == 202)[1]["id"]
        self.assertEqual(server.ended(call)["result"], 6)
        for each in accepted:
            self.assertEqual(server.ended(each)["state"], "failed")
        listed = server.ask("GET", "/calls?limit=1000")[1]["calls"]
        self.assertEqual({each["id"] for each in listed}, {*accepted, call})

    def test_full_queue(self):
        server = self.start("concurrency = 1\nlength = 2\nspace = 1MiB\n[limits]\n"
                            "payload-size = 8MiB\n")
        fifo, note = self.path("fifo"), self.path("note")
        os.mkfifo(fifo)
        server.submit("wait", path=fifo, note=note)
        until_good(lambda: self.lines("note"), bool)
        reply, data = server.ask("POST", "/invoke/add", {"a": "x" * 2000000}, ASYNC)
        self.assertEqual(reply.status, 503)
        self.assertIn("space", data["errorMessage"])
        calls = [server.submit("add", a=1) for _ in range(2)]
        self.assertEqual(server.ask("POST", "/invoke/add", {"a": 1}, ASYNC)[0].status, 429)
        with open(fifo, "w", encoding="ascii"):
            pass
        for call in calls:
            self.assertEqual(server.ended(call)["result"], 2)

    def test_no_file(self):
        server = self.start("file = none\n")
        reply, data = server.ask("POST", "/invoke/add", {"a": 1}, ASYNC)
        self.assertEqual((reply.status, data["errorType"]), (503, "QueueError"))
        self.assertIn("switched off here ([asynchronous] file = none)", data["errorMessage"])
        self.assertEqual(server.ask("GET", "/calls")[0].status, 503)
        self.assertEqual(server.call("add", 1), (200, 2))
        self.assertEqual(self.files(), [])

    def test_damaged_file(self):
        path = self.path("broken.queue")
        with open(path, "w", encoding="ascii") as file:
            file.write("this is no database, and it is long enough to be read as one\n" * 100)
        server = self.start(f"file = {path}\n")
        reply, data = server.ask("POST", "/invoke/add", {"a": 1}, ASYNC)
        self.assertEqual(reply.status, 503)
        self.assertIn(path, data["errorMessage"])
        self.assertIn("move it away", data["errorMessage"])
        os.remove(path)
        call = until_good(lambda: server.ask("POST", "/invoke/add", {"a": 1}, ASYNC),
                          lambda got: got[0].status == 202)[1]["id"]
        self.assertEqual(server.ended(call)["result"], 2)

    def test_clocks_that_jump(self):
        """What the file notes of the clocks is set as if they had jumped meanwhile."""
        settings = "retry-delay = 1h\nmaximum-age = 2h\n"
        server = self.start(settings)
        call = server.submit("flaky", path=self.path("flaky"), good=2)
        until_good(lambda: server.show(call),
                   lambda got: got["attempts"] == 1 and got.get("due", 0) > 0)
        self.assertEqual(server.stop(), 0)
        hour = 3600 * 1000
        # Another boot, and the wall was set back by a year: no time has passed.
        self.tamper("UPDATE notes SET text = 'another' WHERE name = 'monotonic'",
                    f"UPDATE notes SET number = number + {8760 * hour} WHERE name = 'wall'")
        server = self.start(settings)
        self.assertGreater(server.show(call)["due"], 2000)
        self.assertEqual(server.stop(), 0)
        # The same boot, and the wall was set forward by a year: none either.
        self.tamper(f"UPDATE notes SET number = number - {8760 * hour} WHERE name = 'wall'")
        server = self.start(settings)
        self.assertGreater(server.show(call)["due"], 2000)
        self.assertEqual(server.stop(), 0)
        # Another boot, two hours later.
        self.tamper("UPDATE notes SET text = 'another' WHERE name = 'monotonic'",
                    f"UPDATE notes SET number = number - {2 * hour} WHERE name = 'wall'")
        server = self.start(settings)
        self.assertEqual(server.ended(call)["state"], "dead")
        server.await_line("EventAgeExceeded")

    def test_a_file_that_was_tampered_with(self):
        server = self.start("retry-delay = 1h\n")
        calls = [server.submit("fail", why=str(number)) for number in range(6)]
        for call in calls:
            until_good(lambda call=call: server.show(call),
                       lambda got: got["attempts"] == 1 and got["state"] == "waiting")
        self.assertEqual(server.stop(), 0)
        self.tamper("UPDATE calls SET state = 77 WHERE number = 1",
                    "UPDATE calls SET function = x'ff00fe', tenant = x'80', due = 0 WHERE number = 2",
                    "UPDATE calls SET due = -5, born = 9223372036854775807, attempts = -3,"
                    " depth = -1, refusals = 9999999 WHERE number = 3",
                    "UPDATE calls SET due = 'soon', born = 'then', id = 'x' WHERE number = 4",
                    "DELETE FROM payloads", "UPDATE calls SET due = 0 WHERE number = 5",
                    "UPDATE results SET result = x'7b22ff' WHERE number = 6")
        server = self.start()
        self.assertEqual(server.ended(server.submit("add", a=1))["result"], 2)
        self.assertEqual(server.ended(calls[4])["state"], "failed")  # without its arguments
        listed = server.ask("GET", "/calls")[1]["calls"]
        self.assertEqual(len(listed), 7)

    def test_a_call_that_ends_its_host(self):
        """It is run alone in the end, so that others are not taken for the culprit."""
        with open(self.path("jobs.py"), "w", encoding="ascii") as file:
            file.write(JOBS + "def die():\n    os.kill(os.getpid(), 9)\n")
        server = self.start()
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        innocent = server.submit("wait", path=fifo, note=self.path("note"))
        until_good(lambda: self.lines("note"), bool)
        try:
            server.submit("die")
        except (OSError, http.client.HTTPException):
            pass  # it was accepted; the reply did not get out
        call = None
        deaths = 1
        self.assertEqual(server.process.wait(PATIENCE), -signal.SIGKILL)
        while deaths < 30:
            server = self.start()
            if deaths == 3:  # now it runs alone
                with open(fifo, "w", encoding="ascii") as file:
                    file.write("alive")
            try:
                found = server.ask("GET", "/calls?function=die")[1]["calls"]
                call = call or found[0]["id"]
                server.ended(call)
                break
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                self.assertEqual(server.process.wait(PATIENCE), -signal.SIGKILL)
            deaths += 1
        self.assertEqual(server.show(call)["error"]["errorType"], "HostDied")
        self.assertEqual(server.ended(innocent)["result"], "alive")
