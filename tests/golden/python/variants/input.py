import os
import sys
from typing import TYPE_CHECKING, overload

try:
    from fast import quick
except ImportError:
    def quick(x): return x

if sys.version_info < (3,):
    def text(x): return unicode(x)
else:
    def text(x: bytes): return x.decode()

if os.name == "nt":
    def home(): return "C:\\"
elif sys.platform == "darwin":
    def home(): return "/Users"
else:
    def home(): return "/home"

try:
    import unknown
except ImportError:
    def choose(a): return a
else:
    def choose(a, b): return b


def twice(a): return a


def twice(a, b): return b


def sometimes(a): return a


if os.environ.get("MORE"):
    def sometimes(a, b): return b


@overload
def typed(x: int) -> int: ...
@overload
def typed(x: str) -> str: ...
def typed(x): return x


class Again:
    def old(self): pass


class Again:
    def new(self): pass


if TYPE_CHECKING:
    def checked(): ...

if __name__ == "__main__":
    def main(): pass
    main()
