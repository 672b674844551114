# langs/python2_conventions.py -- call conventions of FaaS providers for functions in a real Python 2:
# what langs/conventions/ is for Python 3, as far as these providers ever had a Python 2. What
# wants Flask (Google, Fission) is not among them. Python 2.7, also on Jython and PyPy. Used by
# python2_driver.py.

import io
import json
import os
import re
import socket
import sys
import types
import urllib
import urlparse
from base64 import b64decode, b64encode
from httplib import responses

import python2_values as values

BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z")
METHODS = ("GET ", "POST ", "PUT ", "DELETE ", "PATCH ", "HEAD ", "OPTIONS ")


class Reply(object):
    """A whole HTTP reply, which goes to the door as it is."""

    def __init__(self, bytes):
        self.bytes = bytes


class HTTPError(Exception):
    """The function has answered with a status that says that it failed."""


class BadPayload(Exception):
    """The payload is not one that the convention has."""


class Headers(dict):
    """By name, in whatever case."""

    def __init__(self, pairs=()):
        dict.__init__(self)
        for name, value in pairs.items() if hasattr(pairs, "items") else pairs:
            self[name] = value

    def __setitem__(self, name, value):
        self.pop(name)
        dict.__setitem__(self, name, value)

    def pop(self, name):
        for known in self.keys():
            if known.lower() == name.lower():
                dict.__delitem__(self, known)

    def get(self, name, default=None):
        for known in self:
            if known.lower() == name.lower():
                return dict.__getitem__(self, known)
        return default

    def __contains__(self, name):
        return self.get(name) is not None

    has_key = __contains__

    def __getitem__(self, name):
        if name not in self:
            raise KeyError(name)
        return self.get(name)

    def setdefault(self, name, value):
        if name not in self:
            self[name] = value
        return self[name]


class Message(object):
    """A request: see langs/conventions/http.py."""

    def __init__(self, payload):
        head, end, body = payload.partition("\r\n\r\n")
        words = head.split("\r\n")[0].split(" ")
        self.direct = not (payload.startswith(METHODS) and end and len(words) == 3)
        if self.direct:
            parse(payload or "null")
            words, body = ["POST" if payload else "GET", "/"], payload
            pairs = [("Content-Type", "application/json")] if payload else []
        else:
            pairs = [line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line]
        self.method, self.body, self.headers = words[0], body, Headers(pairs)
        self.raw_path, _, self.query = words[1].partition("?")
        self.path = urllib.unquote(self.raw_path)
        self.direct = self.direct or "respond-async" in self.headers.get("Prefer", "")
        self.prefix = self.headers.get("X-Forwarded-Prefix", "")
        self.type = self.headers.get("Content-Type", "")
        self.mimetype = self.type.partition(";")[0].strip().lower()
        self.is_json = is_json(self.mimetype)

    def parameters(self):
        return dict(urlparse.parse_qsl(self.query, True))

    def form(self):
        is_form = self.mimetype == "application/x-www-form-urlencoded"
        return dict(urlparse.parse_qsl(self.body, True)) if is_form else {}

    def reply(self, status, headers, value):
        """What a function gave as the body, with its type where HEADERS have none."""
        status, body = int(status), body_of(value, headers)
        if self.direct:
            return value_of(status, headers, body)
        lines = ["HTTP/1.1 %d %s" % (status, responses.get(status, ""))]
        for name, said in headers.items():
            for one in said if isinstance(said, list) else [said]:
                one = one if isinstance(one, basestring) else values.write(one)
                lines.append(text(name) + ": " + text(one))
        for line in lines:
            if "\r" in line or "\n" in line:
                raise ValueError("a header of the reply has a line break in it: %r" % line[:100])
        return Reply("\r\n".join(line.rstrip() for line in lines) + "\r\n\r\n" + body)


def text(words):
    return words.encode("utf-8") if isinstance(words, unicode) else str(words)


def parse(words):
    try:
        return values.read(words)[0]
    except ValueError as error:
        raise BadPayload("it is not valid JSON: %s" % error)


def is_json(mimetype):
    return mimetype == "application/json" or mimetype.endswith("+json")


def body_of(value, headers):
    if value is None:
        return ""
    if isinstance(value, (bytearray, buffer)):
        headers.setdefault("Content-Type", "application/octet-stream")
        return str(value)
    if isinstance(value, basestring):
        headers.setdefault("Content-Type", "text/plain; charset=utf-8")
        return text(value)
    headers.setdefault("Content-Type", "application/json")
    return values.write(value)


