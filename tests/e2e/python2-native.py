"""tests/e2e/python2-native.py — Python 2 functions as they are, in a real Python 2: the
driver, which is spoken to here in frames as the host does."""

import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

BUILD = os.environ["SNAFU_BUILD"]
SOURCE = os.environ["SNAFU_SOURCE"]
DATA = os.path.realpath(os.path.join(SOURCE, "tests/data/python2"))
DRIVER = os.path.join(BUILD, "parts/python2_driver.py")


def is_python2(program):
    return bool(program) and subprocess.run(
        [program, "-c", "import sys; sys.exit(sys.version_info[0] != 2)"],
        capture_output=True).returncode == 0


INTERPRETER = next(filter(is_python2, map(shutil.which, ("python2.7", "python2", "pypy", "jython"))),
                   None)

# For Jython, which otherwise compiles for a long life.
os.environ["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

SETUP, START, CALL, ANSWER, READY, RESULT, INVOKE = 1, 2, 3, 4, 16, 17, 18
OK, BAD_ARGUMENTS, RAISED, BAD_RESULT, LOAD_FAILED = 0, 1, 5, 6, 7


def pack_text(text):
    data = text.encode()
    return struct.pack("=I", len(data)) + data + b"\0"


def unpack_result(body):
    status, init, run, peak, size = struct.unpack_from("=IQQQI", body)
    at = struct.calcsize("=IQQQI") + size + 1
    (payload_size,) = struct.unpack_from("=Q", body, at)
    payload = body[at + 8:]
    assert len(payload) == payload_size, (len(payload), payload_size)
    return status, json.loads(payload) if payload else None, init, run


class Instance:
    """A process of the driver, and the host's end of its socket."""

    def __init__(self, file, id, kind="function", root=DATA, **start):
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [INTERPRETER, DRIVER, os.path.join(DATA, file), root, id, kind], stdin=theirs,
            stdout=theirs, stderr=subprocess.PIPE)
        theirs.close()
        self.socket, self.printed, self.number = ours, b"", 0
        self.reader = threading.Thread(target=self.read_prints)
        self.reader.start()
        self.answers = {}
        self.send(SETUP, 0, b"nothing that is looked at")
        self.send(START, 7, struct.pack(
            "=IIIIQQQQQQ", start.get("role", 0), 1, 0, 0, 0, 0, 0, 0, start.get("result_size", 1 << 20),
            4096) + pack_text(start.get("environment", "")) + pack_text(start.get("directory", "")) +
            pack_text(""))
        kind, number, body = self.receive()
        assert (kind, number) == (READY, 7), (kind, number)
        self.ready = unpack_result(body)

    def read_prints(self):
        for line in self.process.stderr:
            self.printed += line

    def send(self, kind, number, body):
        self.socket.sendall(struct.pack("=IIQ", len(body), kind, number) + body)

    def receive_exactly(self, size):
        data = b""
        while len(data) < size:
            try:
                part = self.socket.recv(size - len(data))
            except ConnectionResetError:
                part = b""
            if not part:
                self.process.wait(300)
                self.reader.join()
                raise EOFError(self.printed.decode())
            data += part
        return data

    def receive(self):
        size, kind, number = struct.unpack("=IIQ", self.receive_exactly(16))
        return kind, number, self.receive_exactly(size)

    def call(self, payload=None):
        """Status and value; calls that the function makes get what `answers` has for it."""
        data = b"" if payload is None else json.dumps(payload).encode()
        self.number += 1
        deadline = int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1000) + 60000
        self.send(CALL, self.number, b"".join(map(pack_text, ("id-1", "f", "", "http", ""))) +
                  struct.pack("=QQIQ", deadline, 64 << 20, 0, len(data)) + data)
        while True:
            kind, number, body = self.receive()
            if kind == RESULT:
                assert number == self.number
                return unpack_result(body)[:2]
            assert kind == INVOKE, kind
            self.send(ANSWER, number, self.answer(body))

    def answer(self, body):
        (has_caller,), at = struct.unpack_from("=I", body), 4
        for _ in range(5 if has_caller else 0):
            at += 5 + struct.unpack_from("=I", body, at)[0]
        at += 20 if has_caller else 0
        (size,) = struct.unpack_from("=I", body, at)
        name = body[at + 4:at + 4 + size].decode()
        asynchronous, has_payload, payload_size = struct.unpack_from("=IIQ", body, at + 5 + size)
        payload = body[at + 5 + size + 16:]
        assert has_payload and len(payload) == payload_size
        status, value = self.answers[name](json.loads(payload), asynchronous)
        data = json.dumps(value).encode()
        return struct.pack("=IQQQ", status, 0, 0, 0) + pack_text("") + struct.pack("=Q", len(data)) + data

    def stop(self):
        self.socket.close()
        status = self.process.wait(300)
        self.reader.join()
        self.process.stderr.close()
        return status


