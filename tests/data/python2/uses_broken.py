import broken


def f():
    print broken.fine(1)
