"""`graft data infer-suite` and `graft data validate`, from 12-bit files to the exit code."""

import json
from pathlib import Path

import numpy as np
import pytest
from dvc_remote import contents, objects, put
from PIL import Image
from typer.testing import CliRunner

from components.common.errors import ConfigError
from pipelines.cli import app
from pipelines.cli.suite import infer_suite, validate

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:module .sre_\\w+. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning"),
]


def write(folder: Path, *, count: int, seed: int, side_px: int = 40) -> None:
    """12 bits in TIFF files of 16."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for number in range(count):
        levels = rng.normal(2000, 300, (side_px, side_px)).clip(0, 4000).astype(np.uint16)
        Image.fromarray(levels).save(folder / f"{number}.tif")


def test_accepted_pictures_judge_new_ones(tmp_path: Path) -> None:
    for seed, name in enumerate(("good", "bad")):
        write(tmp_path / "accepted" / name, count=15, seed=seed)
    suite = tmp_path / "suite.json"
    words = ["data", "infer-suite", "--data", str(tmp_path / "accepted"), "--out", str(suite)]
    inferred = CliRunner().invoke(app, words)
    assert inferred.exit_code == 0, inferred.output
    plain = json.loads(suite.read_text())
    assert plain["meta"]["graft"] == {"pictures": 30, "grey_range": [0, 4095]}
    (brightness,) = [
        one["kwargs"] for one in plain["expectations"] if one["kwargs"]["column"] == "brightness"
    ]
    assert brightness["min_value"] < 125 < brightness["max_value"]

    def validate(folder: str) -> tuple[int, str]:
        docs = tmp_path / "docs"
        words = ["data", "validate", "--data", str(tmp_path / folder), "--suite", str(suite)]
        found = CliRunner().invoke(app, [*words, "--docs", str(docs)])
        assert (docs / "index.html").is_file()
        return found.exit_code, found.output

    # Without labels, as a camera fills a folder.
    write(tmp_path / "same", count=20, seed=7)
    code, said = validate("same")
    assert (code, "0 of them critical" in said) == (0, True), said
    write(tmp_path / "smaller", count=20, seed=8, side_px=30)
    code, said = validate("smaller")
    assert code == 2 and "width_px from 40 to 40" in " ".join(said.split()), said


def test_versions_are_inferred_from_and_judged_as_folders_are(tmp_path: Path) -> None:
    """Of a data set in a DVC remote, by its hash; the one to judge has no labels."""
    for seed, name in enumerate(("good", "bad")):
        write(tmp_path / "lots" / "accepted" / name, count=3, seed=seed)
    write(tmp_path / "lots" / "new", count=3, seed=5)
    revision, placed = objects(contents(tmp_path / "lots"))
    put(tmp_path / "remote", placed)

    def graft(*words: str) -> str:
        found = CliRunner().invoke(app, ["data", *words])
        assert found.exit_code == 0, found.output
        return found.output.partition("expected")[2]  # below the bars

    def version(path: str) -> list[str]:
        settings = {"path": path, "data_rev": revision, "data_remote": str(tmp_path / "remote")}
        pairs = (f"ingest.{name}={value}" for name, value in settings.items())
        return ["--preset", "pictures", *(word for pair in pairs for word in ("--set", pair))]

    suites = [tmp_path / name for name in ("folder.json", "version.json")]
    graft("infer-suite", "--data", str(tmp_path / "lots" / "accepted"), "--out", str(suites[0]))
    graft("infer-suite", *version("accepted"), "--out", str(suites[1]))
    assert suites[0].read_bytes() == suites[1].read_bytes()
    judged = ["validate", "--suite", str(suites[1]), "--docs", str(tmp_path / "docs")]
    folder = graft(*judged, "--data", str(tmp_path / "lots" / "new"))
    assert "0 of them critical" in folder
    assert folder == graft(*judged, *version("new"))


def test_a_suite_that_a_person_may_have_edited_is_left_as_it_is(tmp_path: Path) -> None:
    write(tmp_path / "new", count=1, seed=5)
    suite = tmp_path / "suite.json"
    suite.write_text("mine")
    with pytest.raises(ConfigError, match="received one that is there; edit it"):
        infer_suite(data=tmp_path / "new", out=suite)
    assert suite.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_refused_before_any_picture_is_measured(
    tmp_path: Path,
) -> None:
    write(tmp_path / "new", count=1, seed=5)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"a folder for the suite at .*, received a file"):
        infer_suite(data=tmp_path / "new", out=tmp_path / "file" / "suite.json")
    with pytest.raises(ConfigError, match=r"a folder for the pages at .*, received a file"):
        validate(data=tmp_path / "new", docs=tmp_path / "file" / "docs")
