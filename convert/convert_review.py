"""convert/convert_review.py — what 2to3 cannot decide, found in the upgraded text: notes of
(line, kind, words), for a person who knows what the code is for.

Pure: a text in, notes out. Used by convert_upgrade.py."""

import ast
import re
from importlib.util import find_spec
import sys

# What became of modules that are gone and that 2to3 does not rename.
REMOVED = {
    "Bastion": None, "MimeWriter": "email", "asynchat": "asyncio", "asyncore": "asyncio",
    "cgi": "urllib.parse, email", "compiler": "ast", "distutils": "setuptools",
    "dl": "ctypes", "fpformat": "format()", "htmllib": "html.parser", "imp": "importlib",
    "imputil": "importlib", "md5": "hashlib", "mhlib": "mailbox", "mimetools": "email",
    "mimify": "email", "multifile": "email", "mx": "datetime", "new": "types",
    "popen2": "subprocess", "posixfile": "fcntl", "rexec": None, "rfc822": "email",
    "sets": "set()", "sgmllib": "html.parser", "sha": "hashlib", "statvfs": "os.statvfs",
    "strop": "str", "user": None, "xmllib": "xml.sax",
}
GONE_NAMES = {"__builtin__", "apply", "basestring", "buffer", "cmp", "coerce", "execfile", "file", "intern", "long",
              "raw_input", "reduce", "reload", "unichr", "unicode", "xrange"}
GONE_METHODS = {
    "__cmp__": "Python 3 compares with __lt__ and __eq__ (functools.total_ordering)",
    "__coerce__": "not called any more", "__getslice__": "slices go to __getitem__",
    "__setslice__": "slices go to __setitem__", "__delslice__": "slices go to __delitem__",
    "__hex__": "hex() asks __index__", "__oct__": "oct() asks __index__",
    "__unicode__": "str() asks __str__", "__long__": "int() asks __int__",
}
GONE_ATTRIBUTES = {
    ("sys", "setdefaultencoding"): "gone; texts are Unicode", ("sys", "maxint"): "integers have no end",
    ("sys", "exc_clear"): "gone", ("sys", "exc_type"): "sys.exc_info()", ("os", "popen2"): "subprocess",
    ("os", "popen3"): "subprocess", ("os", "getcwdu"): "os.getcwd()", ("string", "letters"): "string.ascii_letters",
    ("string", "maketrans"): "str.maketrans(), bytes.maketrans()", ("time", "clock"): "time.perf_counter()",
    ("os", "spawnvp"): "subprocess", ("string", "join"): "a method of str", ("platform", "dist"): "gone",
    ("platform", "linux_distribution"): "gone", ("inspect", "getargspec"): "inspect.signature()",
    ("base64", "encodestring"): "base64.encodebytes()", ("base64", "decodestring"): "base64.decodebytes()",
    ("re", "LOCALE"): "for patterns of bytes only", ("re", "L"): "for patterns of bytes only",
    ("array", "ArrayType"): "array.array", ("thread", "start_new"): "_thread.start_new_thread()",
    ("locale", "format"): "locale.format_string()", ("cgi", "escape"): "html.escape()",
    ("collections", "Mapping"): "collections.abc", ("collections", "MutableMapping"): "collections.abc",
    ("collections", "Callable"): "collections.abc", ("collections", "Iterable"): "collections.abc",
    ("collections", "Sequence"): "collections.abc", ("collections", "Set"): "collections.abc",
}
# Methods that are gone whosesoever they were; what others are named like that, too, is not here.
GONE_CALLS = {
    "has_key": "in", "iteritems": "items()", "iterkeys": "keys()", "itervalues": "values()",
    "getchildren": "list(element)", "getiterator": "iter()", "isAlive": "is_alive()",
}
# Calls that give or take bytes in Python 3 where Python 2 had str.
BYTES_CALLS = {("base64", None), ("binascii", None), ("zlib", None), ("struct", "unpack"),
               ("struct", "pack"), ("hashlib", None), ("pickle", "loads"), ("pickle", "dumps"),
               ("pickle", "load"), ("pickle", "dump"), ("marshal", "loads"), ("marshal", "dumps"),
               ("os", "read"), ("os", "write"), ("hmac", "new")}
BYTES_METHODS = {"recv": "gives", "recvfrom": "gives", "sendall": "takes", "sendto": "takes",
                 "makefile": "gives", "communicate": "gives", "urlopen": "gives"}
