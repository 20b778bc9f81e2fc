from collections.abc import Callable

import pandas as pd
import pytest

from components.validate.config import ValidateConfig
from components.validate.deal import splits

Make = Callable[..., pd.DataFrame]


def assign(rows: pd.DataFrame, **settings: object) -> pd.Series:
    return splits.assign(rows, settings=ValidateConfig(**settings))  # type: ignore[arg-type]


def test_a_group_never_straddles(manifest: Make) -> None:
    rows = manifest(200, size=3)
    split = assign(rows)
    assert (split.groupby(rows["group"]).nunique() == 1).all()


def test_shares_are_met_on_average(manifest: Make) -> None:
    shares = assign(manifest(4000, size=1, labels=("good",))).value_counts(normalize=True)
    assert shares["test"] == pytest.approx(0.25, abs=0.03)
    assert shares["validation"] == pytest.approx(0.15, abs=0.03)


def test_new_data_move_no_old_group(manifest: Make) -> None:
    rows = manifest(120)
    old = assign(rows.head(80)).tolist()
    assert assign(rows).head(80).tolist() == old
    shuffled = rows.sample(frac=1, random_state=0)
    assert assign(shuffled).sort_index().tolist() == assign(rows).tolist()


def test_the_validation_share_moves_no_test_group(manifest: Make) -> None:
    rows = manifest(200)
    small = assign(rows, validation_fraction=0.1)
    large = assign(rows, validation_fraction=0.3)
    assert ((small == "test") == (large == "test")).all()


def test_another_seed_another_split(manifest: Make) -> None:
    rows = manifest(60)
    assert assign(rows, split_seed=1).tolist() != assign(rows, split_seed=2).tolist()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("protocol", ["grouped", "random"])
def test_every_class_reaches_every_split_with_few_groups(
    manifest: Make, seed: int, protocol: str
) -> None:
    rows = manifest(6, size=1).assign(label=["good", "good", "good", "bad", "bad", "bad"])
    split = assign(rows, split_seed=seed, split=protocol)
    assert len(set(zip(split, rows["label"], strict=True))) == 6


@pytest.mark.parametrize("seed", range(10))
def test_a_class_in_two_groups_goes_to_train_and_test(manifest: Make, seed: int) -> None:
    rows = manifest(12, size=1, labels=("good",))
    rows.loc[rows["group"].isin(["g3", "g8"]), "label"] = "bad"
    split = assign(rows, split_seed=seed)
    assert set(split[rows["label"] == "bad"]) == {"train", "test"}


def test_random_is_stratified_by_class_and_domain(manifest: Make) -> None:
    rows = manifest(200, size=2)
    rows["domain"] = ["mono", "mono", "mono", "poly"] * 100
    split = assign(rows, split="random")
    for _, stratum in split.groupby([rows["label"], rows["domain"]]):
        assert abs((stratum == "test").sum() - 0.25 * len(stratum)) <= 1
    assert (split.groupby(rows["group"]).nunique() > 1).any()


@pytest.mark.parametrize("protocol", ["grouped", "random"])
def test_pictures_with_the_same_pixels_stay_together(manifest: Make, protocol: str) -> None:
    rows = manifest(60, size=1)
    rows["pixels"] = [f"g{number // 3 * 3}" for number in range(60)]
    split = assign(rows, split=protocol)
    assert (split.groupby(rows["pixels"]).nunique() == 1).all()
    assert split.nunique() == 3


def test_groups_that_share_a_picture_are_joined_through_others(manifest: Make) -> None:
    rows = manifest(40, size=3)
    # g0 - g5 - g9 hang together by one picture each.
    pixels = rows.set_index("path")["pixels"]
    for copy, of in (("g5-0", "g0-0"), ("g9-1", "g5-1")):
        rows.loc[rows["path"] == f"pictures/{copy}.png", "pixels"] = pixels[f"pictures/{of}.png"]
    for seed in range(10):
        split = assign(rows, split_seed=seed)
        assert split[rows["group"].isin(["g0", "g5", "g9"])].nunique() == 1


def test_a_split_column_is_taken_as_it_is(manifest: Make) -> None:
    rows = manifest(3).assign(split=["train", "test", "test", "train", "validation", "train"])
    assert assign(rows).tolist() == rows["split"].tolist()


