"""templates/view.py — a model as templates see it: names that targets take, settings with their
defaults, triggers, and what a target cannot express."""

import base64
import io
import json
import math
import os
import re
import uuid
import zipfile
from urllib.parse import quote

from markupsafe import Markup

import clock
from aws import Aws
from kinds import line
from schedules import Schedule

MIB = 1 << 20
HOME = "/srv"  # where the sources are in an image, below it
SETTINGS = "/etc/snafu/snafu.ini"
NOTE_NAMES = 5  # functions that a note on the screen names
SNAFU_MEMORY = 256 * MIB  # what Snafu and its interpreters take besides functions


class Notes:
    """What is not carried over, or only in part: each once, for all functions it is true of."""

    def __init__(self):
        self.all = {}  # what: the functions' ids

    def add(self, what, function=None):
        ids = self.all.setdefault(line(what), [])
        if function is not None and function.id not in ids:
            ids.append(function.id)
        return ""

    def lines(self):
        """For a screen."""
        return [self.tell(what, ids, NOTE_NAMES) for what, ids in self.all.items()]

    def comments(self):
        """For files: with all functions."""
        return [self.tell(what, ids, len(ids)) for what, ids in self.all.items()]

    def of(self, function):
        return [what for what, ids in self.all.items() if function.id in ids]

    @staticmethod
    def tell(what, ids, most):
        if not ids:
            return what
        more = f" and {len(ids) - most} more" if len(ids) > most else ""
        return line(", ".join(ids[:most]) + more + ": " + what)


def walk(place, whole):
    """Files in or at a path, but hidden ones: where they go, and where they are."""
    if os.path.isfile(whole):
        yield place, whole
    for folder, folders, names in os.walk(whole):
        folders[:] = sorted(name for name in folders
                            if name[0] != "." and name not in ("__pycache__", "node_modules"))
        for name in sorted(names):
            if name[0] != ".":
                path = os.path.join(folder, name)
                yield os.path.normpath(os.path.join(place, os.path.relpath(path, whole))), path


class Names:
    """Unique names within one set of rules."""

    def __init__(self, pattern, filler, most, begin="f"):
        self.pattern, self.filler, self.most, self.begin = pattern, filler, most, begin
        self.taken = set()

    def make(self, text, fold=False):
        base = re.sub(self.pattern, self.filler, text.lower() if fold else text)
        base = base.strip("-_") or self.begin
        if not base[0].isalpha():
            base = self.begin + self.filler + base
        base = base[:self.most].rstrip("-_")
        name, number = base, 2
        while name in self.taken:
            tail = f"{self.filler}{number}" if self.filler else str(number)
            name, number = base[:self.most - len(tail)].rstrip("-_") + tail, number + 1
        self.taken.add(name)
        return name


class Value:
    """A setting: what it is, as a number and as a person writes it."""

    def __init__(self, value, text, is_default):
        self.value, self.text, self.is_default = value, text, is_default


