"""Google Cloud Functions, as the functions framework calls them."""

import json
from datetime import datetime, timezone

from _snafu_conventions import BadPayload, http


def adapt(convention, function, id):
    if convention == "gcf-event":
        return lambda payload, context: _call_event(function, http.read(payload), context)
    if convention == "gcf-background":
        return lambda payload, context: _call_background(function, http.read(payload), context)
    from _snafu_conventions import web
    if convention == "gcf-typed":
        type = _type_of(function)
        return lambda payload, context: _call_typed(function, type, http.read(payload), id)
    return lambda payload, context: web.serve(http.read(payload), id, function)


def _type_of(function):
    """The class that the decorator names, or else the parameter's annotation."""
    import functions_framework
    import typing
    kind = getattr(function, "__snafu_type__", None)
    registry = getattr(functions_framework, "_function_registry", None)
    if kind is None and registry:
        kind = getattr(registry, "INPUT_TYPE_MAP", {}).get(function.__name__)
    if kind is None:
        hints = typing.get_type_hints(function)
        hints.pop("return", None)
        kind = next(iter(hints.values()), None)
    if not callable(getattr(kind, "from_dict", None)):
        raise TypeError(f"{function.__name__}() is a typed function, and wants a class with "
                        f"from_dict() as its parameter's annotation, or @typed(ITS_CLASS)")
    return kind


def _call_typed(function, type, message, id):
    from _snafu_conventions import web
    if message.method != "POST" and not message.direct:
        headers = http.Headers([("Allow", "POST")])
        return http.write(message, 405, headers, http.body_of("a typed function takes POST",
                                                              headers))
    given = message.json() if message.body else {}
    value = http.finish(function(type.from_dict(given)))
    if callable(getattr(value, "to_dict", None)):
        headers = http.Headers()
        return http.write(message, 200, headers, http.body_of(value.to_dict(), headers))
    return web.serve(message, id, lambda request: "" if value is None else value)


def _now():
    return datetime.now(timezone.utc).isoformat()


def _done(message):
    if message.direct:
        return None
    return http.write(message, 200, http.Headers([("Content-Type", "text/plain; charset=utf-8")]),
                      b"OK")


def _event_of(message, context):
    """Attributes and data of the CloudEvent that MESSAGE is (HTTP protocol binding 1.0)."""
    if message.headers.get("ce-specversion"):
        attributes = {name.lower()[3:]: value for name, value in message.headers
                      if name.lower().startswith("ce-")}
        if message.type:
            attributes["datacontenttype"] = message.type
        data = message.body
        if data and message.is_json:
            data = message.json()
        return attributes, data or None
    whole = message.json() if message.body and (message.is_json or message.direct) else None
    if isinstance(whole, dict) and "specversion" in whole:
        attributes = {name: value for name, value in whole.items()
                      if name not in ("data", "data_base64")}
        if "data_base64" in whole:
            import base64
            return attributes, base64.b64decode(whole["data_base64"])
        return attributes, whole.get("data")
    if not message.direct:
        raise BadPayload("this is no CloudEvent: neither has it the header ce-specversion, nor is "
                         "it JSON with \"specversion\"")
    # Data alone, from somebody who knows nothing of events.
    return {"specversion": "1.0", "id": context.aws_request_id, "source": "/snafu",
            "type": "snafu.call", "time": _now()}, whole


def _call_event(function, message, context):
    from cloudevents.http import CloudEvent
    attributes, data = _event_of(message, context)
    for name in ("id", "source", "type"):
        if not attributes.get(name):
            raise BadPayload(f"the CloudEvent has no {name}")
    http.finish(function(CloudEvent(attributes, data)))
    return _done(message)


class Context:
    """google.cloud.functions.Context."""

    def __init__(self, event_id="", timestamp="", event_type="", resource=""):
        self.event_id = event_id
        self.timestamp = timestamp
        self.event_type = event_type
        self.resource = resource

    def __str__(self):
        return (f"{{event_id: {self.event_id}, timestamp: {self.timestamp}, "
                f"event_type: {self.event_type}, resource: {self.resource}}}")


def _background_of(message, context):
    if message.headers.get("ce-specversion"):
        attributes, data = _event_of(message, context)
        return data, Context(attributes.get("id", ""), attributes.get("time", ""),
                             attributes.get("type", ""), attributes.get("source", ""))
    whole = message.json() if message.body else {}
    if not isinstance(whole, dict):
        return whole, Context(context.aws_request_id, _now(), "snafu.call", "")
    about = whole.get("context")
    if isinstance(about, dict) and "data" in whole:
        pass
    elif "eventId" in whole and "data" in whole:
        about = whole
    elif isinstance(whole.get("message"), dict) and "subscription" in whole:  # a Pub/Sub push
        said = whole["message"]
        return said, Context(said.get("messageId", ""), said.get("publishTime", _now()),
                             "google.pubsub.topic.publish", whole["subscription"])
    else:
        return whole, Context(context.aws_request_id, _now(), "snafu.call", "")
    resource = about.get("resource", "")
    if not isinstance(resource, str):
        resource = json.loads(json.dumps(resource))
    return whole["data"], Context(about.get("eventId", ""), about.get("timestamp", ""),
                                  about.get("eventType", ""), resource)


def _call_background(function, message, context):
    data, about = _background_of(message, context)
    http.finish(function(data, about))
    return _done(message)
