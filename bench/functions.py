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

# The same with boto3, as the paper has it: what answers at URL calls the function again.
FIB_BOTO = '''\
import json
import math

import boto3

client = None
counter = 0


def call(x, url):
    global client
    if not client:
        client = boto3.client("lambda", endpoint_url=url, region_name="local",
                              aws_access_key_id="key", aws_secret_access_key="secret")
    answer = client.invoke(FunctionName="paper_boto.fib",
                           Payload=json.dumps({"x": x, "url": url}))
    return json.loads(answer["Payload"].read())


def fib(x, url):
    global counter
    counter += 1
    math.sin(counter) * counter
    if x in (1, 2):
        return 1
    return call(x - 1, url) + call(x - 2, url)
'''


def fib_calls(n):
    """How many calls fib(n) makes, itself included."""
    a, b = 1, 1
    for _ in range(n - 1):
        a, b = b, a + b
    return 2 * a - 1


def write(folder):
    """Writes all sources; {language: path}, and the paper's function as "fib", "fib-boto"."""
    paths = {}
    for language, (name, text) in SOURCES.items():
        os.makedirs(os.path.join(folder, language), exist_ok=True)
        paths[language] = os.path.join(folder, language, name)
        with open(paths[language], "w", encoding="ascii") as file:
            file.write(text)
    for name, file_name, text in ("fib", "paper.py", FIB), ("fib-boto", "paper_boto.py", FIB_BOTO):
        paths[name] = os.path.join(folder, file_name)
        with open(paths[name], "w", encoding="ascii") as file:
            file.write(text)
    return paths
