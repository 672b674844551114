"""convert/convert_upgrade.py — the Python files of a code base as Python 3, with a patch and
notes for each.

Called by convert/project/python.c, in a process of its own, once for all files. On stdin, with a
NUL behind each: the code base's folder, where upgraded files go, where patches go, the cache,
"auto", "2" or "3", the file to which a byte is added for each file done; then, for each Python
file, its path below the code base, its path below where it goes, and the path of a version that a
person has edited (or nothing). On stdout lines with tabs between:

    file INDEX FATE COMPILES LINE WORDS     FATE: upgraded same python3 edited kept
    note INDEX LINE KIND WORDS

What 2to3 makes of a file is kept in the cache, by the hash of all that goes into it."""

import ast
import difflib
import hashlib
import json
import os
import re
import sys
import warnings

FORMAT = "snafu-convert 3" # raise it when files are upgraded differently
SIZE_CAP = 32 << 20 # bytes of a source
AGE_CAP = 30 * 24 * 3600 # seconds that an upgraded text is kept that nobody used


class Marks(ast.NodeVisitor):
    """Whether a file that Python 3 takes needs it, or was written for both."""

    def __init__(self, tree):
        self.needs3 = self.both = self.asks = False # ASKS: which Python it is
        self.visit(tree)

    def new(self, node):
        self.needs3 = True
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_Await = visit_JoinedStr = visit_Nonlocal = new
    visit_YieldFrom = visit_AnnAssign = visit_NamedExpr = new

    def visit_FunctionDef(self, node):
        arguments = node.args
        self.needs3 |= bool(node.returns or arguments.kwonlyargs or arguments.posonlyargs or any(
            part.annotation for part in arguments.args))
        self.generic_visit(node)

    def visit_ClassDef(self, node):
        self.needs3 |= bool(node.keywords)
        self.generic_visit(node)

    def visit_Raise(self, node):
        self.needs3 |= node.cause is not None
        self.generic_visit(node)

    def visit_ImportFrom(self, node):
        names = {alias.name for alias in node.names}
        if node.module == "__future__":
            self.both |= bool(names & {"print_function", "unicode_literals", "absolute_import"})
            self.needs3 |= "annotations" in names
        self.both |= node.module == "six" or (node.module or "").startswith("six.")

    def visit_Import(self, node):
        self.both |= any(alias.name == "six" for alias in node.names)

    def visit_Name(self, node):
        self.both |= node.id in ("PY2", "PY3")

    def visit_Attribute(self, node):
        self.both |= node.attr in ("PY2", "PY3")
        self.asks |= node.attr in ("version_info", "hexversion")
        self.generic_visit(node)


# ---- what each file is ------------------------------------------------------------------

class File:
    def __init__(self, index, base, path, to, edited):
        self.index, self.name, self.to, self.edited = index, path, to, edited
        self.path = os.path.join(base, path)
        self.fate, self.compiles, self.line, self.words, self.notes = "", False, 0, "", []
        self.old = self.needs3 = self.both = self.asks = self.parses = False
        self.imports = []


def read(path):
    if os.path.getsize(path) > SIZE_CAP:
        raise OSError("larger than %d bytes" % SIZE_CAP)
    with open(path, "rb") as file:
        return file.read()


def classify(job):
    base, path = job
    try:
        source = read(path)
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        return False, True, False, False, False
    reader, marks = python2_upgrade.Reader(tree), Marks(tree)
    old = reader.is_old() or python2_upgrade.imports_implicitly(path, reader, base)
    return True, old, marks.needs3, marks.both, marks.asks


def wants_upgrade(file, mode, tree_is_old):
    if mode in ("2", "3"):
        return mode == "2"
    if not file.parses:
        return True
    if file.needs3 or file.both:
        return False
    return file.old or tree_is_old


# ---- one file -----------------------------------------------------------------------------

def lines_of(data, encoding):
    lines = data.decode(encoding, "surrogateescape").splitlines(keepends=True)
    # Form feeds and the like end no line of a patch.
    whole, part = [], ""
    for line in lines:
        part += line
        if line.endswith(("\n", "\r")):
            whole.append(part)
            part = ""
    return whole + ([part] if part else [])


