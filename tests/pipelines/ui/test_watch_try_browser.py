"""The pages Watch and Try in Chromium, on a phone and in the dark too."""

import time
from pathlib import Path

import pytest
import watched_model
from bright_corner import bright_corner
from chromium import CHROMIUM
from console_browser import browser_page, running_console
from playwright.sync_api import Page, expect
from watched_model import MODEL, picture, write_log, write_looks, write_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt install chromium"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(watched_model, "NOW_UNIX_S", time.time())
    model_dir = write_model(tmp_path / "serving" / "models")
    log = tmp_path / ".graft" / "predictions" / MODEL
    write_looks(model_dir, tmp_path / "runs", write_log(log, now_unix_s=time.time()))
    return tmp_path


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize(("width_px", "dark"), [(390, True), (1100, False)])
def test_the_timeline_is_drawn_and_an_alarm_opens(home: Path, width_px: int, dark: bool) -> None:
    with running_console(home) as console, browser_page(width_px=width_px, dark=dark) as page:
        page.goto(f"{console.url}/watch?days=7")
        expect(page.locator("svg rect")).to_have_count(7 * 3)
        bars = page.locator("svg rect").all()
        boxes = [bar.bounding_box() for bar in bars]
        assert all(box and box["width"] > 10 and box["height"] > 5 for box in boxes)
        place = page.locator(".chart").first.bounding_box()
        assert place is not None
        bottom = place["y"] + place["height"]
        assert all(box and box["y"] + box["height"] <= bottom + 1 for box in boxes)
        assert fits(page)
        page.get_by_role("row", name="a person should look").get_by_role("link").click()
        expect(page.get_by_text("Left what came")).to_be_visible()
        came = page.locator(".pair img").first
        assert came.evaluate("async picture => { await picture.decode(); return true; }")
        assert fits(page)


def test_a_picture_is_tried_by_choosing_it(home: Path, tmp_path: Path) -> None:
    (tmp_path / "part.png").write_bytes(picture(3))
    (tmp_path / "text.png").write_text("just a text")
    with (
        bright_corner() as (gateway, _),
        running_console(home, "--gateway", gateway) as console,
        browser_page(width_px=390) as page,
    ):
        page.goto(f"{console.url}/try_out")
        page.set_input_files("input[type=file]", tmp_path / "part.png")
        expect(page.get_by_text("says version 4")).to_be_visible(timeout=30_000)
        maps = page.locator("#said img")
        expect(maps).to_have_count(2)
        assert maps.nth(1).evaluate("picture => picture.naturalWidth") > 0
        assert fits(page)
        page.set_input_files("input[type=file]", tmp_path / "text.png")
        expect(page.get_by_text("bytes that no decoder knows")).to_be_visible(timeout=30_000)
