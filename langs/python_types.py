"""What is rare, for langs/python*.c: annotations, signatures; and in
python_results.py odd results and async.

The build turns both files into a C string; the gateway runs it as the module
`_snafu` the first time something here is needed, so nobody else pays for it."""

import os
import sys
import types as _types
import typing
from _thread import get_ident
from collections import abc as _abc


def _standard(name):
    """A module of the standard library, imported when it is needed."""
    return sys.modules.get(name) or __import__(name)


def _module(name):
    """A module by its name; the gateway puts its own function here, which knows those
    that an isolated call has of its own."""
    return sys.modules.get(name)


# enum python_kind in python.h.
(NONE, BOOL, INT, FLOAT, STR, BYTES, LIST, TUPLE, DICT, UNION, LITERAL, ENUM, RECORD, WRAP,
 PARSE) = range(15)


class Real(float):
    """A real number that still knows its digits, for Decimal and Fraction."""
    __slots__ = ("text",)

    def __new__(cls, text):
        self = float.__new__(cls, text)
        self.text = text
        return self


# ---- annotations ----------------------------------------------------------------

def _text(value):
    if not isinstance(value, str):
        raise ValueError("not a string")
    return value


def _number(value):
    """Digits as Decimal and Fraction want them."""
    if isinstance(value, Real):
        return value.text
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("not a number")
    return repr(value) if isinstance(value, float) else value


def _decimal(value):
    try:
        return _standard("decimal").Decimal(_number(value))
    except ArithmeticError:
        raise ValueError("not a number") from None


def _fraction(value):
    return _standard("fractions").Fraction(_number(value))


def _complex(value):
    if isinstance(value, list) and len(value) == 2:
        return complex(*value)
    if isinstance(value, (bool, list, dict, type(None))):
        raise ValueError("not a number")
    return complex(value)


def _datetime(value):
    datetime = _standard("datetime")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    return datetime.datetime.fromisoformat(_text(value))


def _date(value):
    datetime = _standard("datetime")
    try:
        return datetime.date.fromisoformat(_text(value))
    except ValueError:
        moment = datetime.datetime.fromisoformat(value)
        if moment.time() != datetime.time(0):
            raise ValueError("it has a time of day") from None
        return moment.date()


def _time(value):
    return _standard("datetime").time.fromisoformat(_text(value))


def _timedelta(value):
    """Seconds, ISO 8601 ("P1DT2H") or "[D days, ]HH:MM:SS"."""
    timedelta = _standard("datetime").timedelta
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return timedelta(seconds=value)
    re = _standard("re")
    number = r"(\d+(?:[.,]\d+)?)"
    match = re.fullmatch(
        rf"([+-]?)P(?:{number}W)?(?:{number}D)?(?:T(?:{number}H)?(?:{number}M)?(?:{number}S)?)?",
        _text(value))
    if match and any(match.groups()[1:]):
        parts = [float((part or "0").replace(",", ".")) for part in match.groups()[1:]]
        sign = match[1]
    else:
        match = re.fullmatch(r"([+-]?)(?:(\d+) days?,? )?(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?", value)
        if not match:
            raise ValueError("neither seconds nor like PT1H30M or 01:30:00")
        parts = [0.0] + [float(part or "0") for part in match.groups()[1:]]
        sign = match[1]
    weeks, days, hours, minutes, seconds = parts
    span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -span if sign == "-" else span


def _uuid(value):
    return _standard("uuid").UUID(_text(value))


def _pattern(value):
    re = _standard("re")
    try:
        return re.compile(_text(value))
    except re.error as error:
        raise ValueError(str(error)) from None


def _bytearray(value):
    return bytearray(_standard("binascii").a2b_base64(_text(value), strict_mode=True))


# Classes by module and name: none of these modules is imported to compare.
_PARSED = {
    ("datetime", "datetime"): (_datetime, "a date and time (ISO 8601)"),
    ("datetime", "date"): (_date, "a date (ISO 8601)"),
    ("datetime", "time"): (_time, "a time (ISO 8601)"),
    ("datetime", "timedelta"): (_timedelta, "a duration (seconds, or like PT1H30M)"),
    ("decimal", "Decimal"): (_decimal, "a decimal number"),
    ("fractions", "Fraction"): (_fraction, "a fraction (a number, or like \"1/3\")"),
    ("builtins", "complex"): (_complex, "a complex number ([real, imaginary], or like \"1+2j\")"),
    ("builtins", "bytearray"): (_bytearray, "bytes as a base64 string"),
    ("uuid", "UUID"): (_uuid, "a UUID"),
    ("re", "Pattern"): (_pattern, "a regular expression"),
}
_EXACT = (_decimal, _fraction)

