"""Modules whose name is not theirs alone, for langs/python_load.c.

Two folders may each have a util.py, and a folder may have a queue.py beside
scripts that mean it when they import queue. Such files are loaded under names of
their own ("util~2"), and `import util` means, for an importer in the same folder
or below, that folder's file; for everybody else what it always meant. The build
turns this file into a C string that is run only where such a name is met."""

import builtins
import sys
from _frozen_importlib_external import SourceFileLoader, spec_from_file_location
from _thread import RLock

_files = {}   # module name: path and package folder, for names that no search would find
_names = {}   # path: module name
_owners = {}  # first part of a name: {folder: (path, package folder)}
_lock = RLock()
_import = None  # builtins.__import__ as it was


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        entry = _files.get(name)
        if entry is None:
            return None
        file, folder = entry
        return spec_from_file_location(name, file, loader=SourceFileLoader(name, file),
                                       submodule_search_locations=[folder] if folder else None)


def place(name, path, folder):
    """The name under which an import loads the file at PATH, best NAME."""
    with _lock:
        if path in _names:
            return _names[path]
        chosen, number = name, 1
        while not _is_free(chosen, path):
            number += 1
            chosen = f"{name}~{number}"
        _files[chosen] = path, folder
        _names[path] = chosen
        return chosen


def _is_free(name, path):
    module = sys.modules.get(name)
    if module is not None:
        return getattr(module, "__file__", None) == path
    return name not in _files and name not in sys.stdlib_module_names


def own(head, folder, path, package_folder):
    """From now on importers below FOLDER mean PATH by HEAD."""
    global _import
    _owners.setdefault(head, {})[folder] = path, package_folder
    if _import is None:
        _import = builtins.__import__
        builtins.__import__ = _import_own


def _import_own(name, globals=None, locals=None, fromlist=(), level=0):
    if level == 0 and globals:
        head, dot, rest = name.partition(".")
        owners = _owners.get(head)
        if owners:
            file = globals.get("__file__") or ""
            near = [folder for folder in owners if file.startswith(folder + "/")]
            if near:
                name = place(head, *owners[max(near, key=len)]) + dot + rest
    return _import(name, globals, locals, fromlist, level)


sys.meta_path.insert(0, Finder)
