# langs/python2_driver.py -- serves one Python 2 function, unchanged, in a real Python 2: CPython
# 2.7, PyPy or Jython. It speaks the frames of runtime/instances/frame.h on stdin and stdout.
#
#     python2 python2_driver.py FILE ROOT ID KIND [CONVENTION]
#
# So SETUP, which says the same, is read over. Everything that is printed goes to stderr.
# Started by the executors worker and spawn, see python2_native.c.

import os
import struct
import sys
import time
import traceback

STARTED = time.time()
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import python2_values as values
if "".join(sys.argv[5:]) in ("", "lambda"):
    conventions = None # their imports take long in Jython
else:
    import python2_conventions as conventions
sys.path.remove(HERE)

SETUP, START, CALL, ANSWER = 1, 2, 3, 4
READY, RESULT, INVOKE = 16, 17, 18
OK, BAD_ARGUMENTS, RAISED, BAD_RESULT, LOAD_FAILED, UNAVAILABLE = 0, 1, 5, 6, 7, 9
ONCE = 1 # START's role: ends after one call
NO_TEXT = 0xffffffff
TRACE_CAP = 40 # lines of a stack trace
IS_JYTHON = os.name == "java"
if IS_JYTHON: # which takes "=" for the byte order of Java
    from java.nio import ByteOrder
    ORDER = "<" if ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN else ">"
else:
    ORDER = "="


# ---- frames --------------------------------------------------------------------------------

class Channel(object):
    """The socket, taken away from stdin and stdout."""

    def __init__(self):
        if IS_JYTHON:
            from java.io import ByteArrayInputStream, FileDescriptor, FileInputStream, FileOutputStream
            from java.lang import System
            self.input = FileInputStream(getattr(FileDescriptor, "in"))
            self.output = FileOutputStream(FileDescriptor.out)
            System.setOut(System.err)
            System.setIn(ByteArrayInputStream(""))
        else:
            self.input, self.output = os.dup(0), os.dup(1)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            os.close(null)
            os.dup2(2, 1)
            self.keep_to_us(self.input)
            self.keep_to_us(self.output)
        self.owner = os.getpid()

    @staticmethod
    def keep_to_us(descriptor):
        import fcntl
        fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.fcntl(descriptor, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)

    def read_some(self, size):
        if not IS_JYTHON:
            return os.read(self.input, min(size, 1 << 20))
        from jarray import zeros
        some = zeros(min(size, 1 << 20), "b")
        count = self.input.read(some)
        return some[:count].tostring() if count > 0 else ""

    def read_exactly(self, size):
        parts = []
        while size > 0:
            part = self.read_some(size)
            if not part:
                sys.exit(0) # the host is done with us
            parts.append(part)
            size -= len(part)
        return "".join(parts)

    def read(self):
        size, kind, number = struct.unpack(ORDER + "IIQ", self.read_exactly(16))
        return kind, number, self.read_exactly(size)

    def write(self, kind, number, body):
        if os.getpid() != self.owner:
            os._exit(0) # a child that the function forked must not answer
        bytes = struct.pack(ORDER + "IIQ", len(body), kind, number) + body
        if IS_JYTHON:
            self.output.write(bytes)
            self.output.flush()
            return
        while bytes:
            bytes = bytes[os.write(self.output, bytes):]


class Unpacker(object):
    def __init__(self, body):
        self.body, self.at = body, 0

    def number(self, form):
        size = struct.calcsize(form)
        self.at += size
        return struct.unpack(form, self.body[self.at - size:self.at])[0]

    def u32(self):
        return self.number(ORDER + "I")

    def u64(self):
        return self.number(ORDER + "Q")

    def text(self):
        size = self.u32()
        if size == NO_TEXT:
            return None
        self.at += size + 1
        return self.body[self.at - size - 1:self.at - 1]

    def rest(self):
        return self.body[self.at:]


def pack_text(text):
    return struct.pack(ORDER + "I", len(text)) + text + "\0"


def pack_result(status, payload, init_ns=0, run_ns=0):
    return struct.pack(ORDER + "IQQQ", status, init_ns, run_ns, 0) + pack_text("") + \
        struct.pack(ORDER + "Q", len(payload)) + payload


def now():
    """Seconds on the clock of deadlines, which Python 2 has no function for."""
    if IS_JYTHON:
        from java.lang import System
        return System.nanoTime() / 1e9
    try:
        import ctypes
        clock = (ctypes.c_long * 2)()
        ctypes.CDLL(None).clock_gettime(1, clock) # CLOCK_MONOTONIC
        return clock[0] + clock[1] / 1e9
    except (ImportError, OSError, AttributeError):
        with open("/proc/uptime") as file:
            return float(file.read().split()[0])


