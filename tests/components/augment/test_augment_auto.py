"""`policy: auto` on pictures of which it is known what a network with random weights can tell."""

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.augment.automatic import choose, named
from components.augment.config import AugmentConfig, AutoConfig, check
from components.augment.sample import read_some
from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.pictures.decode import Pixels, encode_png
from pipelines.config import resolve

pytestmark = pytest.mark.slow

SETTINGS = AugmentConfig(
    image_size_px=32,
    policy="auto",
    auto=AutoConfig(backbone="mobilenet_v2/0.35", weights="none", budget=1500),
)


def write(root: Path, draw: Callable[[np.random.Generator, int], Pixels], count: int) -> Dataset:
    """Write a validated Dataset: a group a picture."""
    (root / "pictures").mkdir(parents=True)
    rows = []
    for number in range(count):
        data = encode_png(draw(np.random.default_rng(number), number % 2))
        path = f"pictures/{number}.png"
        (root / path).write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        rows.append(
            {
                "path": path,
                "sha256": sha256,
                "label": ("good", "bad")[number % 2],
                "soft_label": float(number % 2),
                "domain": "",
                "group": sha256,
                "split": "train",
                "weight": 1.0,
            }
        )
    info = DatasetInfo(name="drawn", classes=("good", "bad"), positive="bad")
    dataset = Dataset(root, info, pd.DataFrame(rows))
    dataset.write()
    return dataset


def bright_above(rng: np.random.Generator, label: int) -> Pixels:
    """Bright above and dark below: upside down is another picture, mirrored it is none."""
    rows = np.linspace(230, 30, 32)[:, None, None] + 25 * label
    return (rows + rng.normal(0, 15, (32, 32, 1))).clip(0, 255).astype(np.uint8)


def test_which_way_is_up_forbids_the_mirror_that_shows(tmp_path: Path) -> None:
    found = choose(write(tmp_path, bright_above, 60), SETTINGS)
    tests = {test.mirror: test for test in found.mirrors}
    assert not tests["up_down"].allowed and tests["up_down"].roc_auc.value > 0.9
    assert tests["left_right"].allowed and tests["left_right"].roc_auc.value < 0.65
    tried = [item for one in found.gains for item in one.policy if item.name == "flips"]
    assert tried and all(item.options["up_down"] is False for item in tried)
    assert all(item.options["left_right"] for item in tried)
    assert found.pictures == 60
    chosen = [one for one in found.gains if one.chosen]
    assert [named(one.policy) for one in chosen] == ([named(found.policy)] if chosen else [])
    assert all(one.gain.low > 0 for one in chosen)
    assert chosen or named(found.policy) == "none"


def test_too_few_groups_choose_nothing(tmp_path: Path) -> None:
    dataset = write(tmp_path, bright_above, 6)
    same = dataclasses.replace(dataset, manifest=dataset.manifest.assign(group="one"))
    found = choose(same, SETTINGS)
    assert named(found.policy) == "none" and not found.gains


def test_the_sample_has_every_class_alike_and_stays_as_pictures_come(tmp_path: Path) -> None:
    dataset = write(tmp_path, bright_above, 30)
    fewer = dataclasses.replace(dataset, manifest=dataset.manifest.iloc[:28])
    some = read_some(dataset, SETTINGS, count=10)
    assert list(np.bincount(some.labels)) == [5, 5]
    known = {sha256 for sha256, _ in some.originals}
    kept = {sha256 for sha256, _ in read_some(fewer, SETTINGS, count=10).originals}
    assert len(known & kept) >= 8


def test_a_run_hands_its_network_to_the_choice() -> None:
    train = {"backbone": "mobilenet_v2/0.5", "weights": "none", "pooling": "max"}
    run = resolve({"train": train, "augment": {"policy": "auto", "auto": {"budget": 900}}})
    assert (run.augment.auto.backbone, run.augment.auto.pooling) == ("mobilenet_v2/0.5", "max")
    assert run.augment.auto.budget == 900
    check(run.augment)
    plain = resolve({"train": train})
    assert plain.augment.auto == AutoConfig()
