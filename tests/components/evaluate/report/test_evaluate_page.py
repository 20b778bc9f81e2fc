"""The whole page in headless Chromium, as a phone and a desk show it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from chromium import CHROMIUM, Browser, chromium
from full_evaluation import names_of, write_full_evaluation

from components.common.artifacts.judging.verdict import Verdict, VerdictInfo
from components.common.report.texts import Language
from components.gate.next_steps import with_next_steps
from components.gate.page import write_page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("GRAFT_REQUIRE_CHROMIUM"),
        reason="no Chromium on this machine",
    ),
]

SECTIONS = [
    "changes", "metrics", "classes", "confusion", "tasks", "asking", "mistakes", "explanations",
    "slices", "robustness", "inspection", "advice", "curves", "calibration", "costs", "learning",
    "data", "augmentation", "provenance",
]  # fmt: skip
KINDS: dict[str, tuple[int, Language]] = {
    "two": (2, "en"), "fifteen": (15, "zh-TW"), "fifty": (50, "en"),
}  # fmt: skip


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: _write(tmp_path_factory.mktemp(name), *kind) for name, kind in KINDS.items()}


def _write(root: Path, classes: int, language: Language) -> Path:
    names = names_of(classes, chinese=language != "en")
    evaluation = write_full_evaluation(
        root, classes=names, language=language, cross_validation=classes > 2, a_class=6
    )
    info = VerdictInfo(word="hold", reasons=("The minimum is missed.",), incumbent_version=4)
    verdict = Verdict(root / "verdict", with_next_steps(info, evaluation))
    verdict.write()
    write_page(verdict, evaluation)
    return verdict.report_path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("width_px", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_screen(
    browser: Browser,
    pages: dict[str, Path],
    name: str,
    width_px: int,
    scheme: Literal["light", "dark"],
) -> None:
    page = browser.open(pages[name], width_px=width_px, scheme=scheme)
    assert page.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") == width_px
    assert page.evaluate("document.documentElement.lang") == KINDS[name][1]
    sections = page.evaluate("[...document.querySelectorAll('section')].map(one => one.id)")
    assert sections == SECTIONS
    broken = "[...document.images].filter(one => !one.complete || !one.naturalWidth).length"
    assert page.evaluate(broken) == 0
    brightness = "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)[0]"
    assert (page.evaluate(brightness) < 60) == (scheme == "dark")


@pytest.mark.parametrize("name", KINDS)
def test_the_verdict_and_the_next_step_are_seen_first(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    page = browser.open(pages[name], width_px=360, height_px=640)
    first = "document.querySelector('main').querySelectorAll('.lead')[0].closest('.verdict').id"
    assert page.evaluate(first) == "verdict"
    bottom = "document.querySelector('#verdict ul').getBoundingClientRect().bottom"
    assert page.evaluate(bottom) < 640
    assert page.evaluate("document.querySelector('#verdict ul').children.length") == 4


def test_letters_of_a_wide_heat_map_stay_legible_and_only_it_scrolls(
    browser: Browser, pages: dict[str, Path]
) -> None:
    page = browser.open(pages["fifty"], width_px=1280)
    picture = "document.querySelector('#confusion .plot img').getBoundingClientRect().width"
    assert page.evaluate(picture) > 50 * 20
    box = "document.querySelector('#confusion .plot').getBoundingClientRect().right"
    assert page.evaluate(box) < 1280


@pytest.mark.parametrize("where", ["#mistakes .grid img", "#curves .plot img"])
def test_a_click_enlarges_a_picture_and_another_one_closes_it(
    browser: Browser, pages: dict[str, Path], where: str
) -> None:
    page = browser.open(pages["two"], width_px=1280)
    box = f"document.querySelector('{where}').getBoundingClientRect()"
    size = f"{box}.height"
    before = page.evaluate(size)
    page.evaluate(f"document.querySelector('{where}').scrollIntoView()")
    page.click(page.evaluate(f"[{box}.x + 9, {box}.y + 9]"))
    assert page.evaluate(size) == page.evaluate("innerHeight") > before
    page.click([640, 5])
    assert page.evaluate(size) == before


def test_the_panels_of_a_plot_stand_below_each_other_on_a_phone(
    browser: Browser, pages: dict[str, Path]
) -> None:
    tops = "[...document.querySelectorAll('#curves .plot img')].map(one => one.offsetTop)"
    left, right = browser.open(pages["two"], width_px=1280).evaluate(tops)
    assert left == right
    page = browser.open(pages["two"], width_px=360)
    page.evaluate("document.querySelector('#curves .fold').checked = true")
    upper, lower = page.evaluate(tops)
    assert lower > upper
    plot = "document.querySelector('#curves .plot')"
    assert page.evaluate(f"{plot}.scrollWidth <= {plot}.clientWidth")


@pytest.mark.parametrize("name", KINDS)
def test_counts_of_few_classes_stand_once(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    page = browser.open(pages[name], width_px=1280)
    plots = page.evaluate("document.querySelectorAll('#confusion .plot').length")
    assert plots == (0 if name == "two" else 1)


def test_most_pictures_wait_until_they_are_asked_for(
    browser: Browser, pages: dict[str, Path]
) -> None:
    page = browser.open(pages["fifteen"], width_px=360)
    pictures = "[...document.querySelectorAll('#mistakes img')]"
    shown = f"{pictures}.filter(one => one.checkVisibility()).length"
    assert page.evaluate(shown) == 0
    page.evaluate("document.querySelector('#mistakes .fold').checked = true")
    assert page.evaluate(shown) == 5
    page.evaluate("document.querySelector('#mistakes details').open = true")
    assert page.evaluate(shown) > 5


@pytest.mark.parametrize("name", KINDS)
def test_a_phone_shows_what_matters_and_a_title_of_the_rest_until_it_is_touched(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    shown = (
        "[...document.querySelectorAll('section')]"
        ".filter(one => one.children[1].checkVisibility()).map(one => one.id)"
    )
    height = "document.documentElement.scrollHeight"
    page = browser.open(pages[name], width_px=390)
    assert page.evaluate(shown) == ["changes", "metrics", "asking"]
    assert page.evaluate(height) < 6000
    page.evaluate("document.querySelector('#robustness').scrollIntoView() || 0")
    box = "document.querySelector('#robustness h2').getBoundingClientRect()"
    page.click(page.evaluate(f"[{box}.x + 60, {box}.y + 9]"))
    assert page.evaluate(shown) == ["changes", "metrics", "asking", "robustness"]
    # On a desk and on paper, all of it.
    assert browser.open(pages[name], width_px=1100).evaluate(shown) == SECTIONS
    assert browser.open(pages[name], width_px=390, medium="print").evaluate(shown) == SECTIONS


def test_on_paper_nothing_is_cut_off_at_the_side(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.open(pages["fifteen"], width_px=794, medium="print")
    assert page.evaluate("document.documentElement.scrollWidth") == 794
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"


def test_what_was_not_measured_has_no_section(tmp_path: Path) -> None:
    evaluation = write_full_evaluation(
        tmp_path, classes=names_of(3), serving=False, a_class=6, bare=True
    )
    page = evaluation.report_path.read_text(encoding="utf-8")
    for name in (
        "changes",
        "classes",
        "tasks",
        "explanations",
        "slices",
        "robustness",
        "costs",
        "advice",
    ):
        assert f'<section id="{name}">' not in page, name
    assert page.index('id="metrics"') < page.index('id="confusion"') < page.index('id="mistakes"')
