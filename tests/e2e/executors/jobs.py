"""Functions for tests/e2e/executors.py."""

import os
import resource
import signal
import sys
import time

try:
    import snafu
except ImportError:
    snafu = None

count = 0


def add(a: int, b: int) -> int:
    return a + b


def bump() -> list:
    global count
    count += 1
    return [os.getpid(), count]


def fail(text: str):
    def deeper():
        raise ValueError(text)
    deeper()


def crash(number: int):
    os.kill(os.getpid(), number)


def leave(status: int):
    print("farewell")
    os.write(2, b"the last words\n")
    os._exit(status)


def hang():
    while True:
        pass


def nap(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def wait_for(path: str, number: int) -> int:
    """Returns at once without PATH, else when somebody has made it."""
    while path and not os.path.exists(path):
        time.sleep(0.01)
    return number


def meet(folder: str, number: int) -> int:
    """Returns when NUMBER calls are here at the same time."""
    open(os.path.join(folder, str(os.getpid())), "w").close()
    while len(os.listdir(folder)) < number:
        time.sleep(0.01)
    return os.getpid()


def spin(milliseconds: int) -> int:
    end = time.thread_time() + milliseconds / 1000
    while time.thread_time() < end:
        pass
    return os.getpid()


def text(size: int) -> str:
    return "x" * size


def length(text: str) -> int:
    return len(text)


def chatter(lines: int) -> int:
    for number in range(lines):
        print("line", number)
    os.write(1, b"end\n")
    return lines


def note(path: str, word: str):
    """Leaves a trace that outlives the process."""
    with open(path, "a") as file:
        file.write(word + "\n")
    return word


def surroundings() -> dict:
    return {"directory": os.getcwd(), "colour": os.environ.get("COLOUR"),
            "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0]}


def hog(mebibytes: int) -> int:
    return len(bytearray(mebibytes << 20))


def rude(kind: int):
    """Writes to the socket that it is not meant to know of."""
    import socket
    import struct
    body = b"x" * 16
    for number in os.listdir("/proc/self/fd"):
        try:
            if not os.readlink("/proc/self/fd/" + number).startswith("socket:"):
                continue
            size = 0xffffffff if kind == 0 else len(body)
            os.write(int(number), struct.pack("=IIQ", size, kind or 17, 999) + body)
        except OSError:
            pass
    time.sleep(30)


def offspring() -> int:
    """Leaves a child behind that would live for long."""
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
        os._exit(0)
    return pid


def close_all():
    os.closerange(0, 4096)
    return 1


def fib(n: int) -> int:
    if n < 2:
        return n
    return snafu.call("jobs.fib", n=n - 1) + snafu.call("jobs.fib", n=n - 2)


def down(n: int) -> int:
    """A chain of calls inside each other, as deep as N."""
    return 0 if n == 0 else 1 + snafu.call("jobs.down", n=n - 1)


def through(path: list) -> list:
    """Calls the first function of PATH with the rest of it."""
    if not path:
        return ["end"]
    return [path[0]] + snafu.call(path[0], path=path[1:])
