"""What a run shows of the served model's answers, and when it needs a server for that."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from brightness_model import write_dataset
from rich.console import Console

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.deployment import Deployment, DeploymentInfo, ServedAnswer
from components.common.step_record import StepRecord
from pipelines.config import TrainingRun
from pipelines.console.training_summary import _answers
from pipelines.local import serve_check
from pipelines.local.records import Snapshot
from pipelines.local.serve_check import Served, ask_served_model

CONSOLE = Console(quiet=True)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    write_dataset(tmp_path / "validated")
    return Dataset.read(tmp_path / "validated")


@pytest.fixture
def settings(tmp_path: Path) -> TrainingRun:
    version = tmp_path / "models" / "parts" / "3"
    version.mkdir(parents=True)
    (version / "saved_model.pb").touch()
    return TrainingRun(model_name="parts", model_base_path=str(tmp_path / "models"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """What a server that would have been started was asked about."""
    calls: list[Sequence[str]] = []

    def answered(_: str, __: Path, ___: Dataset, paths: Sequence[str]) -> list[Any]:
        calls.append(paths)
        return [(answer(path, "now"), answer(path, "now")) for path in paths]

    monkeypatch.setattr(serve_check, "_asked_now", answered)
    return calls


def answer(path: str, decision: str, interface: str = "REST") -> ServedAnswer:
    return ServedAnswer(interface=interface, path=path, decision=decision, probability=0.75)


def ended(
    dataset: Dataset, *, version: int = 0, interfaces: tuple[str, ...] = ("gRPC", "REST")
) -> Snapshot:
    """A run that deployed a version, 0 for one that did not."""
    records = [_record("validate", "validated", dataset.root)]
    if version:
        paths = dataset.judged()["path"].tolist()[:12]
        answers = [answer(path, name, name) for path in paths for name in interfaces]
        info = DeploymentInfo(
            model_name="parts",
            model_base_path="",
            version=version,
            previous_version=0,
            model_sha256="",
            server="",
            rehearsal=(),
            confirmation=(),
            answers=tuple(answers),
            passport="",
        )
        Deployment(dataset.root.parent / "deployment", info).write()
        records.append(_record("deploy", "deployment", dataset.root.parent / "deployment"))
    return Snapshot(tuple(records), None)


def _record(step: str, output: str, root: Path) -> StepRecord:
    return StepRecord(step=step, state="done", started_unix_s=1.0, outputs={output: str(root)})


def shown(settings: TrainingRun, last: Snapshot, cache_dir: Path | None = None) -> Served:
    served = ask_served_model(settings, last, cache_dir=cache_dir, console=CONSOLE)
    assert served is not None
    return served


def test_a_version_that_was_confirmed_is_not_asked_again(
    settings: TrainingRun, dataset: Dataset, asked: list[Sequence[str]]
) -> None:
    served = shown(settings, ended(dataset, version=3))
    assert not asked
    assert served.version == 3
    assert len(served.asked) == 6  # every second one of twelve: at most eight are shown
    assert {one.truth for one in served.asked} <= set(dataset.info.classes)
    (first, *_) = served.asked
    assert (first.rest_decision, first.grpc_decision) == ("REST", "gRPC")
    labels = dataset.manifest.set_index("path")["label"]
    assert all(labels[one.path] == one.truth for one in served.asked)


@pytest.mark.parametrize(
    ("version", "interfaces"), [(0, ()), (2, ("gRPC", "REST")), (3, ("REST",))]
)
def test_else_a_server_is_started(
    settings: TrainingRun,
    dataset: Dataset,
    asked: list[Sequence[str]],
    version: int,
    interfaces: tuple[str, ...],
) -> None:
    """Nothing was deployed; another version is the newest; a server of the user confirmed it."""
    served = shown(settings, ended(dataset, version=version, interfaces=interfaces))
    assert [len(paths) for paths in asked] == [8]
    assert {one.rest_decision for one in served.asked} == {"now"}


def test_a_later_run_shows_what_was_answered_before(
    settings: TrainingRun, dataset: Dataset, asked: list[Sequence[str]], tmp_path: Path
) -> None:
    first = shown(settings, ended(dataset, version=3), tmp_path / "cache")
    assert shown(settings, ended(dataset), tmp_path / "cache") == first
    assert not asked
    changed = tmp_path / "models" / "parts" / "3" / "saved_model.pb"
    changed.write_text("other")
    shown(settings, ended(dataset), tmp_path / "cache")
    assert len(asked) == 1


def test_pictures_that_the_model_has_learnt_are_not_called_held_out(
    settings: TrainingRun, dataset: Dataset, asked: list[Sequence[str]]
) -> None:
    assert shown(settings, ended(dataset)).held_out
    info = dataclasses.replace(dataset.info, evidence="cross_validation")
    crossed = dataclasses.replace(dataset, info=info)
    crossed.write()
    served = shown(settings, ended(crossed))
    assert not served.held_out
    title = str(_answers(served, began_unix_s=0.0).title)
    assert title == "pictures that it has learnt, asked of version 3"


def test_where_no_version_is_published_nobody_is_asked(dataset: Dataset, tmp_path: Path) -> None:
    settings = TrainingRun(model_base_path=str(tmp_path / "nothing"))
    assert ask_served_model(settings, ended(dataset), cache_dir=None, console=CONSOLE) is None
