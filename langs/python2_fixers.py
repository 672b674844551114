"""langs/python2_fixers.py — what Snafu adds to 2to3's own fixers, so that upgraded code
computes what it did: integer division, tuple parameters under the names that are
listed, functions of the string module. None of them moves a line where it can be
helped: stack traces are to name the lines of the source.

Used by python2_upgrade.py, in a process of its own."""

from lib2to3 import fixer_base, pytree, refactor
from lib2to3.fixer_util import Assign, Call, Comma, Dot, FromImport, Leaf, Name, Newline, Node, syms
from lib2to3.fixes import fix_import, fix_imports, fix_tuple_params
from lib2to3.pgen2 import token

DIVIDE = ("(lambda a, b: a // b if isinstance(a, int) and isinstance(b, int) else a / b)")


def is_fraction(node):
    """A literal that makes the division one of floating point numbers anyway."""
    return (node.type == token.NUMBER and not node.value.lower().startswith("0x")
            and any(letter in node.value for letter in ".eEjJ"))


def is_integer(node):
    """A literal or a call that gives an integer, whatever it is called with."""
    if node.type == token.NUMBER:
        return not is_fraction(node)
    return is_call(node, "int", "len", "ord")


def is_call(node, *names):
    return (node.type == syms.power and len(node.children) == 2 and
            node.children[0].type == token.NAME and node.children[0].value in names and
            node.children[1].type == syms.trailer and node.children[1].children[0].value == "(")


def divide(left, right, between=""):
    left, right = left.clone(), right.clone()
    prefix, left.prefix = left.prefix, ""
    if not right.prefix:
        right.prefix = " "
    return Call(Name(DIVIDE, prefix=prefix), [left, Leaf(token.COMMA, ",", prefix=between), right])


ABSTRACT = ("Callable Container Hashable ItemsView Iterable Iterator KeysView Mapping MappingView "
            "MutableMapping MutableSequence MutableSet Sequence Set Sized ValuesView").split()


class FixAbstract(fixer_base.BaseFix):
    """collections.Mapping and its kin, which live in collections.abc."""

    NAMES = "(" + " | ".join("'%s'" % name for name in ABSTRACT) + ")"
    PATTERN = ("power< 'collections' trailer< '.' name=" + NAMES + " > any* > | "
               "import_from< 'from' 'collections' 'import' only=" + NAMES + " > | "
               "import_from< 'from' 'collections' 'import' several=import_as_names >")

    def transform(self, node, results):
        if "name" in results:
            name = results["name"][0]
            name.replace(Name("abc." + name.value, prefix=name.prefix))
            self.lead_there(node)
        elif "only" in results:
            self.rename(node.children[1])
        else:
            return self.part(node, results["several"])

    @staticmethod
    def rename(module):
        module.value = "collections.abc"
        module.changed()

    def lead_there(self, node):
        """`import collections.abc` names both, and moves no line."""
        while node.parent:
            node = node.parent
        for leaf in node.leaves():
            if (leaf.value == "collections" and leaf.parent.type == syms.import_name
                    and leaf.prev_sibling.value == "import"):
                self.rename(leaf)

    def part(self, node, names):
        listed = [child for child in names.children if child.type != token.COMMA]
        moved = [child for child in listed if str(child).split()[0] in ABSTRACT]
        if not moved:
            return None
        if len(moved) == len(listed):
            self.rename(node.children[1])
            return None
        made = FromImport("collections.abc", [Name(", ".join(str(child).strip() for child in moved),
                                                   prefix=" ")])
        made.prefix = " "
        rest = FromImport("collections", [Name(", ".join(
            str(child).strip() for child in listed if child not in moved), prefix=" ")])
        rest.prefix = node.prefix
        parent, at = node.parent, node.parent.children.index(node) + 1
        node.replace(rest)
        parent.insert_child(at, Leaf(token.SEMI, ";"))
        parent.insert_child(at + 1, made)
        return None


