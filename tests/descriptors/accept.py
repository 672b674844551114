"""tests/descriptors/accept.py — `make check-descriptors`: each target's files before the platform's
own tool, or its official schema. Tools come from PyPI, npm and the Go module proxy, at fixed
versions, into $SNAFU_TOOLS; what cannot be had is a skip with its reason. No cluster, no account,
nothing is deployed.

Unknown names are errors here, other than for a cluster: a misspelt one must not pass."""

import glob
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import unittest

import yaml

sys.path.insert(0, os.path.join(os.environ["SNAFU_SOURCE"], "tests/e2e"))
import targets  # noqa: E402 — makes all files, and has what they are made of

TOOLS = os.environ["SNAFU_TOOLS"]
KUBERNETES, SERVING, FISSION, KUBELESS, HELM = "v1.30.0", "v0.51.0", "v1.20.0", "v1.0.8", "v3.16.4"
PIP = ["cfn-lint==1.58.0", "functions-framework==3.8.2", "python-hcl2==8.1.4"]
PROVIDERS = {"aws": "21.22.1", "archive": "11.0.1"}  # of CDK for Terraform
SERVERLESS = "serverless@3.40.0"
PATIENCE = 900


def setUpModule():
    os.makedirs(TOOLS, exist_ok=True)
    targets.setUpModule()
    unittest.addModuleCleanup(targets.unittest.doModuleCleanups)


def path(*names):
    return targets.MADE.path(*names)


def tool(*names):
    return os.path.join(TOOLS, *names)


class Case(unittest.TestCase):
    def fetch(self, *command, environment=None):
        if not shutil.which(command[0]):
            self.skipTest(f"there is no {command[0]} here")
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=TOOLS,
                              timeout=PATIENCE, env={**os.environ, **(environment or {})})
        if done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines()
            self.skipTest(f"{command[0]} cannot fetch: {words[-1] if words else 'no word'}")
        return done.stdout

    def accepts(self, *command, folder=None, environment=None):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                              timeout=PATIENCE, env={**os.environ, **(environment or {})})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def go(self):
        return {"GOPATH": tool("go"), "GOBIN": tool("bin"), "GOFLAGS": "-modcacherw"}

    def module(self, name, version):
        """The folder of a Go module."""
        told = self.fetch("go", "mod", "download", "-json", f"{name}@{version}",
                          environment=self.go())
        return json.loads(told)["Dir"]

    def pip(self, program):
        made = tool("venv", "+".join(PIP).replace("=", "-"))
        if not os.path.exists(made):
            self.fetch("/usr/bin/python3", "-m", "venv", tool("venv"))
            self.fetch(tool("venv/bin/pip"), "install", "-q", *PIP)
            os.close(os.open(made, os.O_CREAT | os.O_WRONLY))
        return tool("venv/bin", program)


