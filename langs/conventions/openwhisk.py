"""Apache OpenWhisk: an action takes a dictionary and gives one. A web action finds the request's
parts in it, and may give statusCode, headers and body."""

import base64
import json

from _snafu_conventions import BadPayload, http

_BINARY = ("image/", "audio/", "video/", "application/octet-stream", "application/zip",
           "application/pdf")


def _call_action(function, payload):
    try:
        arguments = json.loads(payload) if payload else {}
    except ValueError as error:
        raise BadPayload(f"the payload is not valid JSON: {error}") from None
    if not isinstance(arguments, dict):
        raise BadPayload("an action takes an object")
    return _checked(http.finish(function(arguments)))


def _checked(value):
    if value is not None and not isinstance(value, (dict, list)):
        raise TypeError("an action gives a dictionary, not " + type(value).__name__)
    return value


def _arguments_of(message):
    """Query and body become members, as for a web action that is not raw."""
    arguments = {
        "__ow_method": message.method.lower(),
        "__ow_headers": {name.lower(): value for name, value in message.headers},
        "__ow_path": message.path if message.path != "/" else "",
    }
    given = dict(message.parameters())
    if message.is_json and message.body:
        body = message.json()
        if isinstance(body, dict):
            given.update(body)
        else:
            arguments["__ow_body"] = message.text()
    elif message.mimetype == "application/x-www-form-urlencoded":
        given.update(http.parse_qsl(message.text(), keep_blank_values=True))
    elif message.body and message.mimetype.startswith("text/"):
        arguments["__ow_body"] = message.text()
    elif message.body:
        arguments["__ow_body"] = base64.b64encode(message.body).decode()
    for name in given:
        if name.startswith("__ow_"):
            raise BadPayload(f"{name} is not for callers to give")
    return {**given, **arguments}


def _decode(text, headers):
    """A body that is no text comes as base64."""
    type = headers.get("Content-Type", "")
    if type.startswith(_BINARY):
        try:
            return base64.b64decode(text, validate=True)
        except ValueError:
            pass
    return text


def _call_web(function, message):
    value = _checked(http.finish(function(_arguments_of(message))))
    headers, status, body = http.Headers(), 200, value
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        value = value["error"]
        status = 400 if "statusCode" in value else 502
    if isinstance(value, dict) and ("statusCode" in value or "body" in value or
                                    "headers" in value):
        for name, said in (value.get("headers") or {}).items():
            for one in said if isinstance(said, list) else [said]:
                headers.add(name, str(one).lower() if isinstance(one, bool) else one)
        body = value.get("body")
        status = int(value.get("statusCode", status if status != 200 else 200 if body else 204))
        if isinstance(body, str):
            headers.setdefault("Content-Type", "text/html; charset=utf-8")
            body = _decode(body, headers)
    return http.write(message, status, headers, http.body_of(body, headers))


def adapt(convention, function, id):
    if convention == "openwhisk-web":
        return lambda payload, context: _call_web(function, http.read(payload))
    return lambda payload, context: _call_action(function, payload)
