# langs/python2_values.py -- JSON to what Python 2 functions take, and back. Python 2.7, also on
# Jython and PyPy. Used by python2_driver.py.
#
# Text of plain ASCII becomes str, all other text unicode: old code asks isinstance(x, str).

import datetime
import decimal
import difflib
import inspect
import json
import re
import types
from base64 import b64encode

# Surrogates without their other half, which UTF-8 has no bytes for. Not a literal: Jython, whose
# texts never hold one, does not take that either.
try:
    HALF_A_PAIR = re.compile((r"[\ud800-\udbff](?![\udc00-\udfff])|"
                              r"(?<![\ud800-\udbff])[\udc00-\udfff]").decode("unicode-escape"))
except UnicodeError:
    HALF_A_PAIR = None
DEPTH_CAP = 100 # results inside each other


class BadArguments(Exception):
    """Problems by name, as pairs."""

    def __init__(self, problems, usage):
        Exception.__init__(self, "bad arguments")
        self.problems, self.usage = problems, usage


class BadResult(Exception):
    pass


# ---- JSON to Python ----------------------------------------------------------------------

def plain(value):
    if isinstance(value, unicode):
        try:
            return value.encode("ascii")
        except UnicodeError:
            return value
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return dict((plain(key), plain(item)) for key, item in value.iteritems())
    return value


def refuse(word):
    raise ValueError("%s is no JSON" % word)


def read(payload):
    """The value, and of an object its members in order, with those given twice."""
    last = []

    def pairs(members):
        last[:] = members
        return dict(members)
    value = json.loads(payload.decode("utf-8"), object_pairs_hook=pairs, parse_constant=refuse)
    return plain(value), [plain(name) for name, _ in last] if isinstance(value, dict) else []


# ---- signatures ----------------------------------------------------------------------------

def flat(name):
    """def f((street, city)): goes by street_city."""
    return name if isinstance(name, basestring) else "_".join(flat(part) for part in name)


class Signature(object):
    def __init__(self, name, target, skip_first):
        try:
            names, self.rest, self.keywords, defaults = inspect.getargspec(target)
            self.known = True
        except TypeError: # written in C or Java: whatever comes
            names, self.rest, self.keywords, defaults, self.known = [], "args", None, (), False
            skip_first = False
        self.names = [flat(part) for part in names][1 if skip_first else 0:]
        self.defaults = list(defaults or ())
        self.required = self.names[:len(self.names) - len(self.defaults)]
        self.takes_event = self.names == ["event", "context"] and not (self.rest or self.keywords)
        words = list(self.required)
        words += ["%s=%r" % pair for pair in zip(self.names[len(self.required):], self.defaults)]
        words += ["*" + self.rest] if self.rest else []
        words += ["**" + self.keywords] if self.keywords else []
        self.usage = "%s(%s)" % (name, ", ".join(words))

    def bind(self, given, members, prefix=""):
        """Positional arguments and the rest by name."""
        problems = []
        if isinstance(given, list):
            positions, names = given, {}
            if len(given) > len(self.names) and not self.rest:
                problems.append(("[%d]" % len(self.names), "one too many: it takes %d" % len(self.names)))
            missing = self.required[len(given):]
        else:
            positions, names = [], given
            for name in sorted(set(name for name in members if members.count(name) > 1)):
                problems.append((name, "given twice"))
            for name in sorted(given):
                if name not in self.names and not self.keywords:
                    near = difflib.get_close_matches(name, self.names, 1)
                    problems.append((name, "unknown" + (" (did you mean %s?)" % near[0] if near else "")))
            missing = [name for name in self.required if name not in given]
        problems += [(name, "missing") for name in missing]
        if problems:
            raise BadArguments([(prefix + name, words) for name, words in problems], self.usage)
        return self.in_order(positions, names)

    def in_order(self, positions, names):
        """Tuples have no name in Python itself, so what can is given by position."""
        names = dict(names)
        positions = list(positions)
        for index in range(len(positions), len(self.names)):
            name = self.names[index]
            if name in names:
                positions.append(names.pop(name))
            elif any(later in names for later in self.names[index:]):
                positions.append(self.defaults[index - len(self.required)])
            else:
                break
        return positions, dict((str(name), value) for name, value in names.iteritems())


def split(payload):
    """What a payload has: arguments, their names in order, and "self" or None."""
    if not payload.strip():
        return {}, [], None
    given, members = read(payload)
    if not isinstance(given, (dict, list)):
        raise ValueError("arguments are a JSON object (by name) or an array (by position)")
    return given, members, None


# ---- Python to JSON ------------------------------------------------------------------------

def text_of(value):
    if isinstance(value, unicode):
        return HALF_A_PAIR.sub(u"\ufffd", value) if HALF_A_PAIR else value
    try:
        return value.decode("utf-8")
    except UnicodeError:
        return b64encode(value).decode("ascii")


def key_of(key):
    if isinstance(key, basestring):
        return text_of(key)
    if key is None or isinstance(key, (bool, int, long, float)):
        return json.dumps(key).decode("ascii")
    return unicode(key)


def simple(value, depth=0):
    if depth > DEPTH_CAP:
        raise BadResult("it is nested deeper than %d, or contains itself" % DEPTH_CAP)
    if value is None or isinstance(value, (bool, int, long, float)):
        if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
            raise BadResult("%r has no JSON form" % value)
        return value
    if isinstance(value, basestring):
        return text_of(value)
    if isinstance(value, (bytearray, buffer)):
        return b64encode(str(value)).decode("ascii")
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat().decode("ascii")
    if isinstance(value, decimal.Decimal):
        return unicode(value)
    if isinstance(value, dict) or hasattr(value, "iteritems"):
        return dict((key_of(key), simple(item, depth + 1)) for key, item in value.iteritems())
    if hasattr(value, "_asdict"):
        return simple(value._asdict(), depth)
    if isinstance(value, (set, frozenset)):
        value = sorted(value)
    if isinstance(value, (list, tuple, types.GeneratorType, xrange)) or hasattr(value, "next"):
        return [simple(item, depth + 1) for item in value]
    kind = value.__class__ if isinstance(value, types.InstanceType) else type(value)
    raise BadResult("a %s has no JSON form" % kind.__name__)


def write(value):
    written = json.dumps(simple(value), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return written.encode("utf-8") if isinstance(written, unicode) else written
