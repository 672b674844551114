# -*- coding: iso-8859-1 -*-
"""Amounts in cents. Nothing here that the Python 3 parser would refuse."""

SIGN = u'\u20ac'
POUND = u'£'


def parse(text):
    """"3.50" in cents."""
    if isinstance(text, (int, long)):
        return text * 100
    whole, _, cents = unicode(text).partition(u'.')
    return int(whole) * 100 + int((cents + u'00')[:2])


def show(cents):
    return u'%d.%02d %s' % (cents / 100, cents % 100, SIGN)


def share(cents, heads):
    """What each one pays, and what is left."""
    return [cents / heads, cents % heads]
