"""Stands in for Flask where it is not installed: the request and the replies that functions of
providers use, nothing of applications, routes, sessions or templates."""

import io
import json
import logging
from contextvars import ContextVar
from types import SimpleNamespace
from urllib.parse import parse_qsl

from _snafu_conventions import http
from _snafu_conventions.stand_in_markupsafe import Markup, escape

_current = ContextVar("flask.request")
_globals = ContextVar("flask.g")


class MultiDict(dict):
    """Names to their first values; getlist() has all."""

    def __init__(self, pairs=()):
        super().__init__()
        self._all = {}
        for name, value in pairs:
            self._all.setdefault(name, []).append(value)
            self.setdefault(name, value)

    def get(self, name, default=None, type=None):
        if name not in self:
            return default
        try:
            return type(self[name]) if type else self[name]
        except (ValueError, TypeError):
            return default

    def getlist(self, name, type=None):
        values = self._all.get(name, [])
        return [type(value) for value in values] if type else list(values)

    def to_dict(self, flat=True):
        return dict(self) if flat else {name: list(all) for name, all in self._all.items()}

    def lists(self):
        return self._all.items()


class FileStorage:
    def __init__(self, filename, content_type, data):
        self.filename = filename
        self.content_type = self.mimetype = content_type
        self.stream = io.BytesIO(data)

    def read(self, *size):
        return self.stream.read(*size)

    def save(self, to):
        if hasattr(to, "write"):
            to.write(self.stream.read())
        else:
            with open(to, "wb") as file:
                file.write(self.stream.read())


class HTTPException(Exception):
    def __init__(self, code, description=None, response=None):
        super().__init__(description or http.responses.get(code, ""))
        self.code = code
        self.description = description or http.responses.get(code, "")
        self.response = response

    @property
    def name(self):
        return http.responses.get(self.code, "")

    def get_response(self, environ=None):
        if self.response is not None:
            return self.response
        return Response(f"<!doctype html>\n<html lang=en>\n<title>{self.code} {self.name}</title>\n"
                        f"<h1>{self.name}</h1>\n<p>{escape(self.description)}</p>\n",
                        self.code, mimetype="text/html")


def abort(code, description=None, response=None):
    if isinstance(code, Response):
        raise HTTPException(code.status_code, response=code)
    raise HTTPException(int(code), description, response)


class Request:
    def __init__(self, message):
        self._message = message
        self.method = message.method
        self.headers = message.headers
        self.path = message.path
        self.query_string = message.query.encode()
        self.full_path = f"{message.path}?{message.query}"
        self.script_root = self.root_path = message.prefix
        self.scheme = message.headers.get("X-Forwarded-Proto", "http")
        self.is_secure = self.scheme == "https"
        self.host = message.headers.get("Host", "localhost")
        self.host_url = f"{self.scheme}://{self.host}/"
        self.url_root = self.root_url = f"{self.scheme}://{self.host}{message.prefix}/"
        self.base_url = self.url_root.rstrip("/") + message.raw_path
        self.url = self.base_url + ("?" + message.query if message.query else "")
        self.remote_addr = message.headers.get("X-Forwarded-For", "").partition(",")[0] or None
        self.access_route = [self.remote_addr] if self.remote_addr else []
        self.content_type = message.type or None
        self.mimetype = message.mimetype
        self.content_length = len(message.body)
        self.is_json = message.is_json
        self.args = MultiDict(message.parameters())
        self.view_args, self.endpoint, self.url_rule = {}, None, None
        self.stream = io.BytesIO(message.body)
        self._form = None

    @property
    def data(self):
        return self._message.body

    def get_data(self, cache=True, as_text=False, parse_form_data=False):
        return self._message.text() if as_text else self._message.body

    def get_json(self, force=False, silent=False, cache=True):
        if not force and not self.is_json:
            if silent:
                return None
            abort(415, "Did not attempt to load JSON data because the request Content-Type was not "
                       "'application/json'.")
        try:
            return json.loads(self._message.body)
        except ValueError:
            if silent:
                return None
            abort(400, "The browser (or proxy) sent a request that this server could not "
                       "understand.")

    @property
    def json(self):
        return self.get_json()

    def _parse_form(self):
        if self._form is None:
            fields, files = [], []
            if self.mimetype == "application/x-www-form-urlencoded":
                fields = parse_qsl(self._message.text(), keep_blank_values=True)
            elif self.mimetype == "multipart/form-data":
                fields, files = _parse_multipart(self._message)
            self._form = MultiDict(fields), MultiDict(files)
        return self._form

    @property
    def form(self):
        return self._parse_form()[0]

    @property
    def files(self):
        return self._parse_form()[1]

    @property
    def values(self):
        return MultiDict(list(self.args.items()) + list(self.form.items()))

    @property
    def cookies(self):
        pairs = (part.strip().partition("=")
                 for part in self.headers.get("Cookie", "").split(";"))
        return MultiDict((name, value) for name, _, value in pairs if name)

    @property
    def user_agent(self):
        return SimpleNamespace(string=self.headers.get("User-Agent", ""))

    def __getattr__(self, name):
        raise AttributeError(f"flask is not installed, and the request of Snafu's stand-in for it "
                             f"has no {name}: install flask")


