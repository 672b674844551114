"""Upgraded, but Python 3 takes no such name."""


def fine(n):
    print n
    return n


def bad(True, n):
    print n
