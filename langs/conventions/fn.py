"""The Fn project: handler(ctx, data), with the body as a stream; what it gives is a
fdk.response.Response, or a body."""

import io
import os
from datetime import datetime, timedelta, timezone

from _snafu_conventions import http


class InvokeContext:
    """fdk.context.InvokeContext."""

    def __init__(self, message, context, id):
        self._message = message
        self._context = context
        self._name = id.rpartition(".")[2]
        self._reply_headers = {}
        self._status = None

    def AppID(self):
        return os.environ.get("FN_APP_ID", "snafu")

    def AppName(self):
        return os.environ.get("FN_APP_NAME", "snafu")

    def FnID(self):
        return os.environ.get("FN_FN_ID", self._context.function_name)

    def FnName(self):
        return os.environ.get("FN_FN_NAME", self._name)

    def CallID(self):
        return self._context.aws_request_id

    def Config(self):
        return os.environ

    def Headers(self):
        return {name.lower(): value for name, value in self._message.headers}

    def HTTPHeaders(self):
        return self.Headers()

    def Format(self):
        return "http-stream"

    def Deadline(self):
        left = timedelta(milliseconds=self._context.get_remaining_time_in_millis())
        return (datetime.now(timezone.utc) + left).isoformat()

    def RequestURL(self):
        message = self._message
        return message.prefix + message.raw_path + ("?" + message.query if message.query else "")

    def Method(self):
        return self._message.method

    def SetResponseHeaders(self, headers, status_code):
        self._reply_headers = dict(headers or {})
        self._status = status_code

    def GetResponseHeaders(self):
        return self._reply_headers


def _parts_of(value, about):
    """Body, status and headers: of a Response, of this FDK or of the real one."""
    if hasattr(value, "response_data") and hasattr(value, "status_code"):
        headers = value.ctx.GetResponseHeaders() if getattr(value, "ctx", None) else {}
        return value.response_data, value.status_code, headers
    return value, about._status or 200, about.GetResponseHeaders()


def adapt(convention, function, id):
    def call(payload, context):
        message = http.read(payload)
        about = InvokeContext(message, context, id)
        given = http.finish(function(about, io.BytesIO(message.body)))
        body, status, pairs = _parts_of(given, about)
        headers = http.Headers(pairs or {})
        if isinstance(body, io.IOBase):
            body = body.read()
        return http.write(message, int(status), headers, http.body_of(body, headers))

    return call
