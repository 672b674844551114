"""tests/e2e/targets.py — each target's files for functions with hostile settings: what is carried
over arrives as it was, what is not is said; and whoever reads such files accepts them, as far as
Debian's packages and npm's go (make check-descriptors has more)."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
import zipfile

import yaml

from folder import Folder
from served import Served
from terminal import BUILD, SOURCE, run

EXPORT = os.path.join(BUILD, "snafu-export")
MODULES = os.path.join(SOURCE, "node_modules")
PATIENCE = 120
HOSTILE = "it's \"q\"\\, {{ 7*7 }} {% raw %} ${HOME} $HOME $(id) %n %{x} `id` # : - é\u2028\u0085 \\"
SOURCES = {
    "billing.py": '''"""Billing."""
import dataclasses
import datetime
import enum
import os

class Kind(enum.Enum):
    NET = 1
    GROSS = 2

@dataclasses.dataclass
class Item:
    name: str
    price: float

def total(items: list[Item], kind: Kind = Kind.NET) -> float:
    """%s"""
    return sum(item.price for item in items) * (1.5 if kind is Kind.GROSS else 1)

def report(day: datetime.date = None, /, *, count: int = 2):
    yield day
    for number in range(count):
        yield number

def stage():
    return [os.environ.get("STAGE"), os.environ.get("HOSTILE")]

def handler(event, context):
    return {"event": event}

def ingest(path: str):
    return path.upper()

class Ledger:
    def __init__(self):
        self.sum = 0

    def add(self, n: int):
        self.sum += n
        return self.sum

async def wait(n: int):
    return n
''' % HOSTILE.replace("\\", "").replace('"', ""),
    "pkg/__init__.py": "",
    "pkg/mod.py": "from pkg import other\ndef f(*rest, **more):\n"
                  "    return [list(rest), more, other.x]\n",
    "pkg/other.py": "x = 1\n",
    "c.c": "int twice(int n) { return 2 * n; }\n",
}
CONFIG = {
    "MemorySize": 256, "Timeout": 30,
    "Environment": {"Variables": {"STAGE": "prod", "HOSTILE": HOSTILE}},
    "Functions": {
        "total": {"Schedule": "rate(5 minutes)", "Executor": "fork", "OpenFiles": 100},
        "report": {"Schedule": "30 6 1 * mon-fri", "MaximumRetryAttempts": 1,
                   "DestinationConfig": {"OnSuccess": {"Destination": "function:ingest"},
                                         "OnFailure": {"Destination": "file:/tmp/failed"}}},
        "ingest": {"Topic": "orders/new", "Watch": "/var/spool/in/*.csv", "Http": False,
                   "ReservedConcurrentExecutions": 5, "Schedule": "rate(7 minutes)"}}}
SETTINGS = "[limits]\ndrain-timeout = 42s\n[web]\nconnections = 99\n[tenant acme]\nretries = 1\n"
PROVIDERS = ["fission", "fn", "gcf", "kubeless", "openwhisk", "sam", "serverless", "terraform"]


def setUpModule():
    """Every target once."""
    global MADE, SAID, TARGETS
    MADE = Folder(unittest.addModuleCleanup)
    MADE.write_all({"src/" + name: text for name, text in SOURCES.items()})
    MADE.write("src/billing.py.config", json.dumps(CONFIG))
    MADE.write("snafu.ini", SETTINGS)
    listed = run("--target", "list", program=EXPORT).stdout
    TARGETS = [line.split()[0] for line in listed.splitlines()]
    SAID = {}
    for target in TARGETS:
        done = run("--target", target, "--name", "shop", "-s", MADE.path("snafu.ini"), "-o",
                   MADE.path(target), MADE.path("src"), program=EXPORT)
        assert done.returncode == 0, f"{target}: {done.stderr}"
        SAID[target] = done.stderr


class Loader(yaml.SafeLoader):
    """Also CloudFormation's !GetAtt."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: {suffix: node.value})


