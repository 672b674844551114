"""Reports over rows of (item, count)."""
from ..catalogue import Catalogue
from .. import money
import lines

calls = 0


def total(rows):
    global calls
    calls += 1
    catalogue = Catalogue()
    cents = reduce(lambda sum, (name, count): sum + catalogue.find(name).price * count, rows, 0)
    return money.show(cents)


def average((first, second), *rest):
    """The mean, of integers an integer."""
    everything = [first, second] + list(rest)
    return sum(everything) / len(everything)


def table(rows, width=20):
    return string_of(lines.table(rows, width))


def string_of(text):
    exec "made = text + u'!'" in globals(), locals()
    return lines.finish(text)


def counted():
    return calls


def fail(depth):
    if depth <= 0:
        raise ValueError, "too deep"
    return fail(depth - 1)
