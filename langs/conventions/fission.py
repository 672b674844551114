"""Fission: a function without parameters, or with one, that finds the request as flask.request."""

from _snafu_conventions import http, web


class Context:
    """For a function with a parameter of this name: the request, and what the route's pattern
    matched (X-Fission-Params-...)."""

    def __init__(self, request):
        self.request = request
        self.headers = request.headers
        prefix = "x-fission-params-"
        self.params = {name.lower()[len(prefix):]: value for name, value in request.headers.items()
                       if name.lower().startswith(prefix)}


def adapt(convention, function, id):
    code = getattr(function, "__code__", None)
    names = code.co_varnames[:code.co_argcount] if code else ()

    def view(request):
        if not names:
            return function()
        return function(Context(request) if names[0] == "context" else request)

    return lambda payload, context: web.serve(http.read(payload), id, view)
