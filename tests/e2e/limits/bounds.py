"""Functions for tests/e2e/limits.py: each goes for one limit."""

import os
import time


def loop():
    while True:
        pass


def hog(mebibytes: int) -> int:
    return len(bytearray(mebibytes << 20))


def files(number: int) -> int:
    held = []
    while len(held) < number:
        held.append(open("/dev/null", "rb"))
    return len(held)


def children(number: int) -> int:
    """How many there were before it was over."""
    pids = []
    try:
        while len(pids) < number:
            pid = os.fork()
            if pid == 0:
                time.sleep(600)
                os._exit(0)
            pids.append(pid)
    except OSError:
        pass
    finally:
        for pid in pids:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    return len(pids)


def write(kibibytes: int) -> int:
    path = f"/tmp/snafu-limits-{os.getpid()}"
    try:
        with open(path, "wb", buffering=0) as file:
            for _ in range(kibibytes):
                file.write(bytes(1024))
        return kibibytes
    finally:
        os.unlink(path)


def text(size: int) -> str:
    return "x" * size


def length(text: str) -> int:
    return len(text)


def meet(go: str) -> bool:
    """Waits until there is a file."""
    while not os.path.exists(go):
        time.sleep(0.01)
    return True


def queued(go: str) -> bool:
    return meet(go)


def large(text: str) -> int:
    return len(text)