# ---- what is known of a call ---------------------------------------------------------------

class Part(object):
    """Attributes NAMES, with the values that DICT has for them."""

    def __init__(self, names, dictionary):
        for name in names:
            setattr(self, name, dictionary.get(name))


def client_context(said):
    """What the caller said of itself, who may have said anything."""
    try:
        given = values.read(said)[0] if said else None
    except Exception:
        given = None
    if not isinstance(given, dict):
        return None
    if isinstance(given.get("client"), dict):
        given["client"] = Part(("installation_id", "app_title", "app_version_name",
                                "app_version_code", "app_package_name"), given["client"])
    else:
        given["client"] = None
    return Part(("custom", "env", "client"), given)


def all_memory():
    """Bytes of the machine."""
    try:
        with open("/proc/meminfo") as file:
            return int(file.readline().split()[1]) << 10
    except (IOError, ValueError, IndexError):
        return 0


class Context(object):
    """What AWS documents of Lambda's context object, as far as it is known."""

    NAMES = ("aws_request_id", "function_name", "tenant", "trigger", "client_context_json")

    def __init__(self, unpacker):
        for name in self.NAMES:
            setattr(self, name, unpacker.text() or "")
        self.deadline, self.memory, self.depth = unpacker.u64(), unpacker.u64(), unpacker.u32()
        self.function_version = "$LATEST"
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        self.invoked_function_arn = "arn:aws:lambda:%s:%s:function:%s" % (
            region, self.tenant or "000000000000", self.function_name)
        self.memory_limit_in_mb = str((self.memory or all_memory()) >> 20)
        self.log_group_name = "/aws/lambda/" + self.function_name
        self.log_stream_name = time.strftime("%Y/%m/%d/[$LATEST]", time.gmtime()) + \
            "%032x" % os.getpid()
        self.identity = Part(("cognito_identity_id", "cognito_identity_pool_id"), {})
        self.client_context = client_context(self.client_context_json)

    def get_remaining_time_in_millis(self):
        return max(0, int(self.deadline - now() * 1000))

    def pack(self):
        return "".join(pack_text(getattr(self, name)) for name in self.NAMES) + \
            struct.pack(ORDER + "QQI", self.deadline, self.memory, self.depth)


class CallError(Exception):
    """A function that was called failed."""

    def __init__(self, status, error):
        message = error.get("errorMessage", "")
        Exception.__init__(self, message)
        self.status, self.type = status, error.get("errorType", "Error")
        self.message, self.trace = message, error.get("stackTrace", [])


class Client(object):
    """The module `snafu`: calls of other functions of the host."""

    def __init__(self, channel):
        import threading
        self.channel, self.current, self.last = channel, None, 0
        self.lock = threading.RLock()

    def invoke_bytes(self, function, payload, asynchronous):
        caller = self.current
        body = struct.pack(ORDER + "I", caller is not None) + (caller.pack() if caller else "")
        body += pack_text(function) + struct.pack(ORDER + "IIQ", asynchronous, 1, len(payload)) + payload
        with self.lock: # the answer to one is read before the next one is asked for
            self.last += 1
            self.channel.write(INVOKE, self.last, body)
            kind, number, body = self.channel.read()
        if kind != ANSWER or number != self.last:
            os._exit(70) # the host has lost the thread
        answer = Unpacker(body)
        status = answer.u32()
        answer.at += 24
        answer.text()
        answer.u64()
        value = values.read(answer.rest())[0] if answer.rest() else None
        if status != OK:
            raise CallError(status, value if isinstance(value, dict) else {})
        return value

    def invoke(self, function, payload):
        return self.invoke_bytes(text(function), values.write(payload), 0)

    def call(self, function, *args, **kwargs):
        return self.invoke_bytes(text(function), values.write(arguments(args, kwargs)), 0)

    def call_async(self, function, *args, **kwargs):
        return self.invoke_bytes(text(function), values.write(arguments(args, kwargs)), 1)["id"]

    def context(self):
        return self.current

    def module(self):
        import types
        module = types.ModuleType("snafu", self.__doc__)
        for name in "invoke", "call", "call_async", "context":
            setattr(module, name, getattr(self, name))
        module.CallError = CallError
        return module


def text(words):
    return words.encode("utf-8") if isinstance(words, unicode) else str(words)


def arguments(args, kwargs):
    if args and kwargs:
        raise TypeError("arguments are given by position or by name, not both")
    return kwargs or list(args)


