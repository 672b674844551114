from .. import started
import kit

n = 10


def up():
    global n
    n += 1
    return n


def top():
    return kit.started is started
