"""Functions that call functions."""

import threading
from concurrent.futures import ThreadPoolExecutor

import snafu

pool = ThreadPoolExecutor(1)


def echo(value=None, more=None):
    return [value, more]


def fib(n: int):
    return n if n < 2 else snafu.call("client.fib", n - 1) + snafu.call("client.fib", n=n - 2)


def calls():
    return [snafu.call("client.echo"), snafu.call("client.echo", 1, (2, 3.5)),
            snafu.call("client.echo", more="\u00e9", value={"a": None}),
            snafu.invoke("client.echo", [10 ** 30])]


def raises(text: str):
    raise ValueError(text)


def catches():
    try:
        snafu.call("client.raises", "boo")
    except snafu.CallError as error:
        return [error.status, error.type, error.message, len(error.trace), str(error)]


def lets_go():
    snafu.call("client.raises", "boo")


def misuse(how: str):
    try:
        if how == "mixed":
            snafu.call("client.echo", 1, more=2)
        elif how == "name":
            snafu.call(1)
        elif how == "form":
            snafu.call("client.echo", object)
        elif how == "unknown":
            snafu.call("nowhere.nothing")
    except (TypeError, snafu.CallError) as error:
        return f"{type(error).__name__}: {error}"


def later():
    return snafu.call_async("client.echo", 1)


def where():
    context = snafu.context()
    return [context.aws_request_id, context.function_name, context.depth, context.trigger]


def deeper():
    return [where(), snafu.call("client.where"), where()]


def in_thread():
    found = []

    def work():
        found.append([where(), snafu.call("client.where")])
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found


def in_pool(name: str):
    def work():
        print("from the pool for", name)
        return where()
    return pool.submit(work).result()


outlived = threading.Event()
told = threading.Event()
said = []


def outlives():
    """Its thread goes on when the call has ended."""
    def work():
        outlived.wait()
        print("too late")
        said.append(snafu.context())
        said.append(snafu.call("client.where")[2])
        told.set()
    threading.Thread(target=work).start()


def after():
    outlived.set()
    told.wait()
    return said


loaded_outside = snafu.context()


def outside():
    return loaded_outside
