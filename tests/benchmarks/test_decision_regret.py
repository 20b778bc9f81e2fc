"""The regret benchmark: its arithmetic and its subsampling."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from benchmarks.decision_regret import (
    ARMS,
    AUTO,
    LP_FT,
    Bench,
    Cell,
    Plan,
    Row,
    regret,
    subsample,
    table,
    verdict,
)
from components.common.artifacts.augmentation import AugmentationInfo
from components.common.artifacts.shards import INDEX_COLUMNS, Shards, ShardsInfo
from components.common.augmentation.composition import parsed

pytestmark = pytest.mark.slow

VIEWS = 2


def shards(root: Path, *, pictures: int = 40) -> Shards:
    """The first pixel of a row is its picture, the second its view; every fourth is class 1."""
    root.mkdir()
    rows = []
    for split, views in (("train", VIEWS), ("validation", 1), ("test", 1)):
        pixels = np.zeros((pictures * views, 2, 2, 1), np.uint8)
        for row in range(pictures * views):
            view, picture = divmod(row, pictures)
            pixels[row, 0, :, 0] = picture, view
            target = int(picture % 4 == 0)
            name = f"{split}{picture}"
            rows.append(
                (split, row, view, name, name, target, float(target), "", f"{picture}", 1.0)
            )
        np.save(root / f"{split}.npy", pixels)
    info = ShardsInfo(
        classes=("a", "b"), positive="b", image_size_px=2, channels=1, views=VIEWS,
        augmentation=AugmentationInfo(policy=parsed("none")), seed=0, content_sha256="whole",
    )  # fmt: skip
    written = Shards(root, info, pd.DataFrame(rows, columns=list(INDEX_COLUMNS)))
    written.write()
    return Shards.read(root)


def test_every_arm_can_be_fitted_to_pictures_and_labels_alone() -> None:
    assert {"linear_probe", LP_FT, "full", "from_scratch"} < set(ARMS)
    assert not {AUTO, "distillation", "zero_shot", "domain_adversarial", "multitask"} & set(ARMS)


def test_a_share_of_each_class_in_all_its_views(tmp_path: Path) -> None:
    part = subsample(shards(tmp_path / "all"), tmp_path / "part", percent=20, seed=0)
    again = Shards.read(tmp_path / "part")
    rows = again.rows("train")
    first = rows[rows["view"] == 0]
    assert np.bincount(first["target"]).tolist() == [6, 2]
    pixels = again.pixels("train")
    assert len(pixels) == len(rows) == VIEWS * 8
    for row, path, view in zip(rows["row"], rows["path"], rows["view"], strict=True):
        assert pixels[row, 0, :, 0].tolist() == [int(path.removeprefix("train")), view]
    assert len(again.rows("test")) == 40
    assert part.info.content_sha256 != "whole"


def test_two_pictures_of_a_class_stay(tmp_path: Path) -> None:
    part = subsample(shards(tmp_path / "all"), tmp_path / "part", percent=1, seed=0)
    rows = part.rows("validation")
    assert np.bincount(rows["target"]).tolist() == [2, 2]


def test_seeds_draw_other_pictures(tmp_path: Path) -> None:
    whole = shards(tmp_path / "all")
    drawn = [
        set(subsample(whole, tmp_path / str(seed), percent=20, seed=seed).rows("train")["path"])
        for seed in (0, 1)
    ]
    assert drawn[0] != drawn[1]


def rows(cell: str, **scores: list[float]) -> list[Row]:
    return [
        Row(
            cell=cell,
            seed=seed,
            size_px=64,
            epochs=0,
            precision="float32",
            arm=arm,
            points=points,
            train_s=1.0,
        )
        for arm, seeds in scores.items()
        for seed, points in enumerate(seeds)
    ]


def test_regret_is_against_the_best_mean_and_never_against_auto_itself() -> None:
    cell = rows("a", auto=[90.0, 80.0], full=[88.0, 92.0], linear_probe_finetune=[90.0, 80.0])
    assert regret(cell, AUTO) == pytest.approx(5.0)
    assert regret(cell, "full") == 0.0
    better = rows("a", auto=[95.0], full=[90.0], linear_probe_finetune=[80.0])
    assert regret(better, AUTO) == pytest.approx(-5.0)


def test_the_verdict_needs_both_halves_of_the_goal() -> None:
    good = [r for n in range(4) for r in rows(f"{n}", auto=[90.0], full=[90.5])]
    small = rows("x", auto=[88.0], full=[90.0])
    large = rows("x", auto=[86.5], full=[90.0])
    assert verdict(good + small, AUTO).endswith("goal met")
    assert "4 of 5 cells, worst 2.00" in verdict(good + small, AUTO)
    assert verdict(good + large, AUTO).endswith("goal missed")
    assert verdict([*small, *rows("y", auto=[90.0], full=[90.0])], AUTO).endswith("goal missed")


def test_the_table_has_a_column_a_cell_and_fits_a_terminal() -> None:
    found = [row for name in "ab" for row in rows(name, auto=[90.5], full=[88.25])]
    plan = Plan((Cell("elpv", 5), Cell("digits", 1)), ("full",), 1, 64, 0, "float32")
    console = Console(width=80, record=True)
    console.print(table(found, plan))
    printed = [line.split("│")[1:-1] for line in console.export_text().splitlines() if "│" in line]
    assert [[cell.strip() for cell in line] for line in printed] == [
        ["full", "88.25", "88.25"],
        ["auto chose", "()", "()"],
        ["auto", "90.50", "90.50"],
        ["regret of auto", "-2.25", "-2.25"],
    ]


def test_lp_ft_is_judged_by_the_same_rule() -> None:
    cell = rows("a", auto=[90.0], full=[90.0], linear_probe_finetune=[80.0])
    assert verdict(cell, LP_FT).endswith("goal missed")


def test_what_is_finished_is_not_run_again_and_other_arms_do_not_count(tmp_path: Path) -> None:
    kept = rows("elpv 5 %", auto=[81.0], full=[81.0], linear_probe_finetune=[80.0], surgical=[99.0])
    results = tmp_path / "results.json"
    results.write_text("".join(f"{json.dumps(dataclasses.asdict(row))}\n" for row in kept))
    plan = Plan((Cell("elpv", 5),), (LP_FT, "full"), 1, 64, 0, "float32")
    found = Bench(plan, tmp_path / "work", results, Console()).run()
    assert {row.arm for row in found} == {AUTO, LP_FT, "full"}
    assert regret(found, AUTO) == 0.0
