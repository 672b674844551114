"""templates/kinds.py — how each kind of file takes text that may be anything: see render.py."""

import json
import re
import shlex

from jinja2 import Undefined
from markupsafe import Markup

# ASCII's and Unicode's control characters, and what ends a line for somebody.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


class KindError(ValueError):
    pass


def line(value):
    """Text in one line, without what a terminal or a parser would obey."""
    return " ".join(CONTROL.sub(" ", str(value)).split())


def as_yaml(value):
    """A double-quoted string, and JSON for the rest: both are YAML."""
    text = json.dumps(value, ensure_ascii=False)
    return Markup(CONTROL.sub(lambda match: f"\\u{ord(match.group()):04x}", text))


def as_json(value):
    return Markup(json.dumps(value))


def as_compose(value):
    """YAML for Docker's compose files, where $ begins a variable."""
    return as_yaml(escaped(value, "$", "$$"))


def as_serverless(value):
    """YAML for the Serverless Framework, where ${ begins a variable and \\${ does not."""
    return as_yaml(escaped(value, "${", "\\${"))


def escaped(value, what, by):
    """All texts of VALUE, with WHAT replaced."""
    if isinstance(value, dict):
        return {escaped(key, what, by): escaped(each, what, by) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [escaped(each, what, by) for each in value]
    return value.replace(what, by) if isinstance(value, str) else value


def as_envsubst(value):
    """YAML for faas-cli, which replaces ${NAME} before it reads the file."""
    return as_yaml(escaped(value, "$", "$$"))


def as_openwhisk(value):
    """YAML for wskdeploy, which replaces $NAME and ${NAME}, and knows no way around that."""
    return as_yaml(escaped(value, "$", ""))


def as_hcl(value):
    """Terraform's strings are JSON's, with templates in them."""
    text = json.dumps(value, ensure_ascii=False)
    text = CONTROL.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
    return Markup(text.replace("${", "$${").replace("%{", "%%{"))


def as_shell(value):
    text = str(value)
    if "\0" in text:
        raise KindError("a NUL has no place in a shell's words")
    return Markup(shlex.quote(text))


def as_exec(value):
    """A list for a Dockerfile's CMD: JSON."""
    return Markup(json.dumps(value))


def as_copy(paths):
    """A list for a Dockerfile's COPY: JSON, in which $ and wildcards still mean something."""
    def escape(path):
        path = re.sub(r"([*?\[])", r"[\1]", path.replace("\\", "\\\\"))
        return path.replace("$", "\\$")
    return Markup(json.dumps([*map(escape, paths[:-1]), paths[-1].replace("$", "\\$")]))


def as_systemd(value):
    """A word of a unit file: quoted, % doubled."""
    text = str(value)
    if CONTROL.search(text.replace("\t", " ").replace("\n", " ")):
        raise KindError("control characters have no place in a unit file")
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return Markup('"' + text.replace("\n", "\\n").replace("\t", "\\t") + '"')


def as_unit(value):
    """All of a line's value in a unit file."""
    return Markup(uncontinued(line(value)).replace("%", "%%"))


def as_systemd_exec(value):
    """The same for a command line, where $ begins a variable."""
    return Markup(str(as_systemd(value)).replace("$", "$$"))


def as_python(value):
    return Markup(ascii(value))


def as_comment(value, prefix="# "):
    """Each text of a list, or one, as lines of comment."""
    texts = value if isinstance(value, (list, tuple)) else [value]
    return Markup("\n".join(prefix + uncontinued(line(text)) for text in texts))


def uncontinued(text):
    """A comment that ends with a backslash takes the next line with it, here and there."""
    return text + " ." if text.endswith("\\") else text


def as_verbatim(value):
    """A whole file that somebody wrote, as it is."""
    return Markup(value)


def as_word(value):
    """What must be harmless anywhere: a label, a version."""
    text = str(value)
    if not re.fullmatch(r"[A-Za-z0-9/][A-Za-z0-9._/:@+-]*", text):
        raise KindError(f"{text!r} is no plain word")
    return Markup(text)


FILTERS = {
    "line": line, "yaml": as_yaml, "json": as_json, "compose": as_compose, "hcl": as_hcl,
    "serverless": as_serverless, "quote": as_shell, "exec": as_exec, "copy": as_copy,
    "systemd": as_systemd, "systemd_exec": as_systemd_exec, "python": as_python,
    "unit": as_unit, "comment": as_comment, "verbatim": as_verbatim, "word": as_word,
}

# What {{ value }} does where no filter has said it.
PLAIN = {"yaml": as_yaml, "json": as_json, "compose": as_compose, "serverless": as_serverless,
         "envsubst": as_envsubst, "openwhisk": as_openwhisk, "hcl": as_hcl, "python": as_python}


def finalizer(kind):
    def finalize(value):
        if isinstance(value, Undefined):
            str(value)  # raises, and says what is not there
        if isinstance(value, Markup):
            return value
        if kind in PLAIN:
            return PLAIN[kind](value)
        if isinstance(value, bool):
            return Markup("true" if value else "false")
        if isinstance(value, (int, float)):
            return Markup(str(value))
        raise KindError(f"{value!r:.60} needs a filter that says how it is written here")
    return finalize
