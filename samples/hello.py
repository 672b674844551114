"""The smallest service."""


def hello():
    """Say hello to everybody."""
    return "Hello, world!"


def greet(name, greeting="Hello"):
    """Say hello to one person.

    :param name: whom to greet
    :param greeting: the word to greet with
    """
    return f"{greeting}, {name}!"
