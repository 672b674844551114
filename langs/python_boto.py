"""Lambda calls of boto3 that stay inside, for langs/python_client.c.

A function that calls another one by boto3's client("lambda").invoke() is answered by the
host itself, without a socket, a signature or credentials. Opt-in: SNAFU_CONTAIN_BOTO3=1
contains calls to any endpoint, if the host knows the function; a list of URLs, with commas
between them, only calls to these. Whatever else goes out as ever.

The build turns this file into a C string, which is run at the start when the variable is
set. It does nothing before botocore is imported."""

import sys
from _frozen_importlib_external import PathFinder

import snafu

_HOOKED = "botocore.handlers"  # which knows the hooks that each client is born with

# What is the service's fault and not the function's, as AWS has it.
_REFUSED = {
    "too-large": (413, "RequestTooLargeException"),
    "over-limit": (429, "TooManyRequestsException"),
    "unavailable": (503, "ServiceException"),
    "cancelled": (500, "ServiceException"),
    "internal": (500, "ServiceException"),
}
_endpoints = None  # None: all


def _import():
    """What is needed once botocore is; it takes too long to import for those who are without."""
    global b64encode, BytesIO, getrandbits, loads, unquote
    from base64 import b64encode
    from io import BytesIO
    from json import loads
    from random import getrandbits
    from urllib.parse import unquote


class Finder:
    """Adds the hook to what is loaded under that one name."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != _HOOKED:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def exec_module(module):
                load(module)
                _import()
                module.BUILTIN_HANDLERS.append(("before-call.lambda.Invoke", answer))

            spec.loader.exec_module = exec_module
        return spec


class Answer:
    """What botocore asks of an HTTP response."""

    def __init__(self, status, headers, content):
        self.status_code = status
        self.headers = headers
        self.content = content


def _function_name(url_path):
    """From /2015-03-31/functions/NAME/invocations, where NAME may be an ARN."""
    name = url_path[url_path.index("/functions/") + 11:url_path.rindex("/invocations")]
    if "%" in name:
        name = unquote(name)
    if ":" in name:
        name = name.rpartition("function:")[2].partition(":")[0]
    return name


def _payload(body):
    if hasattr(body, "read"):
        start = body.tell() if hasattr(body, "tell") else None
        body = body.read()
        return body, start
    return body or b"", None


def _request_id():
    text = "%032x" % getrandbits(128)
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _reply(status, headers, content, parsed):
    headers = {"x-amzn-requestid": _request_id(), **headers}
    parsed["ResponseMetadata"] = {"RequestId": headers["x-amzn-requestid"],
                                  "HTTPStatusCode": status, "HTTPHeaders": headers,
                                  "RetryAttempts": 0}
    return Answer(status, headers, content), parsed


def _refuse(status, content):
    number, code = _REFUSED[status]
    message = loads(content).get("errorMessage", status)
    return _reply(number, {"x-amzn-errortype": code}, content,
                  {"Error": {"Message": message, "Code": code}, "message": message})


def answer(params, **_):
    """Of the event before-call: (response, parsed response), or None to let it go out."""
    headers = params["headers"]
    kind = headers.get("X-Amz-Invocation-Type", "RequestResponse")
    if _endpoints is not None and not params["url"].startswith(_endpoints):
        return None
    # A client context would be lost inside.
    if kind not in ("RequestResponse", "Event") or "X-Amz-Client-Context" in headers:
        return None
    body = params["body"]
    payload, start = _payload(body)
    status, content, log = snafu._invoke(_function_name(params["url_path"]), payload,
                                         kind == "Event")
    if status == "unknown-function":
        if start is not None:
            body.seek(start)
        return None
    if status in _REFUSED:
        return _refuse(status, content)
    from botocore.response import StreamingBody  # not yet there when the hook is set
    code = 202 if kind == "Event" and status == "ok" else 200
    if kind == "Event" and status == "ok":
        content = b""
    parsed = {"StatusCode": code, "Payload": StreamingBody(BytesIO(content), len(content))}
    about = {"content-type": "application/json", "content-length": str(len(content))}
    if code == 200:
        parsed["ExecutedVersion"] = about["x-amz-executed-version"] = "$LATEST"
    if status != "ok":
        parsed["FunctionError"] = about["x-amz-function-error"] = "Unhandled"
    if headers.get("X-Amz-Log-Type") == "Tail" and code == 200:
        parsed["LogResult"] = about["x-amz-log-result"] = b64encode(log).decode()
    return _reply(code, about, content, parsed)


def begin(setting):
    global _endpoints
    if setting.lower() not in ("1", "true", "yes", "on"):
        # With a slash: http://127.0.0.1:1 is not http://127.0.0.1:10000.
        _endpoints = tuple(url.strip().rstrip("/") + "/" for url in setting.split(",")
                           if url.strip())
    sys.meta_path.insert(0, Finder)
