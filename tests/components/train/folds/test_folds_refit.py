"""A served version without out-of-fold answers: its recipe is fitted again on the same folds."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from blank_passport import blank_passport
from tiny_shards import SIZE_PX, write_tiny_shards

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.judging.held_out import held_out_logits
from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.lineage import Lineage, write_lineage
from components.common.artifacts.model_folder import lineage_path
from components.common.artifacts.passport import write_passport
from components.common.artifacts.records import tree_sha256
from components.common.artifacts.shards import Shards
from components.common.config import to_plain
from components.common.errors import DataError
from components.common.run_context import RunContext
from components.train.config import TrainConfig
from components.train.fit import train
from components.train.folds.rivals import digest, to_refit
from components.train.methods import linear_probe
from components.train.step import TrainInputs, TrainOutputs, content_key, run

SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]

RECIPE = TrainConfig(
    weights="none", method="linear_probe", flips=2, seed=7, options={"strength": 0.01}
)
OURS = TrainConfig(weights="none", method="linear_probe", flips=1)
CLASSES = ("functional", "defective")


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    return write_tiny_shards(tmp_path / "shards", validation=0)


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A model whose only version was judged by a held-out split."""
    return publish(tmp_path / "served", 1)


def publish(model_dir: Path, number: int, *, recipe: Any = None, **passport: Any) -> Path:
    (model_dir / str(number)).mkdir(parents=True)
    (model_dir / str(number) / "saved_model.pb").write_bytes(b"version %d" % number)
    settings = {"train": recipe or to_plain(RECIPE)}
    known = {"settings": settings, "classes": CLASSES, "image_size_px": SIZE_PX} | passport
    write_passport(model_dir, dataclasses.replace(blank_passport(version=number), **known))
    return model_dir


def keep_answers(
    model_dir: Path,
    number: int,
    shards: Path,
    *,
    groups: Callable[[pd.DataFrame], Any] | None = None,
) -> None:
    rows = Shards.read(shards).index.assign(pixels="", label="")
    rows = rows if groups is None else rows.assign(group=groups)
    folder = lineage_path(model_dir, number)
    folder.mkdir(parents=True)
    lineage = Lineage(model_sha256="", roots={}, links=())
    write_lineage(folder, lineage, rows, out_of_fold=rows[["path"]])


def compared(shards: Path, model_dir: Path, out: Path, *, cache_dir: str = "") -> Candidate:
    settings = dataclasses.replace(OURS, compare_with=str(model_dir))
    train(shards, out=out, settings=settings, cache_dir=cache_dir)
    return Candidate.read(out)


def test_the_recipe_answers_what_it_answers_when_it_is_judged_itself(
    shards: Path, served: Path, tmp_path: Path
) -> None:
    candidate = compared(shards, served, tmp_path / "c")
    again = candidate.refits()
    train(shards, out=tmp_path / "itself", settings=RECIPE, cache_dir="")
    itself = Candidate.read(tmp_path / "itself").out_of_fold()
    assert list(again["path"]) == list(itself["path"])
    assert list(again["fold"]) == list(itself["fold"])
    np.testing.assert_allclose(
        held_out_logits(again, CLASSES), held_out_logits(itself, CLASSES), atol=1e-4
    )
    assert not np.allclose(
        held_out_logits(again, CLASSES), held_out_logits(candidate.out_of_fold(), CLASSES)
    )
    assert set(again["version"]) == {1}
    assert set(again["sha256"]) == {tree_sha256(served / "1")}


def test_the_shipped_network_is_the_same_beside_it(
    shards: Path, served: Path, tmp_path: Path
) -> None:
    one = compared(shards, served, tmp_path / "c")
    train(shards, out=tmp_path / "alone", settings=OURS, cache_dir="")
    alone = Candidate.read(tmp_path / "alone")
    assert alone.refits().empty and "version" in alone.refits()
    np.testing.assert_allclose(one.parity_probabilities(), alone.parity_probabilities(), atol=1e-5)


def test_only_versions_without_answers_are_fitted_again_the_best_one_too(
    shards: Path, served: Path
) -> None:
    settings = dataclasses.replace(OURS, compare_with=str(served))
    best = VerdictInfo(word="deploy", reasons=(), best_version=1)
    publish(served, 2, verdict=best)
    opened = Shards.read(shards)
    assert [one.number for one in to_refit(settings, opened)] == [2, 1]
    before = digest(settings, shards)
    keep_answers(served, 2, shards)
    assert [one.number for one in to_refit(settings, opened)] == [1]
    assert digest(settings, shards) not in {"", before}
    keep_answers(served, 1, shards)
    assert not to_refit(settings, opened) and not digest(settings, shards)


