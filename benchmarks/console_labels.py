"""How many pictures a minute the page Label takes by keyboard, with a long queue, in Chromium.

    python -m benchmarks.console_labels --queued 10000 --labels 180

Puts pictures into the queue of a model as `graft label queue` does, starts `graft ui`, and presses
a key as soon as the next picture is on the screen: what a person needs to look comes on top.
"""

import argparse
import hashlib
import io
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track

from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.passport import Passport, write_passport
from components.common.progress import worker_count
from components.label.commands import Desk
from components.label.format_contract import QueueItem
from components.label.formats import csv

MODEL = "bench"
CLASSES = ("bird", "cat", "dog", "fish")
SIDE_PX = 480


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--labels", type=int, default=180)
    parser.add_argument("--port", type=int, default=18499)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        desk = prepare(home, options.queued)
        command = [sys.executable, "-m", "pipelines.cli", "ui", "--no-browser"]
        command += ["--port", str(options.port)]
        paths = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
        with subprocess.Popen(command, cwd=home, env={**os.environ, "PYTHONPATH": paths}) as ui:
            try:
                url = f"http://127.0.0.1:{options.port}"
                wait_for(url)
                first_paint_ms, times_s = label(url, options.labels)
                memory_mb = resident_mb(ui.pid)
            finally:
                ui.send_signal(signal.SIGTERM)
        counts = desk.counts("Ada")
    assert counts.labelled == options.labels, counts
    out = Console()
    out.print(f"{options.queued} queued, {options.labels} labelled, {worker_count()} processors")
    out.print(f"labels a minute: {60 * len(times_s) / sum(times_s):.0f}")
    out.print(f"from key to next picture: median {1000 * statistics.median(times_s):.0f} ms")
    out.print(
        f"  of 20 one takes more than {1000 * statistics.quantiles(times_s, n=20)[-1]:.0f} ms"
    )
    out.print(f"first paint {first_paint_ms:.0f} ms, console's memory {memory_mb:.0f} MB")


def prepare(home: Path, queued: int) -> Desk:
    """Write a model's passport and a queue of so many pictures."""
    passport = Passport(
        model_name=MODEL,
        version=1,
        state="confirmed",
        created_unix_s=time.time(),
        model_sha256="",
        previous_version=0,
        run_id="",
        commit="",
        data_sha256="",
        config_sha256="",
        settings={"model_name": MODEL, "ingest": {"source": "folder", "path": str(home / "data")}},
        classes=CLASSES,
        backbone="",
        method="",
        image_size_px=160,
        test_pictures=0,
        test_groups=0,
        metrics=(),
        verdict=VerdictInfo(word="deploy", candidate_sha256="", reasons=()),
        rehearsal=(),
        rebuild=(),
    )
    model_dir = home / "serving" / "models" / MODEL
    (model_dir / "1").mkdir(parents=True)
    write_passport(model_dir, passport)
    raw = home / "raw"
    raw.mkdir()
    items = [item(raw, number) for number in track(range(queued), "drawing pictures")]
    desk = Desk(home / ".graft" / "predictions" / MODEL)
    csv.write(items, out=desk.new_queue(), queue="bench", classes=CLASSES)
    shutil.rmtree(raw)
    return desk


def item(folder: Path, number: int) -> QueueItem:
    """Draw a picture and describe it."""
    random = np.random.default_rng(number)
    coarse = Image.fromarray(random.integers(0, 256, (12, 12, 3), dtype=np.uint8))
    stream = io.BytesIO()
    coarse.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=88)
    sha256 = hashlib.sha256(stream.getvalue()).hexdigest()
    path = folder / f"{sha256}.jpg"
    path.write_bytes(stream.getvalue())
    return QueueItem(
        picture=path,
        sha256=sha256,
        time_unix_s=time.time(),
        version=1,
        suggestion=CLASSES[number % len(CLASSES)],
        confidence=0.5,
        uncertainty=0.5,
    )


def label(url: str, count: int) -> tuple[float, list[float]]:
    """Label by keyboard; return the first paint in ms, and seconds from key to next picture."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.goto(f"{url}/label")
        page.fill("input[name=who]", "Ada")
        page.press("input[name=who]", "Enter")
        page.wait_for_selector(".desk img")
        page.goto(f"{url}/label")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        times_s = []
        for number in range(count):
            shown = page.get_attribute("input[name=sha256]", "value")
            started = time.perf_counter()
            page.keyboard.press(str(1 + number % len(CLASSES)))
            page.wait_for_function(
                """shown => {
                    const next = document.querySelector("input[name=sha256]");
                    const picture = document.querySelector(".desk img");
                    return next && next.value !== shown && picture.complete
                        && picture.naturalWidth > 0;
                }""",
                arg=shown,
                polling=10,
            )
            times_s.append(time.perf_counter() - started)
        browser.close()
    return float(paint), times_s


def wait_for(url: str) -> None:
    """Return when the console answers."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the console did not start")


def resident_mb(pid: int) -> float:
    """Return the most memory that a process had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = [one for one in lines if one.startswith("VmHWM:")]
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    main()