# What takes the items of an array.
_LISTS = (list, _abc.Sequence, _abc.MutableSequence, _abc.Iterable, _abc.Collection,
          _abc.Reversible, _abc.Container)
_SETS = {set: set, frozenset: frozenset, _abc.Set: set, _abc.MutableSet: set}
_ITERATORS = (_abc.Iterator, _abc.Generator)
_DICTS = (dict, _abc.Mapping, _abc.MutableMapping)


def _spec(kind, object=None, items=(), words=None, exact=False):
    return (kind, object, tuple(items), words, exact)


def _name(annotation):
    if isinstance(annotation, type) and not isinstance(annotation, _types.GenericAlias):
        return annotation.__qualname__
    return str(annotation).replace("typing.", "")


def _evaluate(text, space):
    """A string annotation; None where its names are not known."""
    if not isinstance(space, dict) or len(text) > 1000:
        return None
    try:
        return eval(text, space, {})
    except Exception:
        return None


def describe(annotation, space=None, depth=0):
    """The specification of a type, or None where anything goes."""
    if depth > 30:
        return None
    if isinstance(annotation, str):
        annotation = _evaluate(annotation, space)
        if annotation is None:
            return None
        return describe(annotation, space, depth + 1)
    if isinstance(annotation, typing.ForwardRef):
        return describe(annotation.__forward_arg__, space, depth + 1)
    if annotation is None or annotation is type(None):
        return _spec(NONE)

    def inner(part):
        return describe(part, space, depth + 1)

    if annotation is typing.Any:
        return None
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated or origin in (typing.Final, typing.ClassVar,
                                                typing.Required, typing.NotRequired):
        return inner(arguments[0])
    if origin in (typing.Union, _types.UnionType):
        return _spec(UNION, None, map(inner, arguments), " or ".join(map(_words, arguments)))
    if origin is typing.Literal:
        values = ", ".join(repr(value) for value in arguments)
        return _spec(LITERAL, arguments, (), f"one of {values}")
    if isinstance(annotation, typing.TypeVar):
        if annotation.__constraints__:
            return inner(typing.Union[annotation.__constraints__])
        return inner(annotation.__bound__) if annotation.__bound__ else None
    if isinstance(annotation, typing.NewType):
        return inner(annotation.__supertype__)
    if type(annotation).__name__ == "InitVar":
        return inner(annotation.type)
    target = origin if origin is not None else annotation
    if not isinstance(target, type):
        return None
    return _describe_class(target, arguments, inner)


def _words(annotation):
    """A member of a union, for a message."""
    return "null" if annotation in (None, type(None)) else _name(annotation)


def _describe_class(target, arguments, inner):
    simple = {bool: BOOL, int: INT, float: FLOAT, str: STR, bytes: BYTES}.get(target)
    if simple is not None:
        return _spec(simple)
    if target in _DICTS or target is _abc.Mapping:
        key, value = map(inner, arguments) if len(arguments) == 2 else (None, None)
        return _spec(DICT, None, (key, value))
    item = inner(arguments[0]) if arguments and arguments[0] is not ... else None
    if target is tuple:
        if not arguments:
            return _spec(WRAP, tuple, (_spec(LIST, None, (None,)),), "an array")
        if len(arguments) == 2 and arguments[1] is ...:
            return _spec(WRAP, tuple, (_spec(LIST, None, (item,)),), "an array")
        arguments = () if arguments == ((),) else arguments
        return _spec(TUPLE, None, map(inner, arguments), f"an array of {len(arguments)}")
    listed = _spec(LIST, None, (item,))
    if target in _LISTS:
        return listed
    if target in _SETS:
        return _spec(WRAP, _SETS[target], (listed,), "an array of values that can be in a set")
    if target in _ITERATORS:
        return _spec(WRAP, iter, (listed,), "an array")
    parsed = _PARSED.get((target.__module__, target.__name__))
    if parsed:
        return _spec(PARSE, parsed[0], (), parsed[1], parsed[0] in _EXACT)
    return _describe_other(target, arguments, item, inner)


