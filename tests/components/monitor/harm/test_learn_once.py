"""What faults cost is learnt when it is needed, once, and kept."""

import dataclasses
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from brightness_model import write_dataset, write_export, write_held_out
from harm_support import CLASSES, reference_of, world

from components.common.artifacts.model_folder import reference_path
from components.common.artifacts.monitoring import learning_pictures
from components.common.artifacts.monitoring.observations import Observations
from components.common.artifacts.monitoring.reference import Reference
from components.common.artifacts.records import read_record, write_record
from components.common.pictures.decode import Pixels
from components.common.progress import Progress, listening
from components.common.run_context import RunContext
from components.monitor.harm import learn_once
from components.monitor.harm.correction import Correction, fit_correction
from components.monitor.harm.describe import inputs
from components.monitor.harm.learn import Observe
from components.monitor.harm.learn_once import learnt
from components.reference.config import ReferenceConfig
from components.reference.step import ReferenceInputs, ReferenceOutputs, run


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """A published version whose reference keeps pictures."""
    (tmp_path / "1").mkdir()
    known = world(64)
    reference = reference_of(known, reference_path(tmp_path, 1))
    rows = learning_pictures.choose(known, most=48, seed=0)
    rng = np.random.default_rng(0)
    learning_pictures.write(
        reference.root, rows, lambda _: rng.integers(60, 200, (8, 8, 1)).astype(np.uint8)
    )
    return tmp_path


def correction() -> Correction:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 5, (20, len(inputs())))
    return fit_correction(values, values[:, 0], ["one", "other"] * 10, inputs=inputs())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The models that were asked, once for each learning; the learning itself is left out."""
    models: list[Path] = []

    def observer(saved_model: Path, *, classes: tuple[str, ...]) -> None:
        assert classes == CLASSES
        models.append(saved_model)

    def learn(
        known: Observations, pictures: Mapping[int, Pixels], observe: Observe, *, seed: int
    ) -> Correction:
        assert len(known) == 64 and len(pictures) == 48
        return dataclasses.replace(correction(), pictures=len(pictures), groups=seed)

    monkeypatch.setattr(learn_once, "observer", observer)
    monkeypatch.setattr(learn_once, "learn", learn)
    return models


def again(model_dir: Path) -> Correction | None:
    return learnt(Reference.read(reference_path(model_dir, 1)), model_dir=model_dir, version=1)


def kept(model_dir: Path) -> Path:
    (path,) = (model_dir / "decisions" / "harm").glob("*.json")
    return path


def test_it_is_learnt_once_and_kept_beside_the_decisions(
    model_dir: Path, asked: list[Path]
) -> None:
    first = again(model_dir)
    assert first is not None and first.pictures == 48
    assert again(model_dir) == first == read_record(kept(model_dir), Correction)
    assert asked == [model_dir / "1"]


def test_what_is_damaged_or_of_other_estimators_is_learnt_again(
    model_dir: Path, asked: list[Path]
) -> None:
    first = again(model_dir)
    assert first is not None
    for number, spoil in enumerate(
        (
            lambda path: path.write_text(path.read_text()[:99]),
            lambda path: path.write_text("{}"),
            lambda path: write_record(path, dataclasses.replace(first, inputs=("atc",))),
        ),
        start=2,
    ):
        spoil(kept(model_dir))
        assert again(model_dir) == first
        assert len(asked) == number


def test_another_reference_of_the_same_version_is_learnt_of_again(
    model_dir: Path, asked: list[Path]
) -> None:
    again(model_dir)
    root = reference_path(model_dir, 1)
    info = dataclasses.replace(Reference.read(root).info, seed=5)
    write_record(root / "reference.json", info)
    found = again(model_dir)
    assert found is not None and found.groups == 5
    assert len(asked) == 2


def test_two_monitors_at_once_learn_once(model_dir: Path, asked: list[Path]) -> None:
    found: list[Correction | None] = []
    monitors = [threading.Thread(target=lambda: found.append(again(model_dir))) for _ in range(2)]
    for monitor in monitors:
        monitor.start()
    for monitor in monitors:
        monitor.join()
    assert len(asked) == 1
    assert found[0] is not None and found[0] == found[1]


def test_what_an_earlier_release_learnt_with_the_reference_is_used(
    model_dir: Path, asked: list[Path]
) -> None:
    earlier = again(model_dir)
    assert earlier is not None
    write_record(reference_path(model_dir, 1) / "harm.json", dataclasses.replace(earlier, groups=3))
    found = again(model_dir)
    assert found is not None and found.groups == 3
    assert len(asked) == 1


def test_without_pictures_or_a_model_nothing_is_learnt(model_dir: Path, asked: list[Path]) -> None:
    shutil.rmtree(reference_path(model_dir, 1) / learning_pictures.FOLDER)
    assert again(model_dir) is None
    assert asked == [] and not (model_dir / "decisions").exists()


def test_a_model_that_cannot_be_asked_is_said_and_does_no_harm(
    model_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> Observations:
        raise RuntimeError("no such signature")

    monkeypatch.setattr(learn_once, "observer", lambda *_, **__: fail)
    assert again(model_dir) is None
    assert "cannot be learnt" in caplog.text and "no such signature" in caplog.text


@pytest.mark.slow
def test_what_corruptions_cost_is_learnt_from_the_pictures_that_the_reference_kept(
    tmp_path: Path,
) -> None:
    export = write_export(tmp_path / "exported")
    write_dataset(tmp_path / "dataset", splits=("test",), each=48)
    write_held_out(tmp_path / "evaluation", export, tmp_path / "dataset")
    model_dir = tmp_path / "model"
    shutil.copytree(export.saved_model, model_dir / "1")
    run(
        ReferenceConfig(copy_px=0),
        ReferenceInputs(
            exported=export.root, dataset=tmp_path / "dataset", evaluation=tmp_path / "evaluation"
        ),
        ReferenceOutputs(reference=reference_path(model_dir, 1)),
        RunContext(run_id="run-1"),
    )
    reports: list[Progress] = []
    with listening(reports.append):
        found = again(model_dir)
    assert "learning what faults cost" in {one.activity for one in reports}
    assert found is not None
    assert found.pictures == 48 and found.groups == 16
    # The model goes by brightness alone: light hurts it, a shift does not.
    loss = {
        kind: np.mean([one.loss_points for one in found.trials if one.kind == kind])
        for kind in ("exposure", "brightness", "shift")
    }
    assert max(loss["exposure"], loss["brightness"]) > 10 > abs(loss["shift"])
