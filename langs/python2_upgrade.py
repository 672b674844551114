"""langs/python2_upgrade.py — Python 2 files as Python 3, in a tree of their own.

Called by langs/python2.c, in a process of its own: on stdin the cache folder, the base
folder, the tree's path and the files wanted, a line each. The tree looks like the base
folder, all symbolic links, but for the folders that lead to an upgraded file, and these
files. What is upgraded: the files wanted, and what they import from the base folder when
that is Python 2, too. Nothing is ever written below the base folder.

Upgraded texts are kept by the hash of their source. Beside the tree, TREE.list says what
it was made of: langs/python2_tree.c reads it, and starts nobody while that holds."""

import ast
import fcntl
import hashlib
import os
import re
import sys
import time
import warnings

FORMAT = "snafu-python2 3" # raise it when files are upgraded differently
FILES_CAP = 20000 # files of one tree
ENTRIES_CAP = 20000 # entries of one folder
SIZE_CAP = 64 << 20 # bytes of a source
AGE_CAP = 30 * 24 * 3600 # seconds that an upgraded text is kept that nobody used

# What tells a file that Python 3 parses as well: names that are gone, if the file does
# not define them itself, and modules that were renamed, if nothing else is tried.
GONE = {"apply", "basestring", "buffer", "cmp", "coerce", "execfile", "file", "intern", "long",
        "raw_input", "reduce", "reload", "unichr", "unicode", "xrange"}
GONE_METHODS = {"has_key", "iteritems", "iterkeys", "itervalues"}
GONE_ATTRIBUTES = {"os": {"getcwdu", "popen2", "popen3"}, "sys": {"exc_clear", "maxint", "setdefaultencoding"},
                   "string": {"atof", "atoi", "atol", "find", "join", "joinfields", "letters", "ljust",
                              "lower", "lowercase", "lstrip", "maketrans", "replace", "rjust", "rstrip",
                              "split", "splitfields", "strip", "upper", "uppercase", "zfill"}}
GONE_MODULES = {"__builtin__", "BaseHTTPServer", "CGIHTTPServer", "ConfigParser", "Cookie", "HTMLParser",
                "Queue", "SimpleHTTPServer", "SocketServer", "StringIO", "Tkinter", "UserDict",
                "UserList", "UserString", "anydbm", "cPickle", "cStringIO", "commands", "cookielib",
                "copy_reg", "dummy_thread", "exceptions", "htmlentitydefs", "httplib", "md5", "new",
                "robotparser", "sets", "sha", "thread", "urllib2", "urlparse", "xmlrpclib"}


class Broken(Exception):
    """A file that cannot be upgraded: the line (or 0) and why."""


# ---- one file -------------------------------------------------------------------------

def decode(source):
    """The text, and the encoding that it has: None when it is not the one that it says."""
    from lib2to3.pgen2 import tokenize
    lines = iter(source.splitlines(True))
    try:
        encoding = tokenize.detect_encoding(lambda: next(lines, b""))[0]
        return source.decode(encoding), encoding
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return source.decode("latin-1"), None


def encode(text, encoding):
    """In its own encoding; in UTF-8, and saying so, where that does not do."""
    try:
        if encoding:
            return text.encode(encoding)
    except UnicodeEncodeError:
        pass
    head = re.match(r"(.*\n){0,2}", text).end()
    return (re.sub(r"coding[:=][ \t]*[-\w.]+", "coding: utf-8", text[:head], count=1) +
            text[head:]).encode("utf-8")


UPGRADERS = {} # by their options: to make one takes longer than to upgrade a file


def upgrader(**options):
    import logging
    from python2_fixers import Upgrader
    logging.disable()
    key = tuple(options)
    if key not in UPGRADERS:
        UPGRADERS[key] = Upgrader(**options)
    del UPGRADERS[key].fixer_log[:]
    return UPGRADERS[key]


def refactor(text, path, log=None):
    """The upgraded text; what 2to3 says of it goes to LOG, a list."""
    from lib2to3.pgen2.parse import ParseError
    from lib2to3.pgen2.tokenize import TokenError
    for options in {}, {"print_function": True}, {"exec_function": True}:
        try:
            tool = upgrader(**options)
            upgraded = str(tool.refactor_string(text, path))
            if log is not None:
                log += tool.fixer_log
            return upgraded
        except (ParseError, TokenError, IndentationError) as error:
            first = first_error(error) if not options else first
    raise Broken(*first)


def first_error(error):
    context = getattr(error, "context", None)
    if context:
        return context[1][0], "neither Python 2 nor 3 from '%s' on" % error.value.strip()
    line = next((part[0] for part in error.args if isinstance(part, tuple)), 0)
    return line, str(error.args[0] if error.args else error)


