"""Functions for tests/e2e/faults*.py: each treats its process, and what it can reach from
there, as badly as it can."""

import ctypes
import itertools
import os
import random
import resource
import signal
import socket
import struct
import sys
import tempfile
import threading
import time

try:
    import snafu
except ImportError:
    snafu = None

RESULT, INVOKE = 17, 18
kept = []


def add(a: int, b: int) -> int:
    return a + b


def who() -> int:
    return os.getpid()


def note(path: str, word: str) -> str:
    """Leaves a trace: one write, which is never torn."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, (word + "\n").encode())
    os.close(file)
    return word


def sign(event, context):
    """Leaves the request id, and takes a moment."""
    note(event["path"], context.aws_request_id)
    time.sleep(0.003)
    return context.aws_request_id


def wait(path: str) -> str:
    """Until somebody has written to the FIFO and closed it."""
    with open(path) as fifo:
        return fifo.read()


# ---- ends ---------------------------------------------------------------------------


def end(how: str):
    libc = ctypes.CDLL(None)
    if how == "segfault":
        ctypes.string_at(0)
    elif how == "abort":
        libc.abort()
    elif how == "exit":
        libc.exit(7)
    elif how == "_exit":
        os._exit(7)
    elif how == "sys.exit":
        sys.exit(7)
    elif how == "stack":
        deep = ctypes.CFUNCTYPE(None)
        deep.again = deep(lambda: deep.again())
        sys.setrecursionlimit(1 << 30)
        deep.again()
    elif how == "thread":
        threading.Thread(target=ctypes.string_at, args=(0,)).start()
        time.sleep(60)
    elif how == "guard":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    else:
        os.kill(os.getpid(), getattr(signal, how))
        time.sleep(60)


# ---- hangs --------------------------------------------------------------------------


def hang(path: str, how: str):
    """Notes its pid, and never comes back."""
    note(path, str(os.getpid()))
    if how == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif how == "deaf":
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    elif how == "lock":
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    elif how == "native":  # a C function that keeps the interpreter to itself
        ctypes.PyDLL(None).pause()
    elif how == "frozen guard":
        os.kill(os.getppid(), signal.SIGSTOP)
    while True:
        time.sleep(1)


# ---- memory -------------------------------------------------------------------------


def leak(how: str):
    """More and more, for ever."""
    while True:
        if how == "heap":
            kept.append(bytearray(os.urandom(1 << 10) * (1 << 10)))
        elif how == "shared":
            file = os.memfd_create("leak")
            for _ in range(64):
                os.write(file, b"x" * (1 << 20))
        elif how == "children":
            if os.fork() == 0:
                block = bytearray(b"x" * (32 << 20))
                time.sleep(600 + len(block))
                os._exit(0)


# ---- processes ----------------------------------------------------------------------


def family(path: str, number: int) -> int:
    """Leaves children, their children, and daemons that have taken every leave they can."""
    for index in range(number):
        if os.fork():
            continue
        if index % 2:
            os.setsid()
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # PR_SET_PDEATHSIG
        if os.fork() and index % 3:
            os._exit(0)
        os.chdir("/")
        note(path, str(os.getpid()))
        while True:
            time.sleep(600)
    while len(open(path).readlines() if os.path.exists(path) else []) < number:
        time.sleep(0.005)
    return os.getpid()


def bomb() -> int:
    """Processes that make processes, as many as there may be; then how many that was."""
    count, begun = 0, time.monotonic()
    while time.monotonic() - begun < 20:
        try:
            if os.fork() == 0:
                signal.pause()
            count += 1
        except OSError:
            return count
    return -count


def rabbit(path: str):
    """One process at a time, never the same: gone before anybody can look at it."""
    if os.fork() == 0:
        os.setsid()
        note(path, str(os.getpid()))
        while True:
            try:
                if os.fork():
                    os._exit(0)
            except OSError:
                pass
    while not os.path.exists(path):
        time.sleep(0.005)


# ---- descriptors and files ----------------------------------------------------------


def replace_all() -> int:
    """Every descriptor becomes another file."""
    file = os.open("/dev/zero", os.O_RDWR)
    for number in range(1024):
        if number != file:
            os.dup2(file, number)
    return 1


def fill(path: str, mebibytes: int) -> int:
    with open(path, "wb", buffering=0) as file:
        for _ in range(mebibytes):
            file.write(b"x" * (1 << 20))
    return mebibytes


def use_up_descriptors() -> int:
    for number in itertools.count():
        try:
            kept.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            return number


# ---- output and results -------------------------------------------------------------


def flood(number: int):
    """Prints for ever, and never a newline."""
    while True:
        os.write(number, b"x" * 65536)


def escape():
    print("\x1b]0;owned\x07\x1b[2J\x00\xff secret", flush=True)
    os._exit(1)


def endless():
    return itertools.count()


def nested(depth: int) -> list:
    value = []
    for _ in range(depth):
        value = [value]
    return value


def large(size: int) -> str:
    return "x" * size


# ---- what the host listens to -------------------------------------------------------


def sockets():
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink("/proc/self/fd/" + name).startswith("socket:"):
                found.append(int(name))
        except OSError:
            pass
    return found


def say(kind, number, body):
    for file in sockets():
        os.write(file, struct.pack("=IIQ", len(body), kind, number) + body)


def frame_of_result(payload, status=0, run_ns=0, log=b""):
    return (struct.pack("=IQQQI", status, run_ns, run_ns, run_ns, len(log)) + log + b"\0" +
            struct.pack("=Q", len(payload)) + payload)


def garbage(seed: int):
    """Anything at all, to whatever takes it."""
    chance = random.Random(seed)
    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    for _ in range(200):
        kind = chance.choice([chance.randrange(24), RESULT, INVOKE, chance.getrandbits(32)])
        body = chance.choice([b"", bytes(chance.choices(range(256), k=chance.randrange(300))),
                              frame_of_result(b"x" * chance.randrange(99),
                                              status=chance.randrange(16))])
        size = chance.choice([len(body)] * 4 + [chance.getrandbits(chance.randrange(33))])
        data = struct.pack("=IIQ", size, kind, chance.choice([1, 2, chance.getrandbits(64)])) + body
        for file in sockets():
            try:
                os.write(file, data[:chance.choice([len(data)] * 3 + [chance.randrange(40)])])
            except OSError:
                return
    time.sleep(60)


def lie(number: int, payload: str, status: int = 0, twice: bool = False):
    """Answers call NUMBER of its process as it likes, with figures that cannot be."""
    body = frame_of_result(payload.encode("latin-1"), status, (1 << 64) - 1, b"\xff\x1b[2J")
    say(RESULT, number, body)
    if twice:
        say(RESULT, number, body)
    time.sleep(60)


def send_files():
    """Descriptors that nobody has asked for, with a frame that never ends."""
    for file in sockets():
        with socket.socket(fileno=os.dup(file)) as own:
            own.setblocking(False)
            try:
                socket.send_fds(own, [struct.pack("=IIQ", 1 << 20, RESULT, 1)], [0, 1, 2] * 8)
                while True:
                    socket.send_fds(own, [b"x"], [0, 1, 2] * 8)
            except OSError:
                pass
    time.sleep(60)


def deaf_caller(size: int):
    """Asks for calls, and never reads the answers."""
    def text(value):
        return struct.pack("=I", len(value)) + value + b"\0"
    payload = struct.pack("=I", 0) + text(b"rogue.large") + struct.pack("=II", 0, 1)
    arguments = b'{"size": %d}' % size
    body = payload + struct.pack("=Q", len(arguments)) + arguments
    for number in range(1, 1 << 20):
        say(INVOKE, number, body)


def crowd_of_callers(number: int) -> int:
    """Many threads that call at the same time."""
    results = []
    threads = [threading.Thread(target=lambda: results.append(snafu.call("rogue.add", a=1, b=2)))
               for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(results)