def each_its_own(rows: pd.DataFrame) -> "pd.Series[str]":
    return rows["sha256"]


def larger(rows: pd.DataFrame) -> "pd.Series[str]":
    return rows["group"].where(~rows["group"].isin(["train0", "train1"]), "lot")


@pytest.mark.parametrize(("groups", "again"), [(each_its_own, [1]), (larger, []), (None, [])])
def test_answers_of_folds_that_parted_a_group_of_now_are_fitted_again(
    shards: Path, served: Path, groups: Callable[[pd.DataFrame], Any] | None, again: list[int]
) -> None:
    settings = dataclasses.replace(OURS, compare_with=str(served))
    keep_answers(served, 1, shards, groups=groups)
    assert [one.number for one in to_refit(settings, Shards.read(shards))] == again


def test_one_pair_of_near_copies_among_many_is_no_reason_to_fit_again(
    served: Path, tmp_path: Path
) -> None:
    shards = write_tiny_shards(tmp_path / "many", train=400, validation=0, views=1)
    settings = dataclasses.replace(OURS, compare_with=str(served))
    keep_answers(
        served, 1, shards, groups=lambda rows: rows["group"].where(rows["row"] != 0, "alone")
    )
    assert not to_refit(settings, Shards.read(shards))


def test_a_held_out_split_asks_the_versions_themselves(served: Path, tmp_path: Path) -> None:
    shards = write_tiny_shards(tmp_path / "held-out")
    assert not digest(dataclasses.replace(OURS, compare_with=str(served)), shards)
    candidate = compared(shards, served, tmp_path / "c")
    assert candidate.refits().empty


def test_another_serving_version_is_another_key(shards: Path, served: Path) -> None:
    settings = dataclasses.replace(OURS, compare_with=str(served))
    inputs, context = TrainInputs(shards=shards), RunContext(run_id="r")
    keys = [content_key(OURS, inputs, context), content_key(settings, inputs, context)]
    publish(served, 2)
    keys.append(content_key(settings, inputs, context))
    assert len(set(keys)) == 3


def test_a_version_published_since_the_look_is_noticed(
    shards: Path, served: Path, tmp_path: Path
) -> None:
    settings = dataclasses.replace(OURS, compare_with=str(served))
    inputs = TrainInputs(shards=shards, rivals=digest(settings, shards))
    publish(served, 2)
    outputs = TrainOutputs(candidate=tmp_path / "c")
    with pytest.raises(DataError, match="the version that serves to stay the newest"):
        run(settings, inputs, outputs, RunContext(run_id="r"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"recipe": to_plain(RECIPE) | {"method": "by_magic"}}, "by_magic"),
        ({"recipe": to_plain(RECIPE) | {"weights": "/gone/weights.h5"}}, "/gone/weights.h5"),
        ({"recipe": {"sed": 3}}, "train.sed"),
        ({"classes": ("good", "bad")}, "received 32 px, squeeze, functional, defective"),
        ({"fit": "pad"}, "as version 1 takes them: 32 px, pad"),
        ({"image_size_px": 64}, "as version 1 takes them: 64 px"),
        ({"settings": {}}, "a passport of version 1 with its settings of train"),
    ],
)
def test_what_cannot_be_fitted_again_is_a_note(
    shards: Path, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    served = publish(tmp_path / "served", 1, **change)
    candidate = compared(shards, served, tmp_path / "c")
    (note,) = [one for one in candidate.info.notes if "was not fitted again" in one]
    assert note.startswith("version 1 was not fitted again: expected") and reason in note
    assert candidate.refits().empty and len(candidate.out_of_fold()) == 24


def test_a_recipe_learns_a_class_that_has_come_since(tmp_path: Path) -> None:
    shards = write_tiny_shards(tmp_path / "three", validation=0, classes=(*CLASSES, "dirty"))
    candidate = compared(shards, publish(tmp_path / "served", 1), tmp_path / "c")
    again = candidate.refits()
    assert sorted(set(again["target"])) == [0, 1, 2] and len(again) == 24
    assert not any("was not fitted again" in note for note in candidate.info.notes)


def test_a_later_run_takes_up_the_answers(
    shards: Path, served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits = []
    own = linear_probe.fit

    def counted(*given: Any) -> Any:
        fits.append(given)
        return own(*given)

    monkeypatch.setattr(linear_probe, "fit", counted)
    cache = str(tmp_path / "cache")
    first = compared(shards, served, tmp_path / "a", cache_dir=cache).refits()
    assert len(fits) == 6 + 5  # five folds and all pictures; five folds of the version's recipe
    second = compared(shards, served, tmp_path / "b", cache_dir=cache).refits()
    assert len(fits) == 6 + 5 + 6
    assert second.equals(first)
