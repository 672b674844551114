"""HTTP requests and replies as the payload and the result of a call: see
exporter/connectors/web/http.c for the form. A call that comes another way (the command line, a
function, the queue) has JSON as payload, which stands for the body of a request; its result is
then the reply's body."""

import json
from http import HTTPStatus
from inspect import iscoroutine
from urllib.parse import parse_qsl, unquote

from _snafu_conventions import BadPayload, Reply

responses = {status.value: status.phrase for status in HTTPStatus}
_METHODS = (b"GET ", b"POST ", b"PUT ", b"DELETE ", b"PATCH ", b"HEAD ", b"OPTIONS ")
_PREFIX_HEADER = "X-Forwarded-Prefix"


class HTTPError(Exception):
    """The function has answered with a status that says that it failed."""


class Headers:
    """By name, in whatever case; a name may be there more than once."""

    def __init__(self, pairs=()):
        if isinstance(pairs, Headers):
            pairs = pairs.pairs
        elif hasattr(pairs, "items"):
            pairs = pairs.items()
        self.pairs = [(str(name), str(value)) for name, value in pairs]

    def getlist(self, name):
        name = str(name).lower()
        return [value for key, value in self.pairs if key.lower() == name]

    get_all = getlist

    def get(self, name, default=None, type=None):
        values = self.getlist(name)
        if not values:
            return default
        try:
            return type(values[0]) if type else values[0]
        except ValueError:
            return default

    def __getitem__(self, name):
        values = self.getlist(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __setitem__(self, name, value):
        self.remove(name)
        self.pairs.append((str(name), str(value)))

    set = __setitem__

    def __delitem__(self, name):
        self.remove(name)

    def remove(self, name):
        name = str(name).lower()
        self.pairs = [pair for pair in self.pairs if pair[0].lower() != name]

    def add(self, name, value):
        self.pairs.append((str(name), str(value)))

    def setdefault(self, name, value):
        if name not in self:
            self[name] = value
        return self[name]

    def update(self, other):
        for name, value in Headers(other).pairs:
            self[name] = value

    def extend(self, other):
        self.pairs += Headers(other).pairs

    def __contains__(self, name):
        return bool(self.getlist(name))

    def __iter__(self):
        return iter(self.pairs)

    def keys(self):
        return [name for name, value in self.pairs]

    def values(self):
        return [value for name, value in self.pairs]

    def items(self):
        return list(self.pairs)

    def __len__(self):
        return len(self.pairs)

    def to_wsgi_list(self):
        return list(self.pairs)

    def __repr__(self):
        return f"Headers({self.pairs!r})"


class Message:
    """A request. `direct`: it was made of a JSON payload, and its caller wants JSON."""

    def __init__(self, method, target, headers, body, direct):
        self.method = method
        self.raw_path, _, self.query = target.partition("?")
        self.path = unquote(self.raw_path, errors="replace")
        self.headers = headers
        self.prefix = headers.get(_PREFIX_HEADER, "")
        self.body = body
        self.direct = direct
        self.type = headers.get("Content-Type", "")

    @property
    def mimetype(self):
        return self.type.partition(";")[0].strip().lower()

    @property
    def is_json(self):
        return self.mimetype == "application/json" or self.mimetype.endswith("+json")

    def parameters(self):
        return parse_qsl(self.query, keep_blank_values=True)

    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise BadPayload(f"the body is not valid JSON: {error}") from None


def read(payload):
    """The request that PAYLOAD is, or stands for."""
    if payload.startswith(_METHODS):
        head, end, body = payload.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "surrogateescape").split("\r\n")
        words = lines[0].split(" ")
        if end and len(words) == 3 and words[2] == "HTTP/1.1":
            headers = Headers(line.split(": ", 1) for line in lines[1:] if ": " in line)
            later = "respond-async" in headers.get("Prefer", "")
            return Message(words[0], words[1], headers, body, later)
    try:
        json.loads(payload or b"null")
    except ValueError as error:
        raise BadPayload(f"the payload is not valid JSON: {error}") from None
    pairs = [("Host", "snafu"), ("Content-Length", str(len(payload)))]
    if not payload:
        return Message("GET", "/", Headers(pairs), b"", True)
    return Message("POST", "/", Headers(pairs + [("Content-Type", "application/json")]), payload,
                   True)


def value_of(status, headers, body):
    """What a caller gets who wants no HTTP."""
    type = headers.get("Content-Type", "")
    mimetype = type.partition(";")[0].strip().lower()
    if status >= 400:
        said = body[:2000].decode("utf-8", "replace").strip()
        words = f"{status} {responses.get(status, '')}".strip()
        raise HTTPError(f"{words}: {said}" if said else words)
    if not body:
        return None
    if mimetype == "application/json" or mimetype.endswith("+json"):
        try:
            return json.loads(body)
        except ValueError:
            pass
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body


def write(message, status, headers, body):
    """The reply to MESSAGE: for the door, or as a value."""
    if message.direct:
        return value_of(status, headers, body)
    lines = [f"HTTP/1.1 {int(status)} {responses.get(int(status), '')}".rstrip()]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    for line in lines:
        if "\r" in line or "\n" in line:
            raise ValueError("a header of the reply has a line break in it: " + repr(line[:100]))
    head = "\r\n".join(lines) + "\r\n\r\n"
    return Reply(head.encode("utf-8", "surrogateescape") + body)


def body_of(value, headers):
    """What a function gave as a body, as bytes; its type goes into HEADERS unless one is there."""
    if value is None:
        return b""
    if isinstance(value, (bytes, bytearray, memoryview)):
        headers.setdefault("Content-Type", "application/octet-stream")
        return bytes(value)
    if isinstance(value, str):
        headers.setdefault("Content-Type", "text/plain; charset=utf-8")
        return value.encode("utf-8", "surrogateescape")
    headers.setdefault("Content-Type", "application/json")
    return json.dumps(value, default=str).encode()


def finish(value):
    """The value of an async function is waited for."""
    if iscoroutine(value):
        import _snafu
        return _snafu.run(value)
    return value