def documents(*names):
    return [each for each in yaml.load_all(MADE.read(*names), Loader) if each]


def files(target):
    return [name for name in MADE.list_files(target)
            if "/functions" not in "/" + os.path.dirname(name)]


def target_json(name):
    with open(os.path.join(SOURCE, "templates", name), encoding="utf-8") as file:
        return json.load(file)


class Every(unittest.TestCase):
    def test_there_are_all(self):
        self.assertEqual(set(TARGETS), {
            "compose", "docker", "fission", "fn", "gcf", "helm", "ironfunctions", "knative",
            "kubeless", "kubernetes", "openfaas", "openwhisk", "sam", "serverless", "swarm",
            "systemd", "terraform"})

    def test_every_setting_is_told_of(self):
        """A provider's target says of each setting of functions what becomes of it."""
        model = json.loads(run("--model", MADE.path("src"), program=EXPORT).stdout)
        names = {each["name"] for each in model["settings"] if each["by"] == "all"}
        for target in TARGETS:
            told = target_json(f"{target}/target.json")
            like = target_json(told["like"]) if "like" in told else {}
            carries = {**like.get("carries", {}), **told.get("carries", {})}
            cannot = {**like.get("cannot", {}), **told.get("cannot", {})}
            with self.subTest(target):
                if told["runs"] == "functions":
                    self.assertEqual(names - set(carries) - set(cannot), set())
                for name in [*carries, *cannot]:
                    plain = re.sub(r"^\[\w+\] |=.*", "", name)
                    self.assertIn(plain, {each["name"] for each in model["settings"]})

    def test_what_is_not_carried_is_said(self):
        """On the screen and in the files: for each function and setting that is set."""
        for target in TARGETS:
            notes = re.findall("not carried over: (.*)", SAID[target])
            told = target_json(f"{target}/target.json")
            like = target_json(told["like"]) if "like" in told else {}
            carries = {**like.get("carries", {}), **told.get("carries", {})}
            text = "".join(MADE.read(target, name) for name in files(target))
            with self.subTest(target):
                for name, words in [("watch", "watch = /var/spool/in/*.csv"),
                                    ("topic", "topic = orders/new")]:
                    self.assertNotEqual(name in carries,
                                        any(words in note and "billing.ingest" in note
                                            for note in notes), notes)
                if target in PROVIDERS:
                    for words in ("c.twice: left out", "open-files = 100",
                                  "executor = fork", "[web] connections = 99", "tenants (acme)"):
                        self.assertTrue(any(words in note for note in notes), (words, notes))
                else:
                    self.assertNotIn("executor = fork", SAID[target])
                for note in notes:
                    what = note.split(": ", 1)[1] if note.startswith(("billing", "pkg", "c.")) \
                        else note
                    self.assertIn(what.split(": ")[0], text)

    def test_no_text_becomes_code(self):
        for target in TARGETS:
            for name in files(target):
                text = MADE.read(target, name)
                self.assertNotRegex(text, r"\b49\b(?!\d)", (target, name))
                for line in text.split("\n"):
                    if line.lstrip().startswith("#"):
                        self.assertFalse(line.endswith("\\"), (target, name, line))

    def test_yaml_is_yaml(self):
        count = 0
        for target in TARGETS:
            for name in files(target):
                if name.endswith((".yaml", ".yml")) and "chart/templates" not in name:
                    with self.subTest(f"{target}/{name}"):
                        documents(target, name)
                        count += 1
        self.assertGreater(count, 20)

    def test_scripts_are_scripts(self):
        for target in TARGETS:
            for name in files(target):
                if name.endswith(".sh"):
                    script = MADE.path(target, name)
                    done = subprocess.run(["sh", "-n", script], capture_output=True,
                                          text=True, check=False)
                    self.assertEqual(done.stderr, "", name)
                    self.assertTrue(os.access(script, os.X_OK))
                elif name.endswith(".py"):
                    compile(MADE.read(target, name), name, "exec")

    def test_pages_say_the_same(self):
        """docs/targets has a page for each, with the words of its target.json."""
        folder = os.path.join(SOURCE, "docs/targets")
        self.assertEqual(sorted(os.listdir(folder)),
                         sorted([f"{target}.md" for target in TARGETS] + ["README.md"]))
        for target in TARGETS:
            told = target_json(f"{target}/target.json")
            like = target_json(told["like"]) if "like" in told else {}
            carries = {**like.get("carries", {}), **told.get("carries", {})}
            cannot = {name: text for name, text in
                      {**like.get("cannot", {}), **told.get("cannot", {})}.items()
                      if name not in carries or name in told.get("cannot", {})}
            with open(os.path.join(folder, f"{target}.md"), encoding="utf-8") as file:
                page = file.read()
            with self.subTest(target):
                rows = re.findall(r"^\| `(.*?)` \| (.*) \|$", page, re.M)
                self.assertEqual(rows, [*sorted(carries.items()), *sorted(cannot.items())])


