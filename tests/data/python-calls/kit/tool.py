from . import started

n = 0


def up():
    global n
    n += 1
    return n


def used():
    started.append(1)
    return len(started)
