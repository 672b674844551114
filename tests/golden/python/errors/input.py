def good_before(a, b=1):
    """Stands before it all."""
    return a + b


def dangling_operator(x):
    y = x *
    return y


def good_between(): return [1, 2]


def open_bracket(x):
    return good_between(x, [1, 2

def after_open_bracket(x: int):
    return x


def bad_header(x, 1):
    return x


class Half:
    def broken_string(self):
        return 'never closed

    def fine(self):
        return "closed"

    value = = 3


def missing_body():


def wrong_margin(x):
        if x:
            return 1
      return 2


def good_after(z, *, key=None):
    return z