class FixDivision(fixer_base.BaseFix):
    """a / b of two integers is an integer, as long as the file does not say otherwise."""

    PATTERN = "term< any+ > | expr_stmt< any '/=' any >"
    order = "post"
    run_order = 9

    def start_tree(self, tree, filename):
        super().start_tree(tree, filename)
        self.skip = "division" in tree.future_features

    def transform(self, node, results):
        if self.skip:
            return None
        if node.type == syms.expr_stmt:
            target, value = node.children[0], node.children[2]
            if is_fraction(value) or is_call(value, "float"):
                return None
            plain = target.clone()
            plain.prefix = " "
            return Node(syms.expr_stmt,
                        [target.clone(), Leaf(token.EQUAL, "=", prefix=" "), divide(plain, value)])
        if not any(child.type == token.SLASH for child in node.children):
            return None
        whole = node.children[0].clone()
        for sign, right in zip(node.children[1::2], node.children[2::2]):
            fraction = any(is_fraction(part) or is_call(part, "float") for part in (whole, right))
            if sign.type == token.SLASH and is_integer(whole) and is_integer(right):
                floor = Leaf(token.DOUBLESLASH, "//", prefix=sign.prefix)
                whole = Node(syms.term, [whole.clone(), floor, right.clone()])
            elif sign.type == token.SLASH and not fraction:
                whole = divide(whole, right, sign.prefix.strip(" "))
            else:
                whole = Node(syms.term, [whole, sign.clone(), right.clone()])
        return whole


class FixDivisionMethods(fixer_base.BaseFix):
    """Classes that say what their division is."""

    PATTERN = "funcdef< 'def' name=('__div__' | '__rdiv__' | '__idiv__') any+ >"

    def transform(self, node, results):
        name = results["name"][0]
        name.replace(Name(name.value.replace("div", "truediv"), prefix=name.prefix))


def first_simple(suite):
    """The first statement of a function's body, if more can be written on its line."""
    for child in suite.children:
        if child.type == syms.simple_stmt:
            return child
        if child.type not in (token.NEWLINE, token.INDENT):
            return None
    return None


class FixTupleParams(fix_tuple_params.FixTupleParams):
    """def f((a, b)): a_b in the listing, and unpacked on the line of the first statement."""

    run_order = 4
    PATTERN = fix_tuple_params.FixTupleParams.PATTERN + """
              | several=lambdef< 'lambda' args=varargslist ':' body=any >"""

    def transform(self, node, results):
        if "lambda" in results:
            return self.transform_lambda(node, results)
        if "several" in results:
            for child in results["args"].children:
                if child.type == syms.vfpdef:
                    self.subscript(child, results["body"])
            return None
        arguments, suite = results["args"], results["suite"][0]
        tuples = ([arguments] if arguments.type == syms.tfpdef else
                  [child for child in arguments.children if child.type == syms.tfpdef])
        if not tuples:
            return None
        used = {leaf.value for leaf in node.leaves()}
        unpacked = [self.name(child, used) for child in tuples]
        if suite.type != syms.suite: # def f((a, b)): return a
            self.before(suite, unpacked)
            return None
        first = first_simple(suite)
        if first is not None and first.children[0].type == token.STRING:
            for statement in unpacked:
                first.insert_child(len(first.children) - 1, Leaf(token.SEMI, ";"))
                statement.prefix = " "
                first.insert_child(len(first.children) - 1, statement)
        elif first is not None:
            self.before(first, unpacked)
        else:
            self.own_lines(suite, unpacked)
        return None

    @staticmethod
    def subscript(parameter, body):
        """lambda sum, (a, b): a + b, as 2to3 does it for lambda (a, b): a + b."""
        names = fix_tuple_params.find_params(fix_tuple_params.simplify_args(parameter))
        if isinstance(names, str):
            parameter.replace(Name(names, prefix=parameter.prefix))
            return
        places = fix_tuple_params.map_to_index(names, d={})
        new = fix_tuple_params.tuple_name(names)
        parameter.replace(Name(new, prefix=parameter.prefix))
        leaves = [leaf for leaf in body.leaves() if leaf.type == token.NAME and leaf.value in places
                  and not (leaf.prev_sibling and leaf.prev_sibling.type == token.DOT)]
        for leaf in leaves:
            leaf.replace(Node(syms.power, [Name(new, prefix=leaf.prefix)] + [
                part.clone() for part in places[leaf.value]]))

    @staticmethod
    def name(parameter, used):
        name = "_".join(leaf.value for leaf in parameter.leaves() if leaf.type == token.NAME)
        while name in used:
            name += "_"
        new = Name(name, prefix=parameter.prefix)
        inner = parameter.clone()
        inner.prefix = ""
        parameter.replace(new)
        plain = new.clone()
        plain.prefix = ""
        return Assign(inner, plain)

    @staticmethod
    def before(statement, unpacked):
        prefix, statement.prefix = statement.prefix, " "
        for index, assignment in enumerate(reversed(unpacked)):
            statement.insert_child(0, Leaf(token.SEMI, ";"))
            assignment.prefix = " " if index + 1 < len(unpacked) else prefix
            statement.insert_child(0, assignment)

    @staticmethod
    def own_lines(suite, unpacked):
        at = next(index for index, child in enumerate(suite.children)
                  if child.type == token.INDENT) + 1
        indent = suite.children[at - 1].value
        suite.children[at].prefix = indent
        for index, assignment in enumerate(reversed(unpacked)):
            if index + 1 < len(unpacked):
                assignment.prefix = indent
            suite.insert_child(at, pytree.Node(syms.simple_stmt, [assignment, Newline()]))


