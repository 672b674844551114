from __future__ import annotations
import datetime as dt, decimal, enum, uuid, pathlib, fractions, collections, typing, ipaddress, re
from dataclasses import dataclass, field
from typing import *

class Color(enum.Enum):
    RED = 1
    BLUE = "b"
class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2

@dataclass
class Point:
    x: float
    y: float = 0.0
    tags: list[str] = field(default_factory=list)

@dataclass
class Tree:
    name: str
    children: list[Tree] = field(default_factory=list)
    price: decimal.Decimal | None = None

class NT(NamedTuple):
    a: int
    b: str = "z"

class TD(TypedDict, total=False):
    name: Required[str]
    age: int

class Plain:
    def __init__(self, host: str, port: int = 80):
        self.host, self.port = host, port

def points(points: list[Point]): return points
def tree(t: Tree): return t
def color(c: Color): return [c, c.name]
def level(l: Level = Level.LOW): return l
def nt(n: NT): return n
def td(t: TD): return t
def plain(p: Plain): return p
def when(a: dt.datetime, b: dt.date, c: dt.time, d: dt.timedelta): return [a, b, c, d]
def dec(d: decimal.Decimal, f: fractions.Fraction = None, c: complex = 0): return [d, f, c, type(d).__name__]
def ids(u: uuid.UUID, p: pathlib.Path, ip: ipaddress.IPv4Address): return [u, p, ip, p.name]
def union(v: int | str | None): return [v, type(v).__name__]
def union2(v: Union[Point, NT, list[int]]): return [type(v).__name__, v]
def lit(v: Literal["a", "b", 3]): return v
def seq(a: Sequence[int], b: set[int], c: tuple[int, ...], d: tuple[int, str], e: frozenset[str], f: collections.deque[int], g: Iterator[int]):
    return [type(x).__name__ for x in (a,b,c,d,e,f,g)] + [sorted(b), list(g), d]
def maps(m: Mapping[int, float], o: collections.OrderedDict[str, int], d: collections.defaultdict[str, int], c: dict): return [m, o, d, c, type(o).__name__]
def raw(b: bytes, ba: bytearray): return [b, ba, len(b), memoryview(b)]
def unknown(x: NoSuchThing, y: "also.unknown" = 3): return [x, y]
def anyreal(x: Any, d: decimal.Decimal): return [type(x).__name__, type(x[0]).__name__ if isinstance(x, list) else None]
def rx(p: re.Pattern): return p
def ann(a: Annotated[int, "doc"], n: typing.NewType("Id", int) , o: Optional[int], imp: int = None): return [a, n, o, imp]
def bools(b: bool): return b
def guided(n=5, f=1.5, b=False, c=Color.RED, s="x", l=[1]): return [n, f, b, c, s, l]
T = TypeVar("T", bound=int)
def tv(x: T, cb: Callable[[int], int] = None): return x