@unittest.skipUnless(INTERPRETER, "no Python 2 here: none of python2.7, python2, pypy, jython")
class Native(unittest.TestCase):
    def serve(self, *arguments, **names):
        instance = Instance(*arguments, **names)
        self.addCleanup(lambda: instance.process.poll() is None and instance.stop())
        return instance

    def write(self, text):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "made.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_a_package(self):
        served = self.serve("shop/reports/sales.py", "shop.reports.sales.total")
        self.assertEqual(served.ready[0], OK, served.ready)
        self.assertGreater(served.ready[2], 0)
        self.assertEqual(served.call([[["spade", 2], ["rake", 1]]]), (OK, "34.00 \u20ac"))
        self.assertEqual(served.call([[["spade", 1]]]), (OK, "12.50 \u20ac"))
        status, error = served.call([[["spoon", 1]]])
        self.assertEqual((status, error["errorType"], error["errorMessage"]),
                         (RAISED, "NoSuchItem", "no item called spoon"))
        self.assertIn('shop/catalogue.py", line 45, in find', error["stackTrace"][-1])
        status, error = served.call({"row": []})
        self.assertEqual((status, error["errorType"]), (BAD_ARGUMENTS, "ArgumentError"))
        self.assertEqual(error["errorMessage"], "row: unknown (did you mean rows?); rows: missing; "
                         "usage: total(rows)")
        self.assertEqual([entry["name"] for entry in error["arguments"]], ["row", "rows"])
        self.assertEqual(served.stop(), 0)
        self.assertFalse([name for _, _, names in os.walk(DATA) for name in names
                          if name.endswith((".pyc", "$py.class"))])

    def test_methods(self):
        served = self.serve("shop/catalogue.py", "shop.catalogue.Catalogue.price", "method")
        self.assertEqual(served.call({"name": "spade"}), (OK, "12.50 \u20ac"))
        self.assertEqual(served.call({"self": ["items.ini"], "name": "rake", "count": 2}),
                         (OK, "18.00 \u20ac"))
        self.assertEqual(served.call({"name": "spoon"})[1]["errorType"], "NoSuchItem")
        status, error = served.call({"self": {"nam": "x"}, "name": "rake"})
        self.assertEqual(status, BAD_ARGUMENTS)
        self.assertIn("self.nam: unknown (did you mean name?)", error["errorMessage"])
        served.stop()
        self.assertIn(b"asked for 'spoon'", served.printed)

    def test_values(self):
        path = self.write("""# -*- coding: utf-8 -*-
import os, datetime, decimal
def echo(kind, *rest, **names):
    print u'kind', u'\\u00e4', kind
    return {'types': [type(x).__name__ for x in rest], 'rest': rest, 'names': names}
def half():
    try:
        return r'a\\ud800b'.decode('unicode-escape')
    except UnicodeError:
        return u'a\\ufffdb' # Jython has no such text
def give(what):
    return {'float': 7 / 2, 'long': 10L ** 30, 'date': datetime.date(2009, 2, 28),
            'bytes': '\\xff\\x00', 'utf8': 'ä', 'set': set([2, 1]), 'money': decimal.Decimal('1.10'), 'half': half(),
            'list': (n for n in xrange(3)), 'nan': float('nan'), 'odd': os, 'env': os.environ.get('WHO'),
            'folder': os.getcwd(), 'big': 'x' * 2000, 1: 2}[what]
""")
        served = self.serve(path, "made.echo", root=os.path.dirname(path))
        self.assertEqual(served.call(["a", "b", "\u00e4", 1, 1.5, None, [True], {"\u00e4": "c"}]), (OK, {
            "types": ["str", "unicode", "int", "float", "NoneType", "list", "dict"],
            "rest": ["b", "\u00e4", 1, 1.5, None, [True], {"\u00e4": "c"}], "names": {}}))
        self.assertEqual(served.call({"kind": 1, "other": "x"})[1]["names"], {"other": "x"})
        status, error = served.call(17)
        self.assertEqual(status, BAD_ARGUMENTS)
        served.stop()
        self.assertIn("kind \u00e4 a".encode(), served.printed)
        served = self.serve(path, "made.give", root=os.path.dirname(path), result_size=1000,
                            environment="WHO=me\nA=b=c", directory=os.path.dirname(path))
        for what, value in (("float", 3), ("long", 10 ** 30), ("date", "2009-02-28"), ("bytes", "/wA="),
                            ("utf8", "\u00e4"), ("set", [1, 2]), ("half", "a\ufffdb"), ("money", "1.10"), ("list", [0, 1, 2]),
                            ("env", "me"), ("folder", os.path.realpath(os.path.dirname(path)))):
            self.assertEqual(served.call([what]), (OK, value), what)
        for what, words in (("nan", "no JSON form"), ("odd", "a module has no JSON form"),
                            ("big", "larger than the cap of 1000 bytes")):
            status, error = served.call([what])
            self.assertEqual((status, error["errorType"]), (BAD_RESULT, "ResultError"))
            self.assertIn(words, error["errorMessage"])
        served.stop()

    def test_calls_of_functions(self):
        path = self.write("""
import snafu, sys
def f(n):
    try:
        return snafu.call('other.f', n=n) + snafu.call('other.f', 1)
    except snafu.CallError, error:
        return [error.type, str(error), error.status]
def handler(event, context):
    return [event, context.aws_request_id, 0 < context.get_remaining_time_in_millis() <= 60000,
            snafu.call_async('later', event)]
def leave(): sys.exit(3)
""")
        served = self.serve(path, "made.f", root=os.path.dirname(path))
        served.answers["other.f"] = lambda payload, _: (
            (OK, payload["n"] * 2) if isinstance(payload, dict) else (OK, payload[0] + 100))
        self.assertEqual(served.call([5]), (OK, 111))
        served.answers["other.f"] = lambda *_: (RAISED, {"errorType": "Oops", "errorMessage": "no"})
        self.assertEqual(served.call([5]), (OK, ["Oops", "no", RAISED]))
        served.stop()
        served = self.serve(path, "made.handler", root=os.path.dirname(path))
        served.answers["later"] = lambda payload, asynchronous: (OK, {"id": [payload, asynchronous]})
        self.assertEqual(served.call({"a": 1}), (OK, [{"a": 1}, "id-1", True, [[{"a": 1}], 1]]))
        served.stop()
        served = self.serve(path, "made.leave", root=os.path.dirname(path), role=1)
        status, error = served.call()
        self.assertEqual((status, error["errorType"]), (RAISED, "SystemExit"))
        self.assertEqual(served.process.wait(300), 0) # one call was asked for
        served.stop()

    def test_what_does_not_load(self):
        path = self.write("def f(): pass\nraise ValueError, 'not today'\n")
        served = self.serve(path, "made.f", root=os.path.dirname(path))
        self.assertEqual(served.ready[0], LOAD_FAILED)
        self.assertEqual(served.ready[1]["errorMessage"], "not today")
        self.assertIn('made.py", line 2', served.ready[1]["stackTrace"][-1])
        self.assertEqual(served.process.wait(300), 0)
        served.stop()

    def test_the_whole_program(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "snafu.ini"), "w") as file:
                file.write("[limits]\ncall-timeout = 10min\n[execution]\npython2 = native\n")
            for executor in ([], ["-e", "spawn"]):
                done = subprocess.run(
                    [os.path.join(BUILD, "snafu"), "-q", "-s", os.path.join(folder, "snafu.ini"), *executor,
                     "-x", "shop.catalogue.Catalogue.price", DATA], text=True, capture_output=True,
                    input='{"name": "spade", "count": 3}', timeout=900,
                    env=dict(os.environ, XDG_CACHE_HOME=folder))
                self.assertEqual((done.stdout, done.returncode), ('"37.50 \u20ac"\n', 0), done.stderr)
