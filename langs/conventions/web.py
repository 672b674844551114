"""Functions whose request is Flask's: run with the real Flask where that is installed, else with
the one that stands in for it."""

import io

from _snafu_conventions import http

try:
    import flask
except ImportError as error:
    raise ImportError(f"flask is there but cannot be used: {error}") from None

_is_stand_in = getattr(flask, "__snafu__", False)
_apps = {}


def serve(message, id, view):
    """VIEW(request) with flask.request set; what it gives is made a reply to MESSAGE."""
    if _is_stand_in:
        status, headers, body = flask._serve(message, view)
    else:
        status, headers, body = _serve_with_flask(message, id, view)
    return http.write(message, status, headers, body)


def _environ(message):
    host, _, port = message.headers.get("Host", "localhost").partition(":")
    environ = {
        "REQUEST_METHOD": message.method,
        "SCRIPT_NAME": message.prefix,
        "PATH_INFO": message.path.encode().decode("latin-1"),
        "QUERY_STRING": message.query,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": message.type,
        "CONTENT_LENGTH": str(len(message.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": message.headers.get("X-Forwarded-Proto", "http"),
        "wsgi.input": io.BytesIO(message.body),
        "wsgi.errors": __import__("sys").stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in message.headers:
        key = "HTTP_" + name.upper().replace("-", "_")
        if key not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
            value = value.encode("utf-8", "surrogateescape").decode("latin-1")
            environ[key] = environ[key] + "," + value if key in environ else value
    return environ


def _serve_with_flask(message, id, view):
    from werkzeug.exceptions import HTTPException

    app = _apps.get(id)
    if app is None:
        app = _apps[id] = flask.Flask(id.replace(".", "_"))
    environ = _environ(message)
    with app.request_context(environ):
        try:
            given = http.finish(view(flask.request._get_current_object()))
        except HTTPException as error:
            given = error.get_response(environ)
        response = app.process_response(app.make_response(given))
        response.direct_passthrough = False
        body = response.get_data()
    return response.status_code, http.Headers(response.headers.to_wsgi_list()), body
