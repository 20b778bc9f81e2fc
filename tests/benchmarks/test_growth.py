import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from rich.console import Console

from benchmarks.growth import chosen, copied, exponent, generate, grow, table, with_earlier
from components.common.artifacts.records import write_record
from components.common.artifacts.run_summary import RunSummary
from components.common.step_record import StepRecord
from components.ingest.source_data import PictureRecord


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[PictureRecord, ...]:
    rng = np.random.default_rng(0)
    for number in range(12):
        pixels = rng.integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    return tuple(
        PictureRecord(
            file=tmp_path / f"{number}.png",
            name=f"{number}.png",
            label="good" if number % 2 else "bad",
            group=f"lot-{number // 3}",
        )
        for number in range(12)
    )


def test_no_two_pictures_are_the_same_and_groups_do_not_mix(
    pictures: tuple[PictureRecord, ...], tmp_path: Path
) -> None:
    manifest = pd.read_csv(grow(pictures, 100, tmp_path / "out"))
    assert len(manifest) == 100
    files = [tmp_path / "out" / path for path in manifest["path"]]
    pixels = [np.asarray(Image.open(path)).tobytes() for path in files]
    assert len({hashlib.sha256(one).hexdigest() for one in pixels}) == 100
    # Four lots in nine copies, the last one in part.
    assert manifest["group"].nunique() == 34
    assert manifest.groupby("group").size().max() == 3


def test_fewer_are_taken_evenly_over_the_groups(pictures: tuple[PictureRecord, ...]) -> None:
    taken = chosen(pictures, 6)
    assert [one.group for one, _ in taken] == ["lot-0"] * 3 + ["lot-2"] * 3
    assert {copy for _, copy in taken} == {0}


def test_a_copy_is_mirrored_then_lit_otherwise() -> None:
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3) + 100
    np.testing.assert_array_equal(copied(pixels, 0), pixels)
    np.testing.assert_array_equal(copied(pixels, 3), pixels[::-1, ::-1])
    np.testing.assert_array_equal(copied(pixels, 4), pixels + 3)
    np.testing.assert_array_equal(copied(pixels, 9), pixels[:, ::-1] - 3)


def test_the_table_says_how_a_step_grows() -> None:
    assert exponent((100, 400), (3.0, 48.0)) == pytest.approx(2.0)
    step = StepRecord(
        step="ingest", state="done", started_unix_s=0, seconds=3, peak_memory_bytes=2**30
    )
    small = RunSummary(run_id="a", state="done", seconds=5.0, steps=(step,))
    later = (dataclasses.replace(step, seconds=48.0), dataclasses.replace(step, step="deploy"))
    large = dataclasses.replace(small, seconds=20.0, steps=later)
    console = Console(width=200)
    with console.capture() as capture:
        console.print(table({100: small, 400: large}))
    # A step that one size did without has its line, and the whole run the last one.
    lines = {line.split("│")[1].strip(): line for line in capture.get().splitlines() if "│" in line}
    assert [cell.strip() for cell in lines["ingest"].split("│")[2:-1]] == [
        *("3.0", "1.00", "48.0", "1.00", "2.00")
    ]
    assert "1.00" in lines["whole run"].split("│")[-2]
    assert [*lines][-2:] == ["deploy", "whole run"]


def test_generated_pictures_are_all_different_and_lots_hold_both_classes(tmp_path: Path) -> None:
    manifest = pd.read_csv(generate(60, 16, tmp_path / "out"))
    files = [tmp_path / "out" / path for path in manifest["path"]]
    assert len({path.read_bytes() for path in files}) == 60
    with Image.open(files[0]) as picture:
        assert picture.size == (16, 16)
    assert set(manifest.groupby("group")["label"].nunique()) == {2}


def test_a_step_that_was_reused_counts_with_what_it_took(tmp_path: Path) -> None:
    done = StepRecord(
        step="ingest", state="done", started_unix_s=0, seconds=30, peak_memory_bytes=5
    )
    (tmp_path / "20260101-000000-x" / "steps").mkdir(parents=True)
    write_record(tmp_path / "20260101-000000-x" / "steps" / "ingest.json", done)
    reused = dataclasses.replace(done, state="reused", seconds=1.0, peak_memory_bytes=1)
    later = dataclasses.replace(done, step="train", seconds=10.0)
    last = RunSummary(run_id="a", state="done", seconds=12.0, steps=(reused, later))
    found = with_earlier(last, tmp_path)
    assert found.steps == (done, later)
    assert found.seconds == 40.0
