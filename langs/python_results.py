# What python_types.py is for arguments, this is for results, and for async
# functions. The build puts both into one module, this one behind the other.


class NoForm(TypeError):
    """A value has no JSON form."""


def _duration(span):
    """ISO 8601: PT1H30M; days are not carried into anything larger."""
    sign, span = ("-", -span) if span.days < 0 else ("", span)
    hours, seconds = divmod(span.seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    fraction = f".{span.microseconds:06d}".rstrip("0") if span.microseconds else ""
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    clock += f"{seconds}{fraction}S" if seconds or fraction else ""
    days = f"{span.days}D" if span.days else ""
    return sign + "P" + days + ("T" + clock if clock else "" if days else "T0S")


def _plain_class(value):
    """The forms of the standard library's classes, by module and name; subclasses
    count as well."""
    for base in type(value).__mro__:
        name = (base.__module__, base.__name__)
        if base.__module__ == "datetime":
            if name[1] == "timedelta":
                return _duration(value)
            if name[1] in ("datetime", "date", "time"):
                return value.isoformat()
            return str(value)
        if base.__module__ == "decimal" and name[1] == "Decimal":
            # A string, as Pydantic and most interfaces have it: a JSON number
            # would be rounded to a double by most who read it.
            return str(value)
        if name == ("builtins", "complex"):
            return [value.real, value.imag]
        if name in (("uuid", "UUID"), ("fractions", "Fraction"), ("pathlib", "PurePath"),
                    ("ipaddress", "_IPAddressBase"), ("zoneinfo", "ZoneInfo")):
            return str(value)
        if name == ("re", "Pattern"):
            return value.pattern
        if name == ("builtins", "memoryview"):
            return value.tobytes()
        if name == ("builtins", "mappingproxy"):
            return dict(value)
    return EMPTY


def _own_method(value):
    """to_dict() and its likes, by which a class says its own form."""
    for name in ("__json__", "to_dict", "model_dump", "_asdict", "as_dict", "tolist"):
        method = getattr(type(value), name, None)
        if callable(method):
            return method(value)
    return EMPTY


def _attributes(value):
    """The public attributes of an object of the user's own class."""
    found = {}
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if not name.startswith("_") and hasattr(value, name):
                found[name] = getattr(value, name)
    found.update((name, item) for name, item in getattr(value, "__dict__", {}).items()
                 if isinstance(name, str) and not name.startswith("_"))
    return found


def simplify(value):
    """VALUE as something nearer to JSON; NoForm when it has none."""
    kind = type(value)
    if isinstance(kind, type) and "enum" in sys.modules:
        if isinstance(kind, sys.modules["enum"].EnumMeta):
            return value.value
    if isinstance(value, type) or callable(value) and hasattr(value, "__name__"):
        raise NoForm(f"a {'class' if isinstance(value, type) else 'function'} has no JSON form")
    if hasattr(kind, "__dataclass_fields__") and not hasattr(kind, "__json__"):
        return {name: getattr(value, name) for name, field in kind.__dataclass_fields__.items()
                if field._field_type.name == "_FIELD" and hasattr(value, name)}
    plain = _plain_class(value)
    if plain is EMPTY:
        plain = _own_method(value)
    if plain is not EMPTY:
        return plain
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (int, float)):
        return int.__pos__(value) if isinstance(value, int) else float.__pos__(value)
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        return dict(zip(names, value)) if names else tuple.__getitem__(value, slice(None))
    if isinstance(value, dict) or isinstance(value, _abc.Mapping):
        return dict(value.items())
    if hasattr(kind, "read") or hasattr(kind, "fileno"):
        raise NoForm(f"an open file or connection ({kind.__name__}) has no JSON form")
    if isinstance(value, (list, _abc.Sequence, _abc.Set, _abc.ValuesView)):
        return list(value)
    if isinstance(value, _abc.Iterator):
        return _items(value)
    if isinstance(value, _abc.AsyncIterator):
        return drain(value)
    return _simplify_other(value, kind)


def _items(iterator):
    yield from iterator


def _simplify_other(value, kind):
    if hasattr(kind, "keys") and hasattr(kind, "__getitem__"):
        return {key: value[key] for key in value.keys()}
    if kind.__module__.partition(".")[0] not in sys.stdlib_module_names:
        found = _attributes(value)
        if found:
            return found
        if isinstance(value, _abc.Iterable):
            return _items(iter(value))
        raise NoForm(f"{kind.__qualname__} has no JSON form: it has no public attributes "
                     "and no to_dict()")
    if isinstance(value, _abc.Collection):
        return list(value)
    module = "" if kind.__module__ == "builtins" else kind.__module__ + "."
    raise NoForm(f"{module}{kind.__qualname__} has no JSON form")


# ---- async --------------------------------------------------------------------------

_loops = {}  # event loop of each thread that needed one


def run(awaitable):
    """Runs it to its end on this thread's event loop."""
    asyncio = _standard("asyncio")
    me = get_ident()
    loop = _loops.get(me)
    if loop is None or loop.is_closed():
        loop = _loops[me] = asyncio.new_event_loop()
    if loop.is_running():
        raise RuntimeError("an async function was called on a thread whose event loop is running")

    async def wait():
        return await awaitable

    try:
        asyncio.set_event_loop(loop)
        result = loop.run_until_complete(wait())
        _cancel_rest(asyncio, loop)
        return result
    except BaseException as error:
        if isinstance(error, Exception):
            _cancel_rest(asyncio, loop)
        else:
            leave()
        raise


def _cancel_rest(asyncio, loop):
    """As asyncio.run() does: tasks nobody waited for end with the call."""
    rest = asyncio.all_tasks(loop)
    if rest:
        for task in rest:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))


def drain(iterator):
    """The items of an async iterator, one by one."""
    iterator = iterator.__aiter__()
    while True:
        try:
            item = run(iterator.__anext__())
        except StopAsyncIteration:
            return
        yield item


def wake(thread):
    """Lets a loop that waits notice the exception that was thrown at its thread."""
    loop = _loops.get(thread)
    if loop is not None and loop.is_running():
        loop.call_soon_threadsafe(lambda: None)


def leave():
    """This thread will not call again."""
    loop = _loops.pop(get_ident(), None)
    if loop is not None and not loop.is_running():
        loop.close()
