"""A class added to a served zero-shot model: what is run again, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.passport import Passport, write_passport
from components.common.errors import DataError
from components.common.labels.attributes import AttributeTable
from pipelines.cli import app
from pipelines.config import override, read_preset
from pipelines.local.classes import with_class

TABLE = "class,loop,stem\nzero,1,0\none,0,1\nfour,1,1\n"


def served(root: Path, *, method: str = "zero_shot", options: dict[str, Any] | None = None) -> Path:
    """Return the folder of a model whose first version was made by a method."""
    table = root / "digits.csv"
    table.write_text(TABLE)
    model_dir = root / "models" / "digits"
    (model_dir / "1").mkdir(parents=True)
    (model_dir / "1" / "saved_model.pb").write_bytes(b"")
    passport = Passport(
        model_name="digits", version=1, state="confirmed", created_unix_s=0.0, model_sha256="",
        previous_version=0, run_id="", commit="", data_sha256="", config_sha256="",
        settings={"train": {"method": method, "options": options or {"attributes": str(table)}}},
        classes=("one", "zero", "four"), backbone="", method=method, image_size_px=64,
        test_pictures=1, test_groups=1, metrics=(), rehearsal=(), rebuild=(),
        verdict=VerdictInfo(word="deploy", reasons=(), thresholds=(), comparisons=(),
                            candidate_sha256="", incumbent_sha256="", incumbent_version=0),
        unproven=("four",),
    )  # fmt: skip
    write_passport(model_dir, passport)
    return model_dir


def test_its_own_settings_are_run_with_a_longer_table(tmp_path: Path) -> None:
    options = {"attributes": str(tmp_path / "digits.csv"), "unseen": ["four"]}
    model_dir = served(tmp_path, options=options)
    found = with_class("six", "loop=1, stem=0.5", model_dir=model_dir, table=None)
    plain = override(read_preset(str(found.preset)), found.assignments)
    assert plain["train"]["method"] == "zero_shot"
    assert plain["train"]["options"]["unseen"] == ["four", "six"]
    longer = AttributeTable.read(plain["train"]["options"]["attributes"])
    assert longer.classes == ("zero", "one", "four", "six")
    assert (tmp_path / "digits.csv").read_text() == TABLE


def test_the_passport_page_calls_the_class_unproven(tmp_path: Path) -> None:
    model_dir = served(tmp_path)
    (page,) = model_dir.rglob("*.html")
    assert "one, zero, four (unproven)" in page.read_text()


@pytest.mark.parametrize(
    ("name", "attributes", "message"),
    [
        ("four", "loop=1,stem=0.5", "received 'four'"),
        ("six", "loop=1", "received no stem"),
        ("six", "loop=1,tail=0", "received unknown tail"),
        ("six", "loop=1,stem", "add the '='"),
        ("six", "loop=1,stem=much", "expected a number .stem"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, name: str, attributes: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        with_class(name, attributes, model_dir=served(tmp_path), table=None)


def test_another_method_and_nothing_served_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one made by linear_probe"):
        with_class("six", "loop=1", model_dir=served(tmp_path, method="linear_probe"), table=None)
    with pytest.raises(DataError, match="received none in"):
        with_class("six", "loop=1", model_dir=tmp_path / "other", table=None)


def test_the_command_starts_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.cli import run

    started: list[dict[str, Any]] = []
    monkeypatch.setattr(run, "run", lambda **given: started.append(given))
    served(tmp_path)
    arguments = ["classes", "add", "six", "--attributes", "loop=1,stem=0.5", "--model-name"]
    base = ["--model-base-path", str(tmp_path / "models")]
    result = CliRunner().invoke(app, [*arguments, "digits", *base])
    assert result.exit_code == 0, result.output
    (given,) = started
    assert given["model_base_path"] == tmp_path / "models"
    assert given["assignments"][0].endswith("digits+six.csv")