class Carried(unittest.TestCase):
    """Values as they come out on the other side."""

    environment = CONFIG["Environment"]["Variables"]

    def test_sam(self):
        resources = documents("sam", "template.yaml")[0]["Resources"]
        report = resources["BillingReportFunction"]["Properties"]
        self.assertEqual(report["Environment"]["Variables"], self.environment)
        self.assertEqual((report["MemorySize"], report["Timeout"]), (256, 30))
        self.assertEqual(report["EventInvokeConfig"]["MaximumRetryAttempts"], 1)
        self.assertEqual(
            report["EventInvokeConfig"]["DestinationConfig"]["OnSuccess"]["Destination"],
            {"GetAtt": "BillingIngestFunction.Arn"})
        self.assertEqual([event["Properties"]["Schedule"] for name, event in
                          report["Events"].items() if name.startswith("Clock")],
                         ["cron(30 6 1 * ? *)", "cron(30 6 ? * MON,TUE,WED,THU,FRI *)"])
        ingest = resources["BillingIngestFunction"]["Properties"]
        self.assertEqual(ingest["ReservedConcurrentExecutions"], 5)
        self.assertEqual(set(ingest["Events"]), {"Clock1", "Messages"})  # http = no
        self.assertEqual(ingest["Events"]["Messages"]["Properties"]["Queue"],
                         {"GetAtt": "OrdersNewQueue.Arn"})
        self.assertEqual(resources["OrdersNewQueue"]["Properties"]["VisibilityTimeout"], 180 * 2)
        self.assertEqual(resources["BillingTotalFunction"]["Properties"]["Events"]["Clock1"]
                         ["Properties"]["Schedule"], "rate(5 minutes)")

    def test_serverless(self):
        told, = documents("serverless", "serverless.yml")
        total = told["functions"]["billing-total"]
        self.assertEqual(total["environment"]["HOSTILE"].replace("\\${", "${"), HOSTILE)
        self.assertNotRegex(total["environment"]["HOSTILE"], r"(?<!\\)\$\{")
        self.assertEqual((total["memorySize"], total["timeout"]), (256, 30))
        self.assertEqual(told["functions"]["billing-report"]["destinations"],
                         {"onSuccess": "billing-ingest"})

    def test_terraform(self):
        text = MADE.read("terraform", "main.tf")
        value = re.search(r'"HOSTILE" = (".*")', text)[1]
        self.assertEqual(json.loads(value).replace("$${", "${").replace("%%{", "%{"), HOSTILE)
        self.assertNotRegex(value, r"(?<![$%])[$%]\{")

    def test_compose_and_swarm(self):
        for target, name in ("compose", "docker-compose.yml"), ("swarm", "stack.yml"):
            told, = documents(target, name)
            self.assertEqual(told["services"]["snafu"]["stop_grace_period"], "52s")
            script = told["services"]["clock"]["entrypoint"][2]
            self.assertNotRegex(script.replace("$$", ""), r"\$")

    def test_kubernetes(self):
        told = {(each["kind"], each["metadata"]["name"]): each
                for each in documents("kubernetes", "kubernetes.yaml")}
        pod = told["Deployment", "shop"]["spec"]["template"]["spec"]
        self.assertEqual(pod["terminationGracePeriodSeconds"], 57)
        self.assertEqual(pod["containers"][0]["readinessProbe"]["httpGet"]["path"], "/healthz")
        self.assertEqual(told["ConfigMap", "shop-settings"]["data"]["snafu.ini"], SETTINGS)
        self.assertEqual(told["CronJob", "shop-billing-total"]["spec"]["schedule"], "*/5 * * * *")
        self.assertNotIn(("CronJob", "shop-billing-ingest"), told)
        self.assertRegex(SAID["kubernetes"], "billing.ingest: schedule = rate.7 minutes.: the "
                         "fields of cron cannot say")

    def test_helm(self):
        values, = documents("helm", "chart/values.yaml")
        self.assertEqual(values["settings"], SETTINGS)
        self.assertEqual([each["function"] for each in values["schedules"]],
                         ["billing.total", "billing.report"])

    def test_fission_openwhisk_and_gcf(self):
        for target, name in ("fission", "snafu_handlers.py"), ("openwhisk", "__main__.py"):
            self.assertIn(ascii(self.environment), MADE.read(target, name))
        told, = documents("gcf", "environment/billing-total.yaml")
        self.assertEqual(told, self.environment)
        told, = documents("fn", "billing-total/func.yaml")
        self.assertEqual((told["config"], told["memory"], told["timeout"]),
                         (self.environment, 256, 30))

    def test_ironfunctions(self):
        told, = documents("ironfunctions", "billing-total/func.yaml")
        self.assertEqual(told["config"], self.environment)
        command = json.loads(re.search("^CMD (.*)$", MADE.read(
            "ironfunctions", "billing-total/Dockerfile"), re.M)[1])
        here = [word.replace("/srv/", MADE.path("ironfunctions") + "/")
                .replace("/etc/snafu/", MADE.path("ironfunctions") + "/") for word in command]
        done = run(*here, stdin='{"items": [{"name": "a", "price": 2}]}')
        self.assertEqual((done.returncode, done.stdout), (0, "2.0\n"), done.stderr)


