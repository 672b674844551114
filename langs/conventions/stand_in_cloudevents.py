"""Stands in for cloudevents, of which functions use the event."""

import json
import uuid
from datetime import datetime, timezone

from _snafu_conventions import http


class CloudEvent:
    """Attributes by name, in brackets or with get(); the data are `data`."""

    def __init__(self, attributes, data=None):
        self._attributes = {name.lower(): value for name, value in dict(attributes).items()}
        for name in ("source", "type"):
            if name not in self._attributes:
                raise ValueError(f"a CloudEvent needs the attribute {name}")
        self._attributes.setdefault("specversion", "1.0")
        self._attributes.setdefault("id", str(uuid.uuid4()))
        self._attributes.setdefault("time", datetime.now(timezone.utc).isoformat())
        self.data = data

    @classmethod
    def create(cls, attributes, data):
        return cls(attributes, data)

    def get_attributes(self):
        return dict(self._attributes)

    def get_data(self):
        return self.data

    def get(self, name, default=None):
        return self._attributes.get(name, default)

    def __getitem__(self, name):
        return self._attributes[name]

    def __setitem__(self, name, value):
        self._attributes[name] = value

    def __contains__(self, name):
        return name in self._attributes

    def __iter__(self):
        return iter(self._attributes)

    def __len__(self):
        return len(self._attributes)

    def __eq__(self, other):
        return (isinstance(other, CloudEvent) and self.data == other.data
                and self._attributes == other._attributes)

    def __repr__(self):
        return str({"attributes": self._attributes, "data": self.data})


def to_structured(event):
    body = {**event.get_attributes(), "data": event.data}
    return {"content-type": "application/cloudevents+json"}, json.dumps(body).encode()


def to_binary(event):
    headers = {f"ce-{name}": str(value) for name, value in event.get_attributes().items()
               if name != "datacontenttype"}
    headers["content-type"] = event.get("datacontenttype", "application/json")
    return headers, json.dumps(event.data).encode()


def from_http(headers, data):
    headers = http.Headers(headers)
    if "ce-specversion" in headers:
        attributes = {name.lower()[3:]: value for name, value in headers
                      if name.lower().startswith("ce-")}
        try:
            return CloudEvent(attributes, json.loads(data))
        except ValueError:
            return CloudEvent(attributes, data)
    whole = json.loads(data)
    return CloudEvent({name: value for name, value in whole.items() if name != "data"},
                      whole.get("data"))


def fill(module, name):
    if name == "cloudevents":
        return
    for word in ("CloudEvent", "to_structured", "to_binary", "from_http"):
        setattr(module, word, globals()[word])
