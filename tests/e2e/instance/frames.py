"""tests/e2e/instance/frames.py — the host's side of runtime/instances/frame.h, in Python:
frames packed and unpacked, the helper program started and forked, processes looked for."""

import array
import collections
import json
import os
import socket
import struct
import subprocess
import time

BUILD = os.environ["SNAFU_BUILD"]
HELPER = os.path.join(BUILD, "parts", "snafu-instance")
SETUP, START, CALL, ANSWER = 1, 2, 3, 4
READY, RESULT, INVOKE, STARTED, EXITED = 16, 17, 18, 19, 20
INSTANCE, ONCE, ZYGOTE = 0, 1, 2
OK, BAD_ARGUMENTS, OVER_LIMIT, RAISED, BAD_RESULT, LOAD_FAILED = 0, 1, 4, 5, 6, 7
UNAVAILABLE = 9
TIMEOUT = 60  # s until a test that hangs fails
NONE = 0xFFFFFFFF
HEADER = struct.Struct("=IIQ")

Result = collections.namedtuple(
    "Result", "status init_ns run_ns peak_memory log payload")


def u32(number):
    return struct.pack("=I", number)


def u64(number):
    return struct.pack("=Q", number)


def text(value):
    if value is None:
        return u32(NONE)
    value = value.encode() if isinstance(value, str) else value
    return u32(len(value)) + value + b"\0"


class Reader:
    def __init__(self, body):
        self.body, self.at = body, 0

    def number(self, code):
        value = struct.unpack_from("=" + code, self.body, self.at)[0]
        self.at += struct.calcsize("=" + code)
        return value

    def text(self):
        size = self.number("I")
        if size == NONE:
            return None
        value = self.body[self.at:self.at + size]
        self.at += size + 1
        return value

    def rest(self):
        size = self.number("Q")
        value = self.body[self.at:]
        assert len(value) == size, (len(value), size)
        return value


def function(name, path, language="python", kind=0, returns_native=None, natives=()):
    """A descriptor with no more than the languages need; NATIVES: C's parameters."""
    root, file = os.path.split(path)
    module = os.path.splitext(file)[0]
    parameters = b"".join(
        text(parameter) + text(None) * 3 + text(native) + u32(1) + u32(0)
        for parameter, native in natives)
    if language == "java":
        module, kind = name.rsplit(".", 1)[0], 3
        name = name.rsplit(".", 1)[1]
    return (u32(NONE) + text(f"{module}.{name}") + u32(len(module) + 1) + text(language) +
            text(path) + text(root) + u32(1) + u32(kind) + u32(0) + text(None) +
            text(returns_native) + u32(0) + text(None) * 3 + u32(len(natives)) +
            parameters)


def setup(language, paths, functions, zygote=0):
    def texts(items):
        return u32(len(items)) + b"".join(text(item) for item in items)
    return (text(language) + texts(paths) + texts([]) + texts([]) + text(None) + u32(zygote) +
            u32(len(functions)) + b"".join(functions))


def start(role=INSTANCE, here=1, ahead=0, function=0, memory=0, open_files=0, processes=0,
          file_size=0, result_size=32 << 20, environment="", directory="", control_groups=""):
    return (u32(role) + u32(here) + u32(ahead) + u32(function) + u64(memory) + u64(open_files) +
            u64(processes) + u64(file_size) + u64(result_size) + u64(16384) + text(environment) +
            text(directory) + text(control_groups))


def call(payload, function="m.f"):
    payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return (text("id-1") + text(function) + text("") + text("test") + text("") + u64(2**62) +
            u64(0) + u32(0) + u64(len(payload)) + payload)


def result(status, payload):
    return u32(status) + u64(0) * 3 + text(b"") + u64(len(payload)) + payload


class Peer:
    """The host's end of one process's socket, and of its pipe."""

    def __init__(self, ours, output, pid=None, process=None):
        self.socket, self.output, self.pid, self.process = ours, output, pid, process
        ours.settimeout(TIMEOUT)
        self.bytes, self.files = b"", []

    def send(self, *frames, files=()):
        data = b"".join(HEADER.pack(len(body), kind, number) + body
                        for kind, number, body in frames)
        if files:
            sent = socket.send_fds(self.socket, [data], list(files))
            data = data[sent:]
        self.socket.sendall(data)

    def receive(self):
        """The next frame as (kind, number, body); None when the other side has gone."""
        while True:
            if len(self.bytes) >= HEADER.size:
                size, kind, number = HEADER.unpack_from(self.bytes)
                if len(self.bytes) >= HEADER.size + size:
                    body = self.bytes[HEADER.size:HEADER.size + size]
                    self.bytes = self.bytes[HEADER.size + size:]
                    return kind, number, body
            try:
                data, files, _, _ = socket.recv_fds(self.socket, 1 << 20, 16)
            except ConnectionResetError:
                return None
            self.files += files
            if not data:
                return None
            self.bytes += data

    def expect(self, kind, number=None):
        got = self.receive()
        assert got, f"the process has gone instead of frame {kind}: {self.printed()}"
        assert got[0] == kind, f"frame {got} instead of {kind}"
        assert number is None or got[1] == number, f"number {got[1]} instead of {number}"
        return got[2]

    def result(self, kind=RESULT, number=None):
        reader = Reader(self.expect(kind, number))
        status = reader.number("I")
        times = [reader.number("Q") for _ in range(3)]
        log = reader.text()
        return Result(status, *times, log, json.loads(reader.rest() or "null"))

    def call(self, payload, number=7):
        self.send((CALL, number, call(payload)))
        return self.result(RESULT, number)

    def value(self, payload=()):
        got = self.call(list(payload) if isinstance(payload, tuple) else payload)
        assert got.status == OK, got
        return got.payload

    def printed(self):
        """What is in the pipe now."""
        os.set_blocking(self.output, False)
        try:
            return os.read(self.output, 1 << 16)
        except BlockingIOError:
            return b""

    def close(self):
        self.socket.close()
        os.close(self.output)


def execute(setup_body, *frames):
    """Starts the helper; FRAMES are written ahead."""
    ours, theirs = socket.socketpair()
    out, into = os.pipe()
    high = os.dup(theirs.fileno())

    def prepare():
        os.dup2(high, 3)

    process = subprocess.Popen([HELPER], stdin=subprocess.DEVNULL, stdout=into, stderr=into,
                               close_fds=False, preexec_fn=prepare)
    os.close(high)
    os.close(into)
    theirs.close()
    peer = Peer(ours, out, process.pid, process)
    peer.send((SETUP, 0, setup_body), *frames)
    return peer


def fork(zygote, number, start_body, *frames):
    """Has ZYGOTE fork; FRAMES are written ahead to the child. Its Peer, with `pidfd`."""
    ours, theirs = socket.socketpair()
    out, into = os.pipe()
    peer = Peer(ours, out)
    if frames:
        peer.send(*frames)
    zygote.send((START, number, start_body), files=[theirs.fileno(), into])
    theirs.close()
    os.close(into)
    peer.pid = struct.unpack("=I", zygote.expect(STARTED, number))[0]
    peer.pidfd = zygote.files.pop(0)
    return peer


def wait_until(condition, what):
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.005)


def marked(mark):
    """Processes whose environment has MARK."""
    found = []
    for pid in os.listdir("/proc"):
        if pid.isdigit() and int(pid) != os.getpid():
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if mark.encode() in file.read():
                        found.append(int(pid))
            except OSError:
                pass
    return found