class FixImport(fix_import.FixImport):
    """Imports of neighbours inside a package; also several at once, and dotted ones."""

    def transform(self, node, results):
        if self.skip:
            return None
        if node.type == syms.import_from:
            if self.probably_a_local_import(str(results["imp"]).strip()):
                imp = results["imp"]
                while not hasattr(imp, "value"):
                    imp = imp.children[0]
                imp.value = "." + imp.value
                imp.changed()
            return None
        parts = node.children[1]
        parts = ([child for child in parts.children if child.type != token.COMMA]
                 if parts.type == syms.dotted_as_names else [parts])
        words = [str(part).strip() for part in parts]
        if not any(self.probably_a_local_import(word) for word in words):
            return None
        made = [statement for word in words for statement in self.statements(word)]
        for index, statement in enumerate(made):
            statement.prefix = " " if index else node.prefix
            if index:
                node.parent.insert_child(at, Leaf(token.SEMI, ";"))
                node.parent.insert_child(at + 1, statement)
                at += 2
            else:
                parent, at = node.parent, node.parent.children.index(node) + 1
                node.replace(statement)
                node = statement
        return None

    def probably_a_local_import(self, imp_name):
        return super().probably_a_local_import(imp_name.split(" ")[0].partition(".")[0])

    def statements(self, words):
        """`import WORDS`, a module's name and perhaps `as` another, taken apart."""
        dotted, _, alias = words.partition(" as ")
        if not self.probably_a_local_import(dotted):
            if dotted in fix_imports.MAPPING: # that fixer sees no nodes made here
                words = "%s as %s" % (fix_imports.MAPPING[dotted], alias or dotted)
            return [Node(syms.import_name, [Name("import"), Name(words, prefix=" ")])]
        folder, _, last = dotted.rpartition(".")
        if alias or not folder:
            return [FromImport("." + folder, [Name(last + (" as " + alias if alias else ""), prefix=" ")])]
        first = dotted.partition(".")[0]
        return [FromImport("." + folder, [Name("%s as _%s" % (last, last), prefix=" ")]),
                FromImport(".", [Name(first, prefix=" ")])]


RENAMED = {"basestring": "str", "long": "int", "unichr": "chr", "unicode": "str", "xrange": "range"}


class FixTwins(fixer_base.BaseFix):
    """def f(x, int=int, long=long), as done for speed: 2to3 would make two parameters of one
    name. The second goes by long_."""

    PATTERN = "funcdef< 'def' any parameters< '(' arguments=typedargslist ')' > any+ >"
    order = "pre"
    run_order = 1

    def transform(self, node, results):
        arguments = results["arguments"].children
        for child in [child for child in arguments if child.type == token.NAME
                      and child.value in ("True", "False", "None") and is_own_default(child)]:
            self.drop(child)
        named = [child for child in arguments if child.type == token.NAME
                 and not is_default(child)]
        taken = {child.value for child in named} - set(RENAMED)
        for child in named:
            old = child.value
            if old not in RENAMED:
                continue
            if RENAMED[old] not in taken:
                taken.add(RENAMED[old])
                continue
            for leaf in list(node.leaves()):
                if leaf.type == token.NAME and leaf.value == old and not is_default(leaf) \
                        and not is_attribute(leaf):
                    leaf.value = old + "_"
                    leaf.changed()


    @staticmethod
    def drop(parameter):
        """def f(x, True=True): it is a word of its own now. With its comma, before or behind."""
        parts = [parameter, parameter.next_sibling, parameter.next_sibling.next_sibling]
        behind, before = parts[-1].next_sibling, parameter.prev_sibling
        parts += [behind or before] if behind or before else []
        for part in parts:
            part.remove()


