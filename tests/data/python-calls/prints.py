"""Output of every kind."""

import logging
import sys
import threading

import snafu

logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)


def quiet():
    return None


def several(name: str):
    print("out", name)
    sys.stderr.write("err without newline ")
    sys.stdout.buffer.write(b"\xff bytes\n")
    sys.stdout.writelines(["a\n", "b\n"])
    logging.info("logged %s", name)


def inner(name: str):
    print("inner", name)


def outer(name: str):
    print("before", name)
    snafu.call("prints.inner", name)
    print("after", name)


def threaded():
    thread = threading.Thread(target=lambda: print("from a thread"))
    thread.start()
    thread.join()


def much(n: int):
    for i in range(n):
        print("line", i)


def often(name: str, n: int):
    """Its lines must not mix with those of others."""
    for i in range(n):
        print(name, i)
        sys.stderr.write(name + "\n")


def raises():
    print("before it fails")
    raise ValueError("no")
