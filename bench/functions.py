"""The functions that make bench calls, the same in every language; written to a folder for
each run, so that what is measured is what a user's files would get."""

import os

SOURCES = {
    "python": ("hello.py", '''\
def hello(name="world"):
    return "Hello, " + name + "!"


def compute(n=20000):
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def wait(seconds=0.2):
    import time
    time.sleep(seconds)
'''),
    "java": ("Hello.java", '''\
public class Hello {
    public static String hello(String name) { return "Hello, " + name + "!"; }
}
'''),
    "c": ("hello_c.c", '''\
#include <stdio.h>

/* Greets. */
const char *hello(const char *name)
{
	static _Thread_local char text[200];

	snprintf(text, sizeof text, "Hello, %s!", name);
	return text;
}
'''),
}
NAMES = {"python": "hello.hello", "java": "Hello.hello", "c": "hello_c.hello"}
ARGUMENTS = {"name": "you"}

# The paper's function: it counts its calls, and calls itself through the host.
FIB = '''\
import math

import snafu

counter = 0


def fib(x):
    global counter
    counter += 1
    math.sin(counter) * counter
    if x in (1, 2):
        return 1
    return snafu.call("paper.fib", x=x - 1) + snafu.call("paper.fib", x=x - 2)
'''


def fib_calls(n):
    """How many calls fib(n) makes, itself included."""
    a, b = 1, 1
    for _ in range(n - 1):
        a, b = b, a + b
    return 2 * a - 1


def write(folder):
    """Writes all sources; {language: path}, and the paper's function as "fib"."""
    paths = {}
    for language, (name, text) in SOURCES.items():
        os.makedirs(os.path.join(folder, language), exist_ok=True)
        paths[language] = os.path.join(folder, language, name)
        with open(paths[language], "w", encoding="ascii") as file:
            file.write(text)
    paths["fib"] = os.path.join(folder, "paper.py")
    with open(paths["fib"], "w", encoding="ascii") as file:
        file.write(FIB)
    return paths