def is_own_default(leaf):
    """True=True"""
    after = leaf.next_sibling
    return (after is not None and after.type == token.EQUAL and
            str(after.next_sibling).strip() == leaf.value)


def is_default(leaf):
    before = leaf.prev_sibling
    return (before is not None and before.type == token.EQUAL and
            leaf.parent.type in (syms.typedargslist, syms.argument))


def is_attribute(leaf):
    before = leaf.prev_sibling
    return before is not None and before.type == token.DOT


class FixBareModule(fixer_base.BaseFix):
    """getattr(__builtin__, name): 2to3 renames modules only where something of them is named."""

    PATTERN = "NAME"

    def start_tree(self, tree, filename):
        super().start_tree(tree, filename)
        self.imported = {leaf.value for leaf in tree.leaves()
                         if leaf.type == token.NAME and leaf.value in fix_imports.MAPPING
                         and is_imported(leaf)}
        if self.imported: # a name that is something else somewhere is left alone
            self.imported -= {leaf.value for leaf in tree.leaves() if leaf.type == token.NAME
                              and gets_meaning(leaf) and not is_imported(leaf)}

    def match(self, node):
        return (bool(self.imported) and node.type == token.NAME and node.value in self.imported
                and not is_attribute(node) and not gets_meaning(node) and not is_imported(node)
                and node.parent.type not in (syms.import_from, syms.import_as_name,
                                             syms.dotted_as_name, syms.dotted_name)
                and not (node.parent.type == syms.argument and node.next_sibling is not None
                         and node.next_sibling.type == token.EQUAL)
                and not (node.next_sibling is not None and node.next_sibling.type == syms.trailer
                         and node.next_sibling.children[0].type == token.DOT))

    def transform(self, node, results):
        node.replace(Name(fix_imports.MAPPING[node.value], prefix=node.prefix))


def is_imported(leaf):
    """`import leaf`, or one of `import a, leaf`."""
    return leaf.parent.type in (syms.import_name, syms.dotted_as_names)


class FixFile(fixer_base.BaseFix):
    """file(path), which is open(path)."""

    PATTERN = "power< name='file' trailer< '(' any* ')' > any* >"

    def transform(self, node, results):
        root = node
        while root.parent:
            root = root.parent
        if "file" not in assigned(root):
            results["name"].replace(Name("open", prefix=results["name"].prefix))


def assigned(root):
    """Names that a file gives a meaning: by =, def, class, import, for, as a parameter."""
    if not hasattr(root, "snafu_assigned"):
        root.snafu_assigned = {leaf.value for leaf in root.leaves() if leaf.type == token.NAME and (
            gets_meaning(leaf))}
    return root.snafu_assigned


def gets_meaning(leaf):
    before, after, parent = leaf.prev_sibling, leaf.next_sibling, leaf.parent
    if before is not None and before.type == token.NAME and before.value in (
            "def", "class", "for", "import", "as"):
        return True
    if after is not None and after.type == token.EQUAL and parent.type != syms.argument:
        return True
    return parent.type in (syms.parameters, syms.typedargslist, syms.varargslist, syms.exprlist,
                           syms.import_as_names, syms.dotted_as_names, syms.testlist_star_expr)


