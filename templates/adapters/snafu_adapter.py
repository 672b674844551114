"""snafu_adapter.py — functions that know nothing of a provider, called the way it calls.

Made by snafu-export. A provider hands over an event; from_lambda() and its likes make of a
function something that takes it: arguments are taken out of the event, bound by name (an object)
or position (an array), converted by the function's annotations, and the result becomes JSON."""

import asyncio
import base64
import collections.abc
import dataclasses
import datetime
import decimal
import enum
import importlib
import importlib.util
import inspect
import json
import os
import sys
import typing

HERE = os.path.dirname(os.path.abspath(__file__))


class ArgumentError(Exception):
    """The caller's mistake, with each bad argument named."""


# ---- finding the function ------------------------------------------------------------


def load(root, module):
    """MODULE as it is in ROOT, also where another one has its name."""
    folder = os.path.normpath(os.path.join(HERE, root))
    if folder not in sys.path:
        sys.path.append(folder)
    loaded = importlib.import_module(module)
    place = os.path.abspath(getattr(loaded, "__file__", None) or "")
    if place.startswith(folder + os.sep):
        return loaded
    name = module.replace(".", "_") + "_" + root.replace("/", "_").replace(".", "_")
    if name not in sys.modules:
        path = os.path.join(folder, *module.split(".")) + ".py"
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


class Target:
    """A function, found when it is called first."""

    def __init__(self, root, module, qualifier, environment=None, own=False):
        self.root, self.module, self.qualifier = root, module, qualifier
        self.environment = environment or {}
        self.own = own  # written for this provider: called as it is
        self.found = None

    def function(self):
        if self.found is None:
            os.environ.update(self.environment)
            at, above = load(self.root, self.module), None
            for name in self.qualifier.split("."):
                above, at = at, getattr(at, name)
            if inspect.isclass(above) and isinstance(
                    inspect.getattr_static(above, name), type(load)):
                at = getattr(above(), name)  # a method: of one object that is kept
            self.found = at
        return self.found

    def call(self, arguments):
        function = self.function()
        result = function(*(bound := bind(function, arguments)).args, **bound.kwargs)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        return plain(result)


# ---- arguments -----------------------------------------------------------------------


def bind(function, arguments):
    signature = inspect.signature(function)
    try:
        if isinstance(arguments, dict):
            bound = bind_names(signature, arguments)
        else:
            bound = signature.bind(*(arguments or []))
    except TypeError as error:
        raise ArgumentError(str(error)) from None
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # annotations may be anything
        hints = {}
    problems = []
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        hint = hints.get(name)
        if hint is None or kind in (inspect.Parameter.VAR_POSITIONAL,
                                    inspect.Parameter.VAR_KEYWORD):
            continue
        try:
            bound.arguments[name] = convert(value, hint)
        except (TypeError, ValueError, KeyError, ArithmeticError):
            problems.append(f"{name}: not a value of {getattr(hint, '__name__', hint)}")
    if problems:
        raise ArgumentError("; ".join(problems))
    return bound


def bind_names(signature, arguments):
    """Also those that Python takes by position only."""
    arguments, positions = dict(arguments), []
    for parameter in signature.parameters.values():
        if parameter.kind is not inspect.Parameter.POSITIONAL_ONLY or \
                parameter.name not in arguments:
            break
        positions.append(arguments.pop(parameter.name))
    return signature.bind(*positions, **arguments)


SCALARS = {int: int, float: float, str: str, decimal.Decimal: decimal.Decimal,
           datetime.datetime: datetime.datetime.fromisoformat,
           datetime.date: datetime.date.fromisoformat,
           datetime.time: datetime.time.fromisoformat, bytes: base64.b64decode}


def convert(value, hint):
    """VALUE, which JSON or a query string gave, as the annotation wants it."""
    inner = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if value is None or hint is typing.Any:
        return value
    if origin is typing.Union or type(hint).__name__ == "UnionType":
        return convert(value, [each for each in inner if each is not type(None)][0])
    if origin in (list, set, tuple, frozenset, collections.abc.Sequence) and \
            isinstance(value, list):
        of = inner[0] if inner else typing.Any
        made = [convert(each, of) for each in value]
        return made if origin in (list, collections.abc.Sequence) else origin(made)
    if not inspect.isclass(hint) or isinstance(value, hint) and not (
            hint is int and isinstance(value, bool)):
        return value
    if hint is bool and isinstance(value, str):
        return {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False,
                "0": False, "off": False}[value.lower()]
    if issubclass(hint, enum.Enum):
        return hint[value] if isinstance(value, str) and value in hint.__members__ else hint(value)
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        hints = typing.get_type_hints(hint)
        return hint(**{name: convert(each, hints.get(name, typing.Any))
                       for name, each in value.items()})
    if hint in (set, tuple, frozenset) and isinstance(value, list):
        return hint(value)
    if hint in SCALARS and isinstance(value, (str, int, float)):
        if hint is str or hint is int and isinstance(value, float) and value != int(value):
            raise TypeError(value)
        return SCALARS[hint](value)
    return value


