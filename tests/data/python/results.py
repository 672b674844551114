import datetime, decimal, enum, collections, itertools, math, sys, threading, types, array, os, dataclasses, typing
def none(): return None
def numbers(): return [True, False, 0, -1, 2**63, -2**63, 2**64, 10**30, 0.1, 1e300, -0.0, 3.0, 1e16, 1.5e-7, 123456789012345.0]
def factorial(): return math.factorial(2000)
def huge(): return 1 << 1000000
def strings(): return ["", "a\"b\\c/\b\f\n\r\t\x00\x1f\x7f", "é€😀", "\u2028"]
def surrogate(): return {"items": [1, 2, {"s": "\ud800"}]}
def nan(): return {"items": [1, 2, 3, float("nan")]}
def inf(): return [-math.inf]
def nested(n=127):
    x = []
    for _ in range(n): x = [x]
    return x
def cycle():
    x = {"a": []}; x["a"].append(x); return x
def keys(): return {1: 1, 1.5: 2, True: 3, None: 4, "s": 5, datetime.date(2024,1,1): 6}
def badkey(): return {"a": {(1, 2): 3}}
def sets(): return [{3, 1, 2}, frozenset("ba"), {1}, set()]
def mixedset(): return sorted(map(str, [len({1, "a"})]))
def iters(): return [iter([1, 2]), range(3), {"a": 1}.keys(), {"a": 1}.values(), {"a": 1}.items(), map(str, [1]), itertools.count(1) and zip([1], [2]), collections.deque([1]), (i for i in "ab"), array.array("i", [1, 2])]
def mappings(): return [collections.OrderedDict(b=1, a=2), collections.Counter("aab"), collections.ChainMap({"a": 1}), types.MappingProxyType({"x": 1}), collections.defaultdict(list, z=[1])]
P = collections.namedtuple("P", "x y")
def named(): return [P(1, 2), os.stat_result(range(10))[0:2]]
class Sub(int): pass
class SubS(str): pass
class SubF(float): pass
class SubL(list): pass
class SubD(dict): pass
def subs(): return [Sub(5), SubS("x"), SubF(1.5), SubL([1]), SubD(a=1)]
class Money:
    def __init__(self): self.amount, self._secret = 5, 1
class WithDict:
    def to_dict(self): return {"own": 1}
class WithJson:
    def __json__(self): return ["j"]
class Slots:
    __slots__ = ("a", "_b")
    def __init__(self): self.a = 1
class Empty: pass
class Meta(type): pass
class WithMeta(metaclass=Meta):
    def __init__(self): self.m = 1
class SelfSame:
    def to_dict(self): return self
def objects(): return [Money(), WithDict(), WithJson(), Slots(), WithMeta()]
def empty(): return [Empty()]
def selfsame(): return SelfSame()
def function(): return {"f": len}
def classes(): return int
def module(): return os
def lock(): return threading.Lock()
def file(): return open("/dev/null")
def obj(): return object()
def raising():
    yield 1
    raise ValueError("in the middle")
class BadStr(Exception):
    def __str__(self): raise RuntimeError("no str")
def badstr(): raise BadStr()
def odd(): raise type("Odd", (BaseException,), {})("x")
def nonexc(): raise 5
def exits(): sys.exit(3)
def exits2(): exit()
def keyboard(): raise KeyboardInterrupt
def recurse(): return recurse()
def crecurse():
    x = []
    for _ in range(100000): x = [x]
    return repr(x)
def deepobj():
    x = None
    for _ in range(100000): x = [x]
    return x
def memory(): return [None] * (1 << 62)
def notes():
    e = ValueError("main"); e.add_note("a note"); raise e
def syntax(): eval("1 +")
def big(): return "x" * 2000000
def todict_raises():
    class B:
        def to_dict(self): raise KeyError("td")
    return B()
def tz(): return [datetime.timedelta(days=-1, seconds=1), datetime.timedelta(0), datetime.timedelta(microseconds=5), datetime.timezone.utc, decimal.Decimal("NaN")]
class F(enum.Flag):
    A = 1; B = 2
class S(str, enum.Enum):
    X = "ex"
def enums(): return [F.A | F.B, S.X, {S.X: 1}]
@dataclasses.dataclass
class D:
    a: int
    b: list = dataclasses.field(default_factory=list)
    c: typing.ClassVar[int] = 5
    def method(self): return self.a
@dataclasses.dataclass(slots=True, frozen=True)
class DS:
    a: int
def dcs(): return [D(1), DS(2), {"d": D(3, [D(4)])}]
def mutate():
    d = {"a": 1}
    class T:
        def to_dict(self): d.clear(); d.update({i: i for i in range(100)}); return 1
    d["t"] = T(); d["z"] = 3
    return d
def longpath(): return {"a" * 300: {"b" * 300: float("nan")}}
def endless():
    while True: yield
def ellipsis(): return [...]
def exc(): return ValueError("v")
def notimpl(): return NotImplemented
def close(): sys.stdout.close()
