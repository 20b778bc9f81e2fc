"""What was dealt out stays, whatever happens to names and labels, and as the data grow."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.common.artifacts.lineage import Lineage, Link, read_lineage, write_lineage
from components.common.artifacts.model_folder import lineage_path
from components.common.artifacts.records import file_sha256
from components.common.errors import DataError
from components.validate import kept
from components.validate.config import ValidateConfig
from components.validate.deal import evidence, splits
from components.validate.kept import content_key, kept_splits

Make = Callable[..., pd.DataFrame]


def singles(classes: int, pictures: int, *, start: int = 0, salt: int = 0) -> pd.DataFrame:
    """Pictures without groups, as validate names them: `pictures` of each class."""
    numbers = np.arange(start, start + classes * pictures)
    names = [f"{salt}-{number}" for number in numbers]
    return pd.DataFrame(
        {
            "path": [f"pictures/{name}.png" for name in names],
            "sha256": [f"file {name}" for name in names],
            "pixels": names,
            "group": names,
            "label": [f"c{number % classes:02d}" for number in numbers],
            "domain": "",
            "split": "",
        }
    )


def assign(rows: pd.DataFrame, before: pd.DataFrame | None = None, **options: object) -> pd.Series:
    config = ValidateConfig(**options)  # type: ignore[arg-type]
    return splits.assign(rows, settings=config, before=before)


def relabelled(rows: pd.DataFrame, count: int, *, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    labels = rows["label"].to_numpy(dtype=object).copy()
    chosen = random.choice(len(rows), count, replace=False)
    names = sorted(set(labels))
    for row in chosen:
        labels[row] = random.choice([name for name in names if name != labels[row]])
    return rows.assign(label=labels)


SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.sampled_from([(2, 150), (3, 100), (6, 50), (15, 20)])


@given(salt=SEEDS)
@settings(max_examples=30, deadline=None)
def test_every_class_has_its_quota_in_every_split(salt: int) -> None:
    rows = singles(15, 20, salt=salt)
    found = pd.crosstab(rows["label"], assign(rows))
    assert (found["test"] - 5).abs().max() <= 1
    assert (found["validation"] - 3).abs().max() <= 1


@given(salt=SEEDS)
@settings(max_examples=20, deadline=None)
def test_a_few_pictures_of_a_class_reach_every_split(salt: int) -> None:
    rows = singles(4, 3, salt=salt)
    assert pd.crosstab(rows["label"], assign(rows)).eq(1).all().all()


def test_many_small_domains_do_not_starve_a_split() -> None:
    rows = singles(2, 200).assign(domain=[f"camera {number}" for number in range(400)])
    found = pd.crosstab(rows["label"], assign(rows))
    assert (found["test"] - 50).abs().max() <= 1
    assert (found["validation"] - 30).abs().max() <= 1


@given(sizes=SIZES, salt=SEEDS, grouped=st.booleans())
@settings(max_examples=30, deadline=None)
def test_renaming_moves_nothing(sizes: tuple[int, int], salt: int, grouped: bool) -> None:
    rows = singles(*sizes, salt=salt)
    if grouped:
        rows["group"] = [f"lot {number // 7}" for number in range(len(rows))]
    renamed = rows.assign(path=[f"pictures/other/{n}.jpg" for n in range(len(rows))])
    shuffled = renamed.sample(frac=1, random_state=salt % 2**31)
    assert assign(shuffled).sort_index().tolist() == assign(rows).tolist()


@given(sizes=SIZES, salt=SEEDS, seed=SEEDS)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_few_pictures_move_when_labels_are_corrected(
    sizes: tuple[int, int], salt: int, seed: int
) -> None:
    rows = singles(*sizes, salt=salt)
    moved = assign(relabelled(rows, 100, seed=seed)) != assign(rows)
    assert moved.sum() <= 40


@given(sizes=SIZES, salt=SEEDS, seed=SEEDS, grouped=st.booleans())
@settings(max_examples=30, deadline=None)
def test_nothing_moves_where_the_splits_are_kept(
    sizes: tuple[int, int], salt: int, seed: int, grouped: bool
) -> None:
    rows = singles(*sizes, salt=salt)
    if grouped:
        rows["group"] = [f"lot {number // 7}" for number in range(len(rows))]
    first = assign(rows)
    before = rows.assign(split=first)
    grown = pd.concat(
        [
            relabelled(rows, 100, seed=seed).assign(path=lambda x: "pictures/new/" + x["pixels"]),
            singles(sizes[0], sizes[1], start=len(rows), salt=salt),
        ],
        ignore_index=True,
    )
    later = assign(grown, before, split_seed=seed % 1000)
    assert later.head(len(rows)).tolist() == first.tolist()
    counted = pd.crosstab(grown["label"][len(rows) :], later[len(rows) :])
    assert set(counted.columns) <= {"train", "validation", "test"}


def test_new_pictures_fill_the_quota_of_their_class() -> None:
    rows = singles(3, 40)
    # Class c02 was hardly tested so far.
    before = rows.assign(split=assign(rows))
    before.loc[before["label"] == "c02", "split"] = "train"
    grown = pd.concat([rows, singles(3, 40, start=120)], ignore_index=True)
    found = pd.crosstab(grown["label"], assign(grown, before))
    assert (found["test"] - 20).abs().max() <= 1
    assert (found["validation"] - 12).abs().max() <= 1


def test_from_cross_validation_to_a_test_split_old_pictures_stay_training_pictures() -> None:
    old = singles(3, 100)
    before = old.assign(split="train")
    for more, decision in ((20, "cross_validation"), (310, "holdout")):
        grown = pd.concat([old, singles(3, more, start=300)], ignore_index=True)
        dealt = assign(grown, before)
        assert dealt.head(300).eq("train").all()
        assert (dealt.tail(3 * more) == "test").sum() >= min(3 * more, (300 + 3 * more) // 4) - 4
        chosen = evidence.chosen(
            grown.assign(split=dealt),
            ("c00", "c01", "c02"),
            ValidateConfig(evidence="auto"),
            given=False,
        )
        assert chosen == decision


def test_new_groups_fill_the_test_split_first_after_cross_validation(manifest: Make) -> None:
    rows = manifest(60, size=4)
    old = rows.head(160).assign(split="train")
    dealt = assign(rows, old)
    assert dealt.head(160).eq("train").all()
    groups = rows.assign(split=dealt).groupby("split")["group"].nunique()
    assert groups["test"] == 14  # a quarter of 60 less one


def test_a_new_picture_follows_its_known_group(manifest: Make) -> None:
    rows = manifest(30, size=4)
    first = assign(rows[rows.index % 4 < 2])
    before = rows[rows.index % 4 < 2].assign(split=first)
    later = rows.assign(split=assign(rows, before))
    assert (later.groupby("group")["split"].nunique() == 1).all()
    assert later["split"][before.index].tolist() == first.tolist()


def test_a_group_that_is_known_decides_for_pictures_nobody_has_seen(manifest: Make) -> None:
    rows = manifest(12, size=4)
    seen = rows.index % 4 < 2
    later = assign(rows[~seen], rows[seen].assign(split="validation"))
    assert later.eq("validation").all()
    # Single pictures are dealt out whatever their group was.
    alone = assign(rows[~seen], rows[seen].assign(split="validation"), split="random")
    assert set(alone) == {"train", "validation", "test"}


def test_a_group_that_was_in_several_splits_is_trained_on(
    manifest: Make, caplog: pytest.LogCaptureFixture
) -> None:
    rows = manifest(30, size=4)
    before = rows.assign(split=assign(rows))
    before.loc[before["group"] == "g3", "split"] = ["test", "train", "test", "validation"]
    dealt = assign(rows, before)
    assert dealt[rows["group"] == "g3"].eq("train").all()
    assert "1 groups were in several splits before" in caplog.text


def test_pictures_are_known_by_their_file_where_their_pixels_were_not_kept() -> None:
    rows = singles(2, 100)
    first = assign(rows)
    before = rows.assign(split=first, pixels="", group=rows["path"])
    assert assign(rows, before, split_seed=7).tolist() == first.tolist()


def test_mixed_data_keep_groups_whole_and_quotas_met() -> None:
    rows = singles(2, 200)
    lots = rows.index < 100
    rows.loc[lots, "group"] = [f"lot {number // 10}" for number in range(100)]
    dealt = assign(rows)
    assert (dealt[lots].groupby(rows["group"][lots]).nunique() == 1).all()
    found = pd.crosstab(rows["label"], dealt)
    assert (found["test"] - 50).abs().max() <= 1


def test_a_copy_without_a_group_takes_the_split_of_the_group(manifest: Make) -> None:
    rows = manifest(40, size=3)
    first = assign(rows)
    copy = rows.head(30).assign(path=rows["path"] + "~", group=rows["pixels"])
    dealt = assign(pd.concat([rows, copy], ignore_index=True))
    assert dealt.head(len(rows)).tolist() == first.tolist()
    assert dealt.tail(30).tolist() == first.head(30).tolist()


@pytest.mark.parametrize(
    ("classes", "pictures", "group", "decision"),
    [
        (2, 700, 1, "holdout"),
        (15, 20, 1, "cross_validation"),
        (2, 400, 1, "cross_validation"),  # 200 test pictures
        (40, 35, 1, "cross_validation"),  # 9 test pictures of a class
        (2, 700, 100, "cross_validation"),  # 14 groups
        (2, 700, 10, "holdout"),
    ],
)
def test_auto_holds_out_where_that_can_decide(
    classes: int, pictures: int, group: int, decision: str
) -> None:
    rows = singles(classes, pictures)
    if group > 1:
        rows["group"] = [f"lot {number // group}" for number in range(len(rows))]
    rows["split"] = assign(rows)
    names = tuple(sorted(set(rows["label"])))
    for asked in ("auto", "holdout", "cross_validation"):
        config = ValidateConfig(evidence=asked)
        found = evidence.chosen(rows, names, config, given=False)
        assert found == (decision if asked == "auto" else asked)
    assert evidence.chosen(rows, names, ValidateConfig(evidence="auto"), given=True) == "holdout"


def published(
    base: Path, version: int, pictures: pd.DataFrame, *, split_seed: int = 0
) -> ValidateConfig:
    """Leave a version with its lineage, and return settings that find it."""
    (base / "model" / str(version)).mkdir(parents=True)
    folder = lineage_path(base / "model", version)
    folder.mkdir(parents=True)
    link = Link(
        producer="validate",
        name="validated",
        uri="",
        sha256="",
        inputs={},
        config=json.dumps({"split_seed": split_seed}),
        commit="",
        run_id="r",
    )
    write_lineage(folder, Lineage(model_sha256="", roots={}, links=(link,)), pictures)
    return ValidateConfig(model_base_path=str(base))


def test_the_splits_of_the_newest_version_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = singles(2, 20)
    assert kept_splits(ValidateConfig(model_base_path=str(tmp_path))) is None
    assert content_key(ValidateConfig(model_base_path=str(tmp_path))) == ""
    config = published(tmp_path, 3, rows.assign(split="train"))
    old_key = content_key(config)
    published(tmp_path, 4, rows.assign(split="test"), split_seed=5)
    found = kept_splits(dataclasses.replace(config, split_seed=5))
    assert found is not None
    assert (found.version, set(found.pictures["split"])) == (4, {"test"})
    assert content_key(config) not in {"", old_key}
    assert "no say" not in caplog.text
    kept_splits(config)
    assert "split_seed=0 has no say over pictures that version 4 knows" in caplog.text
    assert kept_splits(dataclasses.replace(config, keep_splits=False)) is None
    assert content_key(dataclasses.replace(config, keep_splits=False)) == ""


def test_a_version_without_lineage_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "model" / "1").mkdir(parents=True)
    config = ValidateConfig(model_base_path=str(tmp_path))
    assert kept_splits(config) is None
    assert content_key(config) == ""


def test_the_splits_that_are_asked_for_are_taken_and_have_to_be_there(tmp_path: Path) -> None:
    rows = singles(2, 20)
    config = published(tmp_path, 3, rows.assign(split="train"))
    published(tmp_path, 4, rows.assign(split="test"))
    third = dataclasses.replace(config, splits_of=3)
    found = kept_splits(third)
    assert found is not None
    assert (found.version, set(found.pictures["split"])) == (3, {"train"})
    assert content_key(third) not in {"", content_key(config)}
    with pytest.raises(DataError) as stopped:
        kept_splits(dataclasses.replace(config, splits_of=5))
    assert str(stopped.value) == (
        "expected the pictures of version 5, whose splits are asked for, received none kept below "
        f"{tmp_path}; correct validate.splits_of, or leave it out"
    )
    assert content_key(dataclasses.replace(config, splits_of=5)) == ""
    with pytest.raises(DataError, match="below no model_base_path"):
        kept_splits(ValidateConfig(splits_of=5))


def test_the_digest_is_that_of_the_splits_in_any_order_and_of_the_suite(tmp_path: Path) -> None:
    rows = singles(2, 20).assign(split="train")
    config = published(tmp_path, 3, rows)
    digest = kept.splits_sha256(rows)
    assert content_key(config) == digest
    assert kept.splits_sha256(rows.iloc[::-1].reset_index(drop=True)) == digest
    assert kept.splits_sha256(rows.assign(split="test")) != digest

    suite = tmp_path / "suite.json"
    asked = dataclasses.replace(config, suite=str(suite))
    assert content_key(asked) == digest  # no such file: validate says so
    suite.write_text("[]")
    assert content_key(asked) == f"{digest} {file_sha256(suite)}"


def test_the_splits_of_another_model_are_not_kept(tmp_path: Path) -> None:
    config = published(tmp_path, 3, singles(2, 20).assign(split="train"))
    assert kept_splits(dataclasses.replace(config, model_name="other")) is None


@pytest.mark.parametrize(
    ("links", "seed"),
    [
        ([("validate", {"split_seed": 7})], 7),
        # Once the run's seed was that of the splits, and some lineages tell neither.
        ([("validate", {"seed": 6})], 6),
        ([("validate", {"split_seed": 7, "seed": 6})], 7),
        ([("validate", {})], 0),
        ([("train", {"split_seed": 5})], 0),
        ([("validate", {"split_seed": 5}), ("validate", {"split_seed": 7}), ("train", {})], 7),
    ],
)
def test_the_seed_of_kept_splits_is_that_of_the_newest_validation(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    links: list[tuple[str, dict[str, int]]],
    seed: int,
) -> None:
    config = published(tmp_path, 1, singles(2, 20).assign(split="train"))
    folder = lineage_path(tmp_path / "model", 1)
    lineage = read_lineage(tmp_path / "model", 1)
    assert lineage is not None
    made = [
        dataclasses.replace(lineage.links[0], producer=producer, config=json.dumps(settings))
        for producer, settings in links
    ]
    write_lineage(
        folder,
        dataclasses.replace(lineage, links=tuple(made)),
        singles(2, 20).assign(split="train"),
    )
    kept_splits(dataclasses.replace(config, split_seed=seed))
    assert "no say" not in caplog.text
    kept_splits(dataclasses.replace(config, split_seed=99))
    assert "split_seed=99 has no say over pictures that version 1 knows" in caplog.text
    assert f"were dealt out with {seed};" in caplog.text


def test_the_step_says_the_digest_of_what_is_kept(tmp_path: Path) -> None:
    config = published(tmp_path, 3, singles(2, 20).assign(split="train"))
    assert kept.STEP.run(config, None, None, None) == content_key(config) != ""  # type: ignore[arg-type]
