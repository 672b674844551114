"""tests/tap.py TEST — run one test and report in TAP; `make check` runs every test by it.

TEST is a file of unittest cases, or else a program that speaks TAP. A case that cannot
run here calls self.skipTest(reason).

The test runs in a child process, below a watch that lets nothing hang and nothing stay:
a case that takes longer than its cap fails, a test that takes longer than its cap is
killed with everything that it started, and processes that outlive their test are an
error. $SNAFU_TEST_CAP (seconds) changes the cap of a case, e.g. under a debugger.
With $SNAFU_TEST_TIMES set, each case says how long it took."""

import ctypes
import importlib.util
import os
import signal
import sys
import time
import traceback
import unittest

SLOWER = 3 if os.environ.get("SNAFU_SANITIZE") else 1
CAP = int(os.environ.get("SNAFU_TEST_CAP") or 300 * SLOWER)  # seconds for a case, or a program
FILE_CAP = 4 * CAP  # seconds for a file of cases
LEFT_CAP = 20 * SLOWER  # seconds in which what a test started has to end after it
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.lines = 0
        self.begun, self.used = time.monotonic(), sum(os.times()[:4])

    def report(self, good, test, directive=""):
        self.lines += 1
        name = test.id().split(".", 1)[-1].replace("#", "")
        print(f"{'ok' if good else 'not ok'} {self.lines} - {name}{directive}", flush=True)
        if "SNAFU_TEST_TIMES" in os.environ:
            print(f"# {time.monotonic() - self.begun:.2f} s, "
                  f"of the processor {sum(os.times()[:4]) - self.used:.2f} s", flush=True)
        # What sets a class up counts for its first case.
        self.begun, self.used = time.monotonic(), sum(os.times()[:4])

    def explain(self, error):
        for line in "".join(traceback.format_exception(*error)).splitlines():
            print("#", line, flush=True)

    def startTest(self, test):
        super().startTest(test)
        signal.alarm(CAP)

    def stopTest(self, test):
        signal.alarm(0)
        super().stopTest(test)

    def addSuccess(self, test):
        self.report(True, test)

    def addSkip(self, test, reason):
        self.report(True, test, f" # SKIP {reason}")

    def addFailure(self, test, error):
        self.report(False, test)
        self.explain(error)

    def addError(self, test, error):
        self.addFailure(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.addFailure(subtest, error)


class TookTooLong(BaseException):
    """No error that a case may expect."""


def case_took_too_long(number, frame):
    signal.alarm(CAP)  # for what the case does to clean up
    raise TookTooLong(f"the case took longer than {CAP} seconds and was ended here")


def run_cases(path):
    """Runs a file of unittest cases; the exit status."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    name = os.path.basename(path)[:-3].replace("-", "_")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    signal.signal(signal.SIGALRM, case_took_too_long)
    result = TapResult()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    print(f"1..{result.lines}", flush=True)
    return 0


def below():
    """The processes below this one: (pid, command line) each."""
    parents, found, words = {}, [os.getpid()], []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    parents.setdefault(int(file.read().rsplit(")", 1)[1].split()[1]), []).append(
                        int(name))
            except OSError:
                pass  # it has just ended
    for parent in found:
        found += parents.get(parent, [])
    for pid in found[1:]:
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                words.append((pid, file.read().replace("\0", " ").strip()[:200] or "a zombie"))
        except OSError:
            pass
    return words


def kill_below():
    """Kills all that is left, also what is started meanwhile."""
    while True:
        for pid, _ in below():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def reap(test, seconds, all_of_them):
    """Waits that many seconds for the test, or for all that it started. The test's status
    if it has ended meanwhile, and whether it was in time."""
    status, end = None, time.monotonic() + seconds
    while True:
        try:
            pid, code = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status, True
        if pid == test:
            status = code
            if not all_of_them:
                return status, True
        elif pid == 0:
            rest = end - time.monotonic()
            if rest <= 0:
                return status, False
            signal.sigtimedwait({signal.SIGCHLD}, rest)


def interrupted(number, frame):
    kill_below()
    os._exit(128 + number)


def start(path):
    """Starts the test; its process id."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1)  # orphans of the test come here
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    pid = os.fork()
    if pid:
        return pid
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT
                      else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if path.endswith(".py"):
        try:
            status = run_cases(path)
        except BaseException:
            traceback.print_exc()
            status = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execv(path, [path])
    except OSError as error:
        print(f"{path}: {error}", file=sys.stderr)
        os._exit(127)


def main():
    path = sys.argv[1]
    cap = FILE_CAP if path.endswith(".py") else CAP
    test = start(path)
    status, ended = reap(test, cap, False)
    left = [] if ended else below()
    if ended:
        _, ended = reap(test, LEFT_CAP, True)
        left = below()
        words = f"Bail out! {path} left processes behind, {LEFT_CAP} s after its end"
    else:
        words = f"Bail out! {path} took longer than {cap} s and was killed"
    if not ended:
        print(words, flush=True)
        for pid, command in left:
            print(f"# {pid}: {command}", flush=True)
        kill_below()
        return 1
    if os.WIFSIGNALED(status):
        print(f"Bail out! {path} died of {signal.Signals(os.WTERMSIG(status)).name}", flush=True)
        return 1
    return os.WEXITSTATUS(status)


sys.exit(main())