# ---- results ------------------------------------------------------------------------


def plain(value):
    """VALUE as JSON has it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name))
                for field in dataclasses.fields(value)}
    if isinstance(value, collections.abc.Mapping):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, (collections.abc.Iterable,)):
        return [plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def read_json(text):
    if isinstance(text, (bytes, bytearray)):
        text = text.decode()
    return json.loads(text) if text and text.strip() else None


def arguments_of(payload):
    """What a body gives: an object or an array of arguments, one value for the first one."""
    if payload is None or isinstance(payload, (dict, list)):
        return payload
    return [payload]


def named(name, handler):
    """functions-framework knows functions by their own names."""
    handler.__name__ = handler.__qualname__ = name
    return handler


# ---- providers -----------------------------------------------------------------------


def from_lambda(*place, **options):
    """AWS Lambda: arguments from an invocation, API Gateway or a function URL, SQS or SNS."""
    target = Target(*place, **options)

    def handler(event, context):
        if target.own:
            return target.function()(event, context)
        if isinstance(event, dict) and "requestContext" in event and (
                "httpMethod" in event or "http" in event["requestContext"]):
            return reply_lambda(target, event)
        if isinstance(event, dict) and isinstance(event.get("Records"), list):
            return [target.call(arguments_of(read_record(record))) for record in event["Records"]]
        return target.call(arguments_of(event))
    return handler


def read_record(record):
    text = record.get("body")
    if text is None:
        text = record.get("Sns", {}).get("Message")
    if text is None:
        return record
    try:
        return read_json(text)
    except ValueError:
        return text


def reply_lambda(target, event):
    body = event.get("body")
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body or "")
    try:
        arguments = arguments_of(read_json(body)) or event.get("queryStringParameters")
        status, result = 200, target.call(arguments)
    except (ArgumentError, ValueError) as error:
        status, result = 400, {"errorType": "ArgumentError", "errorMessage": str(error)}
    return {"statusCode": status, "headers": {"content-type": "application/json"},
            "body": json.dumps(result)}


def from_flask(*place, **options):
    """Google Cloud Functions (functions-framework) and Fission: a request of Flask's."""
    target = Target(*place, **options)

    def handler(*given):
        if target.own:
            return target.function()(*given)
        if given:
            request, = given
        else:
            from flask import request
        headers = {"Content-Type": "application/json"}
        try:
            arguments = arguments_of(read_json(request.get_data()))
            if arguments is None and request.args:
                arguments = request.args.to_dict()
            return json.dumps(target.call(arguments)), 200, headers
        except (ArgumentError, ValueError) as error:
            return json.dumps({"errorType": "ArgumentError", "errorMessage": str(error)}), 400, \
                headers
    return handler


def from_cloud_event(*place, **options):
    """Google Cloud Functions: a message of Pub/Sub's."""
    target = Target(*place, **options)

    def handler(event):
        if target.own:
            return target.function()(event)
        data = event.data if hasattr(event, "data") else event
        message = data.get("message", data) if isinstance(data, dict) else data
        text = base64.b64decode(message.get("data") or "") if isinstance(message, dict) else message
        try:
            payload = read_json(text)
        except ValueError:
            payload = text.decode(errors="replace")
        return target.call(arguments_of(payload))
    return handler


def from_background(*place, **options):
    """Google Cloud Functions of the first generation: data and context."""
    target = Target(*place, **options)

    def handler(data, context):
        return target.function()(data, context)
    return handler


def from_openwhisk(*place, **options):
    """Apache OpenWhisk: an object of parameters; the result must be an object, too."""
    target = Target(*place, **options)

    def handler(parameters):
        if target.own:
            return target.function()(parameters)
        arguments = {name: value for name, value in parameters.items()
                     if not name.startswith("__ow_")}
        try:
            result = target.call(arguments)
        except ArgumentError as error:
            return {"error": {"errorType": "ArgumentError", "errorMessage": str(error)}}
        return result if isinstance(result, dict) else {"result": result}
    return handler


def from_kubeless(*place, **options):
    """Kubeless: event['data'] is the body."""
    target = Target(*place, **options)

    def handler(event, context):
        if target.own:
            return target.function()(event, context)
        data = event.get("data")
        if isinstance(data, (str, bytes)):
            try:
                data = read_json(data)
            except ValueError:
                pass
        return json.dumps(target.call(arguments_of(data)))
    return handler


def from_fn(*place, **options):
    """The Fn project: a stream with the body."""
    target = Target(*place, **options)

    def handler(context, data=None):
        if target.own:
            return target.function()(context, data)
        result = target.call(arguments_of(read_json(data.getvalue() if data else None)))
        return json.dumps(result)
    return handler