class Adapters(unittest.TestCase):
    """What binds a provider's events to arguments, called as the provider would."""

    def python(self, target, code, folder=None, environment=None):
        """What CODE prints as JSON, run where the provider would."""
        done = subprocess.run(
            [sys.executable, "-B", "-c", "import json\n" + code], capture_output=True, text=True,
            cwd=folder or MADE.path(target), timeout=PATIENCE, check=False,
            env={**os.environ, "PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": "1",
                 **(environment or {})})
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_lambda(self):
        for target in "sam", "serverless", "terraform":
            got = self.python(target, '''
import snafu_handlers as h
items = {"items": [{"name": "a", "price": 2}, {"name": "b", "price": 1.5}]}
body = lambda body, **more: {"requestContext": {"http": {}}, "body": body, **more}
print(json.dumps([
    h.billing_total(items, None),
    h.billing_total({**items, "kind": "GROSS"}, None),
    h.billing_report(["2026-11-23"], None),
    h.billing_handler({"x": 1}, None),
    h.billing_Ledger_add({"n": 2}, None), h.billing_Ledger_add({"n": "3"}, None),
    h.billing_wait({"n": 4}, None),
    h.pkg_mod_f([1, 2], None), h.pkg_mod_f({"a": 1}, None),
    h.billing_total(body(json.dumps(items)), None),
    h.billing_wait(body(None, queryStringParameters={"n": "5"}), None),
    h.billing_wait(body(None, queryStringParameters={"m": "5"}), None)["statusCode"],
    h.billing_wait(body('{"n": "x"}'), None),
    h.billing_wait(body("{"), None)["statusCode"],
    h.billing_ingest({"Records": [{"eventSource": "aws:sqs", "body": '"a"'},
                                  {"eventSource": "aws:sqs", "body": "plain"},
                                  {"Sns": {"Message": '{"path": "b"}'}}]}, None),
    h.billing_stage({}, None)]))''', environment={"STAGE": "from the provider"})
            reply = {"statusCode": 200, "headers": {"content-type": "application/json"}}
            bad = {**reply, "statusCode": 400}
            self.assertEqual(got[:11], [
                3.5, 5.25, ["2026-11-23", 0, 1], {"event": {"x": 1}}, 2, 5, 4,
                [[1, 2], {}, 1], [[], {"a": 1}, 1], {**reply, "body": "3.5"},
                {**reply, "body": "5"}])
            self.assertEqual(got[11], 400)
            self.assertEqual(got[12], {**bad, "body": json.dumps(
                {"errorType": "ArgumentError", "errorMessage": "n: not a value of int"})})
            self.assertEqual(got[13:15], [400, ["A", "PLAIN", "B"]])
            self.assertEqual(got[15], ["from the provider", None])

    FLASK = '''
import sys, types
class Request:
    def __init__(self, data=b"", args=()):
        self.data, self.args = data, types.SimpleNamespace(to_dict=lambda: dict(args))
        self.args.__class__.__bool__ = None
    def get_data(self):
        return self.data
class Args(dict):
    def to_dict(self):
        return dict(self)
def request(data=b"", **args):
    made = Request.__new__(Request)
    made.data, made.args = data, Args(args)
    return made
flask = types.ModuleType("flask")
sys.modules["flask"] = flask
'''

    def test_google(self):
        got = self.python("gcf", self.FLASK + '''
framework = types.ModuleType("functions_framework")
framework.http = framework.cloud_event = lambda function: function
sys.modules["functions_framework"] = framework
import base64, main
event = types.SimpleNamespace(data={"message": {"data": base64.b64encode(b'{"path": "x"}')}})
print(json.dumps([
    main.billing_total(request(b'[[{"name": "a", "price": 2}], 2]')),
    main.billing_wait(request(n="3")), main.billing_wait(request(b"{}"))[1],
    main.billing_ingest__message(event), main.billing_total.__name__]))''')
        json_type = {"Content-Type": "application/json"}
        self.assertEqual(got, [["3.0", 200, json_type], ["3", 200, json_type], 400, "X",
                               "billing_total"])

    def test_fission(self):
        got = self.python("fission", self.FLASK + '''
import snafu_handlers as h
flask.request = request(b'{"n": 7}')
first = h.billing_wait()
flask.request = request()
print(json.dumps([first, h.billing_stage()]))''')
        self.assertEqual(got[0][:2], ["7", 200])
        self.assertEqual(json.loads(got[1][0]), list(CONFIG["Environment"]["Variables"].values()))

    def test_openwhisk(self):
        got = self.python("openwhisk", '''
import __main__, importlib.util
spec = importlib.util.spec_from_file_location("action", "__main__.py")
h = importlib.util.module_from_spec(spec)
spec.loader.exec_module(h)
print(json.dumps([h.billing_wait({"n": 1, "__ow_method": "post"}), h.billing_wait({"x": 1}),
                  h.pkg_mod_f({"a": 1}), h.billing_stage({})]))''')
        self.assertEqual(got[0], {"result": 1})
        self.assertEqual(got[1]["error"]["errorType"], "ArgumentError")
        self.assertEqual(got[2], {"result": [[], {"a": 1}, 1]})
        self.assertEqual(got[3], {"result": list(CONFIG["Environment"]["Variables"].values())})

    def test_openwhisk_archive(self):
        """deploy.sh packs what the action needs."""
        folder = MADE.path("openwhisk")
        os.makedirs(MADE.path("tools"), exist_ok=True)
        MADE.write("tools/wskdeploy", "#!/bin/sh\necho \"$@\"\n")
        os.chmod(MADE.path("tools/wskdeploy"), 0o755)
        done = subprocess.run([MADE.path("openwhisk/deploy.sh"), "--preview"], text=True,
                              capture_output=True, check=True,
                              env={**os.environ, "PATH": f"{MADE.path('tools')}:/usr/bin:/bin"})
        self.assertEqual(done.stdout, "--manifest manifest.yaml --preview\n")
        with zipfile.ZipFile(os.path.join(folder, "actions.zip")) as archive:
            names = archive.namelist()
        os.remove(os.path.join(folder, "actions.zip"))
        for name in ("__main__.py", "snafu_adapter.py", "functions/src/pkg/mod.py"):
            self.assertIn(name, names)

    def test_kubeless(self):
        told = [each for each in documents("kubeless", "kubeless.yaml")
                if each["kind"] == "Function"]
        code = zipfile.ZipFile(io.BytesIO(base64.b64decode(told[0]["spec"]["function"])))
        code.extractall(MADE.path("unpacked"))
        names = [each["spec"]["handler"] for each in told]
        self.assertIn("snafu_handlers.billing_wait", names)
        got = self.python("kubeless", '''
import snafu_handlers as h
print(json.dumps([h.billing_wait({"data": '{"n": 1}'}, None),
                  h.billing_wait({"data": {"n": 2}}, None),
                  h.pkg_mod_f({"data": [1]}, None)]))''', folder=MADE.path("unpacked"))
        self.assertEqual(got, ["1", "2", "[[1], {}, 1]"])

    def test_fn(self):
        """deploy.sh puts the code into each function's folder."""
        MADE.write("tools/fn", "#!/bin/sh\necho \"$@\"\n")
        os.chmod(MADE.path("tools/fn"), 0o755)
        shutil.copytree(MADE.path("fn"), MADE.path("fn-deployed"))
        done = subprocess.run([MADE.path("fn-deployed/deploy.sh")], text=True, capture_output=True,
                              check=True,
                              env={**os.environ, "PATH": f"{MADE.path('tools')}:/usr/bin:/bin"})
        self.assertEqual(done.stdout, "deploy --all --create-app\n")
        got = self.python("fn", '''
import io, func
print(func.handler(None, io.BytesIO(b'{"n": 3}')))''', folder=MADE.path("fn-deployed/billing-wait"))
        self.assertEqual(got, 3)


