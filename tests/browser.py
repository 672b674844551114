"""tests/browser.py — a browser for tests of the console: Debian's chromium without a window, led
through a pipe by the DevTools protocol (a JSON text and a NUL a message)."""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time

from served import until
from terminal import PATIENCE

CHROMIUM = shutil.which("chromium")


class Browser:
    """One page. Its profile and its processes go with it."""

    def __init__(self, url):
        self.folder = tempfile.mkdtemp(prefix="snafu-browser-")
        ours, theirs = os.pipe(), os.pipe()  # what it reads, what it writes
        # It reads from descriptor 3 and writes to 4.
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{ours[0]} 4>&{theirs[1]}', "sh", CHROMIUM, "--headless=new",
             "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", f"--user-data-dir={self.folder}/profile", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(ours[0], theirs[1]), start_new_session=True,
            env=dict(os.environ, HOME=self.folder, XDG_CONFIG_HOME=self.folder,
                     XDG_CACHE_HOME=self.folder))
        os.close(ours[0])
        os.close(theirs[1])
        self.writer, self.reader = ours[1], theirs[0]
        self.number, self.rest, self.session, self.problems = 0, b"", None, []
        try:
            pages = [each for each in self.ask("Target.getTargets")["targetInfos"]
                     if each["type"] == "page"]
            page = pages[0]["targetId"] if pages else self.ask(
                "Target.createTarget", url="about:blank")["targetId"]
            self.session = self.ask("Target.attachToTarget", targetId=page,
                                    flatten=True)["sessionId"]
            self.ask("Runtime.enable")
            self.ask("Log.enable")
            self.ask("Page.navigate", url=url)
        except BaseException:
            self.close()
            raise

    def receive(self):
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.rest:
            if not select.select([self.reader], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError("the browser does not answer")
            piece = os.read(self.reader, 1 << 16)
            if not piece:
                raise AssertionError("the browser has ended")
            self.rest += piece
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def ask(self, method, **parameters):
        """What it answers; errors of the page are kept in `problems`."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        while True:
            got = self.receive()
            if got.get("id") == self.number:
                assert "error" not in got, (method, got)
                return got["result"]
            if got.get("method") == "Runtime.exceptionThrown":
                self.problems.append(got["params"]["exceptionDetails"])
            elif got.get("method") == "Log.entryAdded" and \
                    got["params"]["entry"]["source"] == "security":
                self.problems.append(got["params"]["entry"])

    def run(self, script):
        """The value of SCRIPT, an expression, in the page."""
        got = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in got, (script, got)
        return got["result"].get("value")

    def text(self, selector):
        """What stands there for a reader; None: there is no such element."""
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? null")

    def until(self, script, what=""):
        return until(lambda: self.run(script), what or script)

    def until_text(self, selector, words):
        return until(lambda: words in (self.text(selector) or "") and self.text(selector),
                     f"{words!r} at {selector}")

    def click(self, selector):
        """As with a mouse: what covers the element would get it."""
        at = self.until("(() => { const it = document.querySelector(%s); if (!it) return null;"
                        " it.scrollIntoView({ block: 'center' });"
                        " const at = it.getBoundingClientRect();"
                        " return [at.x + at.width / 2, at.y + at.height / 2]; })()"
                        % json.dumps(selector), selector)
        for kind in "mousePressed", "mouseReleased":
            self.ask("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left",
                     clickCount=1)

    def type(self, selector, text):
        self.click(selector)
        self.ask("Input.insertText", text=text)

    def choose(self, selector, value):
        self.run("(() => { const it = document.querySelector(%s); it.value = %s;"
                 " it.dispatchEvent(new Event('change', { bubbles: true })); })()"
                 % (json.dumps(selector), json.dumps(value)))

    def close(self):
        os.close(self.writer)
        os.close(self.reader)
        try:
            self.process.wait(5)  # it ends when nobody leads it
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)
