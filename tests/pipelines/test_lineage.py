"""From a version back to its pictures, with real steps' records and gaps of all kinds."""

import json
import shutil
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kfp_artifact import Artifact
from typer.testing import CliRunner

from components.common import config
from components.common.artifacts.model_folder import lineage_path
from components.common.artifacts.records import tree_sha256
from components.common.errors import InputError
from components.common.run_context import RunContext
from components.common.step import Step, run_step
from components.deploy.kept import keep_lineage
from pipelines.cli import app
from pipelines.lineage import history, plain


@dataclass(frozen=True, kw_only=True)
class Settings(config.Section):
    word: str


@dataclass(frozen=True, kw_only=True)
class Outputs:
    out: Path


def write_word(settings: Settings, inputs: Any, outputs: Outputs, context: RunContext) -> None:
    outputs.out.mkdir(parents=True)
    (outputs.out / "content.txt").write_text(settings.word)


def step(root: Path, name: str, **inputs: Artifact) -> Artifact:
    out = Artifact(str(root / "runs" / "r1" / name))
    names = make_dataclass("Inputs", [(one, Path) for one in inputs], frozen=True, kw_only=True)

    def run(settings: Settings, inputs: names, outputs: Outputs, context: RunContext) -> None:  # type: ignore[valid-type]
        write_word(settings, inputs, outputs, context)

    run_step(
        Step(name, run),
        settings={"word": name},
        run=config.to_plain(RunContext(run_id="r1", commit="abcdef")),
        inputs=inputs,
        outputs={"out": out},
    )
    return out


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """Version 1 of a model: ingest, validate, train, export."""
    ingested = step(tmp_path, "ingest")
    validated = step(tmp_path, "validate", dataset=ingested)
    trained = step(tmp_path, "train", dataset=validated)
    exported = step(tmp_path, "export", candidate=trained, dataset=validated)
    folder = tmp_path / "models" / "solar"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "saved_model.pb").write_text("model")
    manifest = pd.DataFrame(
        [["pictures/a.png", "a" * 64, "b" * 64, "good", "g", "train"]],
        columns=["path", "sha256", "pixels", "label", "group", "split"],
    )
    artifacts = {"exported": Path(exported.path), "dataset": Path(validated.path)}
    keep_lineage(
        artifacts,
        1,
        manifest=manifest,
        out_of_fold=None,
        model_dir=folder,
        model_sha256=tree_sha256(folder / "1"),
    )
    return folder


def graft(model_dir: Path, *words: str, code: int) -> str:
    base = ["--model-base-path", str(model_dir.parent), "--model-name", model_dir.name]
    result = CliRunner().invoke(app, ["lineage", "1", *base, *words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def test_the_way_back_is_walked_to_the_pictures(model_dir: Path) -> None:
    said = history(model_dir, 1, verify=True)
    assert said.missing == ("version 1 has no passport",)
    assert said.gone == ()
    exported, dataset = said.steps
    assert [one.role for one in exported.inputs] == ["candidate", "dataset"]
    trained, validated = exported.inputs
    assert validated == dataset
    (ingested,) = trained.inputs[0].inputs
    assert ingested.link is not None
    assert ingested.link.producer == "ingest"
    assert ingested.at_hand
    assert said.pictures is not None
    text = json.dumps(plain(said))
    assert "a" * 64 in text
    assert '"commit": "abcdef"' in text


def test_the_tree_and_the_json_say_the_same(model_dir: Path) -> None:
    drawn = graft(model_dir, code=1)
    for words in ("solar version 1", "by export", "by train", "by ingest", "1 pictures (1 train)"):
        assert words in drawn
    assert "missing: version 1 has no passport" in drawn
    said = json.loads(graft(model_dir, "--json", code=1))
    assert said["pictures"][0]["sha256"] == "a" * 64
    assert said["artifacts"][0]["link"]["config"] == '{"word":"export"}'


def test_what_was_tidied_away_is_told_but_no_gap(model_dir: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "runs")
    shutil.rmtree(model_dir / "1")
    said = history(model_dir, 1)
    assert said.missing == ("version 1 has no passport",)
    assert len(said.gone) == 5
    assert not said.steps[0].at_hand
    assert "recorded, but no longer there" in graft(model_dir, code=1)


def test_altered_files_are_a_gap(model_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "runs" / "r1" / "train" / "content.txt").write_text("altered")
    assert len(history(model_dir, 1).missing) == 1
    found = history(model_dir, 1, verify=True).missing
    assert "train.out" in found[-1]
    assert "holds other contents" in found[-1]
    (model_dir / "1" / "saved_model.pb").write_text("altered")
    assert "are not those that were published" in history(model_dir, 1).missing[1]


def test_missing_links_are_named(model_dir: Path) -> None:
    record = lineage_path(model_dir, 1) / "lineage.json"
    known = json.loads(record.read_text())
    known["links"] = [link for link in known["links"] if link["producer"] != "validate"]
    record.write_text(json.dumps(known))
    (lineage_path(model_dir, 1) / "pictures.parquet").unlink()
    gaps = "\n".join(history(model_dir, 1).missing)
    assert "no record of 'dataset' with the digest" in gaps
    assert "the list of its pictures" in gaps
    known["links"] = []
    record.write_text(json.dumps(known))
    assert "no record of the step that read the pictures" in history(model_dir, 1).missing
    record.write_text("{")
    assert "is damaged" in history(model_dir, 1).missing[1]
    shutil.rmtree(lineage_path(model_dir, 1))
    assert "before lineage was kept" in history(model_dir, 1).missing[1]


def test_an_unknown_version_lists_those_there_are(model_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a version among 1 in .*, received 7"):
        history(model_dir, 7)
    with pytest.raises(InputError, match="a version among none"):
        history(tmp_path / "nowhere", 1)
