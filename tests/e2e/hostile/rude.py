"""Functions that behave badly, for tests/e2e/hostile.py."""
import re
import sys


def echo(value=None):
    return value


def loop():
    while True:
        pass


def trace():
    sys.settrace(lambda *_: 1 / 0)  # Python takes it away again when it has failed


def hold():
    """Holds the interpreter's lock for longer than anybody waits."""
    return re.match("(a+)+$", "a" * 60 + "b")


class Private:
    def __method(self, x):
        return x

    @staticmethod
    def __static(x):
        return x

    @classmethod
    def __class(cls, x):
        return [cls.__name__, x]
