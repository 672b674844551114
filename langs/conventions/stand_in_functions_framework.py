"""Stands in for functions_framework, of which functions use the decorators."""


def http(function):
    return function


def cloud_event(function):
    return function


def typed(kind):
    """@typed, or @typed(A_CLASS)."""
    if type(kind) is type(typed):
        return kind

    def mark(function):
        function.__snafu_type__ = kind
        return function
    return mark


def errorhandler(code_or_exception):
    return lambda function: function


def fill(module, name):
    for decorator in (http, cloud_event, typed, errorhandler):
        setattr(module, decorator.__name__, decorator)
