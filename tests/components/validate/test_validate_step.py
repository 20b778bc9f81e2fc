"""The whole step, through the real Great Expectations."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.records import read_record
from components.common.errors import ConfigError, DataError
from components.common.pictures.decode import encode_png
from components.common.run_context import RunContext
from components.validate.config import ValidateConfig
from components.validate.step import ValidateInputs, ValidateOutputs, run
from components.validate.verdict import Validation

pytestmark = [
    pytest.mark.slow,
    # Great Expectations and what it imports, not ours.
    pytest.mark.filterwarnings("ignore:module .sre_\\w+. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning"),
]

MakeDataset = Callable[..., Dataset]
MakeRows = Callable[..., pd.DataFrame]


class Places:
    def __init__(self, root: Path) -> None:
        self.out = root / "out"
        self.report = root / "report"

    def run(self, dataset: Dataset, **settings: object) -> Validation:
        config = ValidateConfig(**{"evidence": "holdout", **settings})  # type: ignore[arg-type]
        inputs = ValidateInputs(dataset=dataset.root)
        outputs = ValidateOutputs(validated=self.out, report=self.report)
        return run(config, inputs, outputs, RunContext(run_id="r"))

    def stopped(self, dataset: Dataset, **settings: object) -> str:
        """Run, expect a stop with the report written and no Dataset, return the message."""
        with pytest.raises(DataError) as caught:
            self.run(dataset, **settings)
        message = str(caught.value)
        assert "\n" not in message
        assert not self.out.exists()
        found = read_record(self.report / "validation.json", Validation)
        assert not found.passed
        assert "Stopped" in (self.report / "report.html").read_text()
        return message


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def finding(validation: Validation, name: str) -> tuple[bool, int, tuple[str, ...]]:
    found = next(item for item in validation.findings if item.name == name)
    return found.passed, found.failing, found.examples


def test_good_data_pass_and_get_their_splits(dataset: MakeDataset, places: Places) -> None:
    made = dataset()
    validation = places.run(made)
    assert validation.passed
    assert [item.name for item in validation.findings if not item.passed] == []
    written = Dataset.read(places.out)
    assert set(written.manifest["split"]) == {"train", "validation", "test"}
    assert written.picture(written.manifest["path"][3]) == made.picture(made.manifest["path"][3])
    assert sum(cell.pictures for cell in validation.cells) == 60
    facts = pd.read_parquet(places.report / "facts.parquet")
    assert len(facts) == 60
    # They go with the pictures, for whoever looks at parts of them.
    assert written.facts().index.tolist() == written.manifest["path"].tolist()
    assert written.facts()["brightness"].notna().all()
    assert made.facts().empty


def test_the_report_says_what_became_of_16_bits(dataset: MakeDataset, places: Places) -> None:
    assert places.run(dataset(grey_range=(0, 4095))).grey_range == (0, 4095)
    page = (places.report / "report.html").read_text()
    assert "0 to 4095 of 16-bit pictures became 0 to 255" in page
    assert Dataset.read(places.out).info.grey_range == (0, 4095)


def test_unreadable_pictures_stop_the_run_all_at_once(dataset: MakeDataset, places: Places) -> None:
    made = dataset()
    (made.root / "pictures/g1-0.png").write_text("not a picture")
    cut = made.picture("pictures/g2-1.png")[:500]
    (made.root / "pictures/g2-1.png").write_bytes(cut)
    message = places.stopped(made)
    assert "rule readable" in message
    assert "2 of 60 that fail: g1-0.png (bytes that no decoder knows), g2-1.png (" in message
    assert "validate.on_unreadable=drop" in message


def test_unreadable_pictures_can_be_dropped_and_are_named(
    dataset: MakeDataset, places: Places
) -> None:
    made = dataset()
    (made.root / "pictures/g1-0.png").write_text("not a picture")
    validation = places.run(made, on_unreadable="drop")
    assert validation.dropped == ("g1-0.png",)
    assert "g1-0.png" in (places.report / "report.html").read_text()
    assert "pictures/g1-0.png" not in set(Dataset.read(places.out).manifest["path"])


def test_nothing_readable(dataset: MakeDataset, places: Places) -> None:
    made = dataset()
    for path in made.manifest["path"]:
        (made.root / path).write_bytes(b"")
    assert "rule class_size" in places.stopped(made, on_unreadable="drop")


def test_a_one_pixel_picture(dataset: MakeDataset, places: Places) -> None:
    made = dataset()
    dot = encode_png(np.zeros((1, 1, 1), dtype=np.uint8))
    (made.root / "pictures/g4-1.png").write_bytes(dot)
    message = places.stopped(made)
    assert "at least 32 pixels a side (rule size), received 1 of 60 that fail: g4-1.png (1)" in (
        message
    )


def test_a_class_with_one_picture(dataset: MakeDataset, manifest: MakeRows, places: Places) -> None:
    rows = manifest(30, labels=("good",))
    rows.loc[7, "label"] = "bad"
    message = places.stopped(dataset(rows))
    assert "at least 3 readable pictures of every class" in message
    assert "bad (1)" in message
    assert "also broken: class_in_every_split" in message


def test_a_class_in_one_group_only(
    dataset: MakeDataset, manifest: MakeRows, places: Places
) -> None:
    rows = manifest(30, size=5, labels=("good",))
    rows.loc[rows["group"] == "g3", "label"] = "bad"
    message = places.stopped(dataset(rows))
    assert "rule class_in_every_split" in message
    assert "validation / bad (0)" in message
    assert "test / bad (0)" in message


def test_a_picture_in_two_given_splits(
    dataset: MakeDataset, manifest: MakeRows, places: Places
) -> None:
    rows = manifest(9, size=4)
    rows["split"] = ["train", "train", "test", "test", "validation", "validation"] * 6
    rows["group"] = rows["path"]
    made = dataset(rows)
    (made.root / rows["path"][2]).write_bytes(made.picture(rows["path"][0]))
    message = places.stopped(made)
    assert "no picture to stand in two splits" in message
    assert "g0-0.png (g0-2.png), g0-2.png (g0-0.png)" in message


def test_a_picture_without_a_group_is_named_by_what_it_shows(
    dataset: MakeDataset, manifest: MakeRows, places: Places
) -> None:
    rows = manifest(30).drop(columns="pixels")
    rows.loc[rows.index % 2 == 0, "group"] = ""
    made = dataset(rows)
    places.run(made)
    written = Dataset.read(places.out).manifest
    facts = pd.read_parquet(places.report / "facts.parquet")
    assert written["pixels"].tolist() == facts["pixels_sha256"].tolist()
    own = rows["group"] == ""
    assert written["group"][own].tolist() == written["pixels"][own].tolist()
    assert written["group"][~own].tolist() == rows["group"][~own].tolist()


def test_under_cross_validation_all_pictures_are_training_pictures(
    dataset: MakeDataset, manifest: MakeRows, places: Places
) -> None:
    made = dataset(manifest(30))
    for asked in ("auto", "cross_validation"):
        validation = places.run(made, evidence=asked)
        assert validation.passed
        assert validation.evidence == "cross_validation"
        assert {cell.split for cell in validation.cells} == {"train"}
        assert not any(item.name == "class_in_every_split" for item in validation.findings)
        written = Dataset.read(places.out)
        assert written.info.evidence == "cross_validation"
        assert set(written.manifest["split"]) == {"train"}
    assert "cross-validation gives the figures" in (places.report / "report.html").read_text()


def test_cross_validation_needs_a_class_in_two_groups(
    dataset: MakeDataset, manifest: MakeRows, places: Places
) -> None:
    rows = manifest(30, size=5, labels=("good",))
    rows.loc[rows["group"] == "g3", "label"] = "bad"
    message = places.stopped(dataset(rows), evidence="cross_validation")
    assert "every class in at least 2 groups" in message
    assert "bad (1)" in message


def test_given_splits_hold_out_unless_cross_validation_is_asked_for(
    dataset: MakeDataset, manifest: MakeRows, places: Places
) -> None:
    splits = ["train", "test", "validation"] * 10
    rows = manifest(30).assign(split=[split for split in splits for _ in range(2)])
    made = dataset(rows)
    assert places.run(made, evidence="auto").evidence == "holdout"
    assert Dataset.read(places.out).manifest["split"].tolist() == rows["split"].tolist()
    assert places.run(made, evidence="cross_validation").evidence == "cross_validation"


def test_pictures_of_the_serving_version_keep_their_splits(
    dataset: MakeDataset, manifest: MakeRows, places: Places, tmp_path: Path
) -> None:
    made = dataset(manifest(30))
    places.run(made)
    first = Dataset.read(places.out).manifest
    lineage = tmp_path / "models" / "model" / "lineage" / "2"
    lineage.mkdir(parents=True)
    (tmp_path / "models" / "model" / "2").mkdir()
    first.to_parquet(lineage / "pictures.parquet")
    config = {"model_base_path": str(tmp_path / "models"), "split_seed": 1}
    validation = places.run(made, **config)
    assert validation.kept_from == 2
    assert Dataset.read(places.out).manifest["split"].tolist() == first["split"].tolist()
    assert "version 2 knows" in (places.report / "report.html").read_text()
    assert places.run(made, keep_splits=False, **config).kept_from == 0
    assert Dataset.read(places.out).manifest["split"].tolist() != first["split"].tolist()


def test_a_version_published_since_the_look_at_the_splits_is_noticed(
    dataset: MakeDataset, places: Places
) -> None:
    inputs = ValidateInputs(dataset=dataset().root, kept="another digest")
    outputs = ValidateOutputs(validated=places.out, report=places.report)
    with pytest.raises(DataError, match="start the run again"):
        run(ValidateConfig(), inputs, outputs, RunContext(run_id="r"))


def test_many_equal_classes_are_no_finding(
    dataset: MakeDataset, manifest: MakeRows, places: Places
) -> None:
    rows = manifest(78, size=1, labels=("good",))
    rows["label"] = [f"c{number % 26:02d}" for number in range(78)]
    made = dataset(rows, positive="")
    assert finding(places.run(made), "class_share")[0]
    assert not finding(places.run(made, min_class_share=1.0), "class_share")[1]


def test_a_class_far_below_its_equal_share_is_one(
    dataset: MakeDataset, manifest: MakeRows, places: Places
) -> None:
    rows = manifest(90, labels=("good",))
    rows.loc[rows.index < 6, "label"] = "bad"
    found = finding(places.run(dataset(rows)), "class_share")
    assert found == (False, 1, ("bad (0.06667)",))


def test_copies_without_given_splits_go_together_with_a_warning(
    dataset: MakeDataset, places: Places
) -> None:
    made = dataset()
    for number in range(6, 12):
        copy = made.picture("pictures/g0-0.png")
        (made.root / f"pictures/g{number}-0.png").write_bytes(copy)
    validation = places.run(made)
    assert finding(validation, "no_duplicate")[:2] == (False, 6)
    assert finding(validation, "no_duplicate_across_splits")[0]


def test_a_group_in_two_given_splits(
    dataset: MakeDataset, manifest: MakeRows, places: Places
) -> None:
    rows = manifest(3, size=6)
    rows["split"] = ["train", "train", "test", "test", "validation", "validation"] * 3
    assert "g0 (test, train, validation)" in places.stopped(dataset(rows))


def test_warnings_do_not_stop(dataset: MakeDataset, manifest: MakeRows, places: Places) -> None:
    rows = manifest(12, size=4)
    rows["soft_label"] = [0.9] + [float("nan")] * 47
    made = dataset(rows)
    black = np.zeros((40, 40, 1), dtype=np.uint8)
    (made.root / "pictures/g0-1.png").write_bytes(encode_png(black))
    wide = np.random.default_rng(1).integers(0, 256, (40, 200, 3)).astype(np.uint8)
    (made.root / "pictures/g0-2.png").write_bytes(encode_png(wide))
    validation = places.run(made)
    broken = {item.name: item.examples for item in validation.broken("warning")}
    assert broken == {
        "mode": ("g0-2.png (colour)",),
        "brightness": ("g0-1.png (0)",),
        "contrast": ("g0-1.png (0)",),
        "blur": ("g0-1.png (0)",),
        "aspect_ratio": ("g0-2.png (5)",),
        "soft_label_agrees": ("g0-0.png (False)",),
        "enough_groups": ("12",),
    }
    page = (places.report / "report.html").read_text()
    assert "g0-2.png (colour)" in page
    assert "Passed, with 7 warnings." in page


def test_the_random_protocol_says_that_it_leaks(dataset: MakeDataset, places: Places) -> None:
    validation = places.run(dataset(), split="random")
    assert validation.protocol == "random"
    assert not finding(validation, "group_in_one_split")[0]


def test_names_are_escaped_in_the_page(
    dataset: MakeDataset, manifest: MakeRows, places: Places
) -> None:
    rows = manifest(30)
    rows.loc[0, "path"] = "pictures/<b>.png"
    made = dataset(rows)
    (made.root / "pictures/<b>.png").write_text("x")
    places.stopped(made)
    page = (places.report / "report.html").read_text()
    assert "&lt;b&gt;.png" in page
    assert "<b>" not in page


def test_nothing_is_sent_to_the_internet(
    dataset: MakeDataset, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    places.run(dataset())
    assert json.loads((places.report / "validation.json").read_text())["passed"]


@pytest.mark.parametrize("good", [("fine",), ("good", "bad")])
def test_good_classes_that_there_are_not_are_refused_at_once(
    good: tuple[str, ...], dataset: MakeDataset, places: Places
) -> None:
    with pytest.raises(ConfigError, match=r"evaluate.good to name some of the classes good, bad"):
        places.run(dataset(), good=good)
    assert not places.report.exists()
    assert not places.out.exists()


def test_costs_that_differ_need_good_classes_at_once(
    dataset: MakeDataset, manifest: MakeRows, places: Places
) -> None:
    three = dataset(manifest(30, labels=("good", "crack", "dent")), positive="")
    with pytest.raises(ConfigError, match=r"evaluate\.good beside .*name the good ones of good, c"):
        places.run(three, costs_differ=True)
    assert not places.report.exists()


def test_no_class_is_called_as_a_model_in_doubt_answers(
    dataset: MakeDataset, manifest: MakeRows, places: Places
) -> None:
    made = dataset(manifest(4, labels=("good", "ask")), positive="ask")
    with pytest.raises(DataError, match=r"other names than 'ask'.*received good, ask; rename"):
        places.run(made)
