"""Dies when it is loaded."""

import os

print("about to go")
os.kill(os.getpid(), 9)


def never():
    return 1
