"""Call conventions of FaaS providers for Python functions: where the files beside this one come
from, and modules that stand in for those that such functions import.

langs/python_convention.c runs this as the module _snafu_conventions, and calls install() with the
sources of the others, then adapter() for each function that has a convention. A family's file
has adapt(convention, function, id), which returns a callable(payload, context): the payload's
bytes in; a value or a Reply out."""

import sys
from importlib.machinery import ModuleSpec

__path__ = []  # a package, of files that no folder has
_sources = {}
# What functions import, and the file that stands in for it where it is not installed.
_STAND_INS = {
    "flask": "flask", "markupsafe": "markupsafe", "functions_framework": "functions_framework",
    "cloudevents": "cloudevents", "cloudevents.http": "cloudevents", "fdk": "fdk",
    "fdk.response": "fdk", "fdk.context": "fdk",
}
_PREFIX = __name__ + "."


class Reply(bytes):
    """A whole HTTP reply (base/http_message.h): goes to the door as it is."""


class BadPayload(Exception):
    """The payload is not one that the convention has."""


class _Finder:
    """Finds the files beside this one, and, as the last of all finders, stand-ins."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.startswith(_PREFIX) and name[len(_PREFIX):] in _sources:
            return ModuleSpec(name, _Finder, origin="<snafu>")
        # Of an installed package nothing is replaced, whatever it lacks.
        head = sys.modules.get(name.partition(".")[0])
        if name in _STAND_INS and (head is None or getattr(head, "__snafu__", False)):
            spec = ModuleSpec(name, _Finder, origin="<snafu>")
            spec.submodule_search_locations = []
            return spec
        return None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        name = module.__spec__.name
        if name.startswith(_PREFIX):
            source = _sources[name[len(_PREFIX):]]
            exec(compile(source, "<snafu>", "exec"), module.__dict__)
            return
        module.__snafu__ = True
        stand_in = part("stand_in_" + _STAND_INS[name])
        stand_in.fill(module, name)
        if "__getattr__" not in module.__dict__:
            def missing(attribute):
                if attribute.startswith("__"):
                    raise AttributeError(attribute)
                raise AttributeError(f"{name} is not installed, and Snafu's stand-in for it has no "
                                     f"{attribute}: install {name.partition('.')[0]}")
            module.__getattr__ = missing


def install(sources):
    _sources.update(sources)
    sys.meta_path.append(_Finder)


def part(name):
    """The module that the file NAME is."""
    full = _PREFIX + name
    module = sys.modules.get(full)
    if module is None:
        __import__(full)
        module = sys.modules[full]
    return module


def adapter(convention, function, id):
    """None: nothing special is known of the convention here."""
    family = convention.partition("-")[0]
    if family not in _sources:
        return None
    return part(family).adapt(convention, function, id)