class Clocks(unittest.TestCase):
    """Calling by the clock in a container that has nothing but bash."""

    def test_when(self):
        script = documents("compose", "docker-compose.yml")[0]["services"]["clock"]["entrypoint"][2]
        script = script.replace("$$", "$")
        conditions = dict(re.findall(r"if (.*); then call \S+ \S+ /invoke/(\S+) &", script))
        conditions = {name: condition for condition, name in conditions.items()}
        for (minute, hour, day, month, weekday, number), wanted in [
                ((30, 6, 1, 5, 6, 30), {"billing.total", "billing.report"}),
                ((30, 6, 2, 5, 1, 31), {"billing.report"}),
                ((30, 6, 2, 5, 6, 35), {"billing.total", "billing.ingest"}),
                ((31, 6, 1, 5, 1, 36), set())]:
            for name, condition in conditions.items():
                done = subprocess.run(
                    ["bash", "-c", f"M={minute} H={hour} d={day} m={month} w={weekday} t={number}\n"
                     + condition], check=False)
                self.assertEqual(done.returncode == 0, name in wanted, (name, number))

    def test_the_call(self):
        """The command of a CronJob, against a Snafu."""
        job, = [each for each in documents("kubernetes", "kubernetes.yaml")
                if each["metadata"]["name"] == "shop-billing-report"]
        container = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
        words = container["command"] + container["args"]
        server = Served(MADE.path("src"), env={"HOME": MADE.folder})
        self.addCleanup(server.__exit__)
        for name, code, status in ("report", "200", 0), ("wait", "400", 1):
            script = words[2].replace("call shop 80 /invoke/billing.report",
                                      f"call 127.0.0.1 {server.port} /invoke/billing.{name}")
            done = subprocess.run([*words[:2], script], text=True, capture_output=True,
                                  timeout=PATIENCE, check=False)
            self.assertEqual((done.stdout, done.returncode),
                             (f"/invoke/billing.{name}: {code}\n", status), done.stderr)


