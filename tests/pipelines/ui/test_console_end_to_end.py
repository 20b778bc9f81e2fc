"""All of it in Chromium: a folder, a model, a mistake that a person labels, a retraining, back."""

import io
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from chromium import CHROMIUM
from console_browser import browser_page, running_console
from PIL import Image
from playwright.sync_api import Page, expect
from test_console_browser import RUN_MS, TINY
from watched_model import write_records

from components.common.artifacts.model_folder import versions
from components.common.artifacts.passport import read_passport
from components.ingest.additions import read_additions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt install chromium"),
]

MODEL = "parts"
CLASSES = ("good", "defective")
MISTAKES = 4


def barred(seed: int) -> bytes:
    """Return a part with the bar of a defect, as `tiny_pictures` has them."""
    rng = np.random.default_rng(seed)
    levels = rng.normal(90, 12, (48, 48))
    row = int(rng.integers(8, 36))
    levels[row : row + 6] += 110
    buffer = io.BytesIO()
    Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(buffer, format="PNG")
    return buffer.getvalue()


def run(page: Page, url: str) -> None:
    page.goto(f"{url}/new/facts?folder={MODEL}")
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_text("Deploy: it serves from now on")).to_be_visible(timeout=RUN_MS)


def label(page: Page, url: str) -> None:
    page.goto(f"{url}/label")
    page.get_by_label("Who labels?").fill("Ada")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Choose pictures").click()
    for left in reversed(range(MISTAKES)):
        expect(page.get_by_text("The model says good")).to_be_visible(timeout=60_000)
        page.keyboard.press(page.locator("button[value=defective] kbd").inner_text())
        expect(page.get_by_text(f"{left} waiting")).to_be_visible()
    page.get_by_role("button", name=f"Hand in {MISTAKES} labels").click()
    expect(page.get_by_text(f"{MISTAKES} added to the data set")).to_be_visible(timeout=60_000)


def back(page: Page, url: str) -> None:
    page.goto(f"{url}/versions?model={MODEL}")
    page.get_by_role("row", name="1 at hand").get_by_role("link").click()
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Why").fill("only a drill")
    page.get_by_role("button", name="Let version 1 serve").click()
    expect(page.get_by_text("Ada: only a drill")).to_be_visible()


def test_folder_model_mistake_retraining_back(home: Path, tiny_pictures: Path) -> None:
    shutil.copytree(tiny_pictures, home / MODEL)
    # Which branch runs is what is tested: the second model need not prove that it is better.
    gate = TINY["gate"] | {"compare_with_serving": False}
    (home / "graft.yaml").write_text(yaml.safe_dump(TINY | {"gate": gate}))
    model_dir = home / "serving" / "models" / MODEL
    with running_console(home) as console, browser_page() as page:
        run(page, console.url)
        assert [one.number for one in versions(model_dir)] == [1]
        mistakes = [(barred(1000 + number), "good") for number in range(MISTAKES)]
        write_records(
            home / ".graft" / "predictions" / MODEL,
            mistakes,
            classes=CLASSES,
            end_unix_s=time.time(),
        )
        page.goto(f"{console.url}/watch")
        expect(page.locator("svg rect")).not_to_have_count(0)
        label(page, console.url)
        added = read_additions(home / MODEL)
        assert [(one.label, one.by) for one in added] == [("defective", "Ada")] * MISTAKES
        run(page, console.url)
        assert [one.number for one in versions(model_dir)] == [1, 2]
        sizes = [_pictures(model_dir, version) for version in (1, 2)]
        assert sizes[1] == sizes[0] + MISTAKES
        back(page, console.url)
        assert [one.number for one in versions(model_dir)] == [1]
        page.goto(f"{console.url}/models")
        expect(page.get_by_text("Version 1 serves")).to_be_visible()


def _pictures(model_dir: Path, version: int) -> int:
    passport = read_passport(model_dir, version)
    assert passport is not None and passport.data is not None
    return sum(one.pictures for one in passport.data.splits)
