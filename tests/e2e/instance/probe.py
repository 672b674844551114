"""tests/e2e/instance/probe.py — functions for tests/e2e/instance.py: well-behaved ones,
and some that treat their process badly."""

import atexit
import os
import resource
import signal
import subprocess
import sys
import threading
import time

atexit.register(lambda: print("at the end"))
state = {"calls": 0, "born": os.getpid()}


def add(a, b=1):
    return a + b


def count():
    state["calls"] += 1
    return state["calls"]


def whoami():
    return {"pid": os.getpid(), "born": state["born"], "parent": os.getppid(),
            "session": os.getsid(0), "group": os.getpgid(0),
            "threads": len(os.listdir("/proc/self/task"))}


def fail():
    raise ValueError("on purpose")


def speak(text):
    print(text)
    print(text, "too", file=sys.stderr)
    os.system(f"echo {text} from a shell")
    return len(text)


def environment(name):
    return [os.environ.get(name), subprocess.check_output(["printenv", name], text=True).strip()]


def directory():
    return os.getcwd()


def echo(text):
    return text


def descriptors():
    return sorted(int(name) for name in os.listdir("/proc/self/fd"))


def hog(mebibytes):
    return len(bytearray(mebibytes << 20))


def open_files(count):
    files = [open("/dev/null") for _ in range(count)]
    return len(files)


def write_file(path, size):
    with open(path, "wb") as file:
        file.write(bytes(size))


def limits():
    return [resource.getrlimit(which) for which in
            (resource.RLIMIT_DATA, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE,
             resource.RLIMIT_NPROC, resource.RLIMIT_CORE)]


def forks():
    os.fork()
    return os.getpid()


def close_all():
    os.closerange(3, 2000)
    return "closed"


def close_and_stay(mark):
    """Closes what it has, and leaves the same descriptors in use."""
    for fd in descriptors():
        if fd > 2:
            try:
                os.dup2(1, fd)
            except OSError:
                pass
    return "replaced"


def meddle():
    """Writes nonsense to whatever socket there is."""
    for fd in descriptors():
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith("socket:"):
                os.write(fd, b"\xff" * 64)
        except OSError:
            pass


def leave(how):
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "abort":
        os.abort()
    if how == "_exit":
        os._exit(3)
    sys.exit(4)


def hang(start_children=False):
    if start_children:
        breed()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


def breed():
    """Processes that want to stay: plain, with a session of their own, orphaned."""
    script = ("import os, signal, time\n"
              "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
              "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
              "{}\n"
              "os.write(1, b'x')\n"
              "time.sleep(1000)\n")
    pids = 0
    for how in ("pass", "os.setsid()", "os.fork() and os._exit(0)",
                "os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0)"):
        child = subprocess.Popen([sys.executable or "/usr/bin/python3", "-I", "-S", "-c",
                                  script.format(how)], stdout=subprocess.PIPE)
        assert child.stdout.read(1) == b"x"
        pids += 1
    return pids


def threads_call(count):
    import snafu
    results = [None] * count

    def work(index):
        results[index] = snafu.call("other.double", n=index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def calls_other(n):
    import snafu
    return snafu.call("other.double", n=n) + 1


def calls_from_child():
    """A process that the function has forked cannot speak for it."""
    import snafu
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            snafu.call("other.double", n=1)
            os.write(writer, b"called")
        except Exception as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        return file.read().decode()
