"""A suite is inferred, edited by a person, and stops a run: through the real Great Expectations."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.common.artifacts.dataset import Dataset
from components.common.errors import ConfigError, DataError
from components.common.pictures.decode import encode_png
from components.common.run_context import RunContext
from components.validate.commands import SourcePictures, infer_suite, judge
from components.validate.config import ValidateConfig
from components.validate.kept import content_key
from components.validate.step import ValidateInputs, ValidateOutputs, run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:module .sre_\\w+. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning"),
]


def pictures(
    root: Path, count: int, *, light: float = 0.0, labelled: bool = True
) -> SourcePictures:
    """Grey pictures of two cameras, one of them darker by 60 levels."""
    root.mkdir(parents=True)
    rng = np.random.default_rng(len(root.name))
    domains = ["upper" if number % 2 else "it's" for number in range(count)]
    for number, domain in enumerate(domains):
        level = rng.normal(150 if domain == "upper" else 90, 3) + light
        pixels = rng.normal(level, 12, (40, 48, 1)).clip(0, 255).astype(np.uint8)
        (root / f"{number}.png").write_bytes(encode_png(pixels))
    return SourcePictures(
        files={f"{number}.png": root / f"{number}.png" for number in range(count)},
        labels=["good" if number % 3 else "bad" for number in range(count)]
        if labelled
        else [""] * count,
        domains=domains,
    )


@pytest.fixture(scope="module")
def suite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("suite")
    file = root / "suite.json"
    file.write_bytes(
        infer_suite(pictures(root / "accepted", 120), name="two", grey_range=(0, 4095))
    )
    return file


def broken(found: Any) -> dict[str, str]:
    return {one.name.partition(": ")[2]: one.severity for one in found if not one.passed}


def test_the_file_is_great_expectations_own_and_readable(suite_file: Path) -> None:
    plain = json.loads(suite_file.read_text())
    assert plain["meta"]["graft"] == {"pictures": 120, "grey_range": [0, 4095]}
    by_column: dict[str, list[dict[str, Any]]] = {}
    for one in plain["expectations"]:
        by_column.setdefault(one["kwargs"]["column"], []).append(one)
    assert by_column["width_px"][0]["kwargs"]["max_value"] == 48
    assert by_column["label"][0]["kwargs"]["value_set"] == ["bad", "good"]
    assert by_column["mode"][0]["severity"] == "critical"
    dark, light = (one["kwargs"] for one in by_column["brightness"])
    assert dark["row_condition"]["parameter"] == "it's"
    assert dark["max_value"] < light["min_value"]


def test_pictures_that_nobody_can_read_make_no_suite(tmp_path: Path) -> None:
    broken_files = pictures(tmp_path / "accepted", 3)
    for file in broken_files.files.values():
        file.write_bytes(b"no picture")
    with pytest.raises(DataError, match="received 3 that cannot be read"):
        infer_suite(broken_files, name="none", grey_range=(0, 4095))


def test_new_pictures_of_the_same_cameras_meet_it(suite_file: Path, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    same = pictures(tmp_path / "same_again", 60)
    assert broken(judge(same, suite_file=suite_file, docs=docs)) == {}
    assert "Data Docs" in (docs / "index.html").read_text()
    assert list(docs.glob("validations/**/*.html"))


def test_a_camera_that_changed_breaks_it_and_labels_are_not_needed(
    suite_file: Path, tmp_path: Path
) -> None:
    darker = pictures(tmp_path / "darker", 60, light=-40, labelled=False)
    said = broken(judge(darker, suite_file=suite_file, docs=tmp_path / "docs"))
    assert said["brightness"] == "warning" and "label" not in said
    colour = encode_png(np.full((20, 48, 3), (200, 100, 90), dtype=np.uint8))
    (tmp_path / "darker" / "7.png").write_bytes(colour)
    found = judge(darker, suite_file=suite_file, docs=tmp_path / "docs")
    assert {"mode", "height_px"} <= {
        name for name, how in broken(found).items() if how == "critical"
    }
    (mode,) = [one for one in found if one.name.endswith(": mode")]
    assert mode.examples == ("7.png (colour)",)
    (tmp_path / "darker" / "7.png").write_bytes(b"no picture")
    found = judge(darker, suite_file=suite_file, docs=tmp_path / "docs")
    assert found[0].examples == ("7.png (bytes that no decoder knows)",)


def test_a_critical_expectation_stops_the_run_and_shows_the_pictures(
    dataset: Callable[..., Dataset], tmp_path: Path
) -> None:
    made = dataset()
    file = tmp_path / "suite.json"
    file.write_text(json.dumps({"name": "mine", "expectations": [_brightness(0, 128)]}))
    (made.root / "pictures/g3-0.png").write_bytes(encode_png(np.full((40, 40, 1), 140, np.uint8)))
    settings = ValidateConfig(suite=str(file), evidence="holdout")
    places = ValidateOutputs(validated=tmp_path / "out", report=tmp_path / "report")

    def validate() -> None:
        run(settings, ValidateInputs(dataset=made.root), places, RunContext(run_id="r"))

    with pytest.raises(DataError, match=r"brightness from 0 to 128 .*g3-0\.png \(140\)"):
        validate()
    page = (tmp_path / "report" / "report.html").read_text()
    assert 'alt="g3-0.png (140)"' in page and "data:image/png;base64," in page
    before = content_key(settings)
    # A person lets it through.
    warned = {"name": "mine", "expectations": [_brightness(0, 128) | {"severity": "warning"}]}
    file.write_text(json.dumps(warned))
    assert content_key(settings) != before
    validate()


def _brightness(low: float, high: float) -> dict[str, Any]:
    limits = {"column": "brightness", "min_value": low, "max_value": high}
    kind = "expect_column_values_to_be_between"
    return {"type": kind, "kwargs": limits, "severity": "critical"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[]", "JSON without expectations"),
        (
            '{"name": "x", "expectations": [{"type": "expect_rain", "kwargs": {}}]}',
            "1 expectations that",
        ),
        (
            '{"name": "x", "expectations": [{"type": "expect_column_values_to_be_null", '
            '"kwargs": {"column": "colour"}}]}',
            "received colour; correct the suite",
        ),
    ],
)
def test_what_is_no_suite_is_refused(
    dataset: Callable[..., Dataset], tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "suite.json"
    file.write_text(text)
    settings = ValidateConfig(suite=str(file), evidence="holdout")
    places = ValidateOutputs(validated=tmp_path / "out", report=tmp_path / "report")
    with pytest.raises(ConfigError, match=said):
        run(settings, ValidateInputs(dataset=dataset().root), places, RunContext(run_id="r"))
