"""AWS Lambda behind HTTP: handler(event, context) gets the request as an event of API Gateway's
payload version 2.0, which function URLs have, too, and gives statusCode, headers, cookies, body
and isBase64Encoded; or a body."""

import base64
import time

from _snafu_conventions import http

_TEXTS = {"application/json", "application/javascript", "application/xml"}


def _is_text(mimetype):
    return (mimetype.startswith("text/") or mimetype in _TEXTS
            or mimetype.endswith(("+json", "+xml")))


def _joined(pairs):
    """What is there more than once, with commas."""
    joined = {}
    for name, value in pairs:
        joined[name] = joined[name] + "," + value if name in joined else value
    return joined


def _event_of(message, context):
    headers = _joined((name.lower(), value) for name, value in message.headers)
    cookies = [one.strip() for one in headers.pop("cookie", "").split(";") if one.strip()]
    host = headers.get("host", "localhost")
    now = time.time()
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": message.raw_path,
        "rawQueryString": message.query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "snafu",
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": message.method,
                "path": message.raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": headers.get("x-forwarded-for", "").partition(",")[0].strip(),
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": context.aws_request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if message.query:
        event["queryStringParameters"] = _joined(message.parameters())
    if message.body:
        encoded = not _is_text(message.mimetype)
        event["isBase64Encoded"] = encoded
        event["body"] = base64.b64encode(message.body).decode() if encoded else message.text()
    return event


def _saved_event(message):
    """The event that a caller without HTTP has given as it is, or None."""
    whole = message.json() if message.direct and message.is_json and message.body else None
    return whole if isinstance(whole, dict) and "requestContext" in whole else None


def _several(given, what):
    """A text would be taken apart."""
    if given is not None and not isinstance(given, (list, tuple)):
        raise TypeError(f"{what} has to be a list, not {type(given).__name__}")
    return given or ()


def _reply(message, value):
    headers = http.Headers()
    if not isinstance(value, dict) or "statusCode" not in value:
        headers["Content-Type"] = "application/json"
        return http.write(message, 200, headers, http.body_of(value, headers))
    for name, said in (value.get("headers") or {}).items():
        headers.add(name, str(said).lower() if isinstance(said, bool) else said)
    for name, many in (value.get("multiValueHeaders") or {}).items():
        headers.remove(name)
        for said in _several(many, "multiValueHeaders of " + str(name)):
            headers.add(name, said)
    for cookie in _several(value.get("cookies"), "cookies"):
        headers.add("Set-Cookie", cookie)
    body = value.get("body")
    if value.get("isBase64Encoded") and isinstance(body, str):
        body = base64.b64decode(body, validate=True)
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    return http.write(message, int(value["statusCode"]), headers, http.body_of(body, headers))


def adapt(convention, function, id):
    def call(payload, context):
        message = http.read(payload)
        event = _saved_event(message) or _event_of(message, context)
        return _reply(message, http.finish(function(event, context)))

    return call