class FixHexLiteral(fixer_base.BaseFix):
    """'7ff8'.decode('hex'), as constants of bytes were written."""

    PATTERN = "power< text=STRING trailer< '.' 'decode' > trailer< '(' codec=STRING ')' > rest=any* >"

    def transform(self, node, results):
        if results["codec"].value[1:-1] not in ("hex", "hex_codec"):
            return None
        text = results["text"].clone()
        text.prefix = ""
        return Node(syms.power, [Name("bytes", prefix=node.prefix), Node(syms.trailer, [
            Dot(), Name("fromhex")]), Node(syms.trailer, [
                Leaf(token.LPAR, "("), text, Leaf(token.RPAR, ")")])] + [
                    part.clone() for part in results["rest"]])


class FixTruth(fixer_base.BaseFix):
    """True = 1, from the days before 2.3."""

    PATTERN = """expr_stmt< ('True' | 'False' | 'None') '=' any >
               | expr_stmt< (testlist_star_expr<('True' | 'False' | 'None') ',' ('True' | 'False' | 'None')>
                             | atom< '(' testlist_gexp<('True' | 'False' | 'None') ',' ('True' | 'False' | 'None')> ')' >)
                            '=' any >"""

    def transform(self, node, results):
        return Name("pass", prefix=node.prefix)


METHODS = ("atof atoi atol capitalize count expandtabs find index lower lstrip replace rfind rindex "
           "rstrip split rsplit splitfields strip swapcase upper zfill ljust rjust center join "
           "joinfields").split()
NUMBERS = {"atof": "float", "atoi": "int", "atol": "int"}
CONSTANTS = {"letters": "ascii_letters", "lowercase": "ascii_lowercase",
             "uppercase": "ascii_uppercase"}


class FixStringModule(fixer_base.BaseFix):
    """string.join(words, ", ") and its kin, which became methods."""

    PATTERN = ("power< 'string' trailer< '.' name=NAME > trailer< '(' [arguments=any] ')' > rest=any* >"
               " | power< 'string' trailer< '.' name=NAME > rest=any* >")

    def transform(self, node, results):
        name, rest = results["name"], [part.clone() for part in results.get("rest") or []]
        if name.value in CONSTANTS and "arguments" not in results:
            name.replace(Name(CONSTANTS[name.value], prefix=name.prefix))
            return None
        given = results.get("arguments")
        if given is None or name.value not in METHODS:
            return None
        given = [given] if given.type != syms.arglist else [
            child for child in given.children if child.type != token.COMMA]
        if any(child.type in (syms.argument, token.STAR) for child in given):
            return None
        given = [child.clone() for child in given]
        prefix = node.prefix
        for child in given:
            child.prefix = ""
        if name.value in NUMBERS:
            return Node(syms.power, [Call(Name(NUMBERS[name.value]), separated(given),
                                          prefix=prefix)] + rest)
        method = name.value.replace("fields", "")
        if method == "join":
            words = given.pop(0)
            if not given:
                given = [Leaf(token.STRING, "' '")]
            given.append(words)
        thing = Node(syms.atom, [Leaf(token.LPAR, "("), given[0], Leaf(token.RPAR, ")")],
                     prefix=prefix)
        call = [Leaf(token.LPAR, "(")] + separated(given[1:]) + [Leaf(token.RPAR, ")")]
        return Node(syms.power, [thing, Node(syms.trailer, [Dot(), Name(method)]),
                                 Node(syms.trailer, call)] + rest)


def separated(arguments):
    parts = []
    for argument in arguments:
        if parts:
            parts.append(Comma())
            argument.prefix = " "
        parts.append(argument)
    return parts


class Upgrader(refactor.RefactoringTool):
    """All of 2to3's usual fixers, and the ones above."""

    def __init__(self, **options):
        names = refactor.get_fixers_from_package("lib2to3.fixes")
        super().__init__([name for name in names
                          if not name.endswith((".fix_import", ".fix_tuple_params"))], options)

    def get_fixers(self):
        before, after = super().get_fixers()
        for made in (FixAbstract, FixBareModule, FixDivision, FixDivisionMethods, FixFile,
                     FixHexLiteral, FixImport, FixStringModule, FixTruth, FixTupleParams, FixTwins):
            fixer = made(self.options, self.fixer_log)
            (before if fixer.order == "pre" else after).append(fixer)
        return [sorted(fixers, key=lambda fixer: fixer.run_order) for fixers in (before, after)]

    def log_message(self, *words):
        pass

    log_debug = log_message
