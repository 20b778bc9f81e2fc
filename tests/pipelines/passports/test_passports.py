"""`graft passport`: finding, showing, comparing, and the model card."""

import dataclasses
import json
from pathlib import Path

import pytest
from full_passport import ACCURACY, full_passport
from typer.testing import CliRunner

from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.model_folder import passport_path
from components.common.artifacts.passport import DataPage, Passport, SplitSize, write_passport
from components.common.errors import InputError
from pipelines.cli import app
from pipelines.passports.card import UNKNOWN, model_card
from pipelines.passports.compare import compare
from pipelines.passports.find import find_passport


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """Versions 2 and 3 of `parts`; 3 serves."""
    folder = tmp_path / "models" / "parts"
    write_passport(folder, earlier())
    write_passport(folder, full_passport())
    (folder / "3").mkdir()
    return folder


def earlier() -> Passport:
    now = full_passport()
    assert now.data is not None
    splits = (SplitSize(split="train", label="good", pictures=20, groups=6), *now.data.splits[1:])
    return full_passport(
        version=2,
        model_sha256="b" * 64,
        settings={"model_name": "parts", "train": {"method": "linear_probe", "seed": 5}},
        method="linear_probe",
        metrics=(dataclasses.replace(ACCURACY, value=0.9),),
        verdict=VerdictInfo(word="deploy", reasons=()),
        data=dataclasses.replace(now.data, splits=splits, findings=()),
    )