def test_counts_name_empty_cells(manifest: Make) -> None:
    rows = manifest(2).assign(split="train")
    table = splits.counts(rows, ("good", "bad")).set_index(["split", "label"])
    assert table.loc[("train", "good"), "pictures"] == 2
    assert table.loc[("test", "bad"), "pictures"] == 0
    assert (table.loc[("train", "good"), "groups"], table.loc[("test", "bad"), "groups"]) == (2, 0)
    assert len(table) == 6


@pytest.mark.parametrize("protocol", ["grouped", "random"])
@pytest.mark.parametrize("seed", range(8))
def test_additions_move_no_old_picture(manifest: Make, protocol: str, seed: int) -> None:
    # Few groups, so that a class is missing somewhere and a group has to be moved by hand.
    old = manifest(6, size=2).assign(label=["good"] * 6 + ["bad"] * 6)
    new = manifest(12, size=2).tail(12)
    new = new.assign(path=new["path"].str.replace("pictures/", "pictures/additions/"))
    both = pd.concat([old, new], ignore_index=True)
    before = assign(old, split_seed=seed, split=protocol)
    after = assign(both, split_seed=seed, split=protocol)
    assert after.head(12).tolist() == before.tolist()
    assert after.isin(["train", "validation", "test"]).all()


def _added(rows: pd.DataFrame) -> pd.DataFrame:
    """Return other pictures of the same groups, as they are added."""
    return rows.assign(
        path="pictures/additions/" + rows["path"].str[9:], pixels="new " + rows["pixels"],
        sha256="new " + rows["sha256"],
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_an_addition_follows_its_group_where_additions_have_groups_moved(
    manifest: Make, seed: int
) -> None:
    # So few at first that a group is moved by hand, so many then that none would have to be.
    rows = manifest(18, size=2)
    rows["label"] = ["good", "good", "bad", "bad"] * 9
    old, more = rows.head(12), _added(rows)
    before = assign(old, split_seed=seed)
    after = assign(pd.concat([old, more], ignore_index=True), split_seed=seed)
    assert after[12:24].tolist() == before.tolist()


def test_an_addition_follows_its_group_where_a_version_had_it(manifest: Make) -> None:
    rows = manifest(40)
    old, gone = rows.head(60), rows.tail(20)
    others = {"train": "test", "test": "validation", "validation": "train"}
    before = rows.assign(split=assign(rows).map(others))
    now = pd.concat([old, _added(old), _added(gone)], ignore_index=True)
    found = splits.assign(now, settings=ValidateConfig(), before=before)
    expected = before["split"].tolist()
    assert found.tolist() == [*expected[:60], *expected]


def test_an_addition_follows_its_group_and_its_pixels(manifest: Make) -> None:
    old = manifest(40)
    before = assign(old)
    twin = old.head(40).assign(
        path="pictures/additions/" + old["path"].str[9:], group="new-" + old["group"]
    )
    rows = pd.concat([old, twin], ignore_index=True)
    for split in ("grouped", "random"):
        dealt = assign(rows, split=split)
        assert (dealt.groupby(rows["pixels"]).nunique() == 1).all(), split
    kept = rows.assign(pixels=rows["path"], group=[*old["group"], *old["group"].head(40)])
    assert assign(kept).tail(40).tolist() == before.head(40).tolist()


def test_a_manifests_own_splits_stay_when_pictures_are_added(manifest: Make) -> None:
    old = manifest(30).assign(split="train")
    new = old.tail(4).assign(
        path=[f"pictures/additions/{n}.png" for n in range(4)], split="", group="fresh"
    )
    dealt = assign(pd.concat([old, new], ignore_index=True))
    assert dealt.head(60).eq("train").all()
    assert dealt.tail(4).nunique() == 1


@pytest.mark.parametrize("protocol", ["grouped", "random"])
def test_pictures_that_show_the_same_are_one_unit(manifest: Make, protocol: str) -> None:
    rows = manifest(40, size=2)
    rows["group"] = rows["pixels"]
    shows = rows["pixels"].where(rows.index >= 12, rows["pixels"][0])
    config = ValidateConfig(split=protocol)  # type: ignore[arg-type]
    together = splits.assign(rows, settings=config, shows=shows)
    assert together[:12].nunique() == 1
    assert splits.assign(rows, settings=config)[:12].nunique() > 1
    # A copy of a picture that the serving version knows goes where that one is.
    for split in ("train", "test"):
        before = rows.iloc[[3]].assign(split=split)
        kept = splits.assign(rows, settings=config, before=before, shows=shows)
        assert set(kept[:12]) == {split}