# ---- errors --------------------------------------------------------------------------------

def failure(kind, message, trace=()):
    error = {"errorType": kind, "errorMessage": message}
    if trace:
        error["stackTrace"] = list(trace)
    return values.write(error)


def message_of(error):
    for make in unicode, str, repr:
        try:
            return values.text_of(make(error))
        except Exception:
            pass
    return u""


def exception():
    """The exception being handled, as a result's payload."""
    kind, error, where = sys.exc_info()
    lines = []
    for file, line, name, source in traceback.extract_tb(where):
        if os.path.dirname(os.path.abspath(file)) != HERE:
            lines.append('  File "%s", line %d, in %s%s' % (
                file, line, name, "\n    " + source if source else ""))
    if isinstance(error, SystemExit):
        return failure("SystemExit", "the function wants to exit the process (status %s)" %
                       message_of(error.code), lines[-TRACE_CAP:])
    name = getattr(kind, "__name__", None) or str(kind)
    return failure(name, message_of(error), lines[-TRACE_CAP:])


# ---- the function --------------------------------------------------------------------------

class Function(object):
    def __init__(self, file, root, id, kind, convention=""):
        self.file, self.root = os.path.abspath(file), os.path.abspath(root)
        self.id, self.kind, self.convention = id, kind, convention
        self.owner = self.kept = self.adapter = None

    def load(self):
        """The module by import, below its packages; and what the id names in it."""
        top, name = os.path.dirname(self.file), os.path.splitext(os.path.basename(self.file))[0]
        dotted = [] if name == "__init__" else [name]
        while os.path.isfile(os.path.join(top, "__init__.py")) and os.path.dirname(top) != top:
            dotted.insert(0, os.path.basename(top))
            top = os.path.dirname(top)
        dotted = dotted or ["__init__"]
        for folder in self.root, top:
            if folder in sys.path:
                sys.path.remove(folder)
            sys.path.insert(0, folder)
        sys.argv = [self.file]
        self.adapter = conventions and conventions.adapter(self.convention)
        module = self.import_module(".".join(dotted))
        for tail in self.tails():
            target, owner = module, None
            try:
                for part in tail.split("."):
                    owner, target = target, getattr(target, part)
            except AttributeError:
                continue
            self.take(target, owner if owner is not module else None, tail.split(".")[-1])
            return
        raise AttributeError("%s has no %s once it is loaded: it may be defined under a condition "
                             "that does not hold here" % (self.file, self.id))

    def import_module(self, name):
        if "." not in name and (name in sys.modules or name in sys.builtin_module_names):
            import imp # a module of Python's own has that name
            return imp.load_source("snafu_served_" + name, self.file)
        __import__(name)
        return sys.modules[name]

    def tails(self):
        below = os.path.relpath(os.path.splitext(self.file)[0], self.root).replace(os.sep, ".")
        below = below[:-9] if below.endswith(".__init__") else below
        for head in below, os.path.splitext(os.path.basename(self.file))[0]:
            if self.id.startswith(head + "."):
                yield self.id[len(head) + 1:]
        parts = self.id.split(".")
        for first in range(1, len(parts)):
            yield ".".join(parts[first:])

    def take(self, target, owner, name):
        self.name, self.target = name, target
        if self.kind in ("method", "property"):
            self.owner = owner
            self.constructor = values.Signature(owner.__name__, getattr(owner, "__init__", None), True)
            if not hasattr(owner, "__init__"):
                self.constructor.rest = None
        bound = self.kind in ("method", "class-method")
        function = getattr(target, "im_func", target)
        if isinstance(target, property):
            function, bound = target.fget, True
        self.signature = values.Signature(name, function, bound)

    def instance(self, given):
        if given is None and self.kept is not None:
            return self.kept
        members = list(given) if isinstance(given, dict) else []
        positions, names = self.constructor.bind({} if given is None else given, members, "self.")
        made = self.owner(*positions, **names)
        if given is None:
            self.kept = made
        return made

    def call(self, payload, context):
        if self.adapter:
            return self.adapted(payload, context)
        return values.write(self.call_plainly(payload, context))

    def call_plainly(self, payload, context):
        given, members, own = self.arguments(payload)
        if self.signature.takes_event or self.convention == "lambda":
            whole = not (isinstance(given, dict) and given and set(given) <= set(("event", "context")))
            positions, names = [given if whole else given.get("event"), context], {}
        else:
            positions, names = self.signature.bind(given, members)
        target = self.target
        if self.owner is not None:
            made = self.instance(own)
            if self.kind == "property":
                return getattr(made, self.name)
            target = getattr(made, self.name)
        return target(*positions, **names)

    def adapted(self, payload, context):
        try:
            value = self.adapter(self.target, payload, context)
        except conventions.BadPayload as error:
            raise values.BadArguments([("payload", message_of(error))], self.signature.usage)
        return value.bytes if isinstance(value, conventions.Reply) else values.write(value)

    def arguments(self, payload):
        try:
            given, members, own = values.split(payload)
        except ValueError as error:
            raise values.BadArguments([("payload", message_of(error))], self.signature.usage)
        if self.owner is not None and isinstance(given, dict) and "self" in given:
            own = given.pop("self")
            members = [name for name in members if name != "self"]
            if not isinstance(own, (dict, list)):
                raise values.BadArguments([("self", "the constructor's arguments, an object or an array")],
                                          self.constructor.usage)
        return given, members, own


