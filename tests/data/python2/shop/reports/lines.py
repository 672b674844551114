import string


def table(rows, width):
    lines = map(lambda row: string.ljust(row[0], width) + str(row[1]), rows)
    return string.join(lines, "\n")


def finish(text):
    print >> open("/dev/null", "w"), text
    return text.encode("utf-8").decode("utf-8")
