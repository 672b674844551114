"""tests/e2e/image.py — what snafu-export makes for Docker, built and run on an engine: the image,
called over HTTP; the Swarm stack, of which a replica is killed under load.

No registry is asked: the base image is made of this machine's files, and Snafu's image of what
`make install` installs. The engine has a network namespace of its own."""

import http.client
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time
import unittest

import yaml

from engine import PATIENCE, leave_network, open_engine
from terminal import BUILD, SOURCE as SOURCE_FOLDER, run

PYTHON = "/usr/lib/python3.11"
LEFT_OUT = {"test", "idlelib", "ensurepip", "tkinter", "turtledemo", "pydoc_data", "dist-packages",
            "sitecustomize.py"}
PROGRAMS = ["bash", "dash", "chown", "cat", "date", "mkdir", "rm", "sleep", "python3.11"]
SOURCE = '''
import os
import time

def add(a: int, b: int = 1) -> int:
    return a + b

def stage():
    return os.environ.get("STAGE")

def slow():
    time.sleep(2)
    return "done"

def who():
    return [os.uname().nodename, os.getuid()]
'''
CONFIG = {"Environment": {"Variables": {"STAGE": "it's \"live\" $HOME {{ 7*7 }}"}},
          "Functions": {"add": {"Executor": "fork"}}}
DRAIN = 7  # seconds


def setUpModule():
    global ENGINE, FOLDER
    with open(os.path.join(BUILD, "Makefile"), encoding="utf-8") as makefile:
        if "\nprefix = /usr/local\n" not in makefile.read():  # as under `make distcheck`
            raise unittest.SkipTest("configured for another place than the images' /usr/local")
    reason = leave_network()
    ENGINE, reason = (None, reason) if reason else open_engine(network=True)
    if reason:
        raise unittest.SkipTest(reason)
    FOLDER = tempfile.mkdtemp(prefix="snafu-image-")
    unittest.addModuleCleanup(shutil.rmtree, FOLDER)
    unittest.addModuleCleanup(ENGINE.end)
    make_images()


def until(condition, what, patience=3 * PATIENCE):
    end = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.05)
    return found


