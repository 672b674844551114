"""Stands in for functions_framework, of which functions use the decorators."""


def http(function):
    return function


def cloud_event(function):
    return function


def errorhandler(code_or_exception):
    return lambda function: function


def fill(module, name):
    module.http, module.cloud_event, module.errorhandler = http, cloud_event, errorhandler
