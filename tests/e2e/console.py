"""tests/e2e/console.py — the console in a browser: find a function, fill its form, call it on an
executor and asynchronously, see to dead letters."""

import unittest

from browser import CHROMIUM, Browser
from folder import SharedFolderTest
from served import Served, until

SOURCE = '''
import os

def add(a: int, b: int = 2) -> int:
    """Adds two numbers."""
    print("adding", a, b)
    return a + b

def where() -> int:
    return os.getpid()

def echo(text: str) -> str:
    return text

def refuse(path: str) -> str:
    if os.path.exists(path):
        return "done"
    raise ValueError("not <b>yet</b>")

def main(args):
    """A web action of OpenWhisk."""
    return {"headers": {"Content-Type": "text/plain"}, "body": args["__ow_method"] + PLAIN}
'''
PLAIN = ", [1,2]:\n  {not JSON}, <b>two  spaces</b>"
SETTINGS = "[asynchronous]\nretries = 1\nretry-delay = 1ms\n"
BIG = "123456789012345678901234567890"  # more digits than a number of JavaScript has


@unittest.skipUnless(CHROMIUM, "there is no browser here (package chromium)")
class Console(SharedFolderTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = cls.shared.write("work.py", f"{SOURCE}\nPLAIN = {PLAIN!r}\n")
        cls.server = Served("-q", source, settings=SETTINGS,
                            env={"XDG_STATE_HOME": cls.folder})
        cls.addClassCleanup(cls.server.__exit__)
        cls.browser = Browser(cls.server.url + "/")
        cls.addClassCleanup(cls.browser.close)
        cls.browser.until("document.querySelectorAll('#list a').length === 5")

    def tearDown(self):
        self.assertEqual(self.browser.problems, [])

    def open(self, name):
        """As somebody who comes anew: nothing is kept of other cases."""
        self.browser.ask("Page.navigate", url="about:blank")
        self.browser.ask("Page.navigate", url=f"{self.server.url}/#work.{name}")
        self.browser.until("document.querySelector('form button[type=submit]') !== null")
        self.browser.until(f"document.querySelector('h2').innerText === 'work.{name}'")

    def call(self, status):
        """Calls, and waits for the words that STATUS is to begin with."""
        self.browser.click("form button[type=submit]")
        return until(lambda: (self.browser.text("[role=status]") or "").startswith(status) and
                     self.browser.text("[role=status]"), status)

    def output(self):
        return self.browser.text("form pre")

    def curl(self):
        return self.browser.text("form > pre:last-child")

    def test_search_and_keys(self):
        self.open("add")
        self.browser.type("#search", "ech")
        self.browser.until("document.querySelectorAll('#list a').length === 1")
        for kind in "rawKeyDown", "keyUp":
            self.browser.ask("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter",
                             windowsVirtualKeyCode=13)
        self.browser.until("document.querySelector('h2').innerText === 'work.echo'")

    def test_a_call(self):
        self.open("add")
        self.assertIn("Adds two numbers.", self.browser.text(".doc"))
        self.call("needed")
        self.browser.type("#field-a", "1x")
        self.call("a whole number")
        self.browser.run("document.querySelector('#field-a').value = ''")
        self.browser.type("#field-a", BIG)
        self.call("200 in ")
        self.assertEqual(self.output(), str(int(BIG) + 2))
        self.assertEqual(self.browser.text(".printed").strip(), f"adding {BIG} 2")
        self.assertIn(f'{{"a": {BIG}}}', self.curl())

    def test_text_stays_text(self):
        self.open("echo")
        self.browser.type("#field-text", "<img src=x onerror=alert(1)>'\"\n€")
        self.call("200 in ")
        self.assertEqual(self.output(), "\"<img src=x onerror=alert(1)>'\\\"\\n€\"")

    def test_a_reply_that_is_no_json(self):
        self.open("main")
        self.call("200 in ")
        self.assertEqual(self.output(), "post" + PLAIN)

    def test_executors(self):
        self.open("where")
        self.call("200 in ")
        self.assertEqual(self.output(), str(self.server.process.pid))
        self.assertNotIn("X-Snafu-Executor", self.curl())
        for executor in "worker", "fork", "spawn":
            self.browser.choose("#executor", executor)
            self.assertIn(f"X-Snafu-Executor: {executor}", self.curl())
            self.browser.run("document.querySelector('[role=status]').innerText = ''")
            self.call("200 in ")
            self.assertNotEqual(self.output(), str(self.server.process.pid))
        self.browser.choose("#executor", "inprocess")
        self.browser.run("document.querySelector('[role=status]').innerText = ''")
        self.call("200 in ")
        self.assertEqual(self.output(), str(self.server.process.pid))

    def test_asynchronous_calls(self):
        self.open("add")
        self.browser.type("#field-a", "40")
        self.browser.click("#later")
        self.assertIn("Prefer: respond-async", self.curl())
        status = self.call("succeeded, attempts: 1, ")
        number = status.rsplit("/", 1)[1]
        self.assertEqual(self.server.ask("GET", "/calls/" + number)[1]["result"], 42)
        self.assertIn('"result": 42', self.output())
        self.browser.until("!document.querySelector('#calls').hidden")

    def test_dead_letters(self):
        path = self.path("now")
        self.open("refuse")
        self.browser.type("#field-path", path)
        self.browser.click("#later")
        self.call("dead, attempts: 2, ")
        self.assertIn("not <b>yet</b>", self.output())
        self.browser.until_text("#calls", "1 dead letter")
        self.browser.click("#calls")
        self.browser.until_text("h2", "Asynchronous calls")
        self.assertEqual(self.browser.run("document.querySelector('#state').value"), "dead")
        self.browser.until_text("article", "work.refuse")
        self.assertIn("not <b>yet</b>", self.browser.text("article"))
        self.write("now", "")
        buttons = "[...document.querySelectorAll('article button')]"
        self.browser.run(f"{buttons}.find(each => each.innerText === 'Redrive').click()")
        until(lambda: self.server.metric('snafu_queue_calls{state="dead"}') == 0, "it is done")
        self.browser.choose("#state", "succeeded")
        # The latest first.
        self.browser.until_text("article .field", "work.refuse\nsucceeded, attempts: 1")
        self.browser.run(f"{buttons}.find(each => each.innerText === 'Forget').click()")
        self.browser.until("!document.querySelector('article').innerText.includes('work.refuse')")
