"""Apache OpenWhisk: an action takes a dictionary and gives one. A web action finds the request's
parts in it, a raw one all of them unread, and may give statusCode, headers and body."""

import base64
import json

from _snafu_conventions import BadPayload, http

_RESERVED = {"__ow_method", "__ow_headers", "__ow_path", "__ow_user", "__ow_query", "__ow_body"}
# Besides text/*; application/json is none, but for what is answered.
_TEXTS = {"application/xml", "application/javascript", "application/x-www-form-urlencoded"}


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


def _is_text(mimetype):
    return (mimetype.startswith("text/") or mimetype.endswith(("+xml", "+json"))
            or mimetype in _TEXTS)


def _opaque(message):
    if _is_text(message.mimetype):
        return message.text()
    return base64.b64encode(message.body).decode()


def _arguments_of(message, raw):
    """Query and body become members, unless all is taken raw."""
    own = {
        "__ow_method": message.method.lower(),
        "__ow_headers": {name.lower(): value for name, value in message.headers},
        "__ow_path": message.raw_path if message.raw_path != "/" else "",
    }
    if raw:
        return {**own, "__ow_query": message.query, "__ow_body": _opaque(message)}
    given = dict(message.parameters())
    if message.is_json and message.body:
        body = message.json()
        if isinstance(body, dict):
            given.update(body)
        else:
            own["__ow_body"] = body
    elif message.mimetype == "application/x-www-form-urlencoded":
        given.update(http.parse_qsl(message.text(), keep_blank_values=True))
    elif message.body:
        own["__ow_body"] = _opaque(message)
    for name in given:
        if name in _RESERVED:
            raise BadPayload(f"{name} is not for callers to give")
    return {**given, **own}


def _decode(text, headers):
    """A body that is no text comes as base64, and JSON may."""
    mimetype = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    is_json = mimetype == "application/json" or mimetype.endswith("+json")
    if _is_text(mimetype) and not is_json:
        return text
    try:
        decoded = base64.b64decode(text, validate=True)
        # Many a number, and a word, is base64 as well.
        if is_json and not decoded.lstrip().startswith((b"{", b"[", b'"')):
            return text
        return decoded
    except ValueError:
        if is_json:
            return text
        raise ValueError(f"a body of the type {mimetype} has to be in base64") from None


def _headers_of(given):
    headers = http.Headers()
    for name, said in (given or {}).items():
        for one in said if isinstance(said, list) else [said]:
            if not isinstance(one, (str, int, float)):
                raise TypeError(f"the header {name} is neither text nor a number")
            headers.add(name, str(one).lower() if isinstance(one, bool) else one)
    return headers


def _call_web(function, message, raw):
    value, status = _checked(http.finish(function(_arguments_of(message, raw)))), None
    if isinstance(value, dict) and "error" in value:
        value, status = value["error"], 502
        if not isinstance(value, dict):  # it says in words what is wrong
            value, status = {"body": {"error": value}}, 400
    if not isinstance(value, dict) or not value.keys() & {"statusCode", "body", "headers"}:
        headers = http.Headers()
        return http.write(message, status or 200, headers, http.body_of(value, headers))
    headers, body = _headers_of(value.get("headers")), value.get("body")
    if body is None or body == "":
        status = value.get("statusCode", status or 204)
        headers.remove("Content-Type")
        return http.write(message, int(status), headers, b"")
    if isinstance(body, str):
        headers.setdefault("Content-Type", "text/html; charset=utf-8")
        body = _decode(body, headers)
    return http.write(message, int(value.get("statusCode", status or 200)), headers,
                      http.body_of(body, headers))


def adapt(convention, function, id):
    if convention != "openwhisk":
        raw = convention == "openwhisk-raw"
        return lambda payload, context: _call_web(function, http.read(payload), raw)
    return lambda payload, context: _call_action(function, payload)