def without_tabs(text):
    """Indented by blanks alone, a tab being what it is to Python 2; texts of several lines stay."""
    from io import StringIO
    from lib2to3.pgen2 import token, tokenize
    inside = set()
    for kind, _, start, end, _ in tokenize.generate_tokens(StringIO(text).readline):
        if kind == token.STRING:
            inside.update(range(start[0] + 1, end[0] + 1))
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if number not in inside:
            body = line.lstrip(" \t")
            lines[number - 1] = line[:len(line) - len(body)].expandtabs(8) + body
    return "\n".join(lines)


def upgraded_bytes(source, path, log=None):
    """SOURCE as Python 3 takes it; raises Broken."""
    if b"\0" in source:
        raise Broken(0, "binary, or UTF-16: Python source has no NUL bytes")
    text, encoding = decode(source)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "")
    text = text.rstrip("\x1a") # DOS's mark of the end
    try:
        if text and not text.endswith("\n"):
            text += "\n"
        upgraded = encode(refactor(text, path, log), encoding)
        try:
            compile(upgraded, path, "exec", dont_inherit=True)
        except TabError:
            if log is not None:
                del log[:]
            upgraded = encode(refactor(without_tabs(text), path, log), encoding)
            compile(upgraded, path, "exec", dont_inherit=True)
    except Broken:
        raise
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0) or 0
        raise Broken(line, "2to3 makes of it what Python 3 does not take: %s" % (
            getattr(error, "msg", None) or error)) from error
    except Exception as error: # 2to3's own faults
        raise Broken(0, "2to3 failed: %s: %s" % (type(error).__name__, error)) from error
    return upgraded


def upgrade(job):
    """Run in a child for several files at once; the text's place, or what is wrong."""
    source, path, kept = job
    try:
        write(kept, upgraded_bytes(source, path))
    except Broken as error:
        return error.args
    return None


def write(path, content):
    """Whole, or not at all."""
    temporary = "%s.%d.tmp" % (path, os.getpid())
    with open(temporary, "wb") as file:
        file.write(content)
    os.rename(temporary, path)


# ---- what a file imports ----------------------------------------------------------------

class Reader(ast.NodeVisitor):
    """Imports as (module, level, names), and the marks of Python 2."""

    def __init__(self, tree):
        self.imports, self.names, self.defined, self.marks = [], set(), set(), False
        self.guarded = 0
        self.plain = set() # modules that are imported, whatever happens
        self.visit(tree)

    def is_old(self):
        return self.marks or bool(self.names & GONE - self.defined) or bool(self.plain & GONE_MODULES)

    def imported(self, module):
        if not self.guarded:
            self.plain.add(module.partition(".")[0])

    def visit_Try(self, node):
        self.guarded += 1
        self.generic_visit(node)
        self.guarded -= 1

    def visit_Import(self, node):
        for alias in node.names:
            self.imports.append((alias.name, 0, []))
            self.imported(alias.name)
            self.defined.add(alias.asname or alias.name)

    def visit_ImportFrom(self, node):
        self.imports.append((node.module or "", node.level, [alias.name for alias in node.names]))
        if not node.level:
            self.imported(node.module)
        self.defined.update(alias.asname or alias.name for alias in node.names)

    def visit_Name(self, node):
        (self.names if isinstance(node.ctx, ast.Load) else self.defined).add(node.id)

    def visit_Attribute(self, node):
        gone = isinstance(node.value, ast.Name) and GONE_ATTRIBUTES.get(node.value.id, ())
        self.marks = self.marks or node.attr in GONE_METHODS or bool(gone and node.attr in gone)
        self.generic_visit(node)

    def visit_BinOp(self, node): # print >> file, "..."
        if isinstance(node.op, ast.RShift) and isinstance(node.left, ast.Name):
            self.marks = self.marks or node.left.id == "print"
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        self.defined.add(node.name)
        self.generic_visit(node)

    def visit_ClassDef(self, node):
        self.defined.add(node.name)
        self.generic_visit(node)

    def visit_arg(self, node):
        self.defined.add(node.arg)


def parse(source):
    try:
        return Reader(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError):
        return None


def is_package(folder):
    return os.path.isfile(os.path.join(folder, "__init__.py"))


def packages(path, base):
    """The __init__.py files above PATH, and the folder that imports start from."""
    folder, found = os.path.dirname(path), []
    while is_package(folder) and len(folder) >= len(base) and folder != "/":
        found.append(os.path.join(folder, "__init__.py"))
        folder = os.path.dirname(folder)
    return found, folder