class Accepted(unittest.TestCase):
    """By those who read such files."""

    def accepts(self, *command, folder=None, environment=None):
        if not shutil.which(command[0]):
            self.skipTest(f"there is no {command[0]} here")
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                              timeout=PATIENCE, env={**os.environ, **(environment or {})})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def test_compose(self):
        done = self.accepts("docker-compose", "config", folder=MADE.path("compose"))
        told = yaml.safe_load(done.stdout)
        ours, = documents("compose", "docker-compose.yml")
        self.assertEqual(told["services"]["snafu"]["healthcheck"]["test"][:2], ["CMD", "bash"])
        self.assertEqual(told["services"]["clock"]["entrypoint"],
                         ours["services"]["clock"]["entrypoint"])  # $$ stays, as it reads itself

    def test_swarm(self):
        done = self.accepts("docker", "stack", "config", "-c", "stack.yml",
                            folder=MADE.path("swarm"),
                            environment={"DOCKER_CONFIG": MADE.folder}) if self.has_stack_config() \
            else self.skipTest("this docker has no 'stack config'")
        self.assertEqual(yaml.safe_load(done.stdout)["services"]["snafu"]["deploy"]["replicas"], 2)

    @staticmethod
    def has_stack_config():
        return bool(shutil.which("docker")) and "stack config" in subprocess.run(
            ["docker", "stack", "config", "--help"], capture_output=True, text=True,
            check=False).stdout

    def test_systemd(self):
        units = [name for name in files("systemd") if not name.endswith(".ini")]
        self.assertEqual(len([name for name in units if name.endswith(".timer")]), 3)
        self.assertIn("shop-billing-ingest.path", units)
        done = self.accepts("systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                            *units, folder=MADE.path("systemd"))
        self.assertEqual(done.stderr, "")
        for name in units:
            for calendar in re.findall("^OnCalendar=(.*)$", MADE.read("systemd", name), re.M):
                self.accepts("systemd-analyze", "calendar", calendar)
        done = self.accepts("systemd-analyze", "security", "--offline=true", "--threshold=25",
                            "./shop.service", folder=MADE.path("systemd"))
        self.assertRegex(done.stdout, "Overall exposure level for shop.service: [0-2][.]")

    def test_kubernetes(self):
        """By the schemas of Kubernetes' and Knative's own interfaces."""
        for name in "kubernetes-models", "@kubernetes-models/knative":
            if not os.path.isdir(os.path.join(MODULES, name)):
                self.skipTest(f"{name} is not there (npm ci)")
        script = """
import fs from "fs"
const told = JSON.parse(fs.readFileSync(process.argv[1]))
const from = told.apiVersion.includes("knative.dev") ? "@kubernetes-models/knative"
  : "kubernetes-models"
const models = await import(`${from}/${told.apiVersion}/${told.kind}`)
new models[told.kind](told).validate()
"""
        command = ["node", "--input-type=module", "-e", script]
        for target, count in ("kubernetes", 7), ("knative", 5):
            told = documents(target, target + ".yaml")
            self.assertEqual(len(told), count, [each["kind"] for each in told])
            for number, each in enumerate(told):
                MADE.write(f"{target}-{number}.json", json.dumps(each))
                self.accepts(*command, MADE.path(f"{target}-{number}.json"), folder=SOURCE)
        broken = documents("kubernetes", "kubernetes.yaml")[1]
        broken["spec"]["template"]["spec"]["containers"][0]["ports"] = "none"
        MADE.write("broken.json", json.dumps(broken))
        with self.assertRaises(AssertionError):  # it does look
            self.accepts(*command, MADE.path("broken.json"), folder=SOURCE)


if __name__ == "__main__":
    unittest.main()
