"""How soon the console's pages are painted in Chromium, and what memory its process takes.

    python -m benchmarks.console_paint FOLDER

Starts `graft ui` in a folder, opens every page several times in a fresh browser context (nothing
cached), and asks the browser for its first contentful paint.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

from components.common import plugins

MIB = 1 << 20
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--port", type=int, default=18390)
    options = parser.parse_args()
    url = f"http://127.0.0.1:{options.port}"
    command = [sys.executable, "-m", "pipelines.cli", "ui", "--no-browser"]
    command += ["--port", str(options.port)]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    out = Console()
    table = Table("page", "first paint, median", "slowest", "memory after it")
    with subprocess.Popen(command, cwd=options.folder, env=environment) as ui:
        try:
            wait_for(url)
            process = psutil.Process(ui.pid)
            out.print(f"memory at the start: {process.memory_info().rss / MIB:.0f} MiB")
            with sync_playwright() as playwright:
                chromium = shutil.which("chromium")
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox"]
                )
                for key in plugins.names("pipelines.ui.pages"):
                    paints = [paint_ms(browser, f"{url}/{key}") for _ in range(options.times)]
                    memory = process.memory_info().rss / MIB
                    table.add_row(
                        key,
                        f"{statistics.median(paints):.0f} ms",
                        f"{max(paints):.0f} ms",
                        f"{memory:.0f} MiB",
                    )
                browser.close()
            status = Path(f"/proc/{ui.pid}/status").read_text()
            peak_kib = next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line)
            out.print(f"most memory at any time: {peak_kib / 1024:.0f} MiB")
        finally:
            ui.send_signal(signal.SIGTERM)
    out.print(table)


def paint_ms(browser: Browser, address: str) -> float:
    """Return the first contentful paint of a page, from the beginning of its navigation."""
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(address)
        until = time.monotonic() + 30.0
        while (found := page.evaluate(_PAINT)) is None:
            if time.monotonic() > until:
                raise TimeoutError(f"{address} was not painted")
            time.sleep(0.02)
        page.wait_for_load_state("networkidle")
        return float(found)
    finally:
        context.close()


def wait_for(url: str) -> None:
    """Wait until the console answers."""
    until = time.monotonic() + 60.0
    while True:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main()