class Amazon(Case):
    def test_sam(self):
        self.accepts(self.pip("cfn-lint"), "template.yaml", folder=path("sam"))
        text = targets.MADE.read("sam", "template.yaml").replace("MemorySize: 256", "MemorySiez: 256")
        targets.MADE.write("sam-broken.yaml", text)
        with self.assertRaises(AssertionError):  # it does look
            self.accepts(self.pip("cfn-lint"), path("sam-broken.yaml"))

    def test_serverless(self):
        program = tool("node_modules/.bin/serverless")
        if not os.path.exists(program):
            self.fetch("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund",
                       "--prefix", TOOLS, SERVERLESS)
        done = self.accepts(program, "package", folder=path("serverless"), environment={
            "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
            "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"})
        self.assertIn("Service packaged", done.stdout + done.stderr)
        told = json.loads(targets.MADE.read(
            "serverless", ".serverless/cloudformation-template-update-stack.json"))
        variables = told["Resources"]["BillingDashtotalLambdaFunction"]["Properties"][
            "Environment"]["Variables"]
        self.assertEqual(variables["HOSTILE"], targets.HOSTILE)  # ${ was not replaced

    def test_terraform_providers(self):
        """Without Terraform: the schemas of its providers."""
        self.pip("cfn-lint")
        schemas = []
        for name, version in PROVIDERS.items():
            schemas.append(tool(f"{name}-{version}", "package/.jsii"))
            if os.path.exists(schemas[-1]):
                continue
            archive = self.fetch("npm", "pack", "--silent", f"@cdktf/provider-{name}@{version}")
            os.makedirs(tool(f"{name}-{version}"), exist_ok=True)
            self.fetch("tar", "-xzf", tool(archive.strip()), "-C", tool(f"{name}-{version}"),
                       "package/.jsii")

        def problems(text):
            targets.MADE.write("main.tf", text)
            return self.accepts(
                tool("venv/bin/python"), os.path.join(os.path.dirname(__file__),
                                                      "terraform_schema.py"),
                path("main.tf"), *schemas).stdout
        good = targets.MADE.read("terraform", "main.tf")
        self.assertEqual(problems(good), "")
        for right, wrong, words in (  # it does look
                ("memory_size ", "memory_siez ", "there is no memory_siez"),
                ("    variables =", "    variabels =", "there is no variabels"),
                ("function_name      =", "# ", "functionName is missing"),
                ("on_success {", "on_succes {", "there is no on_succes"),
                ('"aws_lambda_function_url"', '"aws_lambda_url"', "there is no resource"),
                ("memory_size      =", "memory_size      = \"much\" #", "is no number")):
            self.assertIn(right, good)
            self.assertIn(words, problems(good.replace(right, wrong)))

    def test_terraform(self):
        if not shutil.which("terraform"):
            self.skipTest("there is no terraform here")
        self.accepts("terraform", "fmt", "-check", "-diff", path("terraform"))
        done = subprocess.run(["terraform", f"-chdir={path('terraform')}", "init", "-backend=false"],
                              capture_output=True, text=True, check=False, timeout=PATIENCE)
        if done.returncode:
            self.skipTest("terraform fmt has nothing to change; its providers cannot be fetched "
                          "for terraform validate")
        self.accepts("terraform", f"-chdir={path('terraform')}", "validate")


