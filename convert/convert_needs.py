"""convert/convert_needs.py — what of its folder a single source needs to run: the modules that it
imports, the headers that it includes and the sources that define what it calls, the classes that
it names, and the files beside it that it names in quotes; and what these need.

Called by convert/project/needs.c, in a process of its own. On stdin, with a NUL behind each: the
language, the source's path, the folder that the project goes to, a folder for what is under way,
and the flags of a C source. On stdout, the same way: the folder that all paths are below, then KIND
PATH WHY for each file: "take"; for what is wanted and is not taken: "want".

Nothing is run but the C compiler and nm. Rather a file too many than one too few: what is named in
a comment or on a branch that is never taken may come along."""

import os
import re
import subprocess
import sys
import warnings
from importlib.util import find_spec

FILES_CAP = 5000 # files that are taken
WANTS_CAP = 1000
NEIGHBOURS_CAP = 2000 # entries of a folder that are looked at
COMPILED_CAP = 300 # C sources
LEVELS_CAP = 3 # folders above that of a C source, for its headers
SIZE_CAP = 32 << 20 # bytes of a source
PATIENCE = 120 # seconds for a run of the compiler


class Needs:
    def __init__(self, language, path, out, work, flags):
        self.out, self.work, self.flags = out, work, flags
        self.suffix = {"python": ".py", "java": ".java", "c": ".c"}[language]
        self.read_source = {"python": self.python, "java": self.java, "c": self.c}[language]
        self.base = {"python": python_base, "java": java_base, "c": self.c_base}[language](path)
        self.first, self.taken, self.wanted = path, {path: ""}, {}
        self.objects, self.listed = {}, {}

    def name(self, path):
        return os.path.relpath(path, self.base)

    def want(self, name, why):
        if len(self.wanted) < WANTS_CAP:
            self.wanted.setdefault(name, why)

    def take(self, path, why):
        """Whether PATH is a file that may be taken; then it is."""
        path = os.path.normpath(path)
        if path in self.taken:
            return True
        if not os.path.isfile(path):
            return False
        if not is_below(os.path.realpath(path), self.base) or not is_below(path, self.base):
            self.want(path, "%s; it is outside of %s: convert a folder that has both" % (why, self.base))
        elif is_below(path, self.out):
            return False
        elif len(self.taken) >= FILES_CAP:
            self.want(self.name(path), why + "; there are too many files")
        else:
            self.taken[path] = why
        return True

    def follow(self):
        done = set()
        while len(done) < len(self.taken):
            for path in [path for path in self.taken if path not in done]:
                done.add(path)
                own = path == self.first or path.endswith(self.suffix)
                text = read(path) if own else ""
                if text:
                    self.read_source(path, text)
                    self.named_files(path, text)

    def neighbours(self, folder, suffix):
        """The names in FOLDER that end in SUFFIX, without it."""
        if folder not in self.listed:
            try:
                self.listed[folder] = sorted(os.listdir(folder))[:NEIGHBOURS_CAP]
            except OSError:
                self.listed[folder] = []
        return [name[:-len(suffix)] for name in self.listed[folder] if name.endswith(suffix)]

    # ---- data

    def named_files(self, path, text):
        """"rates.txt", or "rates.txt" and "data" for the one in data."""
        here, why = os.path.dirname(path), "named in " + self.name(path)
        if self.suffix == ".c": # what is included is the compiler's to tell
            text = re.sub(r"^[ \t]*#[ \t]*include\b.*", "", text, flags=re.M)
        text = text.encode("latin-1").decode("utf-8", "surrogateescape") # as names of files are
        quoted = set(re.findall(r"""["']/?([\w.-]+(?:/[\w.-]+)*)["']""", text))
        folders = [here] + [os.path.join(here, word) for word in quoted
                            if os.path.isdir(os.path.join(here, word)) and ".." not in word]
        for word in sorted(quoted):
            if re.search(r"\.\w+$", word) and ".." not in word.split("/"):
                for folder in folders + [self.base]:
                    self.take(os.path.join(folder, word), why)

    # ---- Python

    def python(self, path, text):
        why = "imported by " + self.name(path)
        here = os.path.dirname(path)
        while here != self.base and os.path.isfile(os.path.join(here, "__init__.py")):
            self.take(os.path.join(here, "__init__.py"), "the package of " + self.name(path))
            here = os.path.dirname(here)
        imports, plain = read_imports(path, text)
        for module, level, names in imports:
            place = os.path.dirname(path)
            for _ in range(level - 1):
                place = os.path.dirname(place)
            places = [place] if level else dict.fromkeys((place, self.base))
            found = [self.module(folder, module, names, why) for folder in places]
            top = module.partition(".")[0]
            if any(found) or not top or not (level or top in plain):
                continue
            if level:
                self.want("." * level + module, why)
            elif top not in KNOWN_MODULES:
                self.want(top, why + ("; it is installed on this machine, and stays there"
                                      if is_installed(top) else "; it is neither here nor installed"))

    def module(self, folder, module, names, why):
        found = False
        for part in module.split(".") if module else ():
            path = os.path.join(folder, part)
            if self.take(os.path.join(path, "__init__.py"), why):
                found = True
            elif self.take(path + ".py", why) or self.extension(folder, part, why):
                return True
            elif not os.path.isdir(path):
                return found
            folder = path
        if "*" in names:
            listed = re.search(r"__all__\s*=\s*[\[(](.*?)[\])]",
                               read(os.path.join(folder, "__init__.py")), re.S)
            names = re.findall(r"['\"](\w+)['\"]", listed.group(1)) if listed else []
        return any([self.module(folder, name, (), why) for name in names]) or found

    def extension(self, folder, module, why):
        return any([self.take(os.path.join(folder, name + ".so"), why)
                    for name in self.neighbours(folder, ".so") if name.partition(".")[0] == module])

    # ---- Java

    def java(self, path, text):
        text = JAVA_NOISE.sub(" ", text).encode("latin-1").decode("utf-8", "surrogateescape")
        words, here, why = set(re.findall(r"\w+", text)), os.path.dirname(path), "named in " + self.name(path)
        self.classes(here, words, why)
        for static, name, star in re.findall(r"\bimport\s+(static\s+)?([\w.]+?)\s*(\.\s*\*)?\s*;", text):
            package = os.path.join(self.base, *name.split("."))
            if star and not static and self.classes(package, words, why):
                continue
            if not self.a_class(name, why) and not name.startswith(JDK) and not os.path.isdir(package):
                self.want(name + star, why + "; no file below %s has it" % self.base)
        for name in set(re.findall(r"\b[a-z_]\w*(?:\.\w+)+", text)):
            self.a_class(name, why)

    def classes(self, folder, words, why):
        return any([self.take(os.path.join(folder, name + ".java"), why)
                    for name in self.neighbours(folder, ".java") if name in words])

    def a_class(self, name, why):
        """Of a.b.C.D, which may be a member of a.b.C: the source, or the jar that has it."""
        parts = name.split(".")
        for count in range(len(parts), 0, -1):
            if self.take(os.path.join(self.base, *parts[:count]) + ".java", why):
                return True
        return any([self.take(jar, why) for jar, names in self.jars().items()
                    if any("/".join(parts[:count]) in names for count in range(len(parts), 0, -1))])

    def jars(self):
        """What is in the jars that lie in the source root, or in lib there."""
        import zipfile
        if "jars" not in self.objects:
            self.objects["jars"] = {}
            for folder in self.base, os.path.join(self.base, "lib"):
                for name in self.neighbours(folder, ".jar"):
                    path = os.path.join(folder, name + ".jar")
                    try:
                        with zipfile.ZipFile(path) as file:
                            names = {inner[:-6] for inner in file.namelist() if inner.endswith(".class")}
                    except (OSError, ValueError, zipfile.BadZipFile):
                        continue
                    self.objects["jars"][path] = names | {os.path.dirname(inner) for inner in names}
        return self.objects["jars"]

    # ---- C

    def c_base(self, path):
        """So that folders of headers that were given and are near are in it."""
        here = base = os.path.dirname(path)
        for flag in self.flags:
            folder = os.path.normpath(flag[2:]) if flag.startswith("-I/") else here
            above = os.path.commonpath([base, folder])
            if above != "/" and here.count("/") - above.count("/") <= LEVELS_CAP:
                base = above
        return base

    def missing(self, path, header):
        """One that the compiler has not found, and where it may be."""
        folder, places = os.path.dirname(path), []
        for _ in range(LEVELS_CAP):
            folder = os.path.dirname(folder)
            places += [place for place in (folder, os.path.join(folder, "include"))
                       if os.path.isfile(os.path.join(place, header))]
        self.want(header, "included by %s; it is not there%s" % (
            self.name(path), ": give its folder, -I " + places[0] if places else ""))

    def compiler(self, *words):
        command = os.environ.get("CC", "").split() or ["cc"]
        try:
            return subprocess.run([*command, "-w", *words], capture_output=True, timeout=PATIENCE,
                                  stdin=subprocess.DEVNULL, check=False, errors="surrogateescape",
                                  env=dict(os.environ, LC_ALL="C"))
        except (OSError, subprocess.TimeoutExpired):
            return None

    def c(self, path, text):
        why = "included by " + self.name(path)
        said = self.compiler(*self.flags, "-MM", "-MG", "-MT", "x", path)
        rule = said.stdout.replace("\\\n", " ").partition(":")[2] if said else ""
        for header in re.findall(r"(?:\\.|\S)+", rule.replace("$$", "$")):
            header = re.sub(r"\\(.)", r"\1", header)
            if not os.path.isabs(header): # assumed to be made later, -MG
                self.missing(path, header)
            elif header != path and self.take(header, why):
                self.named_files(header, read(header))
        undefined = self.symbols(path)[1]
        for name in sorted(undefined - self.defined()):
            self.definition(os.path.dirname(path), name, self.name(path))

    def symbols(self, path):
        """What the object of PATH defines, and what it needs."""
        if path not in self.objects and len(self.objects) < COMPILED_CAP:
            place = os.path.join(self.work, "%d.o" % len(self.objects))
            self.objects[path] = place, set(), set()
            said = self.compiler(*self.flags, "-fPIC", "-O0", "-c", "-o", place, path)
            for header in re.findall(r"error: (\S+): No such file", said.stderr if said else ""):
                self.missing(path, header)
            if said and said.returncode == 0:
                names = subprocess.run(["nm", "-g", "-P", place], capture_output=True,
                                       errors="surrogateescape", timeout=PATIENCE,
                                       check=False).stdout
                for line in names.splitlines():
                    name, kind = (line.split() + ["", ""])[:2]
                    self.objects[path][2 if kind in "UwvV" else 1].add(name)
        return self.objects.get(path, ("", set(), set()))[1:]

    def defined(self):
        return set().union(*(self.objects[path][1] for path in self.taken if path in self.objects))

    def definition(self, folder, name, user):
        """Takes the neighbour that defines NAME; of several, one that is no program."""
        spelt = re.escape(name.encode("utf-8", "surrogateescape").decode("latin-1"))
        line = re.compile(r"^(?:[^\s#/*{}][^;{}=\n]*)?(?<![\w$])%s(?![\w$])" % spelt, re.M)
        programs = []
        for neighbour in self.neighbours(folder, ".c"):
            path = os.path.join(folder, neighbour + ".c")
            if path in self.taken or not os.path.isfile(path) or not line.search(read(path)):
                continue
            defined = self.symbols(path)[0]
            if name in defined and "main" not in defined:
                self.take(path, "defines %s, which %s needs" % (name, user))
                return
            programs += [path] if name in defined else []
        for path in programs[:1]:
            self.take(path, "defines %s, which %s needs" % (name, user))

    def undefined(self):
        """What none of the sources taken defines, nor the C library."""
        objects = [self.objects[path][0] for path in self.taken
                   if path in self.objects and os.path.isfile(self.objects[path][0])]
        said = self.compiler("-shared", "-Wl,-z,defs", "-o", os.path.join(self.work, "all.so"),
                             *objects, "-lm") if objects else None
        for name in re.findall(r"undefined reference to [`'](\w+)'", said.stderr if said else ""):
            self.want(name, "called, and defined neither beside %s nor in the C library" %
                      self.name(self.first))