def graft(model_dir: Path, *words: str, code: int = 0) -> str:
    places = ["--model-name", model_dir.name, "--model-base-path", str(model_dir.parent)]
    done = CliRunner().invoke(app, ["passport", *words, *places], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def test_the_newest_version_is_shown_unless_another_is_named(model_dir: Path) -> None:
    shown = graft(model_dir, "show")
    for words in (
        *("parts version 3", "insufficient: There are too few <pictures>.", "A pilot."),
        *("accuracy 0.912 (0.881 to 0.940)", "they judge the recipe", "Apache-2.0", "CC0-1.0"),
        *("every picture once", "$ graft run --preset 3.yaml"),
    ):
        assert words in shown, words
    assert "parts version 2" in graft(model_dir, "show", "2")
    assert "parts version 2" in graft(model_dir, "show", str(model_dir / "2"))
    assert json.loads(graft(model_dir, "show", "--json"))["seeds"] == {"splits": 0, "train": 5}


def test_an_unknown_version_lists_those_there_are(model_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\(there are: 2, 3\), received version 7; name one"):
        find_passport("7", model_dir)
    with pytest.raises(InputError, match=r"\(there are: none\), received no version"):
        find_passport("", tmp_path / "nowhere")
    with pytest.raises(InputError, match="received 'three'; write it as '3'"):
        find_passport("three", model_dir)
    passport_path(model_dir, 2).write_text("{")
    with pytest.raises(InputError, match=r"a whole passport in .*2\.json, received a damaged one"):
        find_passport("2", model_dir)


def test_what_differs_is_listed_by_part_and_nothing_else(model_dir: Path) -> None:
    found = compare(find_passport("2", model_dir), find_passport("3", model_dir))
    assert not found.same_model
    assert {(one.part, one.name): (one.first, one.second) for one in found.differences} == {
        ("data", "pictures, train"): ("35", "40"),
        ("data", "pictures of 'good'"): ("20", "25"),
        ("data", "warning: 3 of 40 fail: every picture once"): ("–", "yes"),
        ("model", "digest"): ("b" * 12, "c" * 12),
        ("model", "method"): ("linear_probe", "full"),
        ("settings", "train.method"): ("linear_probe", "full"),
        ("figures", "accuracy"): ("0.900 (0.881 to 0.940)", "0.912 (0.881 to 0.940)"),
        ("verdict", "word"): ("deploy", "insufficient"),
        ("verdict", "override"): ("none", "Ada: A pilot."),
    }


def test_a_setting_that_is_written_out_as_it_is_anyway_is_no_difference() -> None:
    short = {"model_name": "parts", "seed": 3}
    long = short | {"train": {"backbone": "mobilenet_v2", "seed": 3, "options": {}}}
    long["gate"] = {"min_test_pictures": 17}
    found = compare(full_passport(settings=short), full_passport(settings=long))
    assert [(one.name, one.first, one.second) for one in found.differences] == [
        ("gate.min_test_pictures", "30", "17")
    ]
    # A setting that is gone by now is shown as it was written.
    old = {**long, "train": {"no_longer": 1}}
    found = compare(full_passport(settings=short), full_passport(settings=old))
    assert ("train.no_longer", "–", "1") in {
        (one.name, one.first, one.second) for one in found.differences
    }


def test_where_a_version_lies_is_no_difference(model_dir: Path) -> None:
    one = full_passport(settings={"model_base_path": "/a", "deploy": {"model_base_path": "/a"}})
    other = full_passport(settings={"model_base_path": "/b", "deploy": {"model_base_path": "/b"}})
    found = compare(one, other)
    assert found.same_model
    assert found.differences == ()


def test_the_end_of_a_comparison_says_whether_the_model_is_the_same(model_dir: Path) -> None:
    said = graft(model_dir, "diff", "2", "3", code=1)
    assert "they are different models" in said
    assert "train.method" in said
    assert "both are the same model, byte by byte" in graft(model_dir, "diff", "3", "3")
    plain = json.loads(graft(model_dir, "diff", "2", "3", "--json", code=1))
    assert plain["same_model"] is False
    assert plain["differences"][0]["part"] == "data"


def test_a_model_card_has_the_papers_sections_and_marks_what_only_people_know(
    model_dir: Path, tmp_path: Path
) -> None:
    graft(model_dir, "card", "3", "--out", str(tmp_path / "card.md"))
    card = (tmp_path / "card.md").read_text()
    assert card == model_card(full_passport())
    titles = [line[3:] for line in card.splitlines() if line.startswith("## ")]
    assert titles == [
        "Model details",
        "Intended use",
        "Factors",
        "Metrics",
        "Evaluation data",
        "Training data",
        "Quantitative analyses",
        "Ethical considerations",
        "Caveats and recommendations",
    ]
    for words in (
        *("accuracy | 0.912 (0.881 to 0.940)", "Deployed all the same by Ada", "line a\\|b"),
        "| bad | 15 | 5 | recall 0.800 (0.550 to 0.930) |",
        *("detection", "The figures judge the recipe", "| train | bad | 15 | 5 |", "CC0-1.0"),
        *("Apache-2.0", UNKNOWN, "Two pictures could not be read."),
    ):
        assert words in card, words


def test_a_card_of_an_older_version_says_what_was_not_recorded() -> None:
    card = model_card(
        full_passport(data=None, slices=(), per_class=(), weights="", evidence="holdout")
    )
    assert "Not recorded for this version." in card
    assert "weights: not recorded" in card
    assert "held out from training" in card


def test_a_data_page_without_a_licence_is_not_silent() -> None:
    page = DataPage(
        name="n", sha256="", licence="", protocol="", split_seed=0, splits=(), findings=()
    )
    assert "Licence: not stated" in model_card(full_passport(data=page))


def test_what_became_of_16_bits_and_of_other_shapes_is_shown(model_dir: Path) -> None:
    before = full_passport()
    assert before.data is not None
    data = dataclasses.replace(before.data, grey_range=(0, 4095))
    write_passport(model_dir, dataclasses.replace(before, data=data, fit="pad"))
    page = passport_path(model_dir, 3).with_suffix(".html").read_text()
    assert "0 to 4095 become 0 to 255" in page and "pixels, padded" in page
    assert "0 to 4095" in graft(model_dir, "show", "3")
    assert "px, pad;" in model_card(find_passport("3", model_dir))
