"""tests/engine.py — a Docker engine for tests: started by hand in a private folder, without a
network, and ended by its pid."""

import ctypes
import fcntl
import http.client
import io
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tarfile
import tempfile
import time
import urllib.parse

PATIENCE = 60  # seconds until a test that would hang fails instead
LABEL = "snafu.host"
CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8914, 0x1  # linux/sched.h, sockios.h, if.h


class Engine:
    """dockerd, all its files in a folder of its own. NETWORK: it makes networks, for which its
    process must be in a network namespace of its own."""

    def __init__(self, network=False):
        self.options = [] if network else ["--bridge=none", "--iptables=false", "--ip-masq=false",
                                           "--storage-driver=vfs"]
        self.folder = tempfile.mkdtemp(prefix="snafu-engine-")
        self.socket = os.path.join(self.folder, "socket", "engine.sock")
        os.mkdir(os.path.dirname(self.socket))
        self.process = self.log = None

    def start(self):
        """None, or why there is none."""
        self.log = open(os.path.join(self.folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            ["dockerd", "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec",
             "-H", f"unix://{self.socket}", "--pidfile", f"{self.folder}/pid",
             *self.options],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if self.ask("GET", "/_ping")[0] == 200:
                    return None
            except OSError:
                pass
            time.sleep(0.1)
        self.log.seek(0)
        lines = self.log.read().splitlines()
        return f"no container engine can be started here: {lines[-1] if lines else 'no word'}"

    def ask(self, method, path, body=None, content="application/json"):
        connection = http.client.HTTPConnection("engine", timeout=PATIENCE)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(self.socket)
            connection.request(method, path, body, {"Content-Type": content} if body else {})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def try_out(self):
        """None, or why it can run no container (without Snafu's help)."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, to in (("lib", "usr/lib"), ("lib64", "usr/lib64"), ("usr", None)):
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname = (tarfile.SYMTYPE, to) if to else (tarfile.DIRTYPE, "")
                entry.mode = 0o755
                tar.addfile(entry)
        status, text = self.ask("POST", "/images/create?fromSrc=-&repo=trial", archive.getvalue(),
                                "application/x-tar")
        if status != 200 or b'"error"' in text:
            return f"no image can be imported here: {text.decode()[:300]}"
        status, text = self.ask("POST", "/containers/create?name=trial", json.dumps({
            "Image": "trial", "Cmd": ["/usr/bin/true"],
            "HostConfig": {"NetworkMode": "none", "Binds": ["/usr:/usr:ro"],
                           "Memory": 1 << 28, "PidsLimit": 100}}))
        if status == 201:
            status, text = self.ask("POST", "/containers/trial/start")
        if status == 204:
            status, text = self.ask("POST", "/containers/trial/wait")
        good = status == 200 and json.loads(text)["StatusCode"] == 0
        self.ask("DELETE", "/containers/trial?force=1")
        return None if good else f"no container can run here: {text.decode()[:300]}"

    def containers(self):
        filters = urllib.parse.quote(json.dumps({"label": [LABEL]}))
        return json.loads(self.ask("GET", f"/containers/json?all=1&filters={filters}")[1])

    def inspect(self, number):
        return json.loads(self.ask("GET", f"/containers/{number}/json")[1])

    def remove_all(self):
        for each in self.containers():
            self.ask("DELETE", f"/containers/{each['Id']}?force=1")

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        if self.process:
            self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process:
            self.go_on()
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.log.close()
            self.process = None

    def end(self):
        self.stop()
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            points = [line.split()[1] for line in mounts]
        for point in reversed(points):  # namespaces of networks, and where it has stored images
            if point.startswith(self.folder + "/"):
                subprocess.run(["umount", point], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder)


def leave_network():
    """Moves this process, which has one thread, to a network of its own: what is done to
    interfaces and filters there ends with it. None, or why not."""
    if os.geteuid() != 0:
        return "only root can have a network of its own"
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        return f"there can be no network of its own: {os.strerror(ctypes.get_errno())}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    return None


def open_engine(network=False):
    """An engine that runs and None, or None and the reason to skip."""
    if os.geteuid() != 0:
        return None, "only root can start a container engine"
    if os.environ.get("SNAFU_SANITIZE"):
        return None, "sanitizers need more of /proc and memory than containers have"
    if not shutil.which("dockerd"):
        return None, "there is no dockerd here (package docker.io)"
    engine = Engine(network)
    try:
        reason = engine.start() or engine.try_out()
    except BaseException:
        engine.end()
        raise
    if reason:
        engine.end()
        return None, reason
    return engine, None