def module_files(folder, dotted):
    """The files that `import DOTTED` runs when FOLDER is where it looks."""
    found = []
    for part in dotted.split("."):
        path = os.path.join(folder, part)
        if is_package(path):
            found.append(os.path.join(path, "__init__.py"))
        elif os.path.isfile(path + ".py"):
            return found + [path + ".py"]
        else:
            return found
        folder = path
    return found


def imported_files(path, reader, base):
    inits, top = packages(path, base)
    found, here = list(inits), os.path.dirname(path)
    for module, level, names in reader.imports:
        folder = here
        for _ in range(level - 1):
            folder = os.path.dirname(folder)
        places = [folder] if level else dict.fromkeys((here, top, base))
        for place in places:
            files = module_files(place, module) if module else []
            found += files
            inner = os.path.join(place, *module.split(".")) if module else place
            for name in names:
                found += module_files(inner, name)
            if files:
                break
    return found


def imports_implicitly(path, reader, base):
    """`import neighbour` inside a package, as only Python 2 does."""
    inits, top = packages(path, base)
    here = os.path.dirname(path)
    return bool(inits) and any(
        module_files(here, name) and not module_files(top, name) and name not in sys.stdlib_module_names
        for name in reader.plain)


# ---- the tree ---------------------------------------------------------------------------

class Tree:
    def __init__(self, cache, base, place):
        self.base, self.place = base, place
        self.store = os.path.join(cache, "files")
        self.seen = {} # path: (size, mtime)
        self.upgraded = {} # path: where its text is kept
        self.broken = {} # path: (line, words)
        self.folders = {} # path: mtime
        os.makedirs(self.store, mode=0o700, exist_ok=True)

    def inside(self, path):
        return path.startswith(self.base.rstrip("/") + "/")

    def kept(self, path, source):
        name = hashlib.sha256(FORMAT.encode() + b"\0" + sys.version.encode() + b"\0" +
                              self.surroundings(path).encode("utf-8", "surrogateescape") + b"\0" +
                              source).hexdigest()
        return os.path.join(self.store, name + ".py")

    def surroundings(self, path):
        """What else 2to3 looks at: the neighbours, to tell relative imports."""
        if not is_package(os.path.dirname(path)):
            return ""
        return "/".join(sorted(os.listdir(os.path.dirname(path))))

    def gather(self, wanted):
        """Upgrades WANTED and all that these import, wave after wave."""
        wave = list(dict.fromkeys(path for path in wanted if os.path.isfile(path)))
        first = set(wave)
        while wave and len(self.seen) < FILES_CAP:
            jobs, readers = [], {}
            for path in wave:
                status = os.stat(path)
                self.seen[path] = (status.st_size, status.st_mtime_ns)
                if status.st_size > SIZE_CAP:
                    self.broken[path] = (0, "larger than %d bytes" % SIZE_CAP)
                    continue
                with open(path, "rb") as file:
                    source = file.read()
                reader = parse(source)
                if path in first or reader is None or reader.is_old() or \
                        imports_implicitly(path, reader, self.base):
                    self.upgraded[path] = self.kept(path, source)
                    jobs.append((source, path, self.upgraded[path]))
                else:
                    readers[path] = reader
            self.run(jobs)
            wave = []
            for path in list(self.upgraded):
                if path in self.broken:
                    del self.upgraded[path]
                elif path in {job[1] for job in jobs}:
                    with open(self.upgraded[path], "rb") as file:
                        readers[path] = parse(file.read())
            for path, reader in readers.items():
                wave += imported_files(path, reader, self.base) if reader else []
            wave = [path for path in dict.fromkeys(wave)
                    if path not in self.seen and self.inside(path)]

    def run(self, jobs):
        missing = []
        for job in jobs:
            try:
                os.utime(job[2])
            except OSError:
                missing.append(job)
        if not missing:
            return
        count = min(len(missing), os.cpu_count() or 1)
        if count > 1:
            import multiprocessing
            with multiprocessing.get_context("fork").Pool(count) as pool:
                results = pool.map(upgrade, missing, chunksize=1)
        else:
            results = [upgrade(job) for job in missing]
        for job, wrong in zip(missing, results):
            if wrong is not None:
                self.broken[job[1]] = wrong
        self.prune()

    def prune(self):
        oldest = time.time() - AGE_CAP
        for entry in os.scandir(self.store):
            if entry.stat(follow_symlinks=False).st_mtime < oldest:
                os.unlink(entry.path)

    def build(self):
        real = {self.base}
        for path in self.upgraded:
            folder = os.path.dirname(path)
            while folder != self.base:
                real.add(folder)
                folder = os.path.dirname(folder)
        for folder in sorted(real, key=len):
            self.mirror(folder, real)

    def at(self, path):
        return os.path.normpath(os.path.join(self.place, os.path.relpath(path, self.base)))

    def mirror(self, folder, real):
        self.folders[folder] = os.stat(folder).st_mtime_ns
        place = self.at(folder)
        if os.path.islink(place):
            os.unlink(place)
        os.makedirs(place, mode=0o700, exist_ok=True)
        there = {entry.name: entry for entry in os.scandir(place)}
        for number, name in enumerate(sorted(os.listdir(folder))):
            path, to = os.path.join(folder, name), os.path.join(place, name)
            if number >= ENTRIES_CAP and path not in self.upgraded and path not in real:
                continue
            before = there.pop(name, None)
            if name == "__pycache__" or path in real:
                continue
            if path in self.upgraded:
                self.put(path, to, before)
            elif not before or not before.is_symlink() or os.readlink(to) != path:
                remove(to, before)
                os.symlink(path, to)
        for name, entry in there.items():
            if name != "__pycache__" and entry.is_symlink():
                os.unlink(os.path.join(place, name))

    def put(self, path, to, before):
        with open(self.upgraded[path], "rb") as file:
            content = file.read()
        if before and before.is_symlink():
            os.unlink(to)
        elif before and before.is_file():
            with open(to, "rb") as file:
                if file.read() == content:
                    return
        write(to, content)

    def list(self, wanted):
        lines = [FORMAT]
        for path in wanted:
            lines.append("entry\t%s" % path)
        for path, (size, mtime) in self.seen.items():
            lines.append("file\t%d\t%d\t%s" % (size, mtime, path))
        for path, mtime in self.folders.items():
            lines.append("folder\t0\t%d\t%s" % (mtime, path))
        for path, (line, words) in self.broken.items():
            lines.append("broken\t%d\t%s\t%s" % (line, " ".join(str(words).split()), path))
        text = "".join(line + "\n" for line in lines)
        write(self.place + ".list", text.encode("utf-8", "surrogateescape"))

    def listed(self):
        """The files that were wanted earlier, and are there still."""
        try:
            with open(self.place + ".list", encoding="utf-8", errors="surrogateescape") as file:
                lines = file.read().splitlines()
        except OSError:
            return []
        if not lines or lines[0] != FORMAT:
            return []
        found = [line.partition("\t")[2] for line in lines if line.startswith("entry\t")]
        return [path for path in found if os.path.isfile(path)]


