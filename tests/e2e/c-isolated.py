"""tests/e2e/c-isolated.py — C functions that find their library as just loaded, and C
functions that call others."""

import concurrent.futures
import importlib.util
import os
import shutil
import subprocess
import tempfile
import unittest
import urllib.request

SOURCE = os.environ["SNAFU_SOURCE"]
DATA = os.path.join(SOURCE, "tests/data/c")

spec = importlib.util.spec_from_file_location("lang_c", os.path.join(SOURCE, "tests/e2e/lang-c.py"))
lang_c = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lang_c)


class Serving(unittest.TestCase):
    def serve(self, *arguments, **environment):
        host = lang_c.Host(*arguments, **environment)
        self.addCleanup(host.__exit__)
        return host


class Isolated(Serving):
    def isolated(self):
        return self.serve("-e", "isolated", os.path.join(DATA, "isolated"))

    def test_every_kind_of_data_is_as_just_loaded(self):
        host = self.isolated()
        for at in 0, 100000, 100000, 0, 4 << 20 - 1:
            self.assertEqual(host.call("state.all", at), 611831)

    def test_in_process_they_are_kept(self):
        host = self.serve("-e", "inprocess", os.path.join(DATA, "isolated"))
        self.assertEqual([host.call("state.up") for _ in range(3)], [6, 7, 8])

    def test_texts_that_were_kept_are_gone(self):
        host = self.isolated()
        self.assertEqual([host.call("keep", "a"), host.call("keep", "b")], ["none", "none"])

    def test_files_that_clash_and_use_each_other(self):
        host = self.isolated()
        for _ in range(3):
            self.assertEqual(host.call("up_twice"), 71)
            self.assertEqual(host.call("mixed"), 7)

    def test_an_exit_leaves_nothing_behind(self):
        host = self.isolated()
        self.assertEqual(host.call("leave", 3)[1]["errorType"], "ProcessExit")
        self.assertEqual(host.call("state.up"), 6)

    def test_calls_at_the_same_time_do_not_meet(self):
        host = self.isolated()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            numbers = list(pool.map(lambda n: host.call("slowly", n), [20] * 24))
        self.assertEqual(numbers, [25] * 24)

    def test_handles_do_not_outlive_a_call(self):
        host = self.isolated()
        handle = host.call("secret_new")
        self.assertEqual(handle, "secret@isolated")
        for name in handle, "secret@1":
            code, error = host.call("secret_use", name)
            self.assertEqual(code, 400)
            self.assertIn("handles do not outlive an isolated call; take inprocess or worker",
                          error["errorMessage"])

    def test_a_library_without_source(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        library, header = os.path.join(folder, "libcount.so"), os.path.join(folder, "count.h")
        with open(header, "w") as file:
            file.write("int count_up(void);\nint count_far(void);\n")
        with open(os.path.join(folder, "count.txt"), "w") as file: # no source to be found
            file.write("int count_far_up(void);\n static int n; int count_up(void) { return ++n; }\n"
                       "int far; int count_far(void) { return ++far; }\n")
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-x", "c", "-o", library,
                        os.path.join(folder, "count.txt")], check=True)
        host = self.serve("-e", "isolated", header, library)
        self.assertEqual([host.call("count_up") for _ in range(3)], [1, 1, 1])
        self.assertEqual([host.call("count_far") for _ in range(3)], [1, 1, 1])

    def test_zlib_and_libm(self):
        host = self.serve("-e", "isolated", "/usr/include/zlib.h", "libz.so.1",
                          "/usr/include/math.h", "libm.so.6")
        self.assertEqual(host.call("crc32", 0, "aGVsbG8="), 907060870)
        self.assertEqual(host.call("sqrt", 16), 4.0)


class Client(Serving):
    def setUp(self):
        self.folder = os.path.join(DATA, "client")
        self.python = os.path.join(SOURCE, "samples/legacy_module.py")

    def check(self, executor):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        settings = os.path.join(folder, "snafu.ini")
        with open(settings, "w") as file: # AddressSanitizer wants all addresses there are
            file.write("[limits]\nmemory = 0B\n")
        host = self.serve("-s", settings, "-e", "c=" + executor, self.folder, self.python)
        self.assertEqual(host.call("relay", "legacy_module.vat", '{"net": 100}'), "200 19.0")
        self.assertEqual(host.call("relay", "vat", "[100]"), "200 19.0")
        said = host.call("relay", "nosuch", "[]")
        self.assertTrue(said.startswith('404 {"errorType":'), said)
        said = host.call("relay", "vat", '{"ned": 1}')
        self.assertTrue(said.startswith("400 ") and "did you mean net" in said, said)
        self.assertEqual(host.call("fib", 7), 13)
        remaining = host.call("remaining")
        self.assertTrue(0 < remaining <= 60000, remaining)
        with urllib.request.urlopen(host.url + "/invoke/calls.id") as reply:
            self.assertEqual(reply.read().decode(), '"%s"' % reply.headers["X-Snafu-Request-Id"])

    def test_in_process(self):
        self.check("inprocess")

    def test_isolated(self):
        self.check("isolated")

    def test_worker(self):
        self.check("worker")

    def test_fork(self):
        self.check("fork")

    def test_a_thread_of_its_own(self):
        host = self.serve(self.folder)
        self.assertEqual(host.call("from_a_thread"), "-1 '' 200 1")

    def test_the_header_is_no_source(self):
        done = subprocess.run([os.path.join(lang_c.BUILD, "snafu-scan"), self.folder], text=True,
                              capture_output=True, check=True)
        self.assertNotIn("snafu_call", done.stdout)
        self.assertEqual(done.stderr, "")
