"""templates/render.py — a model (convert/model.h) filled into the templates of a target.

A target is a folder: target.json says what it is and which template makes which file, *.j2 are
Jinja2. Snafu calls render() and targets() in its own process, as it would call anybody's
functions; docs/targets/README.md tells how to write a target.

What comes from source code, settings and documentation is hostile text. So nothing reaches a
file as it is: {{ value }} writes it the way the file's kind has strings (JSON's in YAML), and
where a kind has no one way, a filter must say which (`quote`, `comment`, ...), else it is an
error."""

import json
import os
import sys
import traceback

sys.dont_write_bytecode = True  # these sources may stand where nothing is to be written

try:
    import jinja2
except ImportError as error:
    raise ImportError("templates need Jinja2: apt-get install python3-jinja2") from error

import kinds
from view import Notes, View


class TemplateError(Exception):
    """What the author of a target has to mend."""


# ---- targets -----------------------------------------------------------------------------


class Target:
    """A folder of templates."""

    def __init__(self, folder, name):
        self.name = name
        self.folder = os.path.join(folder, name)
        self.told = self.read("target.json")
        own = self.told.get("cannot", {})
        if "like" in self.told:
            like = self.read(os.path.join("..", self.told["like"]))
            for member in ("carries", "cannot"):
                self.told[member] = {**like.get(member, {}), **self.told.get(member, {})}
        self.title = self.told["title"]
        self.cannot = {name: text for name, text in self.told.get("cannot", {}).items()
                       if name not in self.told.get("carries", {})
                       or name in own}

    def read(self, name):
        path = os.path.join(self.folder, name)
        try:
            with open(path, encoding="utf-8") as file:
                told = json.load(file)
        except (OSError, ValueError) as error:
            raise TemplateError(f"{path}: {error}") from None
        return told


def find(folders, name):
    for folder in folders:
        if os.path.basename(name) == name and \
                os.path.isfile(os.path.join(folder, name, "target.json")):
            return Target(folder, name)
    known = ", ".join(sorted(all_names(folders)))
    raise TemplateError(f"there is no target {name!r}; there are: {known}")


def all_names(folders):
    return {name for folder in folders for name in os.listdir(folder)
            if os.path.isfile(os.path.join(folder, name, "target.json"))}


def targets(folders: list) -> list:
    """All that there are: names and titles."""
    return [{"name": name, "title": find(folders, name).title}
            for name in sorted(all_names(folders))]


# ---- rendering ---------------------------------------------------------------------------

DELIMITERS = {
    "{": {},
    "<": {"variable_start_string": "<<", "variable_end_string": ">>",
          "block_start_string": "<%", "block_end_string": "%>",
          "comment_start_string": "<#", "comment_end_string": "#>"},
}


def environment(target, folders, kind, delimiters):
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([target.folder, *folders]),
        undefined=jinja2.StrictUndefined, autoescape=True, keep_trailing_newline=True,
        trim_blocks=True, lstrip_blocks=True, finalize=kinds.finalizer(kind),
        extensions=["jinja2.ext.do"], **DELIMITERS[delimiters])
    made.filters.update(kinds.FILTERS)
    return made


def plain(environment_, text, **names):
    """A path or a condition of a target.json."""
    return environment_.from_string(text).render(**names)


def render_file(target, folders, entry, view, function=None):
    made = environment(target, folders, entry.get("kind", "text"), entry.get("delimiters", "{"))
    names = {"view": view, "target": target.told, "notes": view.notes, "function": function,
             **view.names()}
    bare = jinja2.Environment(undefined=jinja2.StrictUndefined)
    try:
        if "when" in entry and not bare.compile_expression(entry["when"])(**names):
            return None
        path = plain(bare, entry["path"], **names)
        text = made.get_template(entry["template"]).render(**names)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{error.filename}:{error.lineno}: {error.message}") from None
    except (jinja2.TemplateError, kinds.KindError, TypeError, KeyError) as error:
        lines = [frame for frame in traceback.extract_tb(error.__traceback__)
                 if frame.filename.endswith(".j2")]
        place = f"{lines[-1].filename}:{lines[-1].lineno}" if lines else \
            f"{target.folder}/{entry['template']}"
        raise TemplateError(f"{place}: {type(error).__name__}: {error}") from None
    return {"path": path, "text": text, "executable": bool(entry.get("executable"))}


def render_target(target, folders, view):
    def render_one(path):
        entry, = (entry for entry in target.told["files"] if entry["path"] == path)
        return render_file(target, folders, entry, view)["text"]
    view.render_one = render_one
    files = []
    for entry in target.told["files"]:
        functions = view.functions if entry.get("each") == "function" else [None]
        for function in functions:
            file = render_file(target, folders, entry, view, function)
            if file:
                files.append(file)
    return files


def render(target: str, folders: list, model: dict) -> dict:
    """All files of a target, of those that it needs as well, and what it cannot express."""
    found = find(folders, target)
    files, notes = {}, Notes()
    view = View(model, found, notes)
    for needed in [*found.told.get("with", []), target]:
        each = find(folders, needed)
        render_target(each, folders, view)  # templates add to the notes...
        for file in render_target(each, folders, view):  # ...which stand in the files
            files[file["path"]] = file
    return {"sources": bool(found.told.get("sources")), "notes": notes.lines(),
            "files": list(files.values())}
