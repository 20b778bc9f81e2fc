"""Days that the benchmark makes are what they are called."""

import dataclasses

import numpy as np
import pytest
from tiny_observations import observe

from benchmarks.answers_watched import KINDS, Plant, sizes


@pytest.fixture(scope="module")
def plant() -> Plant:
    """Twelve modules, three of them with many defects."""
    cells = observe(12, 60)
    share = np.repeat([0.6] * 3 + [0.1] * 9, 60)
    bad = np.random.default_rng(0).random(len(cells)) < share
    return Plant.of(dataclasses.replace(cells, labels=np.where(bad, "bad", "good").astype(object)))


def share(plant: Plant, kind: str) -> float:
    """The share of defective cells in days of all modules."""
    rng = np.random.default_rng(1)
    day = plant.day(plant.modules, kind, rng, each=400)
    bad = {
        picture
        for picture, is_bad in zip(plant.cells.sha256, plant.defective, strict=True)
        if is_bad
    }
    return float(np.mean([picture in bad for picture in day.sha256]))


def test_each_kind_of_day_has_the_share_it_should(plant: Plant) -> None:
    usual = float(plant.defective.mean())
    assert share(plant, "untouched") == pytest.approx(usual, abs=0.02)
    # Some modules cannot have twice as many.
    assert usual < share(plant, "doubled module by module") <= 2 * usual
    assert share(plant, "doubled") == pytest.approx(2 * usual, abs=0.03)
    assert share(plant, "all defective, of any module") == 1.0
    assert share(plant, "all defective, of the same module") == 1.0


def test_a_day_hides_labels_and_names_its_groups(plant: Plant) -> None:
    day = plant.day(plant.modules[:2] * 2, "untouched", np.random.default_rng(0), start_s=50.0)
    assert set(day.labels) == {""}
    assert len(set(day.groups)) == 4
    assert day.times_unix_s.min() > 50.0


@pytest.mark.slow
def test_the_table_of_sizes_has_a_column_for_each_kind(plant: Plant) -> None:
    table = sizes(plant, 1)
    assert [column.header for column in table.columns][2:] == list(KINDS)