class Function:
    def __init__(self, told, view):
        self.told, self.view = told, view
        self.id, self.name, self.language = told["id"], told["name"], told["language"]
        self.signature, self.doc = line(told["signature"]), line(told["doc"] or "")
        self.convention = told["convention"]
        self.environment = told["environment"]
        self.parameters = told["parameters"]
        self.path = told["http"]["path"]

    def get(self, name):
        """The setting that holds."""
        if name in self.told["settings"]:
            own = self.told["settings"][name]
            return Value(own["value"], own["text"], False)
        default = self.view.table[name]["default"]
        return Value(default["value"], default["text"], True)

    def __getitem__(self, name):
        return self.get(name).value

    @property
    def seconds(self):
        return max(1, math.ceil(self["call-timeout"] / 1000))

    @property
    def mebibytes(self):
        """0: no limit."""
        return math.ceil(self["memory"] / MIB)

    @property
    def executor(self):
        chosen = ""
        for word in self["executor"].split(","):
            language, sign, name = word.partition("=")
            if sign and language == self.language:
                return name
            if not sign and language:
                chosen = chosen or language
        return chosen

    @property
    def description(self):
        return self.doc or self.signature

    @property
    def url(self):
        """The path of requests, percent-encoded."""
        return quote(self.path)

    # ---- triggers ----

    @property
    def schedule(self):
        return Schedule(self["schedule"]) if self["schedule"] else None

    def cron(self):
        """Five fields, or None; it is said when they cannot say it."""
        if not self.schedule:
            return None
        fields = self.schedule.cron()
        if not fields:
            self.view.notes.add(f"schedule = {self['schedule']}: the fields of cron cannot say "
                                "this rate; take one that divides an hour or a day", self)
        return fields

    # ---- Python's names, for adapters ----

    @property
    def root(self):
        """The folder that its module is imported from, in the folder that is deployed."""
        return self.told["root"] or os.path.dirname(self.told["file"] or "") or "."

    @property
    def module(self):
        file, root = self.told["file"] or "", self.root
        if root != "." and file.startswith(root + "/"):
            file = file[len(root) + 1:]
        stem = os.path.splitext(file)[0]
        if stem.endswith("/__init__"):
            stem = stem[:-len("/__init__")]
        return stem.replace("/", ".")

    @property
    def qualifier(self):
        """Class.method."""
        module = self.module
        while module:
            if self.id.startswith(module + "."):
                return self.id[len(module) + 1:]
            module = module.partition(".")[2]
        return self.id.rpartition(".")[2]

    @property
    def own(self):
        """Written for this very provider: it is called as it is."""
        return self.family is not None and self.family == self.view.target.told.get("convention")

    @property
    def family(self):
        """Whose rules it is called by: gcf of gcf-event."""
        return self.convention.partition("-")[0] if self.convention else None