class Kubernetes(Case):
    def check(self, schema, definitions, told, what):
        import jsonschema
        document = {**strict(schema), "definitions": definitions}
        errors = [f"{what}: {'/'.join(map(str, error.path))}: {error.message[:300]}"
                  for error in jsonschema.Draft7Validator(document).iter_errors(told)]
        self.assertEqual(errors, [])

    def definitions(self):
        folder = self.module("k8s.io/kubernetes", KUBERNETES)
        with open(os.path.join(folder, "api/openapi-spec/swagger.json"), encoding="utf-8") as file:
            found = {name: strict(each) for name, each in json.load(file)["definitions"].items()}
        found["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = {"type": ["integer", "string"]}
        found["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"type": ["number", "string"]}
        return found

    def check_all(self, documents):
        definitions = self.definitions()
        kinds = {(group["group"], group["version"], group["kind"]): name
                 for name, each in definitions.items()
                 for group in each.get("x-kubernetes-group-version-kind", [])}
        self.assertGreater(len(documents), 3)
        for told in documents:
            group, _, version = told["apiVersion"].rpartition("/")
            name = kinds[group, version, told["kind"]]
            self.check({"$ref": "#/definitions/" + name}, definitions, told, told["kind"])

    def test_kubernetes(self):
        documents = targets.documents("kubernetes", "kubernetes.yaml")
        self.check_all(documents)
        documents[1]["spec"]["replica"] = 2
        with self.assertRaises(AssertionError):  # it does look
            self.check_all(documents)

    def test_helm(self):
        if not os.path.exists(tool("bin/helm")):
            self.fetch("go", "install", f"helm.sh/helm/v3/cmd/helm@{HELM}", environment=self.go())
        home = {"HELM_CACHE_HOME": TOOLS, "HELM_CONFIG_HOME": TOOLS, "HELM_DATA_HOME": TOOLS}
        done = self.accepts(tool("bin/helm"), "lint", "--strict", path("helm/chart"),
                            environment=home)
        self.assertIn("0 chart(s) failed", done.stdout)
        for options in [], ["--set", "autoscaling.enabled=false,broker.enabled=true"]:
            done = self.accepts(tool("bin/helm"), "template", "x", path("helm/chart"), *options,
                                environment=home)
            documents = [each for each in yaml.safe_load_all(done.stdout) if each]
            self.check_all(documents)
            settings, = (each for each in documents if each["kind"] == "ConfigMap")
            self.assertEqual(settings["data"]["snafu.ini"], targets.SETTINGS)

    def resources(self, pattern):
        """Schemas of resource definitions, by kind."""
        found = {}
        for name in glob.glob(pattern):
            with open(name, encoding="utf-8") as file:
                for told in yaml.safe_load_all(file):
                    if told and told["kind"] == "CustomResourceDefinition":
                        found[told["spec"]["names"]["kind"]] = \
                            told["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        self.assertTrue(found, pattern)
        return found

    def test_knative(self):
        folder = self.module("knative.dev/serving", SERVING)
        schemas = self.resources(f"{folder}/config/core/300-resources/*.yaml")
        checked = 0
        for told in targets.documents("knative", "knative.yaml"):
            if told["apiVersion"].startswith("serving"):
                self.check(schemas[told["kind"]], {}, told, told["kind"])
                checked += 1
        self.assertEqual(checked, 1)  # the others: tests/e2e/targets.py

    def test_fission(self):
        folder = self.module("github.com/fission/fission", FISSION)
        schemas = self.resources(f"{folder}/crds/v1/*.yaml")
        checked = set()
        for told in targets.documents("fission", "specs/functions.yaml"):
            if told["kind"] != "ArchiveUploadSpec":  # the command's own
                self.check(schemas[told["kind"]], {}, told, told["kind"])
                checked.add(told["kind"])
        self.assertEqual(checked, {"Environment", "Package", "Function", "HTTPTrigger",
                                   "TimeTrigger", "MessageQueueTrigger"})

    def test_kubeless(self):
        folder = self.module("github.com/kubeless/kubeless", KUBELESS)
        with open(f"{folder}/pkg/apis/kubeless/v1beta1/function.go", encoding="utf-8") as file:
            names = set(re.findall(r'json:"([^",]+)', file.read()))
        told = [each["spec"] for each in targets.documents("kubeless", "kubeless.yaml")
                if each["kind"] == "Function"]
        self.assertTrue(told)
        for each in told:
            self.assertEqual(set(each) - names, set())


def strict(schema):
    """The same, without any further members."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(each) for name, each in schema.items()}
    if isinstance(made.get("properties"), dict) and "additionalProperties" not in made and \
            not made.get("x-kubernetes-preserve-unknown-fields"):
        made["additionalProperties"] = False
        if "metadata" in made["properties"] and not made["properties"]["metadata"].get("$ref") and \
                "properties" not in made["properties"]["metadata"]:
            made["properties"]["apiVersion"] = made["properties"]["kind"] = {"type": "string"}
    if made.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    return made


class Google(Case):
    def test_functions_framework(self):
        program = self.pip("functions-framework")
        for name, body, wanted in [
                ("billing_total", b'[[{"name": "a", "price": 2}]]', (200, b"2.0")),
                ("billing_wait", b'{"n": "x"}', (400, None)),
                ("billing_stage", b"", (200, b'["prod", null]'))]:
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            process = subprocess.Popen(
                [program, "--target", name, "--source", path("gcf/main.py"), "--port", str(port),
                 "--host", "127.0.0.1"], cwd=path("gcf"), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env={**os.environ, "STAGE": "prod"})
            try:
                status, reply = self.call(process, port, body)
            finally:
                process.terminate()
                process.wait()
            self.assertEqual(status, wanted[0], reply)
            if wanted[1] is not None:
                self.assertEqual(reply, wanted[1])

    def call(self, process, port, body):
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                connection.request("POST", "/", body)
                reply = connection.getresponse()
                return reply.status, reply.read()
            except ConnectionRefusedError:
                time.sleep(0.05)
            finally:
                connection.close()
        raise AssertionError("functions-framework does not answer")


if __name__ == "__main__":
    unittest.main()