# ---- files ----------------------------------------------------------------------------------

def is_below(path, folder):
    return path.startswith(folder.rstrip("/") + "/")


def read(path):
    try:
        if os.path.getsize(path) > SIZE_CAP:
            return ""
        with open(path, "rb") as file:
            return file.read().removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    except OSError:
        return ""


def python_base(path):
    return python2_upgrade.packages(path, "/")[1]


def java_base(path):
    """Above the folders of the package that the source says, if it stands in these."""
    folder = os.path.dirname(path)
    said = re.search(r"\bpackage\s+([\w.]+)\s*;", JAVA_NOISE.sub(" ", read(path)))
    tail = "/" + said.group(1).replace(".", "/") if said else ""
    return folder[:-len(tail)] or "/" if tail and folder.endswith(tail) else folder


# ---- languages ------------------------------------------------------------------------------

JAVA_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)
JDK = ("java.", "javax.", "jdk.", "sun.", "com.sun.", "org.w3c.dom", "org.xml.sax", "org.ietf.jgss")
IMPORT = re.compile(r"^([ \t]*(?:(?:try|else|except\b[^:\n]*|if\b[^:\n]*):[ \t]*)?)(?:from[ \t]+(\.*)[ \t]*([\w.]*)[ \t]+import[ \t]*"
                    r"(\([^)]*\)|[^\n;#]*)|import[ \t]+([^\n;#]*))", re.M)