BYTES_CODECS = {"hex", "base64", "bz2", "zip", "zlib", "uu", "rot13", "string_escape", "quopri",
                "hex_codec", "base64_codec", "string-escape"}
CAP = 500  # notes of one file
DIVIDE = "isinstance(a, int) and isinstance(b, int)"


def dotted(node):
    """("os", "path") of os.path; None of what is no plain name."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.value.id, node.attr
    return None


def text_of(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


class Review(ast.NodeVisitor):
    def __init__(self, finds_module, suspects):
        self.finds_module, self.suspects = finds_module, suspects
        self.notes, self.guarded, self.defined = [], 0, set()

    def note(self, node, kind, words):
        if len(self.notes) < CAP:
            self.notes.append((getattr(node, "lineno", 0), kind, words))

    # ---- imports

    def imported(self, node, module):
        top = module.partition(".")[0]
        if self.guarded or self.finds_module(top):
            return
        hint = REMOVED.get(top, "")
        if top in REMOVED:
            self.note(node, "module", "module %s is gone from Python 3%s" % (
                top, ": " + hint if hint else ", without a replacement"))
        else:
            self.note(node, "module", "module %s is not part of this code, and not installed here" % top)

    def visit_Import(self, node):
        for alias in node.names:
            self.imported(node, alias.name)
            self.defined.add((alias.asname or alias.name).partition(".")[0])

    def visit_ImportFrom(self, node):
        if not node.level and node.module:
            self.imported(node, node.module)
        self.defined.update(alias.asname or alias.name for alias in node.names)

    def visit_Try(self, node):
        self.guarded += 1
        for part in node.body + node.handlers:
            self.visit(part)
        self.guarded -= 1
        for part in node.orelse + node.finalbody:
            self.visit(part)

    # ---- definitions

    def visit_ClassDef(self, node):
        own = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
        for part in node.body:
            if isinstance(part, ast.FunctionDef) and part.name in GONE_METHODS:
                self.note(part, "method", "%s.%s: %s" % (node.name, part.name, GONE_METHODS[part.name]))
        if "__eq__" in own and "__hash__" not in own and not any(
                isinstance(part, ast.Assign) and text_of_target(part) == "__hash__" for part in node.body):
            self.note(node, "hash", "%s defines __eq__ without __hash__: its objects are no keys of "
                      "dictionaries any more" % node.name)
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        self.defined.add(node.name)
        self.leaks(node)
        self.generic_visit(node)

    def leaks(self, function):
        """Names that Python 3 keeps to an except clause or a comprehension."""
        handlers, inside, stores, loads = {}, {}, {}, []
        for part in ast.walk(function):
            if isinstance(part, ast.ExceptHandler) and part.name:
                handlers.setdefault(part.name, []).append((part.lineno, end_of(part)))
            elif isinstance(part, ast.ListComp):
                for generator in part.generators:
                    for name in ast.walk(generator.target):
                        if isinstance(name, ast.Name):
                            inside.setdefault(name.id, []).append((part.lineno, end_of(part)))
            elif isinstance(part, ast.Name):
                if isinstance(part.ctx, ast.Load):
                    loads.append(part)
                else:
                    stores.setdefault(part.id, []).append(part.lineno)
            elif isinstance(part, ast.arg):
                stores.setdefault(part.arg, []).append(part.lineno)
        for name in loads:
            for where, words in (handlers, "an except clause"), (inside, "a list comprehension"):
                spans = where.get(name.id)
                if not spans or any(begin <= name.lineno <= end for begin, end in spans):
                    continue
                others = [line for line in stores.get(name.id, ())
                          if not any(begin <= line <= end for begin, end in spans)]
                if not others and name.lineno > min(begin for begin, _ in spans):
                    self.note(name, "scope", "%s is only known in %s above" % (name.id, words))

    def visit_arg(self, node):
        self.defined.add(node.arg)

    # ---- names and calls

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load):
            if node.id in GONE_NAMES:
                self.note(node, "name", "%s is gone" % node.id)
        else:
            self.defined.add(node.id)

    def visit_Attribute(self, node):
        pair = dotted(node)
        if pair in GONE_ATTRIBUTES:
            self.note(node, "name", "%s.%s: %s" % (*pair, GONE_ATTRIBUTES[pair]))
        elif node.attr in GONE_CALLS:
            self.note(node, "name", "%s() is gone: %s" % (node.attr, GONE_CALLS[node.attr]))
        elif node.attr in ("im_func", "im_self", "im_class", "func_name", "func_code", "func_globals"):
            self.note(node, "name", "%s is gone" % node.attr)
        self.generic_visit(node)

    def visit_Lambda(self, node):
        if [part.arg for part in node.args.args] == ["a", "b"] and DIVIDE in ast.unparse(node):
            self.note(node, "division", "an integer if both are integers, as Python 2 divides: write "
                      "// or / where it is known")
            return
        self.generic_visit(node)

    def visit_Call(self, node):
        name = node.func.id if isinstance(node.func, ast.Name) else None
        pair = dotted(node.func)
        attribute = node.func.attr if isinstance(node.func, ast.Attribute) else None
        keywords = {keyword.arg for keyword in node.keywords}
        if (name == "sorted" or attribute == "sort") and (
                "cmp" in keywords or attribute == "sort" and node.args):
            self.note(node, "order", "sorts by a comparison: key=functools.cmp_to_key(...)")
        elif name == "open":
            self.opened(node, keywords)
        elif pair and (pair in BYTES_CALLS or (pair[0], None) in BYTES_CALLS) or \
                attribute in BYTES_METHODS:
            verb = BYTES_METHODS.get(attribute, "works on")
            self.note(node, "bytes", "%s %s bytes, no text" % (".".join(pair) if pair else attribute, verb))
        elif attribute in ("encode", "decode"):
            codec = text_of(node.args[0]) if node.args else None
            if codec in BYTES_CODECS:
                self.note(node, "bytes", "codec %r is no text encoding: codecs.%s()" % (codec, attribute))
            elif attribute == "decode":
                self.note(node, "bytes", "decode() is a method of bytes only")
        elif name == "round":
            self.note(node, "number", "round() gives an integer, and takes halves to the even neighbour")
        elif name in ("exec", "eval", "compile") or name == "execfile":
            self.note(node, "code", "%s(): code in texts is not upgraded" % name)
        elif attribute == "popitem" or name == "hash":
            self.note(node, "order", "%s(): dictionaries keep the order of insertion, hashes of texts "
                      "change from run to run" % (attribute or name))
        elif pair in (("io", "StringIO"),) or name == "StringIO":
            self.note(node, "bytes", "StringIO takes text only: BytesIO for bytes")
        self.generic_visit(node)

    def opened(self, node, keywords):
        mode = text_of(node.args[1]) if len(node.args) > 1 else "r" if len(node.args) == 1 else None
        for keyword in node.keywords:
            if keyword.arg == "mode":
                mode = text_of(keyword.value)
        if mode is not None and "b" in mode:
            self.note(node, "bytes", "a binary file: gives and takes bytes, no text")
        elif "encoding" not in keywords:
            self.note(node, "encoding", "a text file: say its encoding (open(..., encoding=...))")

    def visit_Compare(self, node):
        if any(isinstance(operator, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for operator in node.ops) and any(
                isinstance(part, ast.Constant) and part.value is None
                for part in [node.left, *node.comparators]):
            self.note(node, "order", "None is not smaller than anything any more")
        self.generic_visit(node)

    def visit_Constant(self, node):
        if node.kind is None and is_suspect(node.value) and (
                self.suspects is None or node.value in self.suspects):
            self.note(node, "bytes", "a text with the characters 80 to FF: bytes (b'...'), if that is meant")

    def visit_Assign(self, node):
        if text_of_target(node) == "__metaclass__":
            self.note(node, "class", "__metaclass__ means nothing: class C(metaclass=...)")
        self.generic_visit(node)


def is_suspect(value):
    """A text that may have been meant as bytes."""
    return isinstance(value, str) and bool(re.search("[\x80-\xff]", value)) and \
        not re.search("[^\x00-\xff]", value)


def text_of_target(node):
    return node.targets[0].id if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name) else None


def end_of(node):
    return getattr(node, "end_lineno", node.lineno) or node.lineno


def installed(top, known={}):
    if top not in known:
        try:
            known[top] = top in sys.stdlib_module_names or find_spec(top) is not None
        except (ImportError, ValueError, AttributeError):
            known[top] = False
    return known[top]


def review(text, finds_module, suspects=None):
    """Notes on TEXT, which Python 3 takes; by line. SUSPECTS: texts that may have been meant as
    bytes, where that is known."""
    reader = Review(lambda top: finds_module(top) or (top not in REMOVED and installed(top)),
                    suspects)
    reader.visit(ast.parse(text))
    notes = [note for note in reader.notes
             if not (note[1] == "name" and note[2].split()[0] in reader.defined)]
    return sorted(dict.fromkeys(notes))
