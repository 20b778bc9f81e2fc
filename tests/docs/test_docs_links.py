"""Every link leads to a file and a heading; every page is found from its room's index."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import reference_pages

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
ROOMS = ("tutorial", "how-to", "reference", "explanation")


def prose(page: Path) -> str:
    """The page as the site shows it, without blocks of code."""
    text = reference_pages.generated(page.read_text())
    return re.sub(r"^( *)(`{3,}).*?^\1\2", "", text, flags=re.DOTALL | re.MULTILINE)


@cache
def anchors(page: Path) -> frozenset[str]:
    """What code hosts and MyST make of the headings."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return frozenset(found)


def links(page: Path) -> list[str]:
    text = re.sub(r"`[^`]*`", "", prose(page))
    return re.findall(r"\]\(([^)\s]+)[^)]*\)", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        base = DOCS if name.startswith("/") else page.parent
        target = (base / name.lstrip("/")).resolve() if name else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


@pytest.mark.parametrize("room", ROOMS)
def test_the_index_of_a_room_names_its_pages(room: str) -> None:
    there = {path.name for path in (DOCS / room).glob("*.md")} - {"index.md"}
    assert there <= {link.partition("#")[0] for link in links(DOCS / room / "index.md")}


def test_the_first_page_leads_to_every_room() -> None:
    assert {f"{room}/index.md" for room in ROOMS} <= set(links(DOCS / "index.md"))
