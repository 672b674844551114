"""tests/e2e/descriptors.py — snafu-export --target: models, templates, what is said and what is
escaped."""

import json
import os
import re

from folder import FolderTest
from terminal import BUILD, run

EXPORT = os.path.join(BUILD, "snafu-export")
HOSTILE = "it's \"quoted\"\\, {{ 7*7 }} {% raw %} ${HOME} $HOME %n %{x} `id` $(id) # : - é\\"


def export(*arguments, **options):
    return run(*arguments, program=EXPORT, **options)


class Case(FolderTest):
    def export(self, target, *arguments, status=0, **options):
        done = export("--target", target, "-o", self.path("out"), *arguments, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def model(self, *arguments, **options):
        done = export("--model", *arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)


class Models(Case):
    def test_settings_are_resolved(self):
        self.write("src/app.py", "def pay(amount: int, *, to='you'):\n    '''Pays.\n\n    More.'''\n"
                   "def plain(): pass\n")
        self.write("src/app.py.config", json.dumps({
            "MemorySize": 100, "Environment": {"Variables": {"A": "1", "Q": HOSTILE}},
            "Functions": {"pay": {"Timeout": 7}}}))
        settings = self.write("snafu.ini", "[limits]\ncall-timeout = 30s\n[function plain]\n"
                              "retries = 5\n[tenant acme]\nconcurrency = 3\n")
        model = self.model("-s", settings, "--image", "r.example/i:1", "-p", "90",
                           self.path("src"))
        self.assertEqual(model["project"], {"name": "src", "image": "r.example/i:1", "port": 90})
        pay, plain = model["functions"]
        self.assertEqual(pay["settings"], {"memory": {"value": 100 << 20, "text": "100MiB"},
                                           "call-timeout": {"value": 7000, "text": "7s"}})
        self.assertEqual(plain["settings"]["call-timeout"]["value"], 30000)
        self.assertEqual(plain["settings"]["retries"]["value"], 5)
        self.assertEqual(pay["environment"], {"A": "1", "Q": HOSTILE})
        self.assertEqual((pay["doc"], pay["file"], pay["root"]),
                         ("Pays.", "functions/src/app.py", "functions/src"))
        self.assertEqual([each["required"] for each in pay["parameters"]], [True, False])
        self.assertEqual(model["tenants"]["acme"]["concurrency"]["value"], 3)
        self.assertEqual(model["settings_file"], self.read("snafu.ini"))
        self.assertIn({"section": "limits", "name": "call-timeout", "unit": "ms", "by": "all",
                       "help": "time from a call's acceptance to its reply", "value": 30000,
                       "text": "30s", "default": {"value": 60000, "text": "1min"}},
                      model["settings"])

    def test_bad_configs_are_errors(self):
        source = self.write("app.py", "def f(): pass\n")
        self.write("app.py.config", '{"Timeout": "soon"}')
        done = export("--model", source)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("app.py.config: Timeout", done.stderr)


class Contexts(Case):
    """Where sources stand in the folder that is taken away."""

    def places(self, *paths, folder="out"):
        model = self.model("-o", self.path(folder), *paths)
        return [each["place"] for each in model["paths"]]

    def test_what_is_elsewhere_is_copied(self):
        for name in ("src/a.py", "src/sub/b.py", "src/.secret.py", "src/.git/c.py", "src/data.txt",
                     "src/__pycache__/d.py", "one.py", "other/one.py", "pkg/__init__.py",
                     "pkg/mod.py"):
            self.write(name, "def f(): pass\n")
        self.write("one.py.config", "{}")
        paths = [self.path(name) for name in ("src/", "one.py", "other/one.py", "pkg/mod.py")]
        self.assertEqual(self.places(*paths), [
            "functions/src", "functions/one.py", "functions/2/one.py", "functions/pkg/mod.py"])
        self.export("docker", *paths)
        self.assertEqual(
            [name for name in self.list_files("out") if name.startswith("functions/")],
            ["functions/2/one.py", "functions/one.py", "functions/one.py.config",
             "functions/pkg/__init__.py", "functions/pkg/mod.py", "functions/src/a.py",
             "functions/src/data.txt", "functions/src/sub/b.py"])
        # Copied, they are the same functions.
        here = [each["id"] for each in self.model(*paths)["functions"]]
        there = [each["id"] for each in
                 self.model(*(self.path("out/" + place) for place in self.places(*paths)))
                 ["functions"]]
        self.assertEqual(here, there)

    def test_what_is_there_stays_there(self):
        self.write("out/lib/a.py", "def f(): pass\n")
        self.write("out/b.py", "def g(): pass\n")
        self.assertEqual(self.places(self.path("out/lib"), self.path("out/b.py")),
                         ["lib", "b.py"])
        self.assertEqual(self.places(self.path("out"), folder="out"), ["."])
        self.export("docker", self.path("out/lib"), self.path("out/b.py"))
        self.assertEqual(self.list_files("out"),
                         [".dockerignore", "Dockerfile", "b.py", "lib/a.py", "snafu.ini"])
        self.assertIn('COPY ["lib/", "/srv/lib/"]\nCOPY ["b.py", "/srv/b.py"]\n',
                      self.read("out/Dockerfile"))

    def test_headers_elsewhere_are_told_of(self):
        source = self.write("src/a.c", "int f(void) { return 1; }\n")
        self.write("include/a.h", "int f(void);\n")
        done = self.export("docker", "-I", self.path("include"), "-I", "/usr/include", source)
        self.assertIn(f"not carried over: -I {self.path('include')}: this folder is not copied",
                      done.stderr)
        self.assertEqual(done.stderr.count("not copied"), 1)
        done = self.export("docker", "-f", "-I", self.path("include"), source,
                           self.path("include"))
        self.assertNotIn("not copied", done.stderr)
        self.assertIn('"-I", "/srv/functions/include"', self.read("out/Dockerfile"))

    def test_copies_follow_the_sources(self):
        source = self.write("a.py", "def f(): pass\n")
        self.export("docker", source)
        self.assertIn("1 file of the sources stand", self.export("docker", source).stderr)
        self.write("a.py", "def g(): pass\n")
        self.assertIn("1 others there differ and stay", self.export("docker", source).stderr)
        self.export("docker", "-f", source)
        self.assertEqual(self.read("out/functions/a.py"), "def g(): pass\n")


class Templates(Case):
    """Targets of somebody's own."""

    def target(self, name, told, **files):
        self.write(f"mine/{name}/target.json", json.dumps(told))
        for file, text in files.items():
            self.write(f"mine/{name}/{file}.j2", text)
        return ["--templates", self.path("mine")]

    def source(self):
        return self.write("app.py", "def pay(): pass\n")

    def test_a_folder_is_a_target(self):
        options = self.target("mine", {
            "title": "Mine", "runs": "snafu", "files": [
                {"template": "x.j2", "path": "{{ function.label }}.yaml", "kind": "yaml",
                 "each": "function"},
                {"template": "x.j2", "path": "never", "when": "functions | length > 9"}]},
            x="name: {{ function.id }}\nport: {{ project.port }}\n")
        done = export("--target", "list", *options)
        self.assertIn("mine           Mine\n", done.stdout)
        self.assertIn("docker ", done.stdout)
        self.export("mine", *options, self.source())
        self.assertEqual(self.list_files("out"), ["app-pay.yaml"])
        self.assertEqual(self.read("out/app-pay.yaml"), 'name: "app.pay"\nport: 8080\n')

    def test_errors_say_where(self):
        for text, words in [("\n{{ nothing }}", "x.j2:2: .*'nothing' is undefined"),
                            ("{{ project.name }}", "x.j2:1: .*'app' needs a filter"),
                            ("{% if %}", "x.j2:1: "), ("{{ 1 | nope }}", "x.j2:1: .*nope"),
                            ("{{ 'a b' | word }}", "x.j2:1: .*no plain word")]:
            options = self.target("bad", {"title": "Bad", "runs": "snafu", "files": [
                {"template": "x.j2", "path": "x"}]}, x=text)
            done = self.export("bad", *options, self.source(), status=1)
            self.assertRegex(done.stderr, "cannot make files for bad: .*" + words)
        options = self.target("bad", {"title": "Bad", "runs": "snafu", "files": [
            {"template": "y.j2", "path": "x"}]})
        self.assertRegex(self.export("bad", *options, self.source(), status=1).stderr, "y.j2")
        self.write("mine/bad/target.json", "{")
        self.assertIn("target.json", self.export("bad", *options, self.source(), status=1).stderr)
        done = self.export("nope", self.source(), status=1)
        self.assertRegex(done.stderr, "there is no target 'nope'; there are: .*docker")
        done = self.export("nope", "--templates", self.path("no"), self.source(), status=1)
        self.assertIn("is no folder of templates", done.stderr)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_files_stay_in_their_folder(self):
        for path in "../x", "/tmp/x", "a/../../x", "a//b", "", ".":
            options = self.target("bad", {"title": "Bad", "runs": "snafu", "files": [
                {"template": "x.j2", "path": path}]}, x="x")
            done = self.export("bad", *options, self.source(), status=1)
            self.assertIn("a file of no good name", done.stderr)
        self.assertEqual(self.list_files("."), ["app.py", "mine/bad/target.json", "mine/bad/x.j2"])

    def test_dry_run_writes_nothing(self):
        done = self.export("docker", "-n", self.source())
        self.assertIn(f"==> {self.path('out')}/Dockerfile <==\n# Made by", done.stdout)
        self.assertEqual(self.list_files("."), ["app.py"])

    def test_nothing_is_overwritten(self):
        self.write("out/Dockerfile", "mine")
        done = self.export("docker", self.source())
        self.assertIn("Dockerfile is there already and stays", done.stderr)
        self.assertEqual(self.read("out/Dockerfile"), "mine")
        self.export("docker", "-f", self.source())
        self.assertIn("FROM", self.read("out/Dockerfile"))


class Docker(Case):
    def test_hostile_text_stays_text(self):
        name = "we ird'$HOME`id`[a]*.py"
        source = self.write("out/" + name, "def f(): pass\n")
        self.write("out/" + name + ".config", json.dumps({"Directory": HOSTILE + "\n\nRUN id"}))
        settings = self.write("snafu.ini", "[execution]\nenvironment A = \"{{ 7*7 }} é\"\n")
        self.export("docker", "-s", settings, "--name", "x\nRUN id", source)
        text = self.read("out/Dockerfile")
        self.assertNotIn("49", text)
        self.assertEqual(re.findall("^ *RUN .*", text, re.M), re.findall("^RUN .*(?:apt|mkdir).*",
                                                                        text, re.M))
        for line in text.splitlines():
            self.assertFalse(line.startswith("#") and line.endswith("\\"), line)
        command = json.loads(re.search("^CMD (.*)$", text, re.M).group(1))
        self.assertEqual(command[-1], "/srv/" + name)
        copy = json.loads(re.search("^COPY (.*weird.*|.*we ird.*)$", text, re.M).group(1))
        self.assertEqual(copy, ["we ird'\\$HOME`id`[[]a][*].py", "/srv/we ird'\\$HOME`id`[a]*.py"])
        self.assertEqual(self.read("out/snafu.ini"), self.read("snafu.ini"))

    def test_what_the_container_has_not_is_said(self):
        source = self.write("app.py", "def f(): pass\ndef g(): pass\n")
        settings = self.write("snafu.ini", "[function f]\nexecutor = container\n[log]\n"
                              "logger = csv\nfile = /home/me/log\n")
        done = self.export("docker", "-s", settings, source)
        notes = re.findall("not carried over: (.*)", done.stderr)
        self.assertEqual(len(notes), 2)
        self.assertRegex(notes[0], "^app.f: executor = container: needs a Docker engine")
        self.assertRegex(notes[1], r"^\[log\] file = /home/me/log: names a place")
        for note in notes:
            self.assertIn("# " + note, self.read("out/Dockerfile"))
        self.assertNotIn("app.g", done.stderr)
