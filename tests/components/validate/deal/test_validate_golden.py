"""Test pictures that the manifest fixes: whatever changed since the last version is named."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from components.common.artifacts.dataset import FIXED_TEST, Dataset
from components.common.artifacts.lineage import PICTURE_COLUMNS
from components.common.artifacts.model_folder import lineage_path
from components.common.errors import DataError
from components.common.run_context import RunContext
from components.validate.config import ValidateConfig
from components.validate.deal.golden import changes
from components.validate.step import ValidateInputs, ValidateOutputs, run

# Great Expectations, where this is the first to import it.
pytestmark = [
    pytest.mark.filterwarnings("ignore:module .sre_\\w+. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning"),
]


def table(**rows: tuple[str, str, str]) -> pd.DataFrame:
    """Rows of a manifest: by name the content, the label and the split."""
    return pd.DataFrame(
        [[f"pictures/{name}.png", pixels, pixels, label, split]
         for name, (pixels, label, split) in rows.items()],
        columns=["path", "pixels", "sha256", "label", "split"],
    )  # fmt: skip


BEFORE = table(
    a=("1", "good", "test"),
    b=("2", "good", "test"),
    c=("3", "bad", "test"),
    d=("4", "bad", "test"),
    e=("5", "bad", "train"),
)


def said(now: pd.DataFrame, before: pd.DataFrame = BEFORE) -> dict[str, str | None]:
    found = changes(now, before)
    names = found["path"].str.removeprefix("pictures/").str.removesuffix(".png")
    return dict(zip(names, found["change"], strict=True))


def test_nothing_is_said_of_what_is_as_it_was_or_only_renamed() -> None:
    renamed = BEFORE.assign(path=BEFORE["path"].replace("pictures/a.png", "pictures/z.png"))
    assert said(renamed) == dict.fromkeys("zbcd")


def test_each_kind_of_change_is_named() -> None:
    now = table(
        a=("1", "bad", "test"),
        b=("9", "good", "test"),
        c=("3", "bad", "train"),
        e=("5", "bad", "test"),
    )
    assert said(now) == {
        "a": "was labelled 'good', is 'bad'",
        "b": "another picture under the same name",
        "e": "new",
        "c": "no longer a test picture",
        "d": "no longer a test picture",
    }


def test_versions_from_before_pixels_were_kept_are_compared_by_their_bytes() -> None:
    old = BEFORE.assign(pixels="")
    now = BEFORE.assign(pixels=BEFORE["pixels"] + "p")
    assert said(now, old) == dict.fromkeys("abcd")


@pytest.fixture
def fixed(manifest: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    rows = manifest(30)
    splits = ["test"] * 8 + ["validation"] * 6 + ["train"] * 46
    return rows.assign(split=splits)


@pytest.mark.slow
def test_a_changed_test_split_is_warned_of_and_stays_on_record(
    dataset: Callable[..., Dataset], fixed: pd.DataFrame, tmp_path: Path
) -> None:
    settings = ValidateConfig(
        min_groups=3, model_base_path=str(tmp_path / "models"), model_name="parts"
    )
    made = dataset(fixed)

    def validated(name: str) -> Dataset:
        places = ValidateOutputs(validated=tmp_path / name, report=tmp_path / f"{name}-report")
        run(settings, ValidateInputs(dataset=made.root), places, RunContext(run_id="r"))
        return Dataset.read(places.validated)

    first = validated("first")
    assert first.info.protocol == "manifest"
    assert FIXED_TEST not in {found.rule for found in first.info.findings}
    model_dir = tmp_path / "models" / "parts"
    (model_dir / "1").mkdir(parents=True)
    kept = lineage_path(model_dir, 1)
    kept.mkdir(parents=True)
    then = first.manifest.loc[:, list(PICTURE_COLUMNS)]
    then.to_parquet(kept / "pictures.parquet")
    assert FIXED_TEST not in {found.rule for found in validated("second").info.findings}

    swapped = then.assign(pixels=then["pixels"].where(then["path"] != "pictures/g1-0.png", "else"))
    swapped.to_parquet(kept / "pictures.parquet")
    (warned,) = [one for one in validated("third").info.findings if one.rule == FIXED_TEST]
    assert "1 of 8 fail: g1-0.png (another picture under the same name)" in warned.text
    report = json.loads((tmp_path / "third-report" / "validation.json").read_text())
    assert report["passed"]


def test_splits_of_a_version_that_is_not_there_are_refused(
    dataset: Callable[..., Dataset], tmp_path: Path
) -> None:
    settings = ValidateConfig(splits_of=4, model_base_path=str(tmp_path), model_name="parts")
    places = ValidateOutputs(validated=tmp_path / "v", report=tmp_path / "r")
    with pytest.raises(DataError, match="the pictures of version 4, whose splits are asked for"):
        run(settings, ValidateInputs(dataset=dataset().root), places, RunContext(run_id="r"))
