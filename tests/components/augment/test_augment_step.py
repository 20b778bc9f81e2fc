import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from components.augment import step
from components.augment.config import AugmentConfig
from components.augment.step import AugmentInputs, AugmentOutputs
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.shards import Shards
from components.common.errors import ConfigError, DataError
from components.common.pictures import decode as pictures
from components.common.run_context import RunContext

MakeDataset = Callable[..., Path]
SETTINGS = AugmentConfig(image_size_px=16, views=3, seed=5)


def run(dataset: Path, out: Path, settings: AugmentConfig = SETTINGS) -> Shards:
    outputs = AugmentOutputs(shards=out)
    step.run(settings, AugmentInputs(dataset=dataset), outputs, RunContext(run_id="r"))
    return Shards.read(out)


def test_view_zero_is_the_resized_picture_and_rows_are_view_major(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    root = make_dataset()
    shards = run(root, tmp_path / "shards")
    dataset = Dataset.read(root)
    rows = shards.rows("train")
    count = len(dataset.split("train"))

    assert shards.pixels("train").shape == (3 * count, 16, 16, 1)
    assert list(rows["row"]) == list(range(3 * count))
    assert list(rows["view"]) == [0] * count + [1] * count + [2] * count
    assert list(rows["path"][:count]) == list(rows["path"][count : 2 * count])
    for split in ("train", "validation", "test"):
        for i, path in enumerate(dataset.split(split)["path"]):
            whole = pictures.decode(dataset.picture(path))
            np.testing.assert_array_equal(shards.pixels(split)[i], pictures.resize(whole, 16))


def test_only_the_training_split_is_augmented(make_dataset: MakeDataset, tmp_path: Path) -> None:
    shards = run(make_dataset(), tmp_path / "shards")
    assert len(shards.pixels("validation")) == len(shards.rows("validation")) == 2
    assert len(shards.pixels("test")) == len(shards.rows("test")) == 2


def test_same_seed_same_shards_and_other_seed_other_views(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    root = make_dataset()
    first = run(root, tmp_path / "a")
    again = run(root, tmp_path / "b")
    other = run(root, tmp_path / "c", dataclasses.replace(SETTINGS, seed=6))
    assert first.info.content_sha256 == again.info.content_sha256
    assert first.info.content_sha256 != other.info.content_sha256
    np.testing.assert_array_equal(first.pixels("train"), again.pixels("train"))


def test_a_views_pixels_do_not_depend_on_the_other_pictures(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    few = run(make_dataset(10, name="few"), tmp_path / "a")
    many = run(make_dataset(20, name="many"), tmp_path / "b")
    for shards in (few, many):
        rows = shards.rows("train")
        row = int(rows[(rows["path"] == "pictures/0.png") & (rows["view"] == 2)]["row"].iloc[0])
        view = shards.pixels("train")[row]
        if shards is few:
            kept = view
    np.testing.assert_array_equal(kept, view)


@pytest.mark.parametrize("colour_from", [0, 9])
def test_one_colour_picture_makes_three_channels(
    make_dataset: MakeDataset, tmp_path: Path, colour_from: int
) -> None:
    root = make_dataset(10, colour_from=colour_from)
    shards = run(root, tmp_path / "shards")
    assert shards.info.channels == 3
    assert shards.pixels("train").shape[-1] == 3
    if colour_from == 9:
        grey = shards.pixels("train")[0]
        np.testing.assert_array_equal(grey[..., 0], grey[..., 2])


def test_an_empty_split_is_named(make_dataset: MakeDataset, tmp_path: Path) -> None:
    root = make_dataset()
    dataset = Dataset.read(root)
    everything = dataset.manifest.assign(split="train")
    Dataset(root, dataset.info, everything).write()
    with pytest.raises(DataError, match="none in 'validation'"):
        run(root, tmp_path / "shards")


def test_a_damaged_picture_is_named(make_dataset: MakeDataset, tmp_path: Path) -> None:
    root = make_dataset()
    (root / "pictures" / "3.png").write_text("no picture")
    with pytest.raises(DataError, match=r"pictures/3\.png"):
        run(root, tmp_path / "shards")


def test_unknown_policy_and_option_are_refused(make_dataset: MakeDataset, tmp_path: Path) -> None:
    root = make_dataset()
    with pytest.raises(ConfigError, match="flips_shifts_light"):
        run(root, tmp_path / "a", dataclasses.replace(SETTINGS, policy="twirl"))
    with pytest.raises(ConfigError, match=r"augment\.policy\.rotation\.angle"):
        policy = ({"rotation": {"angle": 3}},)
        run(root, tmp_path / "b", dataclasses.replace(SETTINGS, policy=policy))


def test_policies_are_applied_in_the_order_of_the_list(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    root = make_dataset()
    flipped = run(root, tmp_path / "a", dataclasses.replace(SETTINGS, policy=("flips",)))
    both = dataclasses.replace(SETTINGS, policy=("flips", {"normalisation": {"mean": 90}}))
    seen = run(root, tmp_path / "b", both)
    assert [item.name for item in seen.info.augmentation.policy] == ["flips", "normalisation"]
    count = len(flipped.rows("train")) // 3
    first, second = flipped.pixels("train"), seen.pixels("train")
    np.testing.assert_array_equal(first[:count], second[:count])
    assert abs(second[count:].mean() - 90) < 2 < abs(first[count:].mean() - 90)
    # Brightest and darkest places are where they are in the mirrored picture.
    for mirrored, view in zip(first[count:], second[count:], strict=True):
        assert np.corrcoef(mirrored.ravel(), view.ravel())[0, 1] > 0.99


def test_the_sheet_shows_originals_beside_their_views(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    root = make_dataset()
    shards = run(root, tmp_path / "shards")
    sheet = pictures.decode(shards.sheet.read_bytes())
    assert sheet.shape[:2] == (6 * 96, 3 * 96)
    alone = run(root, tmp_path / "plain", dataclasses.replace(SETTINGS, views=1))
    assert not alone.sheet.exists()


def test_a_policy_that_leaves_the_range_of_the_camera_is_named(
    make_dataset: MakeDataset, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = make_dataset()
    policy = ("flips", {"brightness": {"share": 0.9}})
    shards = run(root, tmp_path / "shards", dataclasses.replace(SETTINGS, policy=policy))
    mild, harsh = shards.info.augmentation.plausibility
    assert (mild.policy, mild.outside) == ("flips", 0)
    assert harsh.policy == "brightness" and harsh.outside > 0.3
    assert "views of 'brightness'" in caplog.text and "'flips'" not in caplog.text
