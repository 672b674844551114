"""tests/e2e/java.py — Java functions through the real program: source trees,
folders of classes, jars, the cache of compiled code, and functions that try to
end the host."""

import json
import os
import subprocess

from folder import Folder, FolderTest
from served import Served
from terminal import SNAFU, SOURCE, run

DATA = os.path.join(SOURCE, "tests", "data", "java")

QUICK = ["-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"]  # a JVM for a short life

LINGER = """
public class Linger {
    public static int hook() {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.err.println("hook ran")));
        return 1;
    }
    public static int thread() {
        new Thread(() -> {
            try {
                Thread.sleep(3_600_000);
            } catch (InterruptedException e) {
                return;
            }
        }).start();
        return 2;
    }
    public static String catcher() {
        try {
            System.exit(1);
        } catch (Exception e) {
            return "caught";
        }
        return "went on";
    }
    public static void print(int lines) {
        for (int i = 0; i < lines; i++)
            System.out.println("line " + i);
    }
}
"""


class Java(FolderTest):
    @classmethod
    def setUpClass(cls):
        """What many cases call is compiled once."""
        cls.shared = Folder(cls.addClassCleanup)
        cls.linger = cls.shared.write("Linger.java", LINGER)

    def setUp(self):
        super().setUp()
        self.env = {"HOME": self.folder, "XDG_CACHE_HOME": self.path("cache")}

    def share(self):
        """Keeps what is compiled for other cases."""
        self.env["XDG_CACHE_HOME"] = self.shared.path("cache")

    def execute(self, function, payload, *paths):
        return run("-q", "-x", function, *paths, stdin=json.dumps(payload), env=self.env)

    def value(self, function, payload, *paths):
        done = self.execute(function, payload, *paths)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def compile(self, *options):
        subprocess.run(["javac", *QUICK, "-d", self.path("classes"), *options], check=True)
        return self.path("classes")

    def test_maven_tree(self):
        self.share()
        tree = os.path.join(DATA, "tree")
        self.assertEqual(self.value("Cart.put", [{"name": "tea", "price": 3, "count": 2}], tree), 1)
        self.assertEqual(self.value("Cart.greeting", {}, tree), "good day")
        self.assertEqual(self.value("shop.Cart.plugin", {"name": "Loud"}, tree), "LOUD")

    def test_a_file_of_a_tree_by_its_name(self):
        self.share()
        cart = os.path.join(DATA, "tree/src/main/java/shop/Cart.java")
        self.assertEqual(self.value("Cart.helper", [], cart), "helped")

    def test_broken_method_and_its_neighbour(self):
        self.share()
        tree = os.path.join(DATA, "tree")
        done = self.execute("Broken.half", [4], tree)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"CompileError.*Broken\.java:9: bad operand types")
        self.assertEqual(self.value("Broken.whole", [], tree), "whole")

    def test_syntax_error(self):
        path = self.write("Wrong.java", "public class Wrong {\n"
                          "\tpublic static int one() { return 1; }\n\tint oops oops;\n}\n")
        done = self.execute("Wrong.one", [], path)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"Wrong\.java:3: ")

    def test_unchanged_source_is_not_compiled_again(self):
        path = self.write("Number.java", "class Number { static int n() { return Other.N; } }")
        other = self.write("Other.java", "class Other { static final int N = 1; }")
        self.assertEqual(self.value("Number.n", [], path), 1)
        unit, = self.units()
        before = os.stat(unit)
        self.assertEqual(self.value("Number.n", [], path), 1)
        self.assertEqual(os.stat(unit).st_ino, before.st_ino)
        with open(other, "w", encoding="utf-8") as file: # only what it was compiled with
            file.write("class Other { static final int N = 2; }")
        self.assertEqual(self.value("Number.n", [], path), 2)
        self.assertEqual(len(self.units()), 1)

    def units(self):
        return [os.path.join(folder, name)
                for folder, _, names in os.walk(self.path("cache"))
                for name in names if name.endswith(".unit")]

    def test_spoilt_cache_is_made_anew(self):
        path = self.write("One.java", "class One { static int n() { return 1; } }")
        self.assertEqual(self.value("One.n", [], path), 1)
        unit, = self.units()
        with open(unit, "r+b") as file:
            file.truncate(os.path.getsize(unit) - 10)
        self.assertEqual(self.value("One.n", [], path), 1)

    def test_several_processes_compile_at_once(self):
        path = self.write("One.java", "class One { static int n() { return 1; } }")
        started = [subprocess.Popen([SNAFU, "-q", "-x", "One.n", path], stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, env=dict(os.environ, **self.env))
                   for _ in range(3)]
        for process in started:
            self.assertEqual(process.communicate()[0], b"1\n")

    def test_class_folder_class_file_and_jar(self):
        source = self.write("src/pkg/Sum.java",
                            "package pkg; public class Sum { public static int of(int a, int b) "
                            "{ return a + b; } public static class In { public int n(int[] a) "
                            "{ return a.length; } } }")
        classes = self.compile("-g", source)
        self.assertEqual(self.value("Sum.of", {"a": 1, "b": 2}, classes), 3)
        self.assertEqual(self.value("Sum.In.n", {"a": [1, 2]}, classes), 2)
        file = os.path.join(classes, "pkg", "Sum.class")
        self.assertEqual(self.value("pkg.Sum.of", [1, 2], file), 3)
        jar = self.path("sum.jar")
        subprocess.run(["jar", *QUICK, "--create", "--file", jar, "-C", classes, "."], check=True)
        self.assertEqual(self.value("pkg.Sum.of", {"b": 2, "a": 5}, jar), 7)

    def test_source_with_a_jar_beside(self):
        classes = self.compile(self.write("dep/dep/Dep.java", "package dep; public class Dep "
                                          "{ public static String name() { return \"dep\"; } }"))
        os.makedirs(self.path("app/lib"))
        subprocess.run(["jar", *QUICK, "--create", "--file",
                        self.path("app/lib/dep.jar"), "-C", classes, "."], check=True)
        self.write("app/src/App.java",
                   "public class App { public static String run() { return dep.Dep.name(); } }")
        self.assertEqual(self.value("App.run", [], self.path("app")), "dep")

    def test_jar_without_parameter_names_uses_the_scanner_s(self):
        jar = "/usr/share/java/commons-lang3.jar"
        if not os.path.exists(jar):
            self.skipTest("no commons-lang3.jar (libcommons-lang3-java)")
        self.assertEqual(self.value("lang3.StringUtils.leftPad",
                                    {"str": "7", "size": 3, "padChar": "0"}, jar), "007")
        self.assertEqual(self.value("lang3.StringUtils.leftPad",
                                    {"str": "7", "size": 4, "padStr": "ab"}, jar), "aba7")
        done = self.execute("lang3.StringUtils.leftPad", {"str": "7"}, jar)
        self.assertEqual(done.returncode, 1)
        self.assertIn("size: missing (int)", done.stderr)
        self.assertIn("leftPad(String str, int size, char padChar)", done.stderr)

    def test_shutdown_hooks_run_and_threads_do_not_hold_the_end(self):
        self.share()
        done = self.execute("Linger.hook", [], self.linger)
        self.assertEqual((done.returncode, done.stdout), (0, "1\n"))
        self.assertIn("hook ran", done.stderr)
        self.assertEqual(self.value("Linger.thread", [], self.linger), 2)

    def test_exit_is_an_error_of_the_call(self):
        self.share()
        done = self.execute("Linger.catcher", [], self.linger)
        self.assertEqual(done.returncode, 1)
        self.assertIn("SystemExit: the function called System.exit(1)", done.stderr)
        self.assertNotIn("WARNING", done.stderr)

    def test_output_does_not_mix_with_the_result(self):
        self.share()
        done = self.execute("Linger.print", [20000], self.linger)
        self.assertEqual((done.returncode, done.stdout), (0, "null\n"))
        self.assertIn("line 19999\n", done.stderr)

    def test_names_outside_of_ascii_in_any_locale(self):
        path = self.write("größe/Maß.java", "public class Maß { public static String maß(String e) "
                          "{ System.out.println(e); return e + \"²\"; } }")
        self.env.update({"LC_ALL": "C", "LANG": "C"})
        done = self.execute("Maß.maß", {"e": "cm…"}, path)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, '"cm…²"'), done.stderr)
        self.assertIn("cm…\n", done.stderr)

    def test_option_that_the_jvm_refuses(self):
        self.env.update({"JAVA_HOME": "/nonexistent", "SNAFU_JAVA_OPTIONS": "-XX:NoSuchOption=1"})
        done = self.execute("One.n", [], self.write("One.java", "class One { static int n() "
                                                                "{ return 1; } }"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("SNAFU_JAVA_OPTIONS", done.stderr)

    def test_web(self):
        basics = os.path.join(DATA, "Basics.java")
        server = Served(basics, env=self.env)
        self.addCleanup(server.__exit__)

        def post(function, payload):
            reply, value = server.ask("POST", "/invoke/" + function, payload)
            return reply.status, value

        self.assertEqual(post("Basics.add", {"a": 1, "b": 2, "c": 3}), (200, 6))
        status, error = post("Basics.add", {"a": 1, "b": 2})
        self.assertEqual((status, error["arguments"]), (400, [{"name": "c",
                                                               "problem": "missing (int)"}]))
        for function, payload, kind in (("exit", [0], "SystemExit"), ("halt", [1], "SystemExit"),
                                        ("endless", [0], "java.lang.StackOverflowError"),
                                        ("fail", ["x"], "java.lang.IllegalStateException")):
            status, error = post(f"Basics.{function}", payload)
            self.assertEqual((status, error["errorType"]), (500, kind))
        self.assertEqual([post("Basics.next", [])[1] for _ in range(3)], [1, 2, 3])
        self.assertEqual(post("Basics.square", [10 ** 30]), (200, 10 ** 60))
