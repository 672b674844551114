"""Cannot be loaded."""

import no_such_module_anywhere


def never():
    return no_such_module_anywhere