def _describe_other(target, arguments, item, inner):
    module, name = target.__module__, target.__qualname__
    if module == "collections" and name == "deque":
        return _spec(WRAP, target, (_spec(LIST, None, (item,)),), "an array")
    if module == "collections" and name in ("OrderedDict", "Counter", "defaultdict", "ChainMap"):
        types = tuple(map(inner, arguments)) if len(arguments) == 2 else (item, None)
        made = (lambda value: target(None, value)) if name == "defaultdict" else target
        return _spec(WRAP, made, (_spec(DICT, None, types),), "an object")
    if "enum" in sys.modules and isinstance(target, sys.modules["enum"].EnumMeta):
        members = list(target.__members__)[:20]
        return _spec(ENUM, target, (), f"one of {', '.join(members)} ({name})")
    if issubclass(target, os.PathLike):
        return _spec(PARSE, lambda value: target(_text(value)), (), "a path")
    if _is_record(target):
        return _spec(RECORD, target, (), f"an object ({name})")
    if module == "builtins" or getattr(target, "__abstractmethods__", None):
        return None
    if getattr(target, "_is_protocol", False):
        return None
    if module in sys.stdlib_module_names or module.partition(".")[0] in sys.stdlib_module_names:
        if hasattr(target, "read") or target in (_types.FunctionType, _types.ModuleType):
            return None
        # ipaddress.IPv4Address and the like: made from one plain value.
        return _spec(PARSE, lambda value: target(value), (), f"what {module}.{name} takes")
    # A class of the user's own: from an object by its constructor's parameters,
    # from anything else as the only argument.
    return _spec(UNION, None, (_spec(RECORD, target, (), f"an object ({name})"),
                               _spec(PARSE, lambda value: _construct(target, value), (), name)),
                 f"an object ({name})")


def _construct(target, value):
    if isinstance(value, (dict, list, type(None))):
        raise ValueError(f"no {target.__qualname__}")
    return target(value)


def _is_record(target):
    return (hasattr(target, "__dataclass_fields__")
            or issubclass(target, tuple) and hasattr(target, "_fields")
            or typing.is_typeddict(target))


def _is_required(target, name, hint, space):
    """Of a TypedDict's member; Python itself does not look into string annotations."""
    if isinstance(hint, typing.ForwardRef):
        hint = _evaluate(hint.__forward_arg__, space)
    origin = typing.get_origin(hint)
    if origin in (typing.Required, typing.NotRequired):
        return origin is typing.Required
    return name in target.__required_keys__


def fields(target):
    """((name, specification, required), ...), whether an array will do as well,
    and whether members beside these are passed on."""
    space = getattr(_module(target.__module__), "__dict__", {})
    if typing.is_typeddict(target):
        hints = {}
        for base in reversed(target.__mro__):
            hints.update(getattr(base, "__annotations__", {}))
        return tuple((name, describe(hint, space), _is_required(target, name, hint, space))
                     for name, hint in hints.items()), False, False
    if issubclass(target, tuple) and hasattr(target, "_fields"):
        hints = getattr(target, "__annotations__", {})
        return tuple((name, describe(hints[name], space) if name in hints else None,
                      name not in target._field_defaults)
                     for name in target._fields), True, False
    found, open_ended = [], False
    for name, kind, default, annotation, _ in signature(target):
        if kind == 4:
            open_ended = True
        elif kind not in (0, 2):
            if default is None and annotation is not EMPTY:
                annotation = typing.Optional[annotation]
            found.append((name, None if annotation is EMPTY else describe(annotation, space),
                          default is EMPTY))
    return tuple(found), False, open_ended


# ---- signatures -------------------------------------------------------------------

class EMPTY:
    """No default, no annotation."""


def signature(function):
    """[(name, kind, default, annotation, globals)] by inspect; raises ValueError
    or TypeError where Python does not know."""
    inspect = _standard("inspect")
    found = []
    target = inspect.unwrap(function)
    while isinstance(target, _standard("functools").partial):
        target = inspect.unwrap(target.func)
    space = getattr(target, "__globals__", None)
    if space is None:
        space = getattr(_module(getattr(target, "__module__", None)), "__dict__", None)
    for parameter in inspect.signature(function).parameters.values():
        default, annotation = parameter.default, parameter.annotation
        if type(default).__name__ == "_HAS_DEFAULT_FACTORY_CLASS":
            default = LATER
        found.append((parameter.name, int(parameter.kind),
                      EMPTY if default is parameter.empty else default,
                      EMPTY if annotation is parameter.empty else annotation, space))
    return found


class LATER:
    """A default that the function makes for itself."""
