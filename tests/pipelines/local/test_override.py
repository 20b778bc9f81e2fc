"""Deploying against the gate's word: what is refused, and what stays on record.

The run's artifacts are written by hand; server and reference are played by stand-ins.
"""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brightness_model import CLASSES, write_dataset
from tiny_candidate import write_candidate
from typer.testing import CliRunner

from components.common import config
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.deployment import Agreement, Latency
from components.common.artifacts.exported import Export, ExportInfo
from components.common.artifacts.judging.evaluation import Evaluation, EvaluationInfo
from components.common.artifacts.judging.verdict import Verdict, VerdictInfo, Word
from components.common.artifacts.model_folder import passport_page_path, versions
from components.common.artifacts.monitoring.reference import (
    OBSERVATIONS_SCHEMA,
    Reference,
    ReferenceInfo,
)
from components.common.artifacts.passport import mark, read_passport
from components.common.artifacts.records import tree_sha256, write_record
from components.common.artifacts.run_summary import read_summary
from components.common.errors import DataError, InputError, PublishError
from components.common.run_context import RunContext
from components.common.run_summary import summarise, write_summary
from components.common.step_record import StepRecord
from components.deploy import step as deploying
from components.deploy.config import DeployConfig
from components.deploy.rehearse import Heard
from components.gate.override import OverrideConfig, OverrideInputs, OverrideOutputs
from components.gate.override import run as override_verdict
from components.reference import step as referring
from components.reference.config import ReferenceConfig
from pipelines.cli import app
from pipelines.local.override import override

AGREEMENT = Agreement(
    interface="REST",
    pictures=12,
    max_difference=1e-7,
    latency=Latency(median_ms=1.0, p95_ms=2.0, requests=12),
)
MakeRun = Callable[..., Path]


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploying, "rehearse", lambda *_, **__: (AGREEMENT,))
    monkeypatch.setattr(deploying, "confirm", lambda *_, **__: (Heard(AGREEMENT, ()),))

    def refer(settings: ReferenceConfig, inputs: Any, outputs: Any, context: RunContext) -> None:
        info = ReferenceInfo(
            model_name="parts",
            model_sha256=Export.read(inputs.exported).info.model_sha256,
            data_sha256="",
            classes=CLASSES,
            positive=CLASSES[1],
            pictures=0,
            groups=0,
            accuracy=1.0,
            seed=0,
        )
        Reference(outputs.reference, info).write(OBSERVATIONS_SCHEMA.empty_table())

    refer.__annotations__ = referring.run.__annotations__
    monkeypatch.setattr(referring, "STEP", dataclasses.replace(referring.STEP, run=refer))


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    def make(name: str = "r1", *, word: Word = "hold", incumbent_version: int = 0) -> Path:
        run_dir = tmp_path / "runs" / name
        artifacts = run_dir / "artifacts"
        digest = _export(artifacts / "export", content=name)
        write_dataset(artifacts / "validate")
        _evaluate(artifacts / "evaluate", artifacts / "validate", digest, incumbent_version)
        write_candidate(artifacts / "train", CLASSES)
        info = VerdictInfo(
            word=word,
            reasons=("Too few pictures.",),
            candidate_sha256=digest,
            incumbent_version=incumbent_version,
        )
        Verdict(artifacts / "gate", info).write()
        (run_dir / "steps").mkdir()
        outputs = {
            "export": "exported",
            "validate": "validated",
            "evaluate": "evaluation",
            "train": "candidate",
            "gate": "verdict",
        }
        for number, (step, output) in enumerate(outputs.items()):
            record = StepRecord(
                step=step,
                state="done",
                started_unix_s=1.0 + number,
                outputs={output: str(artifacts / step)},
            )
            write_record(run_dir / "steps" / f"{step}.json", record)
        deploy = DeployConfig(model_name="parts", model_base_path=str(tmp_path / "models"))
        arguments = {
            "run": RunContext(run_id=name, run_dir=str(run_dir)),
            "reference": ReferenceConfig(),
            "deploy": deploy,
        }
        plain = {part: config.to_plain(section) for part, section in arguments.items()}
        (run_dir / "arguments.json").write_text(json.dumps(plain))
        write_summary(summarise(run_dir, "done"), run_dir)
        return run_dir

    return make


def _export(root: Path, *, content: str) -> str:
    (root / "saved_model").mkdir(parents=True)
    (root / "saved_model" / "saved_model.pb").write_text(content)
    info = ExportInfo(
        classes=CLASSES,
        positive=CLASSES[1],
        backbone="tiny",
        method="linear_probe",
        image_size_px=32,
        max_difference=0.0,
        model_sha256=tree_sha256(root / "saved_model"),
    )
    Export(root, info).write()
    return info.model_sha256


def _evaluate(root: Path, dataset: Path, digest: str, incumbent_version: int) -> None:
    rows = Dataset.read(dataset).split("test")
    answers = np.full(len(rows), 0.5)
    predictions = pd.DataFrame(
        {
            **{name: rows[name] for name in ("path", "sha256", "group", "domain")},
            "target": 0,
            "predicted": 0,
            **{f"p_{name}": answers for name in CLASSES},
        }
    )
    info = EvaluationInfo(
        classes=CLASSES,
        positive=CLASSES[1],
        pictures=len(rows),
        groups=4,
        metrics=(),
        candidate_sha256=digest,
        incumbent_version=incumbent_version,
    )
    Evaluation(root, info).write(predictions)


