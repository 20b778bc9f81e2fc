"""A headless Chromium that opens a page as a given screen shows it; by its DevTools over pipes."""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_PATIENCE_S = 60.0
# Chromium reads commands from file descriptor 3 and answers on 4.
_COMMANDS, _ANSWERS = 3, 4


class OpenPage:
    """A page on a screen, what it has complained about, and what it looks like."""

    def __init__(self, send: Callable[..., Any], complaints: list[str]) -> None:
        self._send = send
        self.complaints = complaints

    def evaluate(self, script: str) -> Any:
        """Return what a JavaScript expression gives."""
        found = self._send("Runtime.evaluate", expression=script, returnByValue=True)
        return found["result"]["value"]

    def click(self, place: Sequence[float]) -> None:
        """Press and release the left button at x, y of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self._send(
                "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left",
                clickCount=1,
            )  # fmt: skip

    def screenshot(self, *, whole: bool = True) -> bytes:
        """Return the page as PNG."""
        found = self._send("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(found["data"])


class Browser:
    """The commands and answers of a running Chromium."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._rest = b""
        self._numbers = itertools.count(1)
        self._complaints: list[str] = []
        self._loaded = False
        targets = self._send("Target.getTargets")["targetInfos"]
        page = next(one["targetId"] for one in targets if one["type"] == "page")
        attached = self._send("Target.attachToTarget", targetId=page, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def open(
        self,
        path: Path,
        *,
        width_px: int,
        scheme: Literal["light", "dark"] = "light",
        medium: Literal["screen", "print"] = "screen",
        height_px: int = 900,
    ) -> OpenPage:
        """Open a local page and wait until it is loaded."""
        self._complaints, self._loaded = [], False
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width_px, height=height_px, deviceScaleFactor=1, mobile=width_px < 640,
        )  # fmt: skip
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._ask("Emulation.setEmulatedMedia", media=medium, features=features)
        self._ask("Page.navigate", url=path.resolve().as_uri())
        while not self._loaded:
            self._take()
        return OpenPage(self._ask, self._complaints)

    def _ask(self, method: str, **parameters: Any) -> Any:
        return self._send(method, session=self._session, **parameters)

    def _send(
        self, method: str, *, session: dict[str, str] | None = None, **parameters: Any
    ) -> Any:
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters, **(session or {})}
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while True:
            answer = self._take()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _take(self) -> dict[str, Any]:
        """Return the next message, and note what it says about the page."""
        until = time.monotonic() + _PATIENCE_S
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], until - time.monotonic())
            part = os.read(self._answers, 1 << 16) if ready else b""
            if not part:
                raise RuntimeError("Chromium has ended or does not answer")
            self._rest += part
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        method = message.get("method", "")
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method in ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            self._complaints.append(json.dumps(message["params"]))
        return message


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """Run a headless Chromium with its profile in a folder."""
    assert CHROMIUM is not None
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    # Through a shell, which is what can put descriptors on given numbers without a race.
    command = f'exec "$0" "$@" {_COMMANDS}<&{theirs_in} {_ANSWERS}>&{theirs_out}'
    arguments = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-extensions", "--hide-scrollbars", "--remote-debugging-pipe",
        f"--user-data-dir={profile}", "about:blank",
    ]  # fmt: skip
    process = subprocess.Popen(
        ["bash", "-c", command, *arguments],
        pass_fds=(theirs_in, theirs_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Browser(ours_out, ours_in)
    finally:
        process.kill()
        process.wait()
        os.close(ours_out)
        os.close(ours_in)
