"""State of every kind, for calls that must find it as it was when loaded."""

import asyncio
import enum
import functools
import threading
from dataclasses import dataclass, field

import neighbour
from kit import tool
from kit.tool import used as used_before
import kit.part.deep as deep

count = 0
seen = []


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass
class Point:
    x: int
    y: int = 2
    tags: list = field(default_factory=list)


@dataclass
class Line:
    a: "Point"
    b: "Point"


class Account:
    total = 0

    def __init__(self, start=0):
        self.own = start

    def add(self, n: int = 1):
        Account.total += n
        self.own += n
        return [self.own, Account.total]

    @classmethod
    def made(cls):
        cls.total += 1
        return cls.total

    @property
    def balance(self):
        self.own += 1
        return self.own


def counted(function):
    calls = []

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        calls.append(1)
        return [len(calls), function(*args, **kwargs)]
    return wrapper


def up(n: int = 1, log=[]):
    global count
    count += n
    log.append(n)
    seen.append(n)
    return [count, log, seen]


def others():
    return [neighbour.up(), tool.up(), used_before(), deep.up(), deep.top()]


def late():
    import neighbour as again
    from kit import part
    return [again.up(), again is neighbour, part.deep is deep]


@counted
def decorated(n: int, more=[]):
    more.append(n)
    return more


def point(p: Point, c: Color = Color.RED):
    p.tags.append(1)
    return [p, isinstance(p, Point), isinstance(c, Color), c]


def line(line: Line):
    return [isinstance(line.a, Point), isinstance(line, Line)]


def threads(n: int):
    """Threads see the state of the call that started them."""
    def work():
        for _ in range(n):
            up()
    started = [threading.Thread(target=work) for _ in range(2)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return count


async def later():
    await asyncio.sleep(0)
    return up()


def fails():
    global count
    count += 1
    raise ValueError(count)


def generated(n: int):
    global count
    for _ in range(n):
        count += 1
        yield count
