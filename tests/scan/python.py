"""tests/scan/python.py — the Python scanner against Python's own ast on real
trees, and against the golden folders tests/golden/python/<case>/: input.py, the
expected JSON, and what is told on stderr. SNAFU_GOLDEN=write renews these."""

import ast
import json
import os
import subprocess
import tempfile
import unittest
import warnings

BUILD = os.environ["SNAFU_BUILD"]
SOURCE = os.environ["SNAFU_SOURCE"]
SCAN = os.path.join(BUILD, "snafu-scan")
FLAGS = os.path.join(BUILD, "tests/unit/test-scan-python")
GOLDEN = os.path.join(SOURCE, "tests/golden/python")
STDLIB = os.path.dirname(os.__file__)
PACKAGES = "/usr/lib/python3/dist-packages"
PROPERTIES = {"property", "cached_property", "abstractproperty", "DynamicClassAttribute"}
STATIC = {"staticmethod", "abstractstaticmethod"}
CLASS = {"classmethod", "abstractclassmethod"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def scan(*arguments, **options):
    return subprocess.run([SCAN, "--format", "json", *arguments], capture_output=True, text=True,
                          **options)


# ---- what Python itself sees -----------------------------------------------------

def wrapped_later(function, owner):
    """`f = staticmethod(f)`, as before decorators."""
    for statement in owner.body:
        if (isinstance(statement, ast.Assign) and statement.lineno > function.lineno
                and isinstance(statement.value, ast.Call)
                and isinstance(statement.value.func, ast.Name)
                and [ast.unparse(x) for x in statement.targets + statement.value.args]
                == [function.name] * 2):
            return statement.value.func.id
    return None


def kind_of(function, owner):
    if owner is None:
        return "function"
    if not isinstance(owner, ast.ClassDef):
        return "nested-function"
    names = {wrapped_later(function, owner)}
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "getter",
                                                                       "deleter"):
            return "property"
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        names.add(ast.unparse(target).rpartition(".")[2])
    if names & PROPERTIES:
        return "property"
    if names & STATIC or function.name == "__new__":
        return "static-method"
    if names & CLASS or function.name in ("__init_subclass__", "__class_getitem__"):
        return "class-method"
    return "method"


def normal(expression):
    """An expression, however it was laid out."""
    return None if expression is None else ast.dump(expression)


def parsed(text):
    if text is None:
        return None
    if text.startswith("*"):  # def f(*args: *Ts)
        return ast.dump(ast.parse(f"x[{text}]", mode="eval").body.slice.elts[0])
    return ast.dump(ast.parse(f"({text}\n)", mode="eval").body)


def parameters_of(function, kind):
    given = function.args
    positional = [(x, "positional-only") for x in given.posonlyargs]
    positional += [(x, "normal") for x in given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + given.defaults
    found = [(x, kind, default) for (x, kind), default in zip(positional, defaults)]
    if kind in ("method", "class-method", "property"):
        found = found[1:]
    if given.vararg:
        found.append((given.vararg, "variadic", None))
    found += [(x, "keyword-only", y) for x, y in zip(given.kwonlyargs, given.kw_defaults)]
    if given.kwarg:
        found.append((given.kwarg, "keywords", None))
    return [(x.arg, kind, normal(x.annotation), normal(y)) for x, kind, y in found]


def yields(function):
    rest = list(function.body)
    while rest:
        node = rest.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, FUNCTIONS + (ast.Lambda, ast.ClassDef)):
            rest += ast.iter_child_nodes(node)
    return False


def functions_of(node, prefix, owner, found):
    for child in ast.iter_child_nodes(node):
        name = f"{prefix}.{getattr(child, 'name', '')}"
        if isinstance(child, FUNCTIONS):
            found.append((child, name, owner))
            functions_of(child, name, child, found)
        elif isinstance(child, ast.ClassDef):
            functions_of(child, name, child, found)
        elif not isinstance(child, ast.expr):
            functions_of(child, prefix, owner, found)
    return found


def module_of(path, root):
    name = os.path.relpath(path, root)[:-3].replace("/", ".")
    return name.removesuffix(".__init__") if name != "__init__" else name


def expected(path, root):
    with open(path, "rb") as file:
        tree = ast.parse(file.read())
    for function, name, owner in functions_of(tree, module_of(path, root), None, []):
        kind = kind_of(function, owner)
        yield (function.lineno, name, kind, parameters_of(function, kind),
               normal(function.returns), ast.get_docstring(function))


def as_scanned(function):
    return (function["line"], function["id"], function["kind"],
            [(x["name"], x["kind"], parsed(x["type"]), parsed(x["default"]))
             for x in function["parameters"]],
            parsed(function["returns"]), function["doc"])