def value_of(status, headers, body):
    """What a caller gets who wants no HTTP."""
    if status >= 400:
        raise HTTPError("%d %s: %s" % (status, responses.get(status, ""), body[:2000]))
    if body and is_json(headers.get("Content-Type", "").partition(";")[0].strip().lower()):
        try:
            return values.read(body)[0]
        except ValueError:
            pass
    return body or None


# ---- OpenWhisk -----------------------------------------------------------------------------

def openwhisk(function, payload, context):
    given = parse(payload) if payload else {}
    if not isinstance(given, dict):
        raise BadPayload("an action takes an object")
    return openwhisk_checked(function(given))


def openwhisk_checked(value):
    if value is not None and not isinstance(value, (dict, list)):
        raise TypeError("an action gives a dictionary, not " + type(value).__name__)
    return value


OPENWHISK_OWN = ("__ow_method", "__ow_headers", "__ow_path", "__ow_user", "__ow_query", "__ow_body")


def openwhisk_is_text(mimetype):
    if mimetype.startswith("text/") or mimetype.endswith(("+xml", "+json")):
        return True
    return mimetype in ("application/xml", "application/javascript",
                        "application/x-www-form-urlencoded")


def openwhisk_arguments(message, raw):
    body = message.body
    opaque = body if openwhisk_is_text(message.mimetype) else b64encode(body)
    own = {"__ow_method": message.method.lower(), "__ow_path": message.raw_path.rstrip("/"),
           "__ow_headers": dict((name.lower(), said) for name, said in message.headers.items())}
    if raw:
        return dict(own, __ow_query=message.query, __ow_body=opaque)
    given = message.parameters()
    if message.is_json and body:
        value = parse(body)
        given.update(value if isinstance(value, dict) else {})
        own.update({} if isinstance(value, dict) else {"__ow_body": value})
    elif message.mimetype == "application/x-www-form-urlencoded":
        given.update(message.form())
    elif body:
        own["__ow_body"] = opaque
    for name in OPENWHISK_OWN:
        if name in given:
            raise BadPayload("%s is not for callers to give" % name)
    return dict(given, **own)


def openwhisk_decode(words, mimetype):
    """A body that is no text comes as base64, and JSON may."""
    if openwhisk_is_text(mimetype) and not is_json(mimetype):
        return words
    if BASE64.match(words):
        decoded = b64decode(words)
        # Many a number, and a word, is base64 as well.
        if not is_json(mimetype) or decoded.lstrip().startswith(("{", "[", '"')):
            return bytearray(decoded)
    if not is_json(mimetype):
        raise ValueError("a body of the type %s has to be in base64" % mimetype)
    return words


def openwhisk_headers(given):
    headers = Headers(given or {})
    for name, said in headers.items():
        for one in said if isinstance(said, list) else [said]:
            if not isinstance(one, (basestring, int, long, float)):
                raise TypeError("the header %s is neither text nor a number" % name)
    return headers


def openwhisk_web(function, payload, context, raw=False):
    message = Message(payload)
    value = openwhisk_checked(function(openwhisk_arguments(message, raw)))
    status = None
    if isinstance(value, dict) and "error" in value:
        value, status = value["error"], 502
        if not isinstance(value, dict): # it says in words what is wrong
            value, status = {"body": {"error": value}}, 400
    if not isinstance(value, dict) or not set(value) & set(("statusCode", "body", "headers")):
        return message.reply(status or 200, Headers(), value)
    headers, body = openwhisk_headers(value.get("headers")), value.get("body")
    if body is None or body == "":
        headers.pop("Content-Type")
        return message.reply(value.get("statusCode", status or 204), headers, None)
    if isinstance(body, basestring):
        said = headers.setdefault("Content-Type", "text/html; charset=utf-8")
        body = openwhisk_decode(text(body), said.partition(";")[0].strip().lower())
    return message.reply(value.get("statusCode", status or 200), headers, body)


def openwhisk_raw(function, payload, context):
    return openwhisk_web(function, payload, context, True)


# ---- Kubeless ------------------------------------------------------------------------------

class Request(object):
    """What Kubeless functions use of bottle.request."""

    def __init__(self, message):
        self.method, self.path, self.headers = message.method, message.path, message.headers
        self.fullpath, self.query_string = message.prefix + message.path, message.query
        self.content_type, self.content_length = message.type, len(message.body)
        self.body = io.BytesIO(message.body)
        self.query, self.forms = message.parameters(), message.form()
        self.params = dict(self.query, **self.forms)
        self.url = "http://" + message.headers.get("Host", "localhost") + self.fullpath + (
            "?" + message.query if message.query else "")
        self.json = parse(message.body) if message.is_json and message.body else None

    def get_header(self, name, default=None):
        return self.headers.get(name, default)


