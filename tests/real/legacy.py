"""tests/real/legacy.py — old code bases from PyPI, converted, compiled and called: `make check-legacy`.

Not part of `make check`: it fetches from PyPI, by pip, into the build folder, and runs nothing of what
it fetches but the functions that it calls in the end. What the reports count is compared with what
Python's own compiler and the scanner say."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile

BUILD, SOURCE = os.environ["SNAFU_BUILD"], os.environ["SNAFU_SOURCE"]
HERE = os.path.join(BUILD, "legacy")
PATIENCE = 3600

# The package, and calls: function, folder to serve below the project's, payload, result.
CODE_BASES = [
    ("BeautifulSoup==3.2.1", []),
    ("Jinja2==2.4", []),
    ("Mako==0.4.0", []),
    ("PyYAML==3.10", []),
    ("docutils==0.8.1", [("docutils.nodes.make_id", "src", ["A title, with marks"],
                          "a-title-with-marks")]),
    ("feedparser==5.1.3", []),
    ("mechanize==0.2.5", []), # wants mimetools: a person's work
    ("pyparsing==1.5.5", []),
    ("python-dateutil==1.5", [("dateutil.easter.easter", "src", [2012], "2012-04-08"),
                              ("dateutil.parser.parse", "src", ["2003-09-25T10:49:41"],
                               "2003-09-25T10:49:41")]),
    ("roundup==1.4.20", []),
    ("simplejson==2.1.6", [("simplejson.dumps", "src", [[1, None]], "[1, null]"),
                           ("simplejson.loads", "src", ["[1, {}]"], [1, {}])]),
    ("web.py==0.37", []), # wants UserDict: the same
]

# pip asks a package's own build for its metadata, which of this age is Python 2. This takes it from
# PKG-INFO, and runs nothing of the package.
BACKEND = '''import email, os


class __legacy__:
    @staticmethod
    def get_requires_for_build_wheel(config_settings=None):
        return []

    @staticmethod
    def prepare_metadata_for_build_wheel(folder, config_settings=None):
        with open("PKG-INFO", encoding="utf-8", errors="replace") as file:
            told = email.message_from_file(file)
        name = "%s-%s.dist-info" % (told["Name"].replace("-", "_"), told["Version"])
        os.mkdir(os.path.join(folder, name))
        with open(os.path.join(folder, name, "METADATA"), "w") as file:
            file.write("Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n" % (
                told["Name"], told["Version"]))
        return name
'''


def fetch(package):
    """The folder of its sources, or None."""
    place = os.path.join(HERE, package)
    if not os.path.isdir(place):
        backend = os.path.join(HERE, "backend/setuptools")
        os.makedirs(backend, exist_ok=True)
        for name, text in ("__init__.py", ""), ("build_meta.py", BACKEND):
            with open(os.path.join(backend, name), "w", encoding="utf-8") as file:
                file.write(text)
        shutil.rmtree(place + ".tmp", ignore_errors=True)
        done = subprocess.run(
            ["/usr/bin/python3", "-m", "pip", "download", "-q", "--use-pep517", "--no-deps",
             "--no-binary", ":all:", "--no-build-isolation", "-d", place + ".tmp", package],
            env=dict(os.environ, PYTHONPATH=os.path.dirname(backend)), capture_output=True, text=True)
        if done.returncode:
            print(done.stderr.strip()[-500:])
            return None
        archive = os.path.join(place + ".tmp", os.listdir(place + ".tmp")[0])
        if archive.endswith(".zip"):
            with zipfile.ZipFile(archive) as file:
                file.extractall(place + ".tmp/x")
        else:
            os.mkdir(place + ".tmp/x")
            subprocess.run(["tar", "-xf", archive, "-C", place + ".tmp/x"], check=True)
        os.rename(place + ".tmp/x", place)
        shutil.rmtree(place + ".tmp")
    return os.path.join(place, os.listdir(place)[0])


def run(*words, **options):
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, errors="replace",
                          stdin=subprocess.DEVNULL, **options)


def times(folder):
    return {os.path.join(place, name): os.lstat(os.path.join(place, name)).st_mtime_ns
            for place, _, names in os.walk(folder) for name in names}


def scanned(folder):
    done = run(os.path.join(BUILD, "snafu-scan"), "-q", "-f", "json", folder)
    return len(json.loads(done.stdout))


def compiled(folder):
    """What compileall says of each file."""
    done = run("/usr/bin/python3", "-W", "ignore", "-m", "compileall", "-f", folder,
               env=dict(os.environ, PYTHONPYCACHEPREFIX=os.path.join(HERE, "pyc"), COLUMNS="1000"))
    bad = set(re.findall(r'^\*\*\*   File "(.*?)"', done.stdout, re.M)) | \
        set(re.findall(r"^\*\*\* Error compiling '(.*?)'", done.stdout, re.M))
    return {os.path.relpath(path.replace("\\\\", "\\"), folder) for path in bad}


def call(function, folder, payload):
    done = subprocess.run([os.path.join(BUILD, "snafu"), "-q", "-x", function, folder], text=True,
                          input=json.dumps(payload), capture_output=True, timeout=PATIENCE)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else done.stderr


def check(package, calls, complain):
    legacy = fetch(package)
    if not legacy:
        return complain("could not be fetched")
    out = os.path.join(HERE, "out", package)
    shutil.rmtree(out, ignore_errors=True)
    begun = time.monotonic()
    done = run(os.path.join(BUILD, "snafu-convert"), "-o", out, legacy)
    if done.returncode:
        return complain(done.stderr)
    took = time.monotonic() - begun
    with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
        report = json.load(file)
    summary = report["summary"]
    print("%-22s %4d Python files, %4d upgraded, %d stay, %5d functions, %4d notes, %3d examples, "
          "%4.0f s" % (package, summary["python"], summary["upgraded"], summary["python2"],
                       summary["functionsAfter"], summary["notes"], summary["examples"], took))
    counts = [scanned(legacy), scanned(os.path.join(out, "src"))]
    if counts != [summary["functionsBefore"], summary["functionsAfter"]]:
        complain("snafu-scan finds %s functions, the report %s" % (counts, summary))
    bad = compiled(os.path.join(out, "src"))
    told = {file["to"][len("src/"):] for file in report["files"]
            if file["to"].endswith(".py") and not file["compiles"]}
    if bad != told:
        complain("compileall refuses %s, the report %s" % (sorted(bad), sorted(told)))
    before = times(out)
    run(os.path.join(BUILD, "snafu-convert"), "-o", out, legacy)
    if times(out) != before:
        complain("a second run changed something")
    for function, folder, payload, result in calls:
        got = call(function, os.path.join(out, folder), payload)
        if got != result:
            complain("%s gave %s" % (function, got))
    done = run(os.path.join(out, "smoke-test"),
               env=dict(os.environ, SNAFU=os.path.join(BUILD, "snafu")))
    print("%-22s %s" % ("", done.stdout.splitlines()[-1] if done.stdout else done.stderr[-300:]))
    return None


def texts(folder):
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), "rb") as file:
                found[os.path.relpath(os.path.join(place, name), folder)] = file.read()
    return found


def check_fissix(complain):
    """The same without lib2to3, which is hidden behind an empty folder, and with fissix."""
    place = os.path.join(HERE, "fissix")
    legacy = fetch("simplejson==2.1.6")
    if not os.path.isdir(place):
        done = run("/usr/bin/python3", "-m", "pip", "install", "-q", "--target", place, "fissix")
        if done.returncode or not legacy:
            return complain("could not be fetched: " + done.stderr.strip()[-300:])
    hidden = run("/usr/bin/python3", "-c", "import lib2to3; print(lib2to3.__path__[0])").stdout.strip()
    hide = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', hidden]
    if run(*hide, "true").returncode:
        print("fissix: skipped: nothing can be mounted here")
        return None
    outs = []
    for words, path in ([], ""), (hide, ""), (hide, place):
        outs.append(os.path.join(HERE, "out", "fissix%d" % len(outs)))
        shutil.rmtree(outs[-1], ignore_errors=True)
        cache = outs[-1] + "-cache"
        shutil.rmtree(cache, ignore_errors=True)
        environment = dict(os.environ, PYTHONPATH=path, XDG_CACHE_HOME=cache)
        done = run(*words, os.path.join(BUILD, "snafu-convert"), "-o", outs[-1], legacy, env=environment)
        if words and not path:
            if done.returncode != 1 or "pip install fissix" not in done.stderr:
                complain("without any 2to3: " + done.stdout + done.stderr)
        elif done.returncode:
            complain(done.stderr)
    same = texts(os.path.join(outs[0], "src")) == texts(os.path.join(outs[2], "src"))
    if not same:
        complain("it upgrades otherwise than lib2to3: compare %s and %s" % (outs[0], outs[2]))
    # Served as it is, too.
    source = os.path.join(HERE, "fissix.py2.py")
    with open(source, "w", encoding="ascii") as file:
        file.write("def shout(n):\n    print n\n    return `n` + u'!'\n")
    done = run(*hide, os.path.join(BUILD, "snafu"), "-q", "-x", "shout", "-a", "n=1", source,
               env=environment)
    if done.stdout.splitlines()[-1:] != ['"1!"']:
        complain("serving: " + done.stdout + done.stderr)
    print("fissix                 upgrades %s" % ("as lib2to3 does" if same else "otherwise"))
    return None


def main():
    problems = []
    os.makedirs(HERE, exist_ok=True)
    if not sys.argv[1:] or "fissix" in sys.argv[1:]:
        def complain_of_fissix(words):
            problems.append("fissix")
            print("fissix: %s" % words)
        check_fissix(complain_of_fissix)
    for package, calls in CODE_BASES:
        if sys.argv[1:] and not any(package.startswith(name) for name in sys.argv[1:]):
            continue

        def complain(words, package=package):
            problems.append(package)
            print("%s: %s" % (package, words))
        check(package, calls, complain)
    print("%d problems" % len(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
