import os
import string

import money
import ConfigParser, StringIO


class NoSuchItem(Exception):
    def __init__(self, name):
        Exception.__init__(self, name)
        self.name = name

    def __str__(self):
        return "no item called %s" % self.name


class Item:
    def __init__(self, name, price, stock=0):
        self.name, self.price, self.stock = name, price, stock

    def __cmp__(self, other):
        return cmp(self.price, other.price)

    def __nonzero__(self):
        return self.stock > 0


class Catalogue(object):
    """Items by name, from an .ini file beside this one."""

    def __init__(self, name='items.ini'):
        self.items = {}
        self.read(open(os.path.join(os.path.dirname(__file__), name)).read())

    def read(self, text):
        parser = ConfigParser.ConfigParser()
        parser.readfp(StringIO.StringIO(text))
        for section in parser.sections():
            values = dict(parser.items(section))
            self.items[section] = Item(section, money.parse(values['price']),
                                       string.atoi(values.get('stock', '0')))

    def find(self, name):
        if not self.items.has_key(name):
            raise NoSuchItem, name
        return self.items[name]

    def price(self, name, count=1L):
        """What COUNT of them cost, in words."""
        try:
            item = self.find(name)
        except NoSuchItem, error:
            print "asked for", `error.name`
            raise
        return money.show(item.price * count)

    def names(self):
        names = self.items.keys()
        names.sort()
        return names

    def in_stock(self):
        return sorted(name for name, item in self.items.iteritems() if item)
