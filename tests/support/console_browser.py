"""A console in a process of its own, and a Chromium that looks at it."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chromium import CHROMIUM
from local_servers import free_port
from playwright.sync_api import ConsoleMessage, Page, sync_playwright

_ROOT = Path(__file__).parents[2]
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class RunningConsole:
    """Its address, without a slash at the end, and the process, which a test may kill."""

    url: str
    process: "subprocess.Popen[bytes]"


@contextmanager
def running_console(home: Path, *words: str, port: int = 0) -> Iterator[RunningConsole]:
    """Run `graft ui` in a folder; no gateway and no server answers, unless `words` say so."""
    port = port or free_port()
    nobody = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "pipelines.cli", "ui", "--no-browser", "--port", str(port)]
    environment = {**os.environ, "HOME": str(home), "PYTHONPATH": str(_ROOT)}
    with (home / "console.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--gateway", nobody, *words],
            cwd=home,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + _PATIENCE_S
        while not _answers(url):
            assert process.poll() is None, (home / "console.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.1)
        yield RunningConsole(url, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE_S)


@contextmanager
def browser_page(*, width_px: int = 1100, dark: bool = False) -> Iterator[Page]:
    """Open a page in a headless Chromium; what its console complains about fails the test.

    Close it before the console that it shows ends: its page asks that one again and again.
    """
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": width_px, "height": 900}, color_scheme="dark" if dark else "light"
        )

        def heard(message: ConsoleMessage) -> None:
            if message.type == "error":
                complaints.append(message.text)

        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        try:
            yield page
        finally:
            browser.close()
    assert not complaints, complaints


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return bool(answer.read() == b"ok")
    except OSError:
        return False
