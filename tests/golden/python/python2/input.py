#!/usr/bin/env python
# -*- coding: latin-1 -*-
"""Written long ago, in München."""


def greet(name, mode=0644, size=10L):
    ur"""Say hello."""
    print "hello,", name
    print >>sys.stderr, `name`


def unpack((a, b), (c, d)=(1, 2)):
    try:
        exec "x = 1" in {}
    except (KeyError, ValueError), error:
        raise RuntimeError, "no"
    return a <> b


class Old:
    def both(x): return x
    both = staticmethod(both)

    def make(klass, n=`1`): return klass()
    make = classmethod(make)