def patch(before, after, path, encoding):
    """A unified diff, in the file's own encoding."""
    said = []
    for line in difflib.unified_diff(lines_of(before, encoding), lines_of(after, encoding),
                                     "a/" + path, "b/" + path):
        if line.startswith(("--- ", "+++ ")) and len(said) < 2:
            line = line.rstrip("\n").replace("\n", "\\n") + "\n"
        said.append(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    return "".join(said).encode(encoding, "surrogateescape")


def like_before(upgraded, source):
    """With the source's line ends, and a #! line that asks for Python 3."""
    upgraded = re.sub(rb"\A(#![^\n]*\bpython)(?:2(?:\.\d)?)?(?![\w.])", rb"\g<1>3", upgraded, count=1)
    if source.count(b"\r\n") * 2 > source.count(b"\n"):
        upgraded = upgraded.replace(b"\n", b"\r\n")
    return upgraded


def two_to_three(source, path, cache):
    """The upgraded bytes and what 2to3 said, from the cache if it has them; raises Broken."""
    about = json.dumps([FORMAT, OWN, sys.version, surroundings(path)])
    key = hashlib.sha256(about.encode() + b"\0" + source).hexdigest()
    place = os.path.join(cache, key)
    try:
        with open(place + ".json", encoding="ascii") as file:
            kept = json.load(file)
        os.utime(place + ".json")
        if "broken" in kept:
            raise python2_upgrade.Broken(*kept["broken"])
        return kept["text"].encode("latin-1"), kept["log"]
    except (OSError, ValueError, KeyError):
        pass
    log = []
    try:
        upgraded = like_before(python2_upgrade.upgraded_bytes(source, path, log), source)
        kept = {"text": upgraded.decode("latin-1"), "log": log}
        return upgraded, log
    except python2_upgrade.Broken as error:
        kept = {"broken": error.args}
        raise
    finally:
        python2_upgrade.write(place + ".json", json.dumps(kept).encode("ascii"))


def own_hash():
    """Of what upgrades: another version of it keeps to itself."""
    parts = os.path.dirname(os.path.abspath(__file__))
    content = b""
    for name in "python2_upgrade.py", "python2_fixers.py":
        with open(os.path.join(parts, name), "rb") as file:
            content += file.read()
    return hashlib.sha256(content).hexdigest()


def surroundings(path):
    folder = os.path.dirname(path)
    return sorted(os.listdir(folder)) if python2_upgrade.is_package(folder) else []


def byte_texts(source):
    """The texts of a Python 2 file with bytes above 7F that are no u'...': 2to3 takes the u away."""
    from io import StringIO
    from lib2to3.pgen2 import token, tokenize
    found = set()
    try:
        lines = StringIO(python2_upgrade.decode(source)[0])
        for kind, text, *_ in tokenize.generate_tokens(lines.readline):
            if kind != token.STRING or "u" in re.match("[a-zA-Z]*", text).group().lower():
                continue
            value = ast.literal_eval(text)
            if convert_review.is_suspect(value):
                found.add(value)
    except (tokenize.TokenError, SyntaxError, ValueError, IndentationError):
        pass # what was read until then
    return found


def check(file, source, reviewed, suspects=None):
    """Compiles it and, if REVIEWED, notes what needs a person."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            compile(source, file.path, "exec", dont_inherit=True)
            file.compiles = True
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            file.line = getattr(error, "lineno", 0) or 0
            file.words = file.words or getattr(error, "msg", None) or str(error)
            return
    if not reviewed:
        return
    for warning in caught:
        if warning.category is SyntaxWarning:
            file.notes.append((warning.lineno or 0, "syntax", str(warning.message)))
    inits, top = python2_upgrade.packages(file.path, BASE)
    folders = {os.path.dirname(file.path), top, BASE}
    file.notes += convert_review.review(source, lambda name: any(
        python2_upgrade.module_files(folder, name) or os.path.isdir(os.path.join(folder, name))
        for folder in folders), suspects)


LOGGED = re.compile(r"Line (\d+): (.*)", re.S)


def said_by_2to3(log):
    """2to3's warnings; a line without a number belongs to the one before."""
    notes = []
    for words in log:
        match = LOGGED.match(words)
        if match and not match.group(2).startswith("could not convert"):
            notes.append((int(match.group(1)), "2to3", match.group(2)))
        elif match:
            notes.append((int(match.group(1)), "2to3", "not converted: " + match.group(2).partition(": ")[2]))
        elif notes:
            notes[-1] = (*notes[-1][:2], notes[-1][2] + ": " + words)
    return notes


def convert(job):
    file, cache, into, patches = job
    try:
        if file.edited:
            file.fate = "edited"
            check(file, read(file.edited), True)
            return file
        source = read(file.path)
        if file.fate == "python3":
            check(file, source, False)
            return file
        upgraded, log = two_to_three(source, file.path, cache)
        file.notes += said_by_2to3(log)
        encoding = python2_upgrade.decode(source)[1]
        if encoding is None:
            file.notes.append((1, "encoding", "was not in the encoding that it says, taken as Latin-1, "
                               "and is UTF-8 now"))
            patched = patch(source.decode("latin-1").encode("utf-8"), upgraded, file.name, "utf-8")
        else:
            patched = patch(source, upgraded, file.name, encoding)
        file.fate = "upgraded" if upgraded != source else "same"
        check(file, upgraded, True, byte_texts(source))
        if file.fate == "upgraded":
            put(os.path.join(into, file.to), upgraded)
            put(os.path.join(patches, file.name + ".patch"), patched)
    except python2_upgrade.Broken as error:
        file.fate, file.compiles = "kept", False
        file.line, file.words = error.args
    except OSError as error:
        file.fate, file.compiles, file.words = "kept", False, "cannot be read: %s" % error
    return file


def put(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(content)


# ---- all files ----------------------------------------------------------------------------

def run_all(function, jobs, done=None):
    count = min(len(jobs), os.cpu_count() or 1)
    results = []
    if count > 1:
        import multiprocessing
        with multiprocessing.get_context("fork").Pool(count) as pool:
            for result in pool.imap(function, jobs, chunksize=1 if done else 16):
                results.append(result)
                if done:
                    done()
    else:
        for job in jobs:
            results.append(function(job))
            if done:
                done()
    return results


def note_imports_of_kept(files):
    """Python 3 cannot import what stayed Python 2, nor the other way round."""
    kept = {file.path: file for file in files if file.fate == "kept"}
    if not kept:
        return
    for file in files:
        if file.fate in ("kept", "edited"):
            continue
        try:
            reader = python2_upgrade.parse(read(file.path if file.fate != "upgraded" else
                                                os.path.join(INTO, file.to)))
        except OSError:
            continue
        for path in python2_upgrade.imported_files(file.path, reader, BASE) if reader else []:
            if path in kept:
                file.notes.append((0, "kept", "imports %s, which has stayed Python 2" % kept[path].to))


def say(*fields):
    words = [re.sub("[\0-\x1f\x7f]", "?", " ".join(str(field).split())) for field in fields]
    sys.stdout.write("\t".join(words).encode("utf-8", "replace").decode("utf-8") + "\n")


def prune(cache):
    import time
    oldest = time.time() - AGE_CAP
    for entry in os.scandir(cache):
        if entry.stat(follow_symlinks=False).st_mtime < oldest:
            os.unlink(entry.path)


def main():
    global BASE, INTO, OWN
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(10000)
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    os.umask(0o022)
    given = sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\0")[:-1]
    BASE, INTO, patches, cache, mode, progress = given[:6]
    OWN = own_hash()
    os.makedirs(cache, mode=0o700, exist_ok=True)
    files = [File(index, BASE, *given[at:at + 3]) for index, at in enumerate(range(6, len(given), 3))]
    told = run_all(classify, [(BASE, file.path) for file in files])
    for file, (file.parses, file.old, file.needs3, file.both, file.asks) in zip(files, told):
        pass
    # Where much is Python 2 alone, who asks for the version asks for 2.3, or counts on 2to3.
    if sum(not file.parses for file in files) * 20 < len(files):
        for file in files:
            file.both |= file.asks
    tree_is_old = any(file.old and not file.both for file in files) and not any(
        file.needs3 for file in files)
    for file in files:
        file.fate = "" if wants_upgrade(file, mode, tree_is_old) else "python3"
    if any(not file.fate and not file.edited for file in files) and not python2_upgrade.have_2to3():
        sys.exit("2to3 is not installed (Debian: apt install python3-lib2to3; elsewhere: "
                 "pip install fissix)")
    if any(not file.fate and not file.edited for file in files):
        python2_upgrade.upgrader() # once, and not in each process
    with open(progress, "ab", buffering=0) as out:
        files = run_all(convert, [(file, cache, INTO, patches) for file in files],
                        lambda: out.write(b"."))
    note_imports_of_kept(files)
    for file in files:
        say("file", file.index, file.fate, int(file.compiles), file.line, file.words)
        for line, kind, words in file.notes:
            say("note", file.index, line, kind, words)
    prune(cache)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import python2_upgrade
    import convert_review
    main()