def remove(path, entry):
    if entry and (entry.is_symlink() or entry.is_file()):
        os.unlink(path)
    elif entry:
        import shutil
        shutil.rmtree(path) # a folder of the tree that leads to no upgraded file any more


class AsLib2to3:
    """Gives the modules of fissix, the very same, when lib2to3's are imported."""

    def find_spec(self, name, path=None, target=None):
        from importlib.machinery import ModuleSpec
        return ModuleSpec(name, self) if name.partition(".")[0] == "lib2to3" else None

    def create_module(self, spec):
        from importlib import import_module
        module = import_module("fissix" + spec.name[len("lib2to3"):])
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module):
        module.__spec__ = module.__spec__.loader_state


def users_folders():
    """Where users install what they need; this process, which is isolated, does not look there."""
    import glob
    import site
    found = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if "VIRTUAL_ENV" in os.environ:
        found += glob.glob(os.path.join(glob.escape(os.environ["VIRTUAL_ENV"]),
                                        "lib/python3*/site-packages"))
    return [folder for folder in found + [site.getusersitepackages()] if os.path.isabs(folder)]


def have_2to3():
    """Python's own, or, where that is gone (since 3.13), fissix under its name."""
    from importlib.util import find_spec
    try:
        if find_spec("lib2to3.refactor"): # of a package that was removed, the folder may stay
            return True
    except ImportError:
        pass
    sys.modules.pop("lib2to3", None)
    if not find_spec("fissix"):
        sys.path += [folder for folder in users_folders()
                     if os.path.isdir(os.path.join(folder, "fissix"))]
    try:
        import fissix # noqa: F401
    except ImportError:
        return False
    sys.meta_path.insert(0, AsLib2to3())
    return True


def main():
    warnings.simplefilter("ignore")
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    if not have_2to3():
        sys.exit("2to3 is not installed (Debian: apt install python3-lib2to3; elsewhere: "
                 "pip install fissix)")
    sys.setrecursionlimit(10000)
    given = sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\n")
    cache, base, place, wanted = given[0], given[1], given[2], [path for path in given[3:] if path]
    os.umask(0o077)
    tree = Tree(cache, base, place)
    with open(place + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = list(dict.fromkeys(wanted + tree.listed()))
        tree.gather(wanted)
        tree.build()
        tree.list(wanted)


if __name__ == "__main__":
    main()
