"""tests/ladder.py — a Snafu that serves functions made for tests of the isolation ladder, those
in tests/e2e/executors."""

import concurrent.futures
import os

from served import Served
from terminal import SOURCE

FOLDER = os.path.join(SOURCE, "tests/e2e/executors")
PYTHON = os.path.join(FOLDER, "jobs.py")
C = os.path.join(FOLDER, "moves.c")
JAVA = os.path.join(FOLDER, "Works.java")
PROCESSES = ("worker", "fork", "spawn")
EVERY = ("inprocess", "isolated") + PROCESSES


class Server(Served):
    def __init__(self, *paths, executor="worker", settings="", options=(), **names):
        super().__init__("-q", *(["-e", executor] if executor else []), *options,
                         *(paths or [PYTHON]), settings=settings, **names)

    def instances(self, function, state, executor="worker"):
        return int(self.metric(f'snafu_instances{{executor="{executor}",function="{function}",'
                               f'state="{state}"}}') or 0)

    def all(self, calls):
        """Runs calls at the same time; their results in order."""
        with concurrent.futures.ThreadPoolExecutor(min(len(calls), 24)) as pool:
            return list(pool.map(lambda call: self.call(*call[0], **call[1]), calls))


def each(test):
    """Runs a test once for each of the executors that have processes."""
    def run_each(self):
        for executor in PROCESSES:
            with self.subTest(executor=executor):
                test(self, executor)
    run_each.__doc__ = test.__doc__
    return run_each
