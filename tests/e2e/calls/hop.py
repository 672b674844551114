"""Functions for tests/e2e/calls.py, which copies this file: once for each executor, and for
each way of Python 2 with the print statements and except clauses of that."""

import snafu
import threading
import time

TAG = "@TAG@"


def relay(path, value):
    """Says who it is, for which call, how many milliseconds are left and how deep it is; and
    what the first of PATH, names with commas between them, says of the rest."""
    context = snafu.context()
    said = "%s|%s|%d|%d" % (TAG, context.aws_request_id, context.get_remaining_time_in_millis(),
                            context.depth)
    print("hop " + said)
    if not path:
        return said + ";" + value
    head, _, rest = path.partition(",")
    return said + ";" + snafu.call(head, path=rest, value=value)


def nest(path, value):
    """The same with values of any kind."""
    inner = snafu.call(path[0], path[1:], value) if path else value
    return {"tag": TAG, "value": value, "inner": inner}


def fail(path, value):
    raise ValueError("odd: " + value)


def caught(path, value):
    """How the first of PATH fails."""
    head, _, rest = path.partition(",")
    try:
        return snafu.call(head, path=rest, value=value)
    except snafu.CallError as error:
        return "%s/%s" % (error.type, error.message)


def ping(to, back):
    """Calls TO, which calls BACK, and so on, until that is refused: how often, and why."""
    try:
        times, _, why = snafu.call(to, to=back, back=to).partition(" ")
        return "%d %s" % (int(times) + 1, why)
    except snafu.CallError as error:
        return "0 " + error.type


def fib(n):
    n = int(n)
    if n < 2:
        return n
    return snafu.call("@NAME@.fib", n=n - 1) + snafu.call("@NAME@.fib", n=n - 2)


def hang(path, value):
    while True:
        pass


def threads(count, function):
    """Calls FUNCTION from COUNT threads at once; how they ended, without repetition."""
    ends = []

    def call():
        try:
            ends.append(snafu.call(function, "", "v").split("|")[0])
        except snafu.CallError as error:
            ends.append(error.type)

    all_of_them = [threading.Thread(target=call) for _ in range(int(count))]
    for thread in all_of_them:
        thread.start()
    for thread in all_of_them:
        thread.join()
    return [len(ends)] + sorted(set(ends))
