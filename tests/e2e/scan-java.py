"""tests/e2e/scan-java.py — the Java scanner against javap: name for name, type for
type, on Debian's commons-lang3 jar, on every construct of the language (compiled
here), and on a large tree of source. And files that are no good Java at all."""

import collections
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import zipfile

BUILD = os.environ["SNAFU_BUILD"]
SOURCE = os.environ["SNAFU_SOURCE"]
CONSTRUCTS = os.path.join(SOURCE, "tests/e2e/java/Constructs.java")
LANG3 = "/usr/share/java/commons-lang3.jar"
MODIFIERS = {"public", "private", "protected", "static", "final", "abstract", "native",
             "synchronized", "default", "strictfp", "transient", "volatile"}

QUICK = ["-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"]  # a JVM for a short life

Method = collections.namedtuple("Method", "name parameters returns static")


def scan(*paths):
    """The functions in the paths, and what was said on stderr."""
    done = subprocess.run([os.path.join(BUILD, "snafu-scan"), "--format", "json", *paths],
                          capture_output=True, text=True, errors="replace", timeout=300)
    return (json.loads(done.stdout) if done.stdout.strip() else []), done


def split(text):
    """Splits at the commas outside of <>."""
    parts, depth = [""], 0
    for char in text:
        depth += (char == "<") - (char == ">")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if part.strip()]


def same_notation(text):
    return text and text.replace("$", ".").replace(", ", ",")


def before_name(text):
    """Return type of `public static <T> java.util.List<T> name`; None for a constructor."""
    depth, words = 0, [""]
    for char in text.strip():
        if char == "<" and depth == 0 and not words[-1]:
            words.append("")
        depth += (char == "<") - (char == ">")
        if char == " " and depth == 0:
            words.append("")
        else:
            words[-1] += char
    words = [word for word in words if word and word not in MODIFIERS]
    if len(words) > 1 and words[0].startswith("<"):
        words = words[1:]
    return words[0] if len(words) > 1 else None


def parse_javap(text):
    """{binary class name: [Method]} of `javap -p -v`, without what the compiler made,
    and {binary class name: its flags, RECORD among them}."""
    classes, flags, name, pending = {}, {}, None, None
    for line in text.splitlines():
        if line.startswith("  this_class:"):
            name = line.split("// ")[1].strip().strip('"')
            classes[name] = []
        elif line.startswith("  flags:"):
            class_flags = line
        elif line.startswith("  super_class:"):
            flags[name] = class_flags + (" RECORD" if "java/lang/Record" in line else "")
        elif re.match(r"  \S.*;$", line):
            pending = line.strip()[:-1]
        elif line.startswith("    flags:") and pending:
            if "(" in pending and "ACC_SYNTHETIC" not in line:
                head, rest = pending.split("(", 1)
                inside = rest[:rest.index(")")]
                short = head.split(" ")[-1]
                result = before_name(head)
                classes[name].append(Method(
                    "<init>" if result is None else short,
                    tuple(same_notation(part) for part in split(inside)),
                    same_notation(result), "ACC_STATIC" in line))
            pending = None
    return classes, flags


def javap(options, names, tool="javap"):
    done = subprocess.run([tool, *QUICK, "-p", "-v", *options, *names], capture_output=True,
                          text=True, timeout=300)
    return parse_javap(done.stdout)


def scanned_classes(functions, strip):
    """{binary class name: [Method]} from the descriptors of class files."""
    classes = collections.defaultdict(list)
    for function in functions:
        name = function["file"][len(strip):-len(".class")]
        constructor = function["returns"] is None
        classes[name].append(Method(
            "<init>" if constructor else function["id"].rsplit(".", 1)[1],
            tuple(same_notation(each["type"]) for each in function["parameters"]),
            same_notation(function["returns"]),
            function["kind"] == "static-method"))
    return classes


