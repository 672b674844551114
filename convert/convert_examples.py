"""convert/convert_examples.py — calls that the documentation of functions shows, with what they
give: doctests in Python, `name(1, "a") = 2` in the comments of Java and C, and the Examples of
configs. Only what stands there in full, with plain values, is taken: nobody else knows what may
be called without harm.

Called by convert/project/examples.c: on stdin the functions as JSON, as snafu-scan prints them;
the project's folder is the argument. On stdout an array of
{"function": ID, "payload": ..., "result": ..., "from": "src/a.py:12"}; with "printed" instead of
"result" where only its text is known, and without both where that is not."""

import ast
import doctest
import json
import os
import re
import sys
import warnings

FILE_CAP = 8 << 20 # bytes of a file that is read for its doctests
CAP = 2000 # examples of one project
FILE_EXAMPLES_CAP = 100 # of one file
SIZE_CAP = 64 << 10 # bytes of a payload
PLAIN = ("function", "static-method", "class-method")


class NoValue(Exception):
    """What has no JSON form."""


def plain(value):
    """VALUE as JSON would give it back."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item) for key, item in value.items()}
    raise NoValue


def literal(node):
    try:
        return plain(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise NoValue from error


# ---- Python -----------------------------------------------------------------------------

def docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node, clean=False)
            if text and ">>>" in text:
                yield text, node.body[0].lineno


def expression(source):
    """The call that an example is, and whether it is printed."""
    source = re.sub(r"\Aprint +(?!\()(.*)\Z", r"print(\1)", source.strip(), flags=re.S)
    try:
        node = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None, False
    printed = False
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and \
            node.func.id == "print" and len(node.args) == 1 and not node.keywords:
        node, printed = node.args[0], True
    return (node, printed) if isinstance(node, ast.Call) else (None, False)


def called_name(node):
    """f of f(...), of m.f(...); None of anything else."""
    place = node.func
    while isinstance(place, ast.Attribute):
        place = place.value
    if not isinstance(place, ast.Name):
        return None
    return node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id


def payload_of(node, function):
    if any(isinstance(part, ast.Starred) for part in node.args):
        raise NoValue
    given = [literal(part) for part in node.args]
    if not node.keywords:
        return given
    names = [parameter["name"] for parameter in function["parameters"]
             if parameter["kind"] in ("normal", "keyword-only")]
    if len(given) > len(names) or any(keyword.arg is None for keyword in node.keywords):
        raise NoValue
    payload = dict(zip(names, given))
    payload.update((keyword.arg, literal(keyword.value)) for keyword in node.keywords)
    return payload


def result_of(want):
    """What an example is said to give; raises NoValue where that is not known."""
    if not want:
        return None
    if "..." in want:
        raise NoValue
    want = re.sub(r"\b(\d+)L\b", r"\1", want.strip())
    try:
        return literal(ast.parse(want, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise NoValue from error


def python_examples(path, functions):
    try:
        with open(path, "rb") as file:
            source = file.read(FILE_CAP)
        if b">>>" not in source:
            return
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for text, line in docstrings(tree):
        try:
            parts = doctest.DocTestParser().get_examples(text)
        except ValueError: # no doctest after all
            continue
        for part in parts:
            node, printed = expression(part.source)
            function = functions.get(called_name(node)) if node else None
            if not function or function["kind"] not in PLAIN or part.exc_msg is not None:
                continue
            example = {"function": function["id"]}
            try:
                example["payload"] = payload_of(node, function)
                if printed:
                    example["printed"] = part.want[:-1]
                else:
                    example["result"] = result_of(part.want)
            except NoValue:
                if "payload" not in example:
                    continue
            yield example, line + part.lineno


# ---- Java and C ---------------------------------------------------------------------------

NUMBER = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)[lLfFdDuU]*$")


def words_of(text):
    """The arguments in TEXT, which begins behind the parenthesis, and what follows it."""
    parts, part, quote, depth, at = [], "", "", 0, 0
    while at < len(text):
        letter = text[at]
        if quote:
            part += text[at:at + 2] if letter == "\\" else letter
            at += letter == "\\"
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
            part += letter
        elif letter in "([{":
            depth += 1
            part += letter
        elif letter in ")]}" and depth:
            depth -= 1
            part += letter
        elif letter == ")":
            return parts + ([part] if part.strip() or parts else []), text[at + 1:]
        elif letter == "," and not depth:
            parts.append(part)
            part = ""
        else:
            part += letter
        at += 1
    raise NoValue


def value_of(text):
    text = text.strip()
    number = NUMBER.match(text)
    if number:
        text = number.group(1)
    if len(text) > 2 and text[0] == text[-1] == "'":
        text = '"' + text[1:-1].replace('"', '\\"') + '"'
    if text == "NULL":
        text = "null"
    try:
        return plain(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise NoValue from error


def comment_examples(function):
    for number, line in enumerate((function["doc"] or "").splitlines()):
        match = re.search(r"(?<![\w])" + re.escape(function["name"]) + r"\s*\(", line)
        if not match:
            continue
        try:
            given, rest = words_of(line[match.end():])
            told = re.match(r"\s*;?\s*(?:==?>?|->|returns|gives)\s+(.+?)[;.]?\s*$", rest)
            if not told:
                continue
            example = {"function": function["id"], "payload": [value_of(part) for part in given]}
            example["result"] = value_of(re.sub(r"\s*(//|/\*).*", "", told.group(1)))
        except NoValue:
            continue
        yield example, function["line"]


# ---- configs --------------------------------------------------------------------------------

def config_examples(path, functions):
    """{"Functions": {"f": {"Examples": [{"Payload": [1], "Result": 2}]}}}"""
    try:
        with open(path + ".config", encoding="utf-8") as file:
            entries = json.load(file).get("Functions", {})
    except (OSError, ValueError, AttributeError, RecursionError):
        return
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        wanted = [function for function in functions
                  if function["id"] == name or function["id"].endswith("." + name)]
        examples = entry.get("Examples") if isinstance(entry, dict) else None
        for told in examples if wanted and isinstance(examples, list) else ():
            if isinstance(told, dict) and "Payload" in told:
                example = {"function": wanted[0]["id"], "payload": told["Payload"]}
                if "Result" in told:
                    example["result"] = told["Result"]
                yield example, 0


# ---- all ------------------------------------------------------------------------------------

def examples_of(path, functions):
    found = []
    if functions[0]["language"].startswith("python"):
        by_name = {}
        for function in functions:
            by_name.setdefault(function["name"], function)
        found += python_examples(path, by_name)
    else:
        for function in functions:
            found += comment_examples(function)
    found += config_examples(path, functions)
    return found


def main():
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(10000)
    os.chdir(sys.argv[1])
    by_file = {}
    for function in json.load(sys.stdin.buffer):
        function["name"] = function["id"].rpartition(".")[2]
        if function["callable"]:
            by_file.setdefault(function["file"], []).append(function)
    told, seen = [], set()
    for path, functions in by_file.items():
        shown = os.path.relpath(path)
        for example, line in examples_of(path, functions)[:FILE_EXAMPLES_CAP]:
            text = json.dumps(example, sort_keys=True)
            if text in seen or len(text) > SIZE_CAP or len(told) >= CAP:
                continue
            seen.add(text)
            example["from"] = "%s:%d" % (shown, line) if line else shown + ".config"
            told.append(example)
    lines = ",\n".join("  " + json.dumps(example) for example in told)
    sys.stdout.write("[\n" + lines + "\n]\n" if told else "[]\n")


if __name__ == "__main__":
    main()
