"""Letters to customers, as it ran on the old server. Python 2: its syntax tells."""

import string


def salutation(name, sex="f", formal=True):
    """How a letter begins."""
    if not formal:
        return "Hi %s," % name.split()[0]
    return {"f": "Dear Ms %s,", "m": "Dear Mr %s,"}.get(sex, "Dear %s,") % name.split()[-1]


def merge(template, fields):
    """Fill $name and the like in a template."""
    try:
        return string.Template(template).substitute(fields)
    except KeyError, missing:
        print "no value for", missing
        raise


def address_label((street, number, city), country=u"Germany"):
    """Three lines for the envelope."""
    return u"%s %s\n%s\n%s" % (street, number, city.upper(), country)


def batches(addresses, size=50):
    """The mailing in batches that the franking machine takes."""
    for start in xrange(0, len(addresses), size):
        yield addresses[start:start + size]


if __name__ == "__main__":
    print merge("Hello $name", {"name": raw_input("Name? ")})