def name_depth(name):
    """How many parts of an id are the package and the top class."""
    parts = name.split(".")
    return next(i for i, part in enumerate(parts) if part[0].isupper()) + 1


def is_local(name):
    return re.search(r"\$\d", name) is not None


def is_anonymous(name):
    return re.search(r"\$\d+$", name) is not None


def erased(text):
    """java.util.Map.Entry<K,V>[] as Entry[]."""
    depth, kept = 0, ""
    text = re.sub(r"@[\w.]+(\([^)]*\))?\s*", "", text)
    for char in text:
        depth += char == "<"
        if not depth:
            kept += char
        depth -= char == ">"
    name, rest = re.match(r"([^\[.]*(?:\.[^\[.]+)*)(.*)", kept.strip()).groups()
    return name.strip().rsplit(".", 1)[-1] + rest.replace(" ", "")


class AgainstJavap(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        if not shutil.which("javap"):
            self.skipTest("no javap: install default-jdk-headless")

    def compare_classes(self, scanned, compiled, flags):
        """Every class and every member, with the types of parameters and results."""
        compared = 0
        for name, methods in compiled.items():
            if "ACC_SYNTHETIC" in flags[name] or name.endswith(("module-info", "package-info")):
                self.assertNotIn(name, scanned)
                continue
            if is_anonymous(name):
                methods = [method for method in methods if method.name != "<init>"]
            wanted = collections.Counter(methods)
            found = collections.Counter(scanned.get(name, []))
            if is_local(name):
                # All are nested functions; whether static is not said.
                wanted = collections.Counter(method._replace(static=False) for method in methods)
            self.assertEqual(found, wanted, name)
            compared += sum(wanted.values())
        self.assertEqual(set(scanned) - set(compiled), set())
        return compared

    def compare_source(self, functions, compiled, flags):
        """What source says against what javap shows of its classes. What only javap
        has must be something that the compiler adds."""
        in_source = collections.defaultdict(collections.Counter)
        for function in functions:
            if function["kind"] == "nested-function":
                continue
            owner, name = function["id"].rsplit(".", 1)
            if function["kind"] == "constructor":
                name = "<init>"
            in_source[owner][name, tuple(erased(each["type"])
                                         for each in function["parameters"])] += 1
        compared, owners = 0, set()
        for binary, methods in compiled.items():
            if is_local(binary) or "ACC_SYNTHETIC" in flags[binary]:
                continue
            owner = binary.replace("/", ".").replace("$", ".")
            owners.add(owner)
            wanted = collections.Counter((method.name, tuple(map(erased, method.parameters)))
                                         for method in methods)
            found = in_source.get(owner, collections.Counter())
            outer = owner.rsplit(".", 1)[0].rsplit(".", 1)[-1]
            # An inner class's constructor takes the outer object first.
            for name, parameters in list(wanted):
                if name == "<init>" and "$" in binary and (name, parameters) not in found and \
                        parameters[:1] == (outer,) and (name, parameters[1:]) in found:
                    wanted[name, parameters[1:]] += wanted.pop((name, parameters))
            self.assertEqual(found - wanted, collections.Counter(), owner)
            for name, parameters in wanted - found:
                enum = "ACC_ENUM" in flags[binary]
                constructors = any(each[0] == "<init>" for each in found)
                record = "RECORD" in flags[binary]
                self.assertTrue(
                    (name == "<init>" and not constructors) or record or
                    (enum and (name, parameters) in [("values", ()), ("valueOf", ("String",))]),
                    f"{owner}.{name}{parameters} is not found in the source")
            compared += sum(found.values())
        missing = {owner for owner in in_source if owner not in owners}
        self.assertEqual(missing, set())
        return compared

    def test_commons_lang3_jar(self):
        if not os.path.exists(LANG3):
            self.skipTest("no commons-lang3.jar: install libcommons-lang3-java")
        functions, done = scan(LANG3)
        self.assertEqual(done.stderr, "")
        with zipfile.ZipFile(LANG3) as jar:
            names = [name[:-6] for name in jar.namelist()
                     if name.endswith(".class") and not name.startswith("META-INF/")]
        compiled, flags = javap(["-cp", LANG3], [name.replace("/", ".") for name in names])
        self.assertEqual(set(compiled), set(names))
        compared = self.compare_classes(scanned_classes(functions, LANG3 + "!/"), compiled, flags)
        self.assertGreater(compared, 3000)
        for function in functions:
            binary = function["file"].split("!/")[1][:-6]
            if not is_local(binary):
                self.assertEqual(function["id"].rsplit(".", 1)[0],
                                 binary.replace("/", ".").replace("$", "."))
        empty = [each for each in functions
                 if each["id"] == "org.apache.commons.lang3.StringUtils.isEmpty"]
        self.assertEqual([(each["callable"], each["kind"], each["parameters"][0]["name"])
                          for each in empty], [(True, "static-method", "cs")])

    def compiled_constructs(self, folder, *options):
        done = subprocess.run(["javac", *QUICK, "-nowarn", "-d", folder, *options, CONSTRUCTS],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        files = sorted(glob.glob(folder + "/**/*.class", recursive=True))
        # javap takes a file's dollar signs as they are.
        return javap([], files)

    def test_every_construct_compiled_and_in_source(self):
        for options in (["-g", "-parameters"], ["-g:none"], ["-g"]):
            with self.subTest(options=options), tempfile.TemporaryDirectory() as folder:
                compiled, flags = self.compiled_constructs(folder, *options)
                functions, done = scan(folder)
                self.assertEqual(done.stderr, "")
                if "-parameters" in options:
                    self.check_constructs_in_source(functions, compiled, flags)
                compared = self.compare_classes(scanned_classes(functions, folder + "/"),
                                                compiled, flags)
                self.assertGreater(compared, 60)
                add = [each for each in functions if each["id"].endswith("Constructs.mixed")][0]
                names = [each["name"] for each in add["parameters"]]
                self.assertEqual(names, ["arg0", "arg1", "arg2", "arg3"]
                                 if options == ["-g:none"] else ["count", "ratio", "data", "rest"])
                self.assertEqual(add["line"] > 0, options != ["-g:none"])

    def check_constructs_in_source(self, from_classes, compiled, flags):
        functions, done = scan(CONSTRUCTS)
        self.assertEqual(done.stderr, "")
        self.assertGreater(self.compare_source(functions, compiled, flags), 40)
        # Members of local and anonymous classes have the same ids both ways, but
        # for classes inside anonymous ones.
        nested = lambda functions: {
            each["id"] for each in functions
            if each["kind"] == "nested-function" and
            not re.search(r"\$.*\..*\.|Local.*\$", each["id"])}
        found = nested(functions)
        self.assertGreater(len(found), 12)
        self.assertEqual(found - nested(from_classes), set())

    def test_large_tree_of_source(self):
        """The JDK's own java.util, source against javap."""
        for archive in sorted(glob.glob("/usr/lib/jvm/*/lib/src.zip")):
            home = os.path.dirname(os.path.dirname(archive))
            tools = [os.path.join(home, "bin", tool) for tool in ("javap", "jimage")]
            if os.path.exists(archive) and all(map(os.path.exists, tools)):
                break
        else:
            self.skipTest("no JDK with its source: install openjdk-17-source")
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(archive) as source:
                names = [name for name in source.namelist()
                         if name.startswith("java.base/java/util/") and name.endswith(".java") and
                         name.count("/") < 5 and "-info" not in name]
                source.extractall(folder, names)
            functions, done = scan(folder + "/java.base")
            self.assertEqual(done.stderr, "")
            listed = subprocess.run([tools[1], "list", "--include", "regex:/java.base/java/util/.*",
                                     home + "/lib/modules"], capture_output=True, text=True)
            tops = {name[len("java.base/"):-len(".java")] for name in names}
            classes = [line.strip()[:-len(".class")].replace("/", ".")
                       for line in listed.stdout.splitlines()
                       if re.split(r"[$.]", line.strip())[0] in tops]
            self.assertGreater(len(classes), 300)
            compiled, flags = javap(["--module", "java.base"], classes, tools[0])
            # Classes beside the one that the file is named after are not in the list.
            tops = {name.replace("/", ".") for name in tops}
            functions = [each for each in functions
                         if ".".join(each["id"].split(".")[:name_depth(each["id"])]) in tops]
            self.assertGreater(self.compare_source(functions, compiled, flags), 4000)


class Source(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def scan_text(self, text, name="T.java"):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        functions, done = scan(path)
        self.assertGreaterEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("Sanitizer", done.stderr)
        return functions, done.stderr

    def ids(self, text):
        return [each["id"] for each in self.scan_text(text)[0]]

    def test_doc_and_lines(self):
        functions, errors = self.scan_text(
            "package p;\r\n/** Class. */\r\npublic class T {\r\n"
            "    /**\r\n     * Adds.\r\n     *\r\n     * @param a the first,\r\n"
            "     *          on two lines\r\n     * @return the sum\r\n     */\r\n"
            "    @Deprecated\r\n    public static int add(\r\n        int a, int b) { return a; }\r\n"
            "    // not a doc\r\n    int f() { return 1; }\r\n"
            "    /** One line. */ void g() { }\r\n    /* plain */ void h() { }\r\n"
            "    /** lost */ ; void i() { }\r\n}\r\n")
        self.assertEqual(errors, "")
        add, f, g, h, i = functions
        self.assertEqual(add["doc"], "Adds.\n\n@param a the first,\n         on two lines\n"
                                     "@return the sum")
        self.assertEqual([each["doc"] for each in add["parameters"]],
                         ["the first, on two lines", None])
        self.assertEqual([each["line"] for each in functions], [12, 15, 16, 17, 18])
        self.assertEqual([each["doc"] for each in (f, g, h, i)], [None, "One line.", None, None])

    def test_what_a_body_may_hide(self):
        functions, errors = self.scan_text(r'''
class T {
    String a() { return "} \" {" + '}' + '\'' + "\\"; /* } */ }
    String b() { // }
        return """
            } " \""" {
            """; }
    int[] c = {1, 2, '}'}, d = new int[] {3};
    Runnable e = () -> { class L { void inL() { } } };
    Object f = new Object() { public String toString() { return "x"; } };
    void g() { for (int i = 0; i < 3; i++) { if (i > 1) { new Thread() { public void run() { } }; } } }
    void h() { switch (1) { case 1 -> { } default -> { } } try (var x = y()) { } catch (E z) { } }
    <T> void i() { record R(int a) { int inR() { return a; } } int record = 1; record = 2; }
    void j() { List<Map<String, List<int[]>>> x = new ArrayList<>(); boolean y = a < b && c > (d); }
}''')
        self.assertEqual(errors, "")
        self.assertEqual([each["id"][2:] for each in functions], [
            "a", "b", "L.inL", "$Object.toString", "g", "g.$Thread.run", "h", "i", "i.R.inR", "j"])

    def test_syntax_errors_are_told_and_the_rest_is_listed(self):
        cases = {
            "in a body": "class T { void a() { int x = ; } void b() { } }",
            "in a call": "class T { void a() { f(,); } void b() { } }",
            "a semicolon": "class T { void a() { f() g(); } void b() { } }",
            "a brace": "class T { void a() { if (x) { } void b() { } }",
            "a string": "class T {\n void a() { s = \"x;\n }\n void b() { } }",
            "a name": "class T { void a() { } void () { } void b() { } }",
            "the end": "package p; class T { void a() { } void b() { } void c() {",
            "a field": "class T { int x = 1 +; void a() { } void b() { } }",
        }
        for what, text in cases.items():
            with self.subTest(what):
                functions, errors = self.scan_text(text)
                self.assertIn("syntax error", errors)
                names = [each["id"].rsplit(".", 1)[1] for each in functions]
                self.assertIn("a", names)
                if what != "a brace":
                    self.assertIn("b", names)
                if what in ("in a body", "in a call", "a semicolon", "a string", "a field"):
                    self.assertEqual(names, ["a", "b"])

    def test_encodings(self):
        latin = "class T { /** caf\u00e9 */ void a() { } String \u00e9() { return \"\u00e9\"; } }"
        functions, errors = self.scan_text(latin.encode("latin-1"))
        self.assertIn("Latin-1", errors)
        self.assertEqual([(each["id"], each["doc"]) for each in functions],
                         [("T.a", "caf\u00e9"), ("T.\u00e9", None)])
        functions, errors = self.scan_text(b"\xef\xbb\xbf" + latin.encode())
        self.assertEqual(errors, "")
        self.assertEqual(functions[0]["doc"], "caf\u00e9")
        functions, errors = self.scan_text("class T { void a() { } // \0\n void b() { } }")
        self.assertEqual([each["id"] for each in functions], ["T.a", "T.b"])
        functions, errors = self.scan_text("class T { void a() { } }".encode("utf-16"))
        self.assertEqual(functions, [])
        self.assertIn("UTF-8", errors)

    def test_hostile_source(self):
        deep = 100000
        cases = [b"", b"\0" * 5000, bytes(range(256)) * 50, b"class", b"/*", b"/**", b"\"", b"'",
                 b"class T {" * 900, b"(" * deep, b"class T { int x = " + b"(" * deep,
                 b"class T { void a() {" + b"{" * 5000 + b"}" * 5000 + b"} }",
                 b"class T { void a() { x = " + b"!" * deep + b"y; class L { } } }",
                 b"class T { void a() { x = 1" + b" + 1" * deep + b"; class L { } } }",
                 b"class T { " + b"List<" * deep + b"A" + b">" * deep + b" a() { } }",
                 b"class T { void a() { " + b"if (x) " * deep + b"; class L { } } }",
                 b"@" * deep, b"class T { void a(" + b"int a, " * 300 + b"int b) { } }",
                 b"class T { void a() { x = " + b"!" * deep, b"class T { void a() { x = a" +
                 b"<a" * deep, b"class T { public int ; record R(int) { } class { } enum { , } }",
                 b"class " + b"N" * 60000 + b" { " + b"void a() { } " * 5000 + b"}"]
        for text in cases:
            with self.subTest(text[:40]):
                functions, _ = self.scan_text(text)
                self.assertLess(sum(len(each["id"]) for each in functions), 100 << 20)

    def test_hostile_classes(self):
        data = b"\xca\xfe\xba\xbe\0\0\0\x37"
        for text in (b"", data, data + b"\xff\xff", data + b"\0\1" + b"\0" * 100, b"PK\3\4"):
            for name in ("T.class", "T.jar"):
                functions, errors = self.scan_text(text, name)
                self.assertEqual(functions, [])
                if text or name == "T.class":
                    self.assertIn("not a usable", errors)

    def test_a_jar_that_unpacks_without_end(self):
        path = os.path.join(self.folder, "bomb.jar")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as jar:
            for i in range(5):
                jar.writestr(f"a/B{i}.class", b"\xca\xfe\xba\xbe" + b"\0" * (12 << 20))
            jar.writestr("META-INF/versions/11/a/C.class", b"x")
            jar.writestr("module-info.class", b"x")
        functions, done = scan(path)
        self.assertEqual(functions, [])
        self.assertEqual(done.stderr.count("not read"), 5)


if __name__ == "__main__":
    unittest.main()
