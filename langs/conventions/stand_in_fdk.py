"""Stands in for fdk, the Fn project's kit for Python: its Response, and its context as a name for
annotations."""

from _snafu_conventions.fn import InvokeContext


class Response:
    def __init__(self, ctx, response_data=None, headers=None, status_code=200,
                 response_encoding="utf-8"):
        self.ctx = ctx
        self.status_code = status_code
        self.response_data = response_data if response_data is not None else ""
        self.response_encoding = response_encoding
        if isinstance(headers, dict):
            ctx.SetResponseHeaders(headers, status_code)

    def status(self):
        return self.status_code

    def body(self):
        return self.response_data

    def context(self):
        return self.ctx


def handle(handler):
    """What starts the kit's own server has nothing to do here."""


def fill(module, name):
    if name == "fdk":
        module.handle = handle
    if name == "fdk.response":
        module.Response = Response
    if name == "fdk.context":
        module.InvokeContext = InvokeContext