class View:
    """The whole model, for one target."""

    def __init__(self, model, target, notes):
        self.model, self.target, self.notes = model, target, notes
        self.table = {each["name"]: each for each in model["settings"] if each["by"] == "all"}
        self.instance = {(each["section"], each["name"]): each for each in model["settings"]}
        self.runs_snafu = target.told["runs"] == "snafu"
        self.name = model["project"]["name"]
        self.label = Names(r"[^a-z0-9]+", "-", 40, "snafu").make(self.name, fold=True)
        self.image = model["project"]["image"] or f"{self.label}:latest"
        self.port = model["project"]["port"]
        self.functions = self.take_functions()
        self.note_settings()
        if self.runs_snafu:
            self.note_conventions()
            self.note_headers()

    # ---- functions ----

    def take_functions(self):
        taken, seen = [], set()
        labels = Names(r"[^a-z0-9]+", "-", 50)
        identifiers = Names(r"[^A-Za-z0-9_]+", "_", 60)
        logical = Names(r"[^A-Za-z0-9]+", "", 60, "F")
        languages = self.target.told.get("languages")
        for told in self.model["functions"]:
            if told["reason"] or told["id"] in seen:
                continue
            seen.add(told["id"])
            function = Function(told, self)
            if languages and function.language not in languages:
                self.notes.add(f"left out: {self.target.title} runs "
                               f"{' and '.join(languages)} here, not {function.language}; a "
                               "target that runs Snafu takes every language", function)
                continue
            if function.name == "__init__" and not self.runs_snafu:
                self.notes.add("left out: a constructor alone does nothing", function)
                continue
            if function.family and not self.runs_snafu and not function.own:
                self.notes.add(f"left out: it is written for another provider "
                               f"({function.convention}); a target that runs Snafu takes it",
                               function)
                continue
            function.label = labels.make(function.id, fold=True)
            function.identifier = identifiers.make(function.id)
            function.logical = logical.make(
                "".join(part[:1].upper() + part[1:]
                        for part in re.split(r"[^A-Za-z0-9]+", function.id))) + "Function"
            taken.append(function)
        return taken

    def note_conventions(self):
        """A file that is copied alone may have been recognised by what stands beside it."""
        alone = {each["path"] for each in self.model["paths"]
                 if not each["folder"] and each["place"].startswith("functions/")}
        for function in self.functions:
            if function.convention and function.told["source"] in alone and \
                    self.target.told.get("sources") and function.get("convention").is_default:
                self.notes.add(f"convention = {function.convention}: the file is copied alone, and "
                               "what stands beside it may have said so; name its folder, or set "
                               "Convention in its config", function)

    def note_headers(self):
        """Folders of -I that are not copied, and are not the system's."""
        for each in self.model["include_paths"]:
            if self.target.told.get("sources") and not each["place"] and \
                    not os.path.abspath(each["path"]).startswith("/usr/"):
                self.notes.add(f"-I {each['path']}: this folder is not copied; name it as a "
                               "source, too, or the folder above")

    def note_settings(self):
        """What the functions ask for, and the target has no word for."""
        for function in self.functions:
            for name in self.table:
                sentence = self.target.cannot.get(name)
                setting = function.get(name)
                if name == "executor":
                    sentence = self.target.cannot.get(f"executor={function.executor}", sentence)
                if name == "environment":
                    if sentence and function.environment:
                        names = " ".join(function.environment)
                        self.notes.add(f"environment {names}: {sentence}", function)
                elif sentence and not setting.is_default:
                    self.notes.add(f"{name} = {setting.text}: {sentence}", function)
        for (section, name), each in self.instance.items():
            sentence = self.target.cannot.get(f"[{section}] {name}")
            if each["by"] == "instance" and each["value"] != each["default"]["value"]:
                if not sentence and not self.runs_snafu:
                    sentence = "is about a Snafu that serves, and there is none here"
                if sentence:
                    self.notes.add(f"[{section}] {name} = {each['text']}: {sentence}")
        if self.model["tenants"] and not self.runs_snafu:
            self.notes.add("tenants (" + " ".join(self.model["tenants"]) + ") are not carried over: "
                           "deploy once for each, with its settings")

    def find(self, name):
        """The function that NAME, an id or an unambiguous tail of one, stands for; or None."""
        found = [function for function in self.functions
                 if function.id == name or function.id.endswith("." + name)]
        exact = [function for function in found if function.id == name]
        return (exact or found or [None])[0] if len(exact or found) == 1 else None

    def topics(self):
        """Each topic once: its name, and a name that is fit for a resource."""
        logical = Names(r"[^A-Za-z0-9]+", "", 60, "T")
        labels = Names(r"[^a-z0-9]+", "-", 50, "t")
        made = {}
        for function in self.functions:
            topic = function["topic"]
            if topic and topic not in made:
                made[topic] = {"name": topic, "logical": logical.make(topic.title()),
                               "label": labels.make(topic, fold=True)}
        return made

    def crons(self):
        """Functions with a schedule that cron can say."""
        return [function for function in self.functions if function.cron()]

    def tops(self):
        """What of the folder the sources are in."""
        return sorted({each["place"].split("/")[0] if each["place"] != "." else "."
                       for each in self.model["paths"]})

    def archived(self):
        """Patterns of the sources' files."""
        return [pattern for top in self.tops()
                for pattern in ([top] if os.path.splitext(top)[1] else [f"{top}/**/*", f"{top}/*"])]

    @staticmethod
    def part(name):
        """A piece of a file that is no template."""
        with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
            return Markup(file.read().rstrip("\n"))

    def file(self, path):
        """The text of a file of this target."""
        return self.render_one(path)

    @property
    def roots(self):
        return sorted({function.root for function in self.functions})

    def zipped(self, *files):
        """The sources below functions/ and FILES, pairs of name and text, as base64 of a zip."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            def add(name, data):
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
            for name, text in files:
                add(name, str(text))
            for each in self.model["paths"]:
                for place, path in walk(each["place"], each["whole"]):
                    if place not in archive.namelist():
                        with open(path, "rb") as file:
                            add(place, file.read())
        return base64.b64encode(content.getvalue()).decode()

    @property
    def uid(self):
        return str(uuid.uuid5(uuid.NAMESPACE_URL, "snafu:" + self.name))

    def clamp(self, function, name, value, least, most, unit):
        """VALUE within what the target takes; it is said when that is another."""
        good = min(max(value, least), most)
        if good != value:
            self.notes.add(f"{name} = {function.get(name).text} becomes {good} {unit}: "
                           f"{self.target.title} takes {least} to {most}", function)
        return good

    # ---- an image that runs Snafu ----

    @property
    def command(self):
        return ["-C", "web", "-L", f"0.0.0.0:{self.port}", "-s", SETTINGS, *self.options,
                *self.places]

    @property
    def options(self):
        words = []
        for each in self.model["include_paths"]:
            words += ["-I", f"{HOME}/{each['place']}" if each["place"] else each["path"]]
        for each in self.model["defines"]:
            words += ["-D", each]
        return words

    @property
    def places(self):
        return [HOME if each["place"] == "." else f"{HOME}/{each['place']}"
                for each in self.model["paths"]]

    @property
    def copies(self):
        """What an image needs of the folder: (from, to)."""
        tops = []
        for each in [*self.model["paths"], *self.model["include_paths"]]:
            if not each["place"]:
                continue
            top = each["place"].split("/")[0]
            is_file = top == each["place"] and not each.get("folder", True)
            to = f"{HOME}/" if top == "." else f"{HOME}/{top}" + ("" if is_file else "/")
            pair = (top if is_file else f"{top}/", to)
            if pair not in tops:
                tops.append(pair)
            if is_file:
                for suffix in (".config",):
                    config = each.get("whole", "") + suffix
                    if os.path.exists(config) and (top + suffix, to + suffix) not in tops:
                        tops.append((top + suffix, to + suffix))
        return tops

    @property
    def packages(self):
        """Debian's, that Snafu needs for the languages in use."""
        path = os.path.join(os.path.dirname(__file__), "packages.json")
        with open(path, encoding="utf-8") as file:
            known = json.load(file)
        wanted = set(known["always"])
        for language in self.model["languages"]:
            wanted.update(known["languages"].get(language, []))
        return sorted(wanted)

    @property
    def health(self):
        """A command that asks the container's own Snafu; needs nothing but bash."""
        return ["bash", "-c",
                f"exec 3<>/dev/tcp/127.0.0.1/{self.port} && "
                "printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && "
                "read -r _ code _ <&3 && [ \"$code\" = 200 ]"]

    home, settings_path = HOME, SETTINGS

    def any_http(self):
        return any(function["http"] for function in self.functions)

    def longest(self, most):
        """Seconds that any call may take, at most MOST."""
        for function in self.functions:
            self.clamp(function, "call-timeout", function.seconds, 1, most, "s")
        return max([min(function.seconds, most) for function in self.functions] or [60])

    def watches(self):
        return [function for function in self.functions if function["watch"]]

    @staticmethod
    def is_pattern(path):
        return any(letter in path for letter in "*?[")

    @staticmethod
    def absolute(path):
        return os.path.abspath(path)

    # ---- a Snafu on this machine ----

    @property
    def snafu(self):
        return self.model["snafu"]["program"]

    @property
    def wholes(self):
        return [each["whole"] for each in self.model["paths"]]

    @property
    def options_here(self):
        words = []
        for each in self.model["include_paths"]:
            words += ["-I", os.path.abspath(each["path"])]
        for each in self.model["defines"]:
            words += ["-D", each]
        return words

    @property
    def in_home(self):
        there = any(each.startswith(("/home/", "/root/")) for each in self.wholes)
        if there:
            self.notes.add("the sources are in somebody's home, where the service's own user may "
                           "not read: put them elsewhere, or say User=")
        return there

    def short(self, *labels):
        """A name of several, short enough for a CronJob (52 characters)."""
        name = "-".join(labels)
        if len(name) <= 52:
            return name
        return name[:43] + "-" + uuid.uuid5(uuid.NAMESPACE_URL, name).hex[:8]

    def clock(self):
        """Functions with a schedule."""
        return [function for function in self.functions if function.schedule]

    def clock_loop(self, host):
        return clock.loop(self.clock(), host, self.port)

    def call_command(self, function, host, port):
        return clock.call_command(function, host, port)

    def value(self, section, name):
        """The instance's."""
        return self.instance[(section, name)]["value"]

    @property
    def grace(self):
        """Seconds until a container that is stopped may be killed."""
        return math.ceil(self.value("limits", "drain-timeout") / 1000) + 10

    @property
    def memory(self):
        """Bytes for a container that runs Snafu; 0: no limit."""
        most = max([function["memory"] for function in self.functions] or [0])
        if any(function["memory"] == 0 for function in self.functions):
            return 0
        wanted = self.value("container", "memory")
        return max(wanted, most + SNAFU_MEMORY) if wanted else 0

    @property
    def processes(self):
        return max([self.value("container", "processes"),
                    *(function["processes"] + 128 for function in self.functions)])

    @property
    def settings_file(self):
        return self.model["settings_file"] or "# Nothing is set: see docs/settings.md.\n"

    def names(self):
        return {
            "project": {"name": self.name, "label": self.label, "image": self.image,
                        "port": self.port},
            "aws": Aws(self), "functions": self.functions, "version": self.model["snafu"]["version"],
        }
