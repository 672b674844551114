"""Every kind of function that a Python file can hold."""
import functools
from abc import ABC, abstractmethod
from typing import Protocol


def plain(n: int, sep: str = ", ", *rest, flag=False, **others) -> list[str]:
    """Say it.

    Args:
        n: how often
        sep (str): what stands between,
            in text
    """
    def helper(x):
        return [helper(y) for y in x]

    class Local:
        def method(self):
            yield

    return helper(Local)


async def waits(*, deadline: float): ...


class Shop(dict):
    "Has some of each."

    limit = 3

    def __new__(cls, *args):
        return super().__new__(cls)

    def sell(self, what, /, amount=1):
        return amount

    def anything(*args):
        pass

    @classmethod
    def open(cls, name: "str"):
        return cls(name=name)

    @staticmethod
    def rate(currency):
        return 1

    @property
    def size(self): return 1

    @size.setter
    def size(self, value): pass

    @functools.cached_property
    def total(self) -> int:
        return 0

    class Till:
        @functools.lru_cache(
            maxsize=None  # all of them
        )
        def count(self, coins=(1, 2,
                               5)):
            return sum(coins)

    if limit:
        def conditional(self): return (yield)


class Base(ABC):
    @abstractmethod
    def work(self, x): ...

    def rest(self): ...

    @staticmethod
    def idle(): ...


class Talks(Protocol):
    def talk(self) -> str: ...


with open("/dev/null") as sink:
    def inside_with(x=lambda a, *b, c={1: 2}: a): ...