def kubeless(function, payload, context):
    message = Message(payload)
    request, given = Request(message), message.headers.get
    data = message.body
    if message.is_json and data:
        data = request.json
    elif message.direct:
        data = None
    event = {"data": data, "event-id": given("event-id", context.aws_request_id),
             "event-type": given("event-type", message.type),
             "event-time": given("event-time", ""),
             "event-namespace": given("event-namespace", ""),
             "extensions": {"request": request}}
    about = {"function-name": function.__name__, "runtime": os.environ.get("FUNC_RUNTIME", "python"),
             "timeout": str(context.get_remaining_time_in_millis() / 1000.0),
             "memory-limit": context.memory_limit_in_mb + "Mi"}
    value = function(event, about)
    if isinstance(value, Exception):
        raise value
    headers = Headers()
    if isinstance(value, basestring):
        headers["Content-Type"] = "text/html; charset=UTF-8"
    return message.reply(200, headers, value)


# ---- OpenFaaS ------------------------------------------------------------------------------

def openfaas(function, payload, context):
    message = Message(payload)
    given = message.body
    if message.direct and given:
        value = parse(given)
        given = value if isinstance(value, basestring) else given
    value = function(given)
    if value is not None and not isinstance(value, basestring):
        value = str(value)
    return message.reply(200, Headers(), value or "")


class Parts(object):
    def __init__(self, **parts):
        self.__dict__.update(parts)


def openfaas_http(function, payload, context):
    message = Message(payload)
    event = Parts(body=message.body, headers=message.headers, method=message.method,
                  query=message.parameters(), path=message.path)
    value = function(event, Parts(hostname=socket.gethostname()))
    if not isinstance(value, dict) or not ("body" in value or "statusCode" in value):
        value = {"body": value}
    body = value.get("body")
    if isinstance(body, (int, long, float)):
        body = str(body)
    return message.reply(value.get("statusCode", 200), Headers(value.get("headers") or {}), body)


# ---- Fn ------------------------------------------------------------------------------------

class InvokeContext(object):
    """fdk.context.InvokeContext."""

    def __init__(self, message, context):
        self.message, self.context = message, context
        self.status, self.reply_headers = 200, {}

    def AppID(self):
        return os.environ.get("FN_APP_ID", "snafu")

    def FnID(self):
        return os.environ.get("FN_FN_ID", self.context.function_name)

    def CallID(self):
        return self.context.aws_request_id

    def Config(self):
        return os.environ

    def Headers(self):
        return dict((name.lower(), said) for name, said in self.message.headers.items())

    HTTPHeaders = Headers

    def Format(self):
        return "http-stream"

    def RequestURL(self):
        message = self.message
        return message.prefix + message.raw_path + ("?" + message.query if message.query else "")

    def Method(self):
        return self.message.method

    def SetResponseHeaders(self, headers, status_code):
        self.reply_headers, self.status = dict(headers or {}), status_code

    def GetResponseHeaders(self):
        return self.reply_headers


class Response(object):
    """fdk.response.Response."""

    def __init__(self, ctx, response_data=None, headers=None, status_code=200):
        self.ctx, self.response_data, self.status_code = ctx, response_data, status_code
        if isinstance(headers, dict):
            ctx.SetResponseHeaders(headers, status_code)


def fn(function, payload, context):
    message = Message(payload)
    about = InvokeContext(message, context)
    value, status = function(about, io.BytesIO(message.body)), None
    if hasattr(value, "response_data"):
        value, status = value.response_data, value.status_code
    if hasattr(value, "read"):
        value = value.read()
    return message.reply(status or about.status, Headers(about.GetResponseHeaders()), value)


def fdk():
    """Modules in the place of the kit, which has no release for Python 2."""
    names = ("fdk", "fdk.response", "fdk.context")
    modules = [types.ModuleType(name) for name in names]
    modules[0].handle = lambda handler: None
    modules[0].response, modules[0].context = modules[1:]
    modules[1].Response, modules[2].InvokeContext = Response, InvokeContext
    sys.modules.update(zip(names, modules))


# ---- all of them ---------------------------------------------------------------------------

ADAPTERS = {"openwhisk": openwhisk, "openwhisk-web": openwhisk_web, "openwhisk-raw": openwhisk_raw,
            "kubeless": kubeless, "openfaas": openfaas, "openfaas-http": openfaas_http, "fn": fn}


def adapter(convention):
    """What calls a function: (function, payload, context). Asked for before the function's module is
    loaded."""
    if convention not in ADAPTERS:
        raise ValueError("functions of the convention %s do not run in a real Python 2: take "
                         "--python2 upgrade" % convention)
    if convention == "fn":
        fdk()
    return ADAPTERS[convention]