def read_imports(path, text):
    """(module, level, names) of each import, and the modules that have to be there."""
    reader = python2_upgrade.parse(text.encode("latin-1"))
    if reader:
        return reader.imports, reader.plain
    imports, plain = [], set() # Python 2, or neither: by the look of it
    text = re.sub(r"[ \t]+", " ", text.replace("\\\n", " ")) # many of them would take IMPORT long
    for indent, level, module, names, modules in IMPORT.findall(
            re.sub(r"; ?(?=(?:from|import)\b)", "\n", text)):
        names = [name.split()[0] for name in re.sub(r"#[^\n]*|[()]", " ", names).split(",") if name.split()]
        found = [(module, len(level), names)] if not modules else [
            (name.split()[0], 0, []) for name in modules.split(",") if name.split()]
        imports += found
        plain.update(module.partition(".")[0] for module, level, _ in found if not indent)
    return imports, plain


def is_installed(module):
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def main():
    global KNOWN_MODULES
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(10000)
    given = sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\0")[:-1]
    KNOWN_MODULES = {*sys.stdlib_module_names, *python2_upgrade.GONE_MODULES, *convert_review.REMOVED}
    os.makedirs(given[3], exist_ok=True)
    needs = Needs(*given[:4], given[4:])
    needs.follow()
    needs.undefined()
    told = [needs.base]
    for path, why in needs.taken.items():
        told += ["take", needs.name(path), why]
    for name, why in needs.wanted.items():
        told += ["want", name, why]
    sys.stdout.buffer.write("".join(word + "\0" for word in told).encode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import convert_review
    import python2_upgrade
    main()