def _parse_multipart(message):
    from email.parser import BytesParser
    from email.policy import HTTP
    head = f"Content-Type: {message.type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    fields, files = [], []
    for part in BytesParser(policy=HTTP).parsebytes(head + message.body).iter_parts():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True) or b""
        filename = part.get_filename()
        if filename is not None:
            files.append((name, FileStorage(filename, part.get_content_type(), data)))
        elif name is not None:
            fields.append((name, data.decode("utf-8", "replace")))
    return fields, files


class Response:
    default_mimetype = "text/html"

    def __init__(self, response=None, status=None, headers=None, mimetype=None,
                 content_type=None, direct_passthrough=False):
        self.headers = http.Headers(headers or ())
        self.status = status or 200
        if not content_type and (mimetype or "content-type" not in self.headers):
            content_type = mimetype or self.default_mimetype
            if content_type.startswith("text/"):
                content_type += "; charset=utf-8"
        if content_type:
            self.headers["Content-Type"] = content_type
        self.set_data(response)

    @property
    def status(self):
        return f"{self.status_code} {http.responses.get(self.status_code, '').upper()}".strip()

    @status.setter
    def status(self, status):
        self.status_code = int(str(status).split()[0])

    def set_data(self, data):
        if data is None:
            data = b""
        elif isinstance(data, str):
            data = data.encode()
        elif not isinstance(data, (bytes, bytearray)):
            data = b"".join(part.encode() if isinstance(part, str) else part for part in data)
        self._data = bytes(data)

    def get_data(self, as_text=False):
        return self._data.decode("utf-8", "replace") if as_text else self._data

    data = property(get_data, set_data)

    def get_json(self, force=False, silent=False):
        return json.loads(self._data)

    json = property(get_json)

    @property
    def content_type(self):
        return self.headers.get("Content-Type")

    @content_type.setter
    def content_type(self, type):
        self.headers["Content-Type"] = type

    @property
    def mimetype(self):
        return (self.content_type or "").partition(";")[0].strip()

    @mimetype.setter
    def mimetype(self, type):
        self.headers["Content-Type"] = type

    def set_cookie(self, key, value="", max_age=None, expires=None, path="/", domain=None,
                   secure=False, httponly=False, samesite=None):
        from http.cookies import SimpleCookie
        cookie = SimpleCookie({key: value})
        for name, said in (("max-age", max_age), ("expires", expires), ("path", path),
                           ("domain", domain), ("secure", secure), ("httponly", httponly),
                           ("samesite", samesite)):
            if said:
                cookie[key][name] = said
        self.headers.add("Set-Cookie", cookie[key].OutputString())


def jsonify(*values, **members):
    if values and members:
        raise TypeError("jsonify() takes either positional or keyword arguments, not both")
    value = members if not values else values[0] if len(values) == 1 else list(values)
    return Response(json.dumps(value, default=str) + "\n", mimetype="application/json")


def make_response(*parts):
    if not parts:
        return Response()
    value = parts[0] if len(parts) == 1 else parts
    status = headers = None
    if isinstance(value, tuple):
        if len(value) == 3:
            value, status, headers = value
        elif len(value) == 2 and isinstance(value[1], (dict, list, tuple, http.Headers)):
            value, headers = value
        elif len(value) == 2:
            value, status = value
        else:
            raise TypeError("a view gives (body, status, headers), (body, status), or "
                            "(body, headers)")
    if value is None:
        raise TypeError("the function gave None, where a reply was wanted: a string, bytes, a "
                        "dictionary, a list, a tuple or a Response")
    if isinstance(value, HTTPException):
        value = value.get_response()
    if isinstance(value, (dict, list)):
        value = jsonify(value)
    elif not isinstance(value, Response):
        if not isinstance(value, (str, bytes, bytearray)) and not hasattr(value, "__next__"):
            raise TypeError(f"a {type(value).__name__} is no reply: give a string, bytes, a "
                            "dictionary, a list, a tuple or a Response")
        value = Response(value)
    if status is not None:
        value.status = status
    if headers:
        value.headers.update(headers)
    return value


def redirect(location, code=302, Response=Response):
    return Response(f'<!doctype html>\n<a href="{escape(location)}">Redirecting</a>\n', code,
                    [("Location", location)])


class _Proxy:
    """What is the current call's own."""

    def __init__(self, current, name):
        object.__setattr__(self, "_current", current)
        object.__setattr__(self, "_name", name)

    def _get_current_object(self):
        found = self._current.get(None)
        if found is None:
            raise RuntimeError(f"flask.{self._name} is there only while a request is served")
        return found

    def __getattr__(self, name):
        return getattr(self._get_current_object(), name)

    def __setattr__(self, name, value):
        setattr(self._get_current_object(), name, value)

    def __bool__(self):
        return self._current.get(None) is not None


request = _Proxy(_current, "request")
g = _Proxy(_globals, "g")
current_app = SimpleNamespace(logger=logging.getLogger("flask.app"), config={}, name="snafu",
                              debug=False)


def _serve(message, view):
    own = Request(message)
    tokens = _current.set(own), _globals.set(SimpleNamespace())
    try:
        try:
            response = make_response(http.finish(view(own)))
        except HTTPException as error:
            response = error.get_response()
    finally:
        _current.reset(tokens[0])
        _globals.reset(tokens[1])
    return response.status_code, response.headers, response.get_data()


_PUBLIC = ("Request", "Response", "jsonify", "make_response", "abort", "redirect", "request", "g",
           "current_app", "escape", "Markup", "json", "_serve")


def fill(module, name):
    for word in _PUBLIC:
        setattr(module, word, globals()[word])