class Agreement(unittest.TestCase):
    """Name for name, on all of a tree."""

    def agree(self, root, at_least):
        if not os.path.isdir(root):
            self.skipTest(f"{root} is not there")
        done = scan(root)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("syntax error", done.stderr)
        found = {}
        for function in json.loads(done.stdout):
            self.assertNotIn("does not parse", function["reason"] or "")
            if function["language"].startswith("python"):
                found.setdefault(function["file"], []).append(function)
        count = 0
        for path, functions in sorted(found.items()):
            if not path.endswith(".py"):
                continue
            self.assertEqual({x["language"] for x in functions}, {"python"}, path)
            wanted = sorted(expected(path, root), key=repr)
            self.assertEqual(sorted(map(as_scanned, functions), key=repr), wanted, path)
            count += len(functions)
        self.assertGreater(count, at_least)
        return found

    def test_standard_library(self):
        found = self.agree(STDLIB, 10000)
        # No file with functions may be missing as a whole.
        for folder, folders, names in os.walk(STDLIB):
            folders[:] = [x for x in folders if x not in ("__pycache__", "dist-packages")]
            for name in names:
                path = os.path.join(folder, name)
                if name.endswith(".py") and path not in found:
                    self.assertEqual(list(expected(path, STDLIB)), [], path)

    def test_packages(self):
        """Those of the packages here that are written in an old or a rich style."""
        names = ("pip", "setuptools", "pkg_resources", "yaml", "mako", "jinja2", "docutils")
        roots = [os.path.join(PACKAGES, x) for x in names]
        roots = [x for x in roots if os.path.exists(os.path.join(x, "__init__.py"))]
        if not roots:
            self.skipTest(f"none of {', '.join(names)} is in {PACKAGES}")
        for root in roots:
            with self.subTest(root):
                done = scan(root)
                self.assertEqual(done.returncode, 0, done.stderr)
                found = {}
                for function in json.loads(done.stdout):
                    found.setdefault(function["file"], []).append(as_scanned(function))
                for path, functions in found.items():
                    wanted = sorted(expected(path, PACKAGES), key=repr)
                    self.assertEqual(sorted(functions, key=repr), wanted, path)

    def test_coroutines_and_generators(self):
        paths = []
        for folder, folders, names in os.walk(STDLIB):
            folders[:] = [x for x in folders if x != "dist-packages"]
            paths += [os.path.join(folder, x) for x in names if x.endswith(".py")]
        done = subprocess.run([FLAGS, *sorted(paths)], capture_output=True, text=True, check=True)
        found, path = {}, None
        for line in done.stdout.splitlines():
            if line.startswith("= "):
                path = line[2:]
                found[path] = []
            else:
                number, name, coroutine, generator = line.split()
                found[path].append((int(number), name, coroutine == "1", generator == "1"))
        count = 0
        for path, functions in found.items():
            with open(path, "rb") as file:
                tree = ast.parse(file.read())
            wanted = [(function.lineno, name, isinstance(function, ast.AsyncFunctionDef),
                       yields(function))
                      for function, name, _ in functions_of(tree, "m", None, [])]
            self.assertEqual(sorted(functions), sorted(wanted), path)
            count += sum(x[3] for x in wanted)
        self.assertGreater(count, 200)


class Golden(unittest.TestCase):
    maxDiff = None

    def check_file(self, case, name, got):
        path = os.path.join(GOLDEN, case, name)
        if os.environ.get("SNAFU_GOLDEN") == "write":
            with open(path, "w", encoding="utf-8") as file:
                file.write(got)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(got, file.read(), f"{case}/{name}")

    def test_cases(self):
        cases = sorted(os.listdir(GOLDEN))
        self.assertGreater(len(cases), 3)
        for case in cases:
            with self.subTest(case):
                done = scan("input.py", cwd=os.path.join(GOLDEN, case))
                self.check_file(case, "expected.json", done.stdout)
                self.check_file(case, "expected.errors", done.stderr)


class BadInput(unittest.TestCase):
    """Whatever is in the file, the scan comes back and the neighbours are found."""

    def test_odd_files(self):
        odd = {
            "empty.py": b"", "binary.py": bytes(range(256)) * 100, "nul.py": b"def f(): pass\n\0",
            "brackets.py": b"(" * (1 << 20), "quotes.py": b"'''" * 9999 + b"\\",
            "deep.py": b"".join(b" " * i + b"if x:\n" for i in range(3000)),
            "half.py": b"def f(a, b", "utf16.py": "def f(): pass\n".encode("utf-16"),
            "tabs.py": b"class A:\n\tdef t(self):\n\t\tpass\n        def u(self): pass\n",
        }
        with tempfile.TemporaryDirectory() as folder:
            for name, content in odd.items():
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
            with open(os.path.join(folder, "good.py"), "wb") as file:
                file.write(b"def good(): pass\n")
            done = scan(folder, timeout=60)
            found = {x["id"]: x for x in json.loads(done.stdout)}
            self.assertTrue(found["good.good"]["callable"])
            self.assertFalse(found["half.f"]["callable"])
            self.assertEqual(found["tabs.A.u"]["language"], "python2")
            for name in ("binary", "nul", "brackets", "quotes", "half", "utf16", "deep"):
                self.assertIn(f"{name}.py", done.stderr)
            self.assertNotIn("empty.py", done.stderr)

    def test_chopped_files(self):
        """A file cut anywhere still gives the functions that are whole."""
        path = os.path.join(STDLIB, "textwrap.py")
        with open(path, "rb") as file:
            text = file.read()
        starts = [(x.end_lineno, (x.name, x.lineno)) for x in ast.walk(ast.parse(text))
                  if isinstance(x, FUNCTIONS)]
        with tempfile.TemporaryDirectory() as folder:
            for cut in range(0, len(text), 487):
                with open(os.path.join(folder, f"cut{cut}.py"), "wb") as file:
                    file.write(text[:cut])
            done = scan(folder, timeout=60)
            found = {}
            for function in json.loads(done.stdout):
                name = function["id"].split(".")[-1], function["line"]
                found.setdefault(function["file"], {})[name] = function
            for cut in range(0, len(text), 487):
                whole = [name for end, name in starts if end <= text[:cut].count(b"\n")]
                got = found.get(os.path.join(folder, f"cut{cut}.py"), {})
                self.assertEqual([x for x in whole if x not in got
                                  or "does not parse" in (got[x]["reason"] or "")], [], cut)


warnings.simplefilter("ignore")  # invalid escapes in the files that are read