def docker(*arguments, check=True, **options):
    done = subprocess.run(
        ["docker", "-H", f"unix://{ENGINE.socket}", *arguments], text=True, capture_output=True,
        timeout=5 * PATIENCE, check=False,
        env=dict(os.environ, DOCKER_BUILDKIT="0", DOCKER_CONFIG=FOLDER, HOME=FOLDER), **options)
    if check and done.returncode:
        raise AssertionError(f"docker {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
    return done


# ---- images -------------------------------------------------------------------------


def libraries(programs):
    """What the loader brings along, by the names it has."""
    done = subprocess.run(["ldd", *programs], text=True, capture_output=True, check=False)
    return set(re.findall(r"(?:=> |^\t)(/\S+) \(", done.stdout, re.M))


def import_image(name, add):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        add(tar)
    print(f"# {name}: {len(archive.getvalue()) >> 20} MiB", flush=True)
    status, text = ENGINE.ask("POST", f"/images/create?fromSrc=-&repo={name}&tag=1",
                              archive.getvalue(), "application/x-tar")
    assert status == 200, text


def make_images():
    """snafu:1 is what is installed, and no more; base:1 has what Debian's packages would."""
    root = os.path.join(FOLDER, "root")
    subprocess.run(["make", "-C", BUILD, "install", f"DESTDIR={root}"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    installed = [os.path.join(folder, name) for folder, _, names in os.walk(root)
                 for name in names if os.access(os.path.join(folder, name), os.X_OK)
                 and name not in ("scan-c", "lang-java.so", "lang-c.so")]
    assert any(path.endswith("/usr/local/bin/snafu") for path in installed), installed

    def add_snafu(tar):
        tar.add(os.path.join(root, "usr"), "usr")

    def add_base(tar):
        for name, to in ("bin", "usr/bin"), ("lib", "usr/lib"), ("lib64", "usr/lib64"), \
                ("usr/bin/sh", "dash"), ("usr/bin/python3", "python3.11"):
            link = tarfile.TarInfo(name)
            link.type, link.linkname, link.mode = tarfile.SYMTYPE, to, 0o777
            tar.addfile(link)
        programs = [f"/usr/bin/{name}" for name in PROGRAMS]
        extensions = [os.path.join(PYTHON, "lib-dynload", name)
                      for name in os.listdir(f"{PYTHON}/lib-dynload")]
        for path in sorted(libraries(programs + installed + extensions)):
            name = "usr" + path if path.startswith("/lib") else path[1:]
            tar.add(os.path.realpath(path), name)
        for path in programs:
            tar.add(os.path.realpath(path), path[1:])
        tar.add(PYTHON, PYTHON[1:], filter=lambda entry: None if
                os.path.basename(entry.name) in LEFT_OUT or "/config-3" in entry.name else entry)
        for name in ".", "tmp", "etc", "var/lib", "var/cache", "srv":
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(folder)
    import_image("snafu", add_snafu)
    import_image("base", add_base)


def export(target, folder):
    source = os.path.join(FOLDER, "app.py")
    with open(source, "w", encoding="utf-8") as file:
        file.write(SOURCE)
    with open(source + ".config", "w", encoding="utf-8") as file:
        json.dump(CONFIG, file)
    settings = os.path.join(FOLDER, "mine.ini")
    with open(settings, "w", encoding="utf-8") as file:
        file.write(f"[limits]\ndrain-timeout = {DRAIN}s\nmemory = 100MiB\n")
    done = run("--target", target, "-s", settings, "--image", "app:1", "-o", folder, source,
               program=os.path.join(BUILD, "snafu-export"))
    assert done.returncode == 0, done.stderr


def build(folder, image="app:1"):
    docker("build", "--network", "none", "--build-arg", "BASE=base:1", "--build-arg",
           "SNAFU_IMAGE=snafu:1", "--build-arg", "PACKAGES=", "-t", image, folder)


# ---- calling -------------------------------------------------------------------------


def call(address, name, *arguments):
    connection = http.client.HTTPConnection(address, 8080, timeout=PATIENCE)
    try:
        connection.request("POST", f"/invoke/{name}", json.dumps(arguments))
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def address_of(told):
    networks = told["NetworkSettings"]["Networks"]
    return next((each["IPAddress"] for each in networks.values() if each["IPAddress"]), None)


def until_healthy(number):
    """What the engine tells of the container, once its own check succeeds."""
    def look():
        told = ENGINE.inspect(number)
        assert told["State"]["Running"], docker("logs", number).stderr
        return told["State"]["Health"]["Status"] == "healthy" and told
    return until(look, "the container's own check succeeds")


class Image(unittest.TestCase):
    def test_built_and_called(self):
        folder = os.path.join(FOLDER, "docker")
        export("docker", folder)
        build(folder)
        number = docker("run", "-d", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL",
                        "--security-opt", "no-new-privileges", "app:1").stdout.strip()
        self.addCleanup(docker, "rm", "-f", number, check=False)

        told = until_healthy(number)
        address = address_of(told)
        self.assertEqual(told["Config"]["User"], "65534:65534")
        self.assertEqual(told["Config"]["StopSignal"], "SIGTERM")
        self.assertEqual(list(told["Config"]["ExposedPorts"]), ["8080/tcp"])
        self.assertEqual(call(address, "app.add", 20, 22), (200, 42))
        self.assertEqual(call(address, "stage"),
                         (200, CONFIG["Environment"]["Variables"]["STAGE"]))
        self.assertEqual(call(address, "who")[1], [number[:12], 65534])
        self.assertEqual(call(address, "nothing")[0], 404)
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(call(address, "slow")))
        waiting.start()
        until(lambda: self.calls_in_flight(address) == 1, "the slow call is under way")
        docker("stop", "-t", str(DRAIN + 10), number)
        waiting.join(PATIENCE)
        self.assertEqual(answers, [(200, "done")])  # drained
        self.assertEqual(ENGINE.inspect(number)["State"]["ExitCode"], 0)

    @staticmethod
    def calls_in_flight(address):
        connection = http.client.HTTPConnection(address, 8080, timeout=PATIENCE)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return int(re.search(r"^snafu_calls_in_flight (\d+)", text, re.M)[1])


class Converted(unittest.TestCase):
    """A real Python 2 code base, from its sources to a container that is called: the README's
    chapter on legacy code ends so."""

    def test_gyp(self):
        legacy = os.path.join(BUILD, "real/gyp/pylib")
        if not os.path.isdir(legacy):
            self.skipTest(f"there is no {legacy}: tests/real/fetch.sh fetches it")
        folder = os.path.join(FOLDER, "gyp-services")
        done = run("-q", "-o", folder, legacy, program=os.path.join(BUILD, "snafu-convert"))
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(SOURCE_FOLDER, "README.md"), encoding="utf-8") as file:
            edit = re.search(r"^\$ (sed -i .* gyp-services/.*)$", file.read(), re.M)[1]
        subprocess.run(["sh", "-c", edit], cwd=FOLDER, check=True)  # what a person has to do
        build(folder, "gyp:1")
        number = docker("run", "-d", "gyp:1").stdout.strip()
        self.addCleanup(docker, "rm", "-f", number, check=False)
        address = address_of(until_healthy(number))
        self.assertEqual(call(address, "gyp.common.ParseQualifiedTarget", "a/b.gyp:x#host"),
                         (200, ["a/b.gyp", "x", "host"]))


class Swarm(unittest.TestCase):
    """Two replicas; one is killed under load, and is replaced; callers who retry notice nothing."""

    def deploy(self):
        folder = os.path.join(FOLDER, "swarm")
        export("swarm", folder)
        build(folder)
        path = os.path.join(folder, "stack.yml")
        if "config" in docker("stack", "--help").stdout:  # of docker.io in Debian 12 it is no part
            docker("stack", "config", "-c", path)  # as it is
        # Swarm's own network spreads requests by IPVS, which not every kernel has: here the
        # replicas are on the engine's bridge, and the callers know both.
        with open(path, encoding="utf-8") as file:
            stack = yaml.safe_load(file)
        service = stack["services"]["snafu"]
        self.assertEqual(service["deploy"]["replicas"], 2)
        self.assertEqual(service["stop_grace_period"], f"{DRAIN + 10}s")
        del service["ports"], service["deploy"]["endpoint_mode"]
        service["networks"] = ["outside"]
        stack["networks"] = {"outside": {"external": True, "name": "bridge"}}
        path = os.path.join(folder, "here.yml")
        with open(path, "w", encoding="utf-8") as file:
            yaml.safe_dump(stack, file)
        docker("swarm", "init", "--advertise-addr", "127.0.0.1")
        self.addCleanup(docker, "swarm", "leave", "--force", check=False)
        docker("stack", "deploy", "--resolve-image", "never", "-c", path, "app")
        self.addCleanup(docker, "stack", "rm", "app", check=False)

    @staticmethod
    def replicas():
        """Those that are healthy: their addresses by their ids."""
        found = {}
        for each in json.loads(ENGINE.ask("GET", "/containers/json")[1]):
            try:
                told = ENGINE.inspect(each["Id"])
                if told["State"].get("Health", {}).get("Status") == "healthy":
                    found[each["Id"]] = address_of(told)
            except (KeyError, json.JSONDecodeError):
                pass  # it has just gone
        return found

    def test_a_killed_replica_is_replaced(self):
        self.deploy()
        before = until(lambda: len(found := self.replicas()) == 2 and found, "two are healthy")
        load = Load(list(before.values()))
        self.addCleanup(load.stop)
        until(lambda: min(map(load.answered, before.values())) > 50, "both answer calls")
        victim, other = before
        docker("kill", "-s", "KILL", victim)

        def replaced():
            now = self.replicas()
            return victim not in now and other in now and len(now) == 2 and now
        after = until(replaced, "another one has come")
        new, = set(after) - set(before)
        load.learn(list(after.values()))
        begun = load.answered(after[new])
        until(lambda: load.answered(after[new]) > begun + 50, "the new one answers calls")
        load.stop()
        self.assertEqual(load.noticed, [])
        self.assertGreater(load.retried, 0)  # it was under load
        self.assertEqual(ENGINE.inspect(other)["RestartCount"], 0)


class Load:
    """Callers who try the next replica when one does not answer."""

    def __init__(self, addresses):
        self.addresses, self.ended = addresses, False
        self.counts, self.noticed, self.retried = {}, [], 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(4)]
        for thread in self.threads:
            thread.start()

    def run(self, number):
        while not self.ended:
            number += 1
            for attempt in range(20):
                address = self.addresses[(number + attempt) % len(self.addresses)]
                try:
                    status, result = call(address, "app.stage")
                except (OSError, http.client.HTTPException):
                    with self.lock:
                        self.retried += 1
                    continue
                if status in (502, 503):
                    continue
                with self.lock:
                    self.counts[address] = self.counts.get(address, 0) + 1
                    if status != 200:
                        self.noticed.append((status, result))
                break
            else:
                self.noticed.append("nobody answered")

    def answered(self, address):
        with self.lock:
            return self.counts.get(address, 0)

    def learn(self, addresses):
        self.addresses = addresses

    def stop(self):
        self.ended = True
        for thread in self.threads:
            thread.join(PATIENCE)
