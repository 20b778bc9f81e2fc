"""Labelling in Chromium: by keyboard, by two people, and through the end of the console."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import CHROMIUM
from console_browser import browser_page, running_console
from local_servers import free_port
from playwright.sync_api import Browser, Page, expect, sync_playwright
from watched_model import CLASSES, MODEL, write_data, write_log, write_model

from components.common.artifacts.monitoring.claims import Claim
from components.common.artifacts.records import read_record, write_record
from components.ingest.additions import read_additions
from components.label.desk import LEASE_S

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt install chromium"),
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A model, its data set, and a log of eight new pictures."""
    write_model(tmp_path / "serving" / "models", data=write_data(tmp_path / "parts"))
    log = tmp_path / ".graft" / "predictions" / MODEL
    write_log(log, days=1, each=8, now_unix_s=time.time())
    return tmp_path


def labelling(home: Path) -> Path:
    return home / ".graft" / "predictions" / MODEL / "labelling"


def begin(page: Page, url: str, who: str) -> None:
    page.goto(f"{url}/label")
    page.get_by_label("Who labels?").first.fill(who)
    page.get_by_role("button", name="Begin").first.click()


def choose_pictures(page: Page) -> None:
    page.get_by_role("button", name="Choose pictures").click()
    # The page is loaded again by itself when the work in the background has ended.
    expect(page.locator(".desk img").first).to_be_visible(timeout=60_000)


def shown(page: Page) -> str:
    return str(page.locator(".desk input[name=sha256]").get_attribute("value"))


def press(page: Page, key: str) -> None:
    """Press a key and wait for another picture."""
    before = shown(page)
    page.keyboard.press(key)
    expect(page.locator(".desk input[name=sha256]")).not_to_have_value(before)


def key_of(label: str) -> str:
    return str(1 + CLASSES.index(label))


def test_by_keyboard_into_the_data_set(home: Path) -> None:
    with running_console(home) as console, browser_page() as page:
        begin(page, console.url, "Ada")
        choose_pictures(page)
        first = shown(page)
        press(page, key_of("good"))
        page.keyboard.press("u")
        expect(page.locator(".desk input[name=sha256]")).to_have_value(first)
        press(page, key_of("bad"))
        second = shown(page)
        press(page, "0")
        page.keyboard.press("Control+z")
        expect(page.locator(".desk input[name=sha256]")).to_have_value(second)
        press(page, key_of("good"))
        page.get_by_role("button", name="Hand in 2 labels").click()
        expect(page.get_by_text("2 added to the data set")).to_be_visible(timeout=60_000)
    added = {one.sha256: (one.label, one.by) for one in read_additions(home / "parts")}
    assert added == {first: ("bad", "Ada"), second: ("good", "Ada")}


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def test_two_people_on_one_picture(home: Path, browser: Browser) -> None:
    with running_console(home) as console:
        ada, bob = (browser.new_context().new_page() for _ in range(2))
        begin(ada, console.url, "Ada")
        choose_pictures(ada)
        picture = shown(ada)
        begin(bob, console.url, "Bob")
        assert shown(bob) != picture  # it is leased
        lease = labelling(home) / "leases" / f"{picture}.json"
        old = read_record(lease, Claim).time_unix_s - LEASE_S
        write_record(lease, Claim(key=picture, run_id="Ada", time_unix_s=old))
        bob.reload()
        assert shown(bob) == picture
        press(bob, key_of("good"))
        press(ada, key_of("bad"))
        expect(ada.get_by_text("Bob had answered “good” before you")).to_be_visible()
        expect(ada.locator("#conflicts figure")).to_have_count(1)
        ada.get_by_role("button", name="Bob: good").click()
        expect(ada.get_by_role("button", name="Hand in 1 labels")).to_be_visible()


def test_nothing_is_lost_when_the_console_is_killed(home: Path, browser: Browser) -> None:
    page, port = browser.new_page(), free_port()
    with running_console(home, port=port) as console:
        begin(page, console.url, "Ada")
        choose_pictures(page)
        press(page, key_of("good"))
        press(page, key_of("bad"))
        pending = shown(page)
        console.process.send_signal(signal.SIGKILL)
        console.process.wait()
    lines = (labelling(home) / "answers.jsonl").read_text().splitlines()
    assert [json.loads(one)["label"] for one in lines] == ["good", "bad"]
    page.keyboard.press(key_of("good"))
    expect(page.get_by_text("The console does not answer")).to_be_visible()
    assert shown(page) == pending
    with running_console(home, port=port):
        press(page, key_of("good"))
        expect(page.get_by_text("3 to hand in")).to_be_visible()


def test_many_classes_are_found_by_typing(home: Path) -> None:
    names = tuple(f"part {letter}" for letter in "abcdefghijkl")
    passport = home / "serving" / "models" / MODEL / "passports" / "2.json"
    plain = json.loads(passport.read_text())
    passport.write_text(json.dumps(plain | {"classes": names}))
    with running_console(home) as console, browser_page(width_px=390, dark=True) as page:
        begin(page, console.url, "Ada")
        choose_pictures(page)
        first = shown(page)
        page.keyboard.press("/")
        page.keyboard.type("part k")
        expect(page.locator("button.answer:visible")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.locator(".desk input[name=sha256]")).not_to_have_value(first)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    lines = (labelling(home) / "answers.jsonl").read_text().splitlines()
    assert [json.loads(one)["label"] for one in lines] == ["part k"]
