"""Headless Chromium, driven through the pipe of its DevTools protocol."""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_S = 60.0
# The browser reads from descriptor 3 and writes to 4, whichever these are here.
AS_3_AND_4 = """
import os, sys
kept = [os.dup(int(number)) for number in sys.argv[1:3]]
while min(kept) < 5:
    kept = [os.dup(number) for number in kept]
os.dup2(kept[0], 3)
os.dup2(kept[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def program() -> str | None:
    """Where a Chromium is, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class PageError(Exception):
    """The page threw something."""


class Browser:
    """A browser with one page. Close it, or use it in `with`.

    Args:
        profile: an empty folder of its own.
        options: more of the command line.
    """

    def __init__(self, profile: Path, options: Sequence[str] = ()) -> None:
        found = program()
        assert found is not None
        theirs, self._write = os.pipe()
        self._read, answers = os.pipe()
        command = [
            *(found, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--remote-debugging-pipe", f"--user-data-dir={profile}", "--mute-audio"),
            *("--disable-dev-shm-usage", "--hide-scrollbars", *options, "about:blank"),
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", AS_3_AND_4, str(theirs), str(answers), *command],
            pass_fds=(theirs, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(answers)
        self._numbers = itertools.count(1)
        self._waiting = b""
        self._session = ""
        pages = self.call("Target.getTargets")["targetInfos"]
        target = next(each for each in pages if each["type"] == "page")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.call("Page.enable")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, and wait until it has."""
        os.close(self._write)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)

    def call(self, method: str, of_browser: bool = False, **values: Any) -> dict[str, Any]:
        """The answer to one command of the protocol, of the page or of the whole browser."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": values}
        if self._session and not of_browser:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        end = time.monotonic() + PATIENCE_S
        while True:
            answer = self._answer(end)
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result

    def _answer(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._waiting:
            ready, _, _ = select.select([self._read], [], [], max(end - time.monotonic(), 0.0))
            assert ready, "the browser does not answer"
            more = os.read(self._read, 1 << 20)
            assert more, "the browser ended"
            self._waiting += more
        text, _, self._waiting = self._waiting.partition(b"\0")
        answer: dict[str, Any] = json.loads(text)
        return answer

    def open(self, path: Path) -> None:
        """Open a file as by a double click, and wait until it is there."""
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")

    def ask(self, expression: str) -> Any:
        """The value of an expression, which may be waited for."""
        answer = self.call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise PageError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait(self, condition: str, patience_s: float = 30.0) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + patience_s
        while not self.ask(f"Boolean({condition})"):
            assert time.monotonic() < end, f"never: {condition}"
            time.sleep(0.05)

    def place(self, selector: str) -> tuple[float, float]:
        """The middle of an element, scrolled into sight."""
        x, y = self.ask(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        return x, y

    def click(self, selector: str) -> None:
        """Click on the middle of an element."""
        x, y = self.place(selector)
        self.mouse("mousePressed", x, y)
        self.mouse("mouseReleased", x, y)

    def mouse(self, kind: str, x: float, y: float) -> None:
        """An event of the mouse, its left button down."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, key: str, kind: str = "") -> None:
        """Press and let go a key of the computer, or one of both: keyDown, keyUp."""
        for each in (kind,) if kind else ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=each, key=key)

    def size(self, width: int, height: int, scale: float = 1.0) -> None:
        """Make the window as wide and as high as that, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False},
        )

    def picture(self, path: Path) -> None:
        """What it shows, as a PNG."""
        data = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))
