"""The arithmetic of docs/reference/capacity.md, done again from the rates that it names."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.common.artifacts.dataset import MANIFEST_COLUMNS

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "reference" / "capacity.md").read_text()
CORES = 2
NIGHT_HOURS = 8


def table(first: str) -> dict[str, list[str]]:
    """The rows of the table whose head begins with `first`, by their first cell."""
    _, _, after = TEXT.partition(f"| {first} |")
    rows: dict[str, list[str]] = {}
    for line in after.splitlines()[2:]:
        if not line.startswith("|"):
            break
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[name] = cells
    assert rows, first
    return rows


def rate(name: str) -> float:
    return float(table("what")[name][0])


def number(pattern: str) -> float:
    found = re.search(pattern, TEXT)
    assert found, pattern
    return float(found[1].replace(",", ""))


def rounded(value: float) -> str:
    """Three digits, as in the tables."""
    digits = 2 - math.floor(math.log10(value))
    text = f"{round(value, digits):.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


PRICE = number(r"core-hours × ([\d.]+) \(USD")
SIZES = {"10^4": 1e4, "10^6": 1e6, "10^8": 1e8}


def same(cell: str, value: float) -> bool:
    return float(cell) == pytest.approx(float(rounded(value)))


@pytest.mark.parametrize(("name", "pictures"), SIZES.items())
def test_answering(name: str, pictures: float) -> None:
    hours, core_hours, cost, machines, gigabytes = table("answer by `graft batch`")[name]
    expected = pictures / rate("answer") / 3600
    assert same(hours, expected)
    assert same(core_hours, expected * CORES)
    assert same(cost, expected * CORES * PRICE)
    assert int(machines) == math.ceil(expected / NIGHT_HOURS)
    assert same(gigabytes, pictures * number(r"and ([\d.]+) kB on average") * 1e3 / 1e9)


@pytest.mark.parametrize(("name", "pictures"), SIZES.items())
def test_training(name: str, pictures: float) -> None:
    prepare, train, core_hours, cost, memory = table("train on")[name]
    preparing, training = (pictures / rate(step) / 3600 for step in ("prepare", "train"))
    assert same(prepare, preparing)
    assert same(train, training)
    assert same(core_hours, (preparing + training) * CORES)
    assert same(cost, (preparing + training) * CORES * PRICE)
    assert same(memory, pictures * number(r"(\d+) bytes of memory a manifest row") / 1e9)


def test_the_rates_follow_from_the_results() -> None:
    results = (DOCS / "results.md").read_text()
    step_s = {
        name: float(seconds)
        for name, seconds in re.findall(r"^\| (\w+) \| ([\d.]+) \| [\d.]+ \|$", results, re.M)
    }
    preparing_s = step_s["ingest"] + step_s["validate"] + step_s["augment"]
    assert rate("prepare") == round(2624 / preparing_s)
    assert rate("train") == round(2624 / step_s["train"], 1)
    loop = re.search(r"bare loop at its best batch, \d+ \| ([\d.]+)", results)
    server = re.search(r"local server, gRPC, 16 clients \| ([\d.]+)", results)
    assert loop
    assert server
    assert rate("answer") == float(loop[1])
    assert rate("serve") == float(server[1])


def test_a_manifest_row_takes_what_is_said() -> None:
    rows = 20_000
    columns = {
        "path": [f"pictures/{row:012d}.png" for row in range(rows)],
        "sha256": [f"{row:064x}" for row in range(rows)],
        "label": "good",
        "soft_label": np.nan,
        "domain": "mono",
        "pixels": [f"{row:064x}" for row in range(rows)],
        "group": [f"lot-{row // 60}" for row in range(rows)],
        "split": "train",
        "weight": 1.0,
    }
    frame = pd.DataFrame(columns)
    assert tuple(frame) == MANIFEST_COLUMNS
    measured = frame.memory_usage(deep=True).sum() / rows
    assert measured == pytest.approx(number(r"(\d+) bytes of memory a manifest row"), rel=0.05)