def deploy(run_dir: Path, *, reason: str = "Seen by two people.") -> int:
    return override(run_dir.name, runs_dir=run_dir.parent, by="Ada", reason=reason).version


def test_the_word_stays_and_the_person_is_on_record_everywhere(make_run: MakeRun) -> None:
    run_dir = make_run()

    assert deploy(run_dir, reason=" Seen by two people. ") == 1

    model_dir = run_dir.parents[1] / "models" / "parts"
    passport = read_passport(model_dir, 1)
    assert passport is not None
    assert passport.state == "confirmed"
    assert passport.verdict.word == "hold"
    assert passport.verdict.reasons == ("Too few pictures.",)
    said = passport.verdict.override
    assert said is not None
    assert (said.by, said.reason) == ("Ada", "Seen by two people.")
    assert said.at_unix_s > 1.7e9
    page = passport_page_path(model_dir, 1).read_text()
    assert "Overridden by Ada" in page
    assert "Seen by two people." in page
    summary = read_summary(run_dir)
    assert summary.deployed_version == 1
    assert summary.verdict is not None
    assert summary.verdict.override == said
    shown = Path(summary.report).read_text()
    assert shown.index("the gate’s word by Ada, ") < shown.index("Hold: this model")
    # The gate's own record is as the gate wrote it.
    assert Verdict.read(run_dir / "artifacts" / "gate").info.override is None


def test_the_command_says_what_it_did_and_lineage_shows_it(make_run: MakeRun) -> None:
    run_dir = make_run(word="insufficient")
    words = ["gate", "override", "r1", "--reason", "A pilot.", "--by", "Ada", "--runs-dir"]
    done = CliRunner().invoke(app, [*words, str(run_dir.parent)], catch_exceptions=False)
    assert "version 1 of parts serves, against the gate's word" in done.output
    base = str(run_dir.parents[1] / "models")
    shown = CliRunner().invoke(
        app, ["lineage", "1", "--model-name", "parts", "--model-base-path", base]
    )
    assert "deployed against the gate's word by Ada" in shown.output


def test_without_a_reason_nothing_happens(make_run: MakeRun) -> None:
    run_dir = make_run()
    with pytest.raises(InputError, match=r"a reason .* received an empty one"):
        deploy(run_dir, reason="  ")
    assert CliRunner().invoke(app, ["gate", "override", "r1"]).exit_code == 2
    assert versions(run_dir.parents[1] / "models" / "parts") == ()


def test_what_was_deployed_before_is_not_deployed_again(make_run: MakeRun) -> None:
    run_dir = make_run()
    deploy(run_dir)
    with pytest.raises(InputError, match="the model of version 1, which is confirmed"):
        deploy(run_dir)
    mark(run_dir.parents[1] / "models" / "parts", 1, "retired")
    with pytest.raises(InputError, match="use 'graft rollback parts --to 1'"):
        deploy(run_dir)


def test_a_candidate_that_the_gate_let_through_needs_no_override(make_run: MakeRun) -> None:
    with pytest.raises(InputError, match="one of which it said 'deploy'"):
        deploy(make_run(word="deploy"))


def test_another_version_that_serves_by_now_is_a_reason_to_run_again(make_run: MakeRun) -> None:
    first, second = make_run("r1"), make_run("r2")
    deploy(first)
    with pytest.raises(InputError, match=r"expected no version to serve.*received version 1"):
        deploy(second)
    assert deploy(make_run("r3", incumbent_version=1)) == 2
    with pytest.raises(InputError, match=r"expected version 7 to serve.*received version 2"):
        deploy(make_run("r4", incumbent_version=7))


def test_a_run_that_is_not_there_or_not_whole_is_named(make_run: MakeRun) -> None:
    run_dir = make_run()
    with pytest.raises(InputError, match=r"newest: r1.*received 'r9'"):
        override("r9", runs_dir=run_dir.parent, by="Ada", reason="Why not.")
    (run_dir / "artifacts" / "validate").rename(run_dir / "elsewhere")
    with pytest.raises(DataError, match="the dataset of the run"):
        deploy(run_dir)
    write_summary(dataclasses.replace(read_summary(run_dir), state="failed"), run_dir)
    with pytest.raises(InputError, match="received one that is failed"):
        deploy(run_dir)
    (run_dir / "run.json").unlink()
    with pytest.raises(InputError, match="received one that has not ended"):
        deploy(run_dir)


def test_after_a_failure_it_can_be_tried_again(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = make_run()

    def refuse(*_: Any, **__: Any) -> None:
        raise PublishError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(deploying, "rehearse", refuse)
        with pytest.raises(PublishError):
            deploy(run_dir)
    assert deploy(run_dir) == 1


def test_the_step_itself_overrides_no_deploy(tmp_path: Path) -> None:
    Verdict(tmp_path / "in", VerdictInfo(word="deploy", reasons=())).write()
    places = (
        OverrideInputs(verdict=tmp_path / "in", evaluation=tmp_path / "evaluation"),
        OverrideOutputs(verdict=tmp_path / "out"),
    )
    with pytest.raises(DataError, match="received 'deploy'"):
        override_verdict(OverrideConfig(by="Ada", reason="x"), *places, RunContext(run_id="r"))
