"""tests/e2e/tenants.py — tenants of one snafu: whose call it is, and that their processes,
settings and limits are their own."""

import os
import threading
import unittest

from folder import FolderTest
from served import NO_LIMIT, Served, replace, until_good
from terminal import PATIENCE

SOURCE_TEXT = '''
import os, snafu
count = 0
def who():
    global count
    count += 1
    return [os.getpid(), count, os.environ.get("STAGE")]
def through():
    return snafu.call("who")
def wait(entered, path):
    open(entered, "w").close()
    with open(path) as file:
        file.read()
    return "done"
'''
SETTINGS = '''
[web]
choose-tenant = yes
[execution]
executor = worker
environment = STAGE=all
[tenant acme]
environment STAGE = acme
concurrency = 1
[tenant umbrella]
environment STAGE = umbrella
[function wait]
concurrency = 3
'''


class Tenants(FolderTest):
    def write(self, name, text):
        replace(self.path(name), text)

    def log(self):
        return self.read("log")

    def serve(self, settings=SETTINGS):
        self.write("app.py", SOURCE_TEXT)
        self.write("snafu.ini", NO_LIMIT + settings)
        self.server = Served("-s", self.path("snafu.ini"), self.path("app.py"),
                             env={"HOME": self.folder, "XDG_STATE_HOME": self.folder,
                                  "XDG_CACHE_HOME": self.path("cache")})
        self.addCleanup(self.server.__exit__)

    def until(self, probe, wanted):
        until_good(probe, lambda got: got == wanted, self.server.said)

    def request(self, method, path, body=None, **headers):
        reply, value = self.server.ask(
            method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
        return reply.status, value

    def call(self, name, *arguments, tenant=None, **headers):
        if tenant is not None:
            headers["X_Snafu_Tenant"] = tenant
        return self.request("POST", f"/invoke/{name}", arguments, **headers)

    def who(self, tenant, name="who", **headers):
        status, value = self.call(name, tenant=tenant, **headers)
        self.assertEqual(status, 200, value)
        return value

    def test_nobody_may_say_so_by_himself(self):
        self.serve("")
        status, problem = self.call("who", tenant="acme")
        self.assertEqual(status, 400)
        self.assertIn("[web] choose-tenant", problem["errorMessage"])
        self.assertEqual(self.call("who")[0], 200)

    def test_long_names(self):
        self.serve()
        self.assertEqual(self.call("who", tenant="x" * 255)[0], 200)
        self.assertEqual(self.call("who", tenant="x" * 256)[0], 400)

    def test_processes_and_settings(self):
        self.serve()
        first = {tenant: self.who(tenant) for tenant in (None, "acme", "umbrella", "stranger", "")}
        self.assertEqual([value[2] for value in first.values()],
                         ["all", "acme", "umbrella", "all", "all"])
        self.assertEqual(first[""][0], first[None][0])
        self.assertEqual(len({value[0] for value in first.values()}), 4)
        # By turns: each stays warm, and has its own count.
        for turn in 2, 3, 4:
            for tenant in "acme", "umbrella", "stranger":
                self.assertEqual(self.who(tenant), [first[tenant][0], turn, first[tenant][2]])

    def test_functions_call_for_their_tenant(self):
        self.serve()
        own = self.who("acme")
        self.assertEqual(self.who("acme", "through"), [own[0], 2, "acme"])
        self.assertEqual(self.who("umbrella", "through")[1:], [1, "umbrella"])

    def test_other_executors(self):
        self.serve()
        for executor in "fork", "spawn":
            for tenant, stage in [("acme", "acme"), ("umbrella", "umbrella"), (None, "all")] * 2:
                value = self.who(tenant, X_Snafu_Executor=executor)
                self.assertEqual(value[1:], [1, stage])

    def test_limits_are_counted_apart(self):
        self.serve()
        done, threads = [], []

        def begin(tenant, number):
            entered, fifo = self.path(f"in{number}"), self.path(f"fifo{number}")
            os.mkfifo(fifo)
            threads.append(threading.Thread(
                target=lambda: done.append(self.call("wait", entered, fifo, tenant=tenant))))
            threads[-1].start()
            self.until(lambda: os.path.exists(entered), True)

        begin("acme", 1)
        status, problem = self.call("wait", "/dev/null", "/dev/null", tenant="acme")
        self.assertEqual((status, problem["errorType"]), (429, "TooManyCalls"))
        self.assertEqual(self.call("wait", "/dev/null", "/dev/null", tenant="umbrella")[0], 200)
        begin("umbrella", 2)
        begin(None, 3)
        for tenant in None, "umbrella":  # the function's own limit is that of all
            self.assertEqual(self.call("wait", "/dev/null", "/dev/null", tenant=tenant)[0], 429)
        for number in 1, 2, 3:
            with open(self.path(f"fifo{number}"), "w", encoding="ascii"):
                pass
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(done, [(200, "done")] * 3)
        self.assertEqual(self.call("wait", "/dev/null", "/dev/null", tenant="acme")[0], 200)

    def test_changes_reach_all(self):
        self.serve()
        before = {tenant: self.who(tenant) for tenant in (None, "acme")}
        self.write("snafu.ini", NO_LIMIT + SETTINGS.replace("STAGE = acme", "STAGE = other"))
        self.until(lambda: self.who("acme")[2], "other")
        self.assertEqual(self.who(None)[0], before[None][0])  # it was not about them
        self.write("app.py", SOURCE_TEXT.replace("count += 1", "count += 100"))
        self.until(lambda: self.who("acme")[1] >= 100, True)
        self.assertGreaterEqual(self.who(None)[1], 100)

    def test_asynchronous_calls(self):
        self.serve()
        status, reply = self.call("who", tenant="umbrella", Prefer="respond-async")
        self.assertEqual(status, 202)
        self.until(lambda: self.request("GET", f"/calls/{reply['id']}")[1]["state"], "succeeded")
        self.assertEqual(self.request("GET", f"/calls/{reply['id']}")[1]["result"][2], "umbrella")

    def test_metrics(self):
        self.serve()
        for tenant in None, "acme", 'a "b" \\ c':
            self.who(tenant)
        _, text = self.request("GET", "/metrics")
        samples = [line.rpartition(" ")[0] for line in text.splitlines()
                   if line and line[0] != "#"]
        self.assertEqual(len(samples), len(set(samples)))
        self.assertIn('snafu_instances{executor="worker",function="app.who",tenant="acme",'
                      'state="idle"} 1', text)
        self.assertIn('tenant="a \\"b\\" \\\\ c"', text)


if __name__ == "__main__":
    unittest.main()