# ---- the process ---------------------------------------------------------------------------

class Printed(object):
    """sys.stdout without an encoding to fail at."""

    encoding, softspace = "utf-8", 0

    def __init__(self, below):
        self.below = below

    def write(self, words):
        self.below.write(words.encode("utf-8") if isinstance(words, unicode) else words)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def __getattr__(self, name):
        return getattr(self.below, name)


class Process(object):
    def __init__(self, function):
        self.channel, self.function = Channel(), function
        self.client = Client(self.channel)
        sys.stdout = Printed(sys.stderr)
        sys.modules["snafu"] = self.client.module()

    def start(self, body):
        start = Unpacker(body)
        self.role = start.u32()
        start.at += 12
        limits = [start.u64() for _ in range(4)]
        self.result_cap = start.u64()
        start.u64()
        environment, directory, groups = start.text(), start.text(), start.text()
        for path in filter(None, groups.split("\n")):
            with open(path, "w") as file:
                file.write(str(os.getpid()))
        for line in environment.split("\n"):
            name, equals, value = line.partition("=")
            if equals:
                os.environ[name] = value
        if directory:
            os.chdir(directory)
        self.limit(*limits)

    @staticmethod
    def limit(memory, open_files, processes, file_size):
        try:
            import resource
        except ImportError: # Jython: a Java machine takes its memory in advance
            return
        for kind, most in (("RLIMIT_AS", memory), ("RLIMIT_NOFILE", open_files),
                           ("RLIMIT_FSIZE", file_size)):
            if most:
                hard = resource.getrlimit(getattr(resource, kind))[1]
                most = most if hard == resource.RLIM_INFINITY else min(most, hard)
                resource.setrlimit(getattr(resource, kind), (most, most))

    def load(self, number):
        status, payload = OK, ""
        try:
            self.function.load()
        except:
            status, payload = LOAD_FAILED, exception()
        spent = int((time.time() - STARTED) * 1e9)
        self.channel.write(READY, number, pack_result(status, payload, init_ns=max(0, spent)))
        if status != OK:
            sys.exit(0)

    def call(self, number, body):
        unpacker = Unpacker(body)
        context = Context(unpacker)
        unpacker.u64()
        begun = time.time()
        self.client.current = context
        try:
            status, payload = self.run(unpacker.rest(), context)
        finally:
            self.client.current = None
        sys.stdout.flush()
        spent = max(0, int((time.time() - begun) * 1e9))
        self.channel.write(RESULT, number, pack_result(status, payload, run_ns=spent))

    def run(self, payload, context):
        try:
            value = self.function.call(payload, context)
            if len(value) > self.result_cap:
                raise values.BadResult("it is larger than the cap of %d bytes" % self.result_cap)
            return OK, value
        except values.BadArguments as error:
            problems = "; ".join("%s: %s" % pair for pair in error.problems)
            return BAD_ARGUMENTS, values.write({
                "errorType": "ArgumentError",
                "errorMessage": "%s; usage: %s" % (problems, error.usage),
                "arguments": [{"name": name, "problem": words} for name, words in error.problems]})
        except values.BadResult as error:
            return BAD_RESULT, failure("ResultError", "the result of %s: %s" % (
                self.function.id, message_of(error)))
        except:
            return RAISED, exception()

    def serve(self):
        while True:
            kind, number, body = self.channel.read()
            if kind == START:
                self.start(body)
                self.load(number)
            elif kind == CALL:
                self.call(number, body)
                if self.role == ONCE:
                    return
            elif kind != SETUP:
                return


if __name__ == "__main__":
    Process(Function(*sys.argv[1:6])).serve()
