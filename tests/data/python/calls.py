"""Ways to be called."""
import functools
import os
import sys


def hello():
    return "Hello, world"


def add(a: int, b: float = 2.5, *, c: str = "x"):
    return [a, b, c]


def echo(value):
    return value


def positional(a, /, b, *, c=3):
    return [a, b, c]


def gaps(a=1, b=2, c=3, *rest, d=4, **names):
    return [a, b, c, rest, d, names]


def rest(*args: int, **names: float):
    return {"args": args, "names": names}


def prints(text):
    print(text, end="")


def boom(what):
    try:
        {}["a"]
    except KeyError:
        raise ValueError("no " + what)


async def later(x: int):
    import asyncio
    await asyncio.sleep(0)
    return x * 2


async def several():
    for i in range(3):
        yield i


async def nobody_waits():
    import asyncio
    task = asyncio.ensure_future(asyncio.sleep(3600))
    await asyncio.sleep(0)
    return task.done()


class Counter:
    def __init__(self, start: int = 1):
        self.n = start

    def up(self, by: int = 1):
        self.n += by
        return self.n

    @property
    def now(self):
        return self.n

    @classmethod
    def made(cls, x):
        return [cls.__name__, x]

    @staticmethod
    def loose(x=1):
        return x

    @functools.lru_cache
    def cached(self, n: int):
        return n

    @functools.cached_property
    def once(self):
        return 7

    bound = functools.partialmethod(up, 100)

    def __hidden(self):
        return "hidden"

    class Inner:
        def inside(self):
            return "inside"


class Needs:
    def __init__(self, name: str, size: int):
        self.name, self.size = name, size

    def text(self):
        return self.name * self.size


def wrapper(function):
    @functools.wraps(function)
    def wrapped(*args, **names):
        return ["wrapped", function(*args, **names)]
    return wrapped


@wrapper
def decorated(x: int, y=2):
    return x + y


partial = functools.partial(add, 7, c="p")
builtin = len
maker = Counter
number = 5


@functools.lru_cache
def cached(n: int):
    return n * 2


@functools.singledispatch
def dispatch(x):
    return "any"


@dispatch.register
def _(x: int):
    return "int"


def started(fd):
    """Tells the test that it runs, and never ends."""
    os.write(fd, b"x")
    while True:
        try:
            while True:
                pass
        except Exception:
            pass


async def waits(fd):
    import asyncio
    os.write(fd, b"x")
    await asyncio.sleep(3600)


def forks():
    child = os.fork()
    if child == 0:
        return "the child must not answer"
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def at_exit(path):
    """Writes the file when Python ends, and leaves a thread that never does."""
    import atexit
    import threading
    import time

    def write():
        with open(path, "w") as file:
            file.write("bye")

    atexit.register(write)
    threading.Thread(target=lambda: [time.sleep(0.001) for _ in iter(int, 1)], daemon=True).start()


def replaced_output():
    sys.stdout, old = None, sys.stdout
    sys.stdout = old
