"""A real Chromium, driven by its DevTools protocol over a pair of pipes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

__all__ = ["CHROMIUM", "Browser", "Tab", "opened"]

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--disable-sync"),
    *("--disable-background-networking", "--disable-extensions", "--disable-component-update"),
]
_KEYS = {"Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, ""), "ArrowDown": ("ArrowDown", 40, "")}
_KEYS |= {"ArrowUp": ("ArrowUp", 38, ""), "Tab": ("Tab", 9, "")}


class Browser:
    """A running Chromium. Its messages are JSON, each ended by a NUL."""

    def __init__(self, profile: Path) -> None:
        requests, answers = os.pipe(), os.pipe()
        self.process = subprocess.Popen(
            [str(CHROMIUM), *_FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"],
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=lambda: _placed(requests[0], answers[1]),
        )
        os.close(requests[0])
        os.close(answers[1])
        self._out, self._in = os.fdopen(requests[1], "wb"), os.fdopen(answers[0], "rb")
        self._rest, self._numbers = b"", count(1)
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """The result of a command; what happens meanwhile is in `events`."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        self._out.write(json.dumps(message).encode() + b"\0")
        self._out.flush()
        while True:
            read = self._next()
            if read.get("id") == number:
                assert "error" not in read, read["error"]
                found: dict[str, Any] = read["result"]
                return found
            self.events.append(read)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = os.read(self._in.fileno(), 1 << 20)
            assert data, "Chromium has ended"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        return found

    def wait(self, method: str, met: Callable[[dict[str, Any]], bool]) -> None:
        """Wait for an event."""
        while not any(event["method"] == method and met(event["params"]) for event in self.events):
            self.events.append(self._next())

    def tab(self, url: str, *, width: int = 1280, height: int = 800, dark: bool = False) -> Tab:
        """A new tab with this page, once its script has run."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        tab.look(width, height, dark=dark)
        tab.call("Page.navigate", url=url)
        tab.until("document.readyState === 'complete' && Boolean(document.getElementById('totals').firstChild)")
        return tab

    def close(self) -> None:
        with suppress(OSError, AssertionError):
            self.call("Browser.close")
        self._out.close()
        self._in.close()
        self.process.wait(20)


class Tab:
    """One tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser, self.session = browser, session

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self.browser.call(method, self.session, **params)

    def look(self, width: int, height: int = 800, *, dark: bool = False) -> None:
        """Be a screen of this size, in light or dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def js(self, expression: str) -> Any:
        """The value of an expression; one that is a promise is awaited."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait for a condition, for twenty seconds at most."""
        looks = f"const look = (left) => ({condition}) ? met(true) : left ? setTimeout(look, 10, left - 1) : met(false)"
        assert self.js(f"new Promise((met) => {{ {looks}; look(2000); }})"), condition

    def text(self, selector: str) -> str:
        """What a person reads there."""
        return str(self.js(f"document.querySelector({json.dumps(selector)}).innerText"))

    def click(self, selector: str) -> None:
        """Press the mouse on the middle of an element."""
        place = self.js(
            f"(() => {{ const element = document.querySelector({json.dumps(selector)});"
            " element.scrollIntoView({ block: 'nearest' }); const box = element.getBoundingClientRect();"
            " return [box.left + box.width / 2, box.top + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            name, code, text = _KEYS.get(key) or (key, ord(key.upper()), key)
            event = {"key": name, "windowsVirtualKeyCode": code, **({"text": text} if text else {})}
            self.call("Input.dispatchKeyEvent", type="keyDown", **event)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=name, windowsVirtualKeyCode=code)

    def write(self, text: str) -> None:
        """Type into what has the focus, in place of what is selected there."""
        self.call("Input.insertText", text=text)

    def picture(self, path: Path) -> None:
        path.write_bytes(b64decode(self.call("Page.captureScreenshot")["data"]))

    def complaints(self) -> list[Any]:
        """Errors and warnings that the page has raised so far, and what its console says."""
        self.js("0")
        own = [event for event in self.browser.events if event.get("sessionId") == self.session]
        logged = [event["params"] for event in own if event["method"] == "Log.entryAdded"]
        raised = [event["params"] for event in own if event["method"] in _RAISED]
        return logged + raised

    def addresses(self) -> set[str]:
        """All addresses that the page has requested."""
        own = [event for event in self.browser.events if event.get("sessionId") == self.session]
        return {event["params"]["request"]["url"] for event in own if event["method"] == "Network.requestWillBeSent"}


_RAISED = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening")


def _placed(requests: int, answers: int) -> None:
    """Put the ends of the pipes where Chromium looks for them."""
    one, other = os.dup(requests), os.dup(answers)
    os.dup2(one, 3)
    os.dup2(other, 4)


@contextmanager
def opened(profile: Path) -> Iterator[Browser]:
    browser = Browser(profile)
    try:
        yield browser
    finally:
        browser.close()
