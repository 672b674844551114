"""Kubeless: `event` and `context` are dictionaries; the request, as Bottle has it, is among the
event's extensions."""

import io
import json
import os

from _snafu_conventions import http


class Request:
    """What Kubeless functions use of bottle.request."""

    def __init__(self, message):
        self.method = message.method
        self.path = message.path
        self.fullpath = message.prefix + message.path
        self.query_string = message.query
        self.headers = message.headers
        self.content_type = message.type
        self.content_length = len(message.body)
        self.body = io.BytesIO(message.body)
        self.url = "http://" + message.headers.get("Host", "localhost") + self.fullpath + (
            "?" + message.query if message.query else "")
        self.query = dict(message.parameters())
        self.params = dict(self.query)
        self.forms = {}
        if message.mimetype == "application/x-www-form-urlencoded":
            self.forms = dict(http.parse_qsl(message.text(), keep_blank_values=True))
            self.params.update(self.forms)
        self.json = None
        if message.is_json and message.body:
            self.json = message.json()

    def get_header(self, name, default=None):
        return self.headers.get(name, default)


def _request_of(message):
    try:
        import bottle
    except ImportError:
        return Request(message)
    from _snafu_conventions import web
    return bottle.LocalRequest(web._environ(message))


def _is_reply(value):
    """A bottle.Response, or a bottle.HTTPResponse, which is an exception as well."""
    return hasattr(value, "status_code") and hasattr(value, "headerlist")


def adapt(convention, function, id):
    name = id.rpartition(".")[2]

    def call(payload, context):
        message = http.read(payload)
        data = message.body
        if message.is_json and data:
            data = message.json()
        elif not message.direct:
            data = message.text()
        else:
            data = None
        given = message.headers.get
        event = {
            "data": data,
            "event-id": given("event-id", context.aws_request_id),
            "event-type": given("event-type", message.type),
            "event-time": given("event-time", ""),
            "event-namespace": given("event-namespace", ""),
            "extensions": {"request": _request_of(message)},
        }
        about = {
            "function-name": name,
            "timeout": str(context.get_remaining_time_in_millis() / 1000),
            "runtime": os.environ.get("FUNC_RUNTIME", "python"),
            "memory-limit": context.memory_limit_in_mb + "Mi",
        }
        try:
            value = http.finish(function(event, about))
        except Exception as error:
            if not _is_reply(error):  # bottle.abort() and its kin
                raise
            value = error
        status, headers = 200, http.Headers()
        if _is_reply(value):
            status, headers = value.status_code, http.Headers(value.headerlist)
            value = value.body
        elif isinstance(value, Exception):
            raise value
        if isinstance(value, str):
            headers.setdefault("Content-Type", "text/html; charset=UTF-8")
        elif value is not None and not isinstance(value, bytes):
            value = json.dumps(value)
            headers["Content-Type"] = "application/json"
        return http.write(message, status, headers, http.body_of(value, headers))

    return call
