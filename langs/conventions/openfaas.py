"""OpenFaaS: handle(req) of the template python3 gets the body as text and gives text;
handle(event, context) of python3-http gets the request's parts and gives the reply's."""

import json
import os

from _snafu_conventions import http


class Event:
    def __init__(self, message):
        self.body = message.body
        self.headers = message.headers
        self.method = message.method
        self.query = dict(message.parameters())
        self.path = message.path


class Context:
    def __init__(self):
        self.hostname = os.environ.get("HOSTNAME", "localhost")


def _text_of(message):
    """Of a caller who gives JSON, a lone string is the text itself."""
    if message.direct and message.body:
        value = message.json()
        if isinstance(value, str):
            return value
    return message.text()


def _call_text(function, message):
    value = http.finish(function(_text_of(message)))
    headers = http.Headers()
    if value is None:
        value = ""
    elif not isinstance(value, (str, bytes)):
        value = str(value)
    return http.write(message, 200, headers, http.body_of(value, headers))


def _call_http(function, message):
    value = http.finish(function(Event(message), Context()))
    if not isinstance(value, dict) or "body" not in value and "statusCode" not in value:
        value = {"body": value}
    headers = http.Headers(value.get("headers") or ())
    body = value.get("body")
    if isinstance(body, (int, float, bool)):
        body = str(body)
    elif isinstance(body, (dict, list)):
        headers.setdefault("Content-Type", "application/json")
        body = json.dumps(body)
    return http.write(message, int(value.get("statusCode", 200)), headers,
                      http.body_of(body, headers))


def adapt(convention, function, id):
    call = _call_http if convention == "openfaas-http" else _call_text
    return lambda payload, context: call(function, http.read(payload))
