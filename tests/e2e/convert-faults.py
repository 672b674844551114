"""tests/e2e/convert-faults.py — snafu-convert run again, over edits, over hostile trees, cut off in
the middle, on a full disk, and over ten thousand files."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from convert import CONVERT, PATIENCE, Case as Convert


class Case(Convert):
    def python2(self, name="legacy/app.py", more=""):
        return self.write(name, "def shout(text):\n    print text\n    return text + '!'\n" + more)

    def names(self):
        return {os.path.relpath(os.path.join(folder, name), self.out)
                for folder, _, names in os.walk(self.out) for name in names}


class Again(Case):
    def test_nothing_is_touched_when_nothing_changed(self):
        legacy = self.shop()
        self.convert(legacy)
        before = self.state(self.out)
        done = self.convert(legacy)
        self.assertEqual(self.changed(before, self.state(self.out)), set())
        self.assertIn(": 0 files written,", done.stdout)
        shutil.rmtree(self.path("cache"))
        self.convert(legacy)
        self.assertEqual(self.changed(before, self.state(self.out)), set())

    def test_only_what_changed_changes(self):
        legacy = self.shop()
        self.convert(legacy)
        before = self.state(self.out)
        self.write("legacy/shop/names.py", "def upper(name):\n    print name\n    return name\n"
                   "def lower(name): return name.lower()\n")
        os.remove(self.path("legacy/latin.py"))
        done = self.convert(legacy)
        self.assertEqual(self.changed(before, self.state(self.out)), {
            "MANIFEST.sha256", "README.md", "REPORT.md", "report.json", "openapi.json", "snafu.ini",
            "src/shop/names.py", "src/shop/names.py.config", "diffs/shop/names.py.patch",
            "src/latin.py", "src/latin.py.config", "diffs/latin.py.patch"})
        self.assertIn("3 removed", done.stdout)
        self.assertIn("src/shop/names.py.config: not in the source any more: shout", done.stderr)
        self.assertIn('"lower"', self.read("out/src/shop/names.py.config"))

    def test_edits_stay(self):
        self.python2()
        self.convert(self.path("legacy"))
        self.write("out/src/app.py", "def shout(text):\n    return 'mine'\n")
        self.write("out/README.md", "mine\n")
        config = self.read("out/src/app.py.config").replace('"//Timeout": 60', '"Timeout": 7', 1)
        self.write("out/src/app.py.config", config)
        self.write("out/snafu.ini", "[limits]\ncall-timeout = 9s\n")
        self.write("out/notes.txt", "mine\n")
        self.python2(more="def more(): pass\n")
        done = self.convert(self.path("legacy"))
        self.assertIn("src/app.py was edited: it stays", done.stderr)
        self.assertIn("README.md was edited: it stays", done.stderr)
        self.assertIn("2 edited and kept", done.stdout)
        self.assertEqual(self.files()["app.py"]["fate"], "edited")
        self.assertEqual(self.read("out/README.md"), "mine\n")
        self.assertEqual(self.call("shout", payload=["x"]), "mine")
        self.assertEqual(json.loads(self.read("out/src/app.py.config"))["Timeout"], 7)
        self.assertTrue(self.read("out/snafu.ini").startswith("[limits]\ncall-timeout = 9s\n"))
        before = self.state(self.out)
        self.convert(self.path("legacy"))
        self.assertEqual(self.changed(before, self.state(self.out)), set())
        self.convert("-f", self.path("legacy"))
        self.assertEqual(self.call("shout", payload=["x"]), "x!")
        self.assertEqual(self.read("out/notes.txt"), "mine\n") # is nobody's but theirs
        self.assertNotIn("Timeout", json.loads(self.read("out/src/app.py.config")))

    def test_edited_files_without_a_source_stay(self):
        self.python2()
        self.python2("legacy/gone.py")
        self.convert(self.path("legacy"))
        self.write("out/src/gone.py", "mine = 1\n")
        os.remove(self.path("legacy/gone.py"))
        done = self.convert(self.path("legacy"))
        self.assertIn("src/gone.py has no source any more, but was edited: it stays", done.stderr)
        self.assertEqual(self.read("out/src/gone.py"), "mine = 1\n")
        self.assertNotIn("diffs/gone.py.patch", self.names())

    def test_a_config_of_the_code_base_is_completed(self):
        self.python2()
        self.write("legacy/app.py.config", '{"Timeout": 5}')
        self.convert(self.path("legacy"))
        config = json.loads(self.read("out/src/app.py.config"))
        self.assertEqual((config["Timeout"], list(config["Functions"])), (5, ["shout"]))
        before = self.state(self.out)
        self.convert(self.path("legacy"))
        self.assertEqual(self.changed(before, self.state(self.out)), set())

    def test_a_broken_config_is_said_and_stays(self):
        self.python2()
        self.convert(self.path("legacy"))
        self.write("out/src/app.py.config", "{")
        done = self.convert(self.path("legacy"))
        self.assertIn("src/app.py.config stays as it is: ", done.stderr)
        self.assertEqual(self.read("out/src/app.py.config"), "{")

    def test_a_file_becomes_a_folder(self):
        self.write("legacy/app.py", "def f(): return 1\n")
        self.write("legacy/a", "data\n")
        self.convert(self.path("legacy"))
        os.remove(self.path("legacy/a"))
        self.write("legacy/a/b", "data\n")
        self.convert(self.path("legacy"))
        self.assertEqual(self.read("out/src/a/b"), "data\n")


class Hostile(Case):
    def test_places_that_overlap(self):
        self.python2()
        for out in "legacy/out", "legacy", "legacy/deep/er", ".":
            done = self.run_convert("-o", self.path(out), self.path("legacy"))
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(done.stderr, "take a(nother)? folder")
        os.symlink(self.path("legacy"), self.path("link"))
        done = self.run_convert("-o", self.path("link/out"), self.path("legacy"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(os.listdir(self.path("legacy")), ["app.py"])

    def test_a_folder_of_others_is_left_alone(self):
        self.python2()
        self.write("out/precious.txt", "mine\n")
        done = self.convert(self.path("legacy"), status=1)
        self.assertIn("has something in it", done.stderr)
        self.assertEqual(self.names(), {"precious.txt"})
        self.convert("-f", self.path("legacy"))
        self.assertEqual(self.read("out/precious.txt"), "mine\n")

    def test_a_read_only_tree(self):
        legacy = self.shop()
        for folder, folders, names in os.walk(legacy):
            for name in folders + names:
                os.chmod(os.path.join(folder, name), 0o555)
        os.chmod(legacy, 0o555)
        before = self.state(legacy)
        self.convert(legacy)
        self.assertEqual(self.state(legacy), before)
        self.convert(legacy)
        for folder, folders, _ in os.walk(legacy):
            os.chmod(folder, 0o755)

    def test_links(self):
        self.python2()
        self.write("secret/key.py", "def secret(): return 1\n")
        for name, target in [("inside.py", "app.py"), ("out.py", "../secret/key.py"),
                             ("folder", "../secret"), ("dangling", "nowhere"), ("loop", "loop"),
                             ("up", "."), ("absolute.py", self.path("legacy/app.py"))]:
            os.symlink(target, self.path("legacy/" + name))
        self.convert(self.path("legacy"))
        left = {entry["path"]: entry["why"] for entry in self.report()["leftOut"]}
        self.assertEqual(set(left), {"out.py", "folder", "dangling", "loop", "absolute.py"})
        self.assertIn("out of the code base", left["out.py"])
        self.assertEqual(os.readlink(self.path("out/src/inside.py")), "app.py")
        self.assertNotIn("key.py", " ".join(self.names()))
        self.assertNotIn("secret", self.read("out/openapi.json"))
        before = self.state(self.out)
        self.convert(self.path("legacy"))
        self.assertEqual(self.changed(before, self.state(self.out)), set())

    def test_a_link_in_the_output_leads_nobody_away(self):
        self.python2("legacy/pkg/app.py")
        self.convert(self.path("legacy"))
        shutil.rmtree(self.path("out/src/pkg"))
        os.mkdir(self.path("elsewhere"))
        os.symlink(self.path("elsewhere"), self.path("out/src/pkg"))
        done = self.convert("-f", self.path("legacy"), status=1)
        self.assertIn("is in the way", done.stderr)
        self.assertEqual(os.listdir(self.path("elsewhere")), [])

    def test_what_is_no_file(self):
        self.python2()
        os.mkfifo(self.path("legacy/pipe.py"))
        os.mkdir(self.path("legacy/.git"))
        self.write("legacy/app.pyc", "x")
        with open(self.path("legacy/huge.bin"), "wb") as file:
            file.truncate((1 << 30) + 1)
        self.convert(self.path("legacy"))
        self.assertEqual({entry["path"] for entry in self.report()["leftOut"]},
                         {"pipe.py", ".git", "huge.bin"})
        self.assertEqual({name for name in self.names() if name.startswith("src/")},
                         {"src/app.py", "src/app.py.config"})

    def test_names(self):
        names = ["new\nline.py", "tab\t.py", "quo'te\".py", "back\\slash.py", "$(touch x).py", "-o.py",
                 "`id`.py", "#x.py", "spa ce.py", "\u00fcn\u00ef.py", "*.py"]
        for name in names:
            self.python2("legacy/" + name)
            self.write("legacy/" + name[:-3] + ".c", "int f(int a) { return a; }\n")
            self.write("legacy/" + name[:-3] + ".java", "class A {}\n")
        odd = os.fsencode(self.path("legacy/")) + b"latin\xe9.py"
        with open(odd, "wb") as file:
            file.write(b"def shout(text):\n    print text\n")
        done = self.convert(self.path("legacy"))
        self.assertNotRegex(done.stdout + done.stderr, "[\x01-\x09\x0b-\x1f]")
        for name in names:
            self.assertIn("print(text)", self.read("out/src/" + name))
            self.assertTrue(os.path.exists(self.path("out/diffs/" + name + ".patch")))
        self.assertTrue(os.path.exists(os.fsencode(self.path("out/src/")) + b"latin\xe9.py"))
        self.assertEqual({name for name in os.listdir(self.folder)}, {"cache", "legacy", "out"})
        self.assertFalse(os.path.exists(self.path("out/x")))
        subprocess.run(["sha256sum", "--quiet", "-c", "MANIFEST.sha256"], cwd=self.out, check=True)
        before = self.state(self.out)
        self.convert(self.path("legacy"))
        self.assertEqual(self.changed(before, self.state(self.out)), set())

    def test_bytes_that_are_no_text(self):
        self.write("legacy/nul.py", b"print 'x'\0\n")
        self.write("legacy/utf16.py", "print 'x'\n".encode("utf-16"))
        self.write("legacy/bad.py", b"# coding: no-such\nprint 'x'\n")
        self.write("legacy/long.py", b"x = (" + b"(" * 5000 + b")" * 5000 + b")\nprint 'x'\n")
        self.write("legacy/binary.py", bytes(range(256)) * 100)
        self.write("legacy/empty.py", b"")
        self.python2()
        self.convert(self.path("legacy"))
        self.assertEqual(self.files()["app.py"]["fate"], "upgraded")
        for name in "nul.py", "utf16.py", "binary.py", "empty.py":
            with open(self.path("legacy/" + name), "rb") as old, \
                    open(self.path("out/src/" + name), "rb") as new:
                self.assertEqual(old.read(), new.read(), name)

    def test_a_manifest_from_elsewhere(self):
        """Paths in it that lead out of the folder are nobody's to remove."""
        self.python2()
        self.convert(self.path("legacy"))
        victim = self.write("victim", "x")
        sums = subprocess.run(["sha256sum", victim], capture_output=True, text=True, check=True)
        with open(self.path("out/MANIFEST.sha256"), "a", encoding="utf-8") as file:
            file.write(sums.stdout + sums.stdout.replace(victim, "../victim") +
                       sums.stdout.replace(victim, "src/../../victim") + "nonsense\n\\x\n")
        self.convert(self.path("legacy"))
        self.assertTrue(os.path.exists(victim))

    def test_two_at_once(self):
        self.python2()
        os.mkdir(self.out)
        import fcntl
        lock = os.open(self.out, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        self.assertIn("another snafu-convert", self.convert(self.path("legacy"), status=1).stderr)
        os.close(lock)
        self.convert(self.path("legacy"))


class CutOff(Case):
    def start(self):
        return subprocess.Popen([CONVERT, "-q", "-o", self.out, self.path("legacy")],
                                env=self.environment(), stdin=subprocess.DEVNULL)

    def test_killed_in_the_middle(self):
        for number in range(40):
            self.python2(f"legacy/pkg{number % 5}/mod{number}.py")
        self.write("legacy/c/a.c", "int a(int x) { return x; }\n")
        self.convert(self.path("legacy"))
        wanted = {name: entry[:2] for name, entry in self.state(self.out).items()
                  if not name.startswith("build") and not name.startswith("lib")}
        # Killed when so many files are there, and as often edited sources follow.
        for count in 1, 12, 30, 60, 90:
            shutil.rmtree(self.out)
            process = self.start()
            end = time.monotonic() + PATIENCE
            while len(self.names()) < count and process.poll() is None:
                self.assertLess(time.monotonic(), end)
            process.send_signal(signal.SIGKILL)
            process.wait()
            done = self.convert(self.path("legacy"))
            self.assertIn("0 edited and kept", done.stdout)
            self.assertEqual({name: entry[:2] for name, entry in self.state(self.out).items()
                              if not name.startswith("build") and not name.startswith("lib")},
                             wanted)

    def test_killed_and_then_the_source_changes(self):
        for number in range(30):
            self.python2(f"legacy/mod{number}.py")
        process = self.start()
        while len([name for name in self.names() if name.startswith("src/")]) < 5 and \
                process.poll() is None:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        for number in range(30):
            self.python2(f"legacy/mod{number}.py", "def more(): pass\n")
        done = self.convert(self.path("legacy"))
        self.assertIn("0 edited and kept", done.stdout)
        for number in range(30):
            self.assertIn("more", self.read(f"out/src/mod{number}.py"))

    def test_a_full_disk(self):
        os.mkdir(self.path("disk"))
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs",
                               self.path("disk")], capture_output=True, text=True)
        if done.returncode:
            self.skipTest(f"no small disk can be made here: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.path("disk")], check=True)
        self.out = self.path("disk/out")
        self.python2()
        self.write("legacy/data.bin", os.urandom(300000))
        done = self.convert(self.path("legacy"), status=1)
        self.assertIn("No space left", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        os.remove(self.path("legacy/data.bin"))
        self.convert(self.path("legacy"))
        self.assertIn("src/app.py", self.names())


class Many(Case):
    def test_ten_thousand_files(self):
        for number in range(10000):
            if number % 40:
                self.write(f"legacy/d{number % 100}/data{number}.txt", f"{number}\n")
            else:
                self.write(f"legacy/d{number % 100}/m{number}.py",
                           f"def f{number}(x):\n    print x\n    return {number}\n")
        done = self.convert(self.path("legacy"))
        self.assertIn("Python: 250 files, 250 upgraded", done.stdout)
        self.assertIn("Functions: 250 before, 250 now", done.stdout)
        before = self.state(self.out)
        self.convert(self.path("legacy"))
        self.assertEqual(self.changed(before, self.state(self.out)), set())


if __name__ == "__main__":
    unittest.main()
