"""From shards with further tasks to a candidate that answers them."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
from tiny_shards import write_tiny_shards

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.shards import Shards
from components.common.errors import DataError
from components.common.labels.tasks import Task, values_of
from components.networks.data import read
from components.networks.rows import FlippedPixels
from components.train.config import TrainConfig
from components.train.fit import train
from components.train.session import predict

# Keras' saving and NumPy 2 disagree about a keyword; nothing of ours is concerned.
SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]

TASKS = (
    Task(name="shade", classes=("dark", "light")),
    Task(name="marks", classes=("bright", "odd"), multi_label=True),
)
SETTINGS = TrainConfig(
    backbone="vgg16",
    weights="none",
    method="multitask",
    options={"width": 8, "epochs": 4, "batch": 8, "learning_rate": 1e-2, "dropout": 0.0},
    flips=2,
    seed=1,
)


def with_tasks(root: Path, *, validation: int = 12) -> Path:
    """Shards whose second task says what the class says, where it says anything."""
    shards = Shards.read(write_tiny_shards(root, train=32, validation=validation))
    index = shards.index
    light = index["target"] == 1
    number = index["path"].str.extract(r"(\d+)\.")[0].astype(int)
    index["label:shade"] = np.where(number % 4 == 3, "", np.where(light, "light", "dark"))
    marks = np.where(light, "bright", "")
    odd = np.where(number % 8 < 4, "|odd", "|")
    index["label:marks"] = np.char.add(marks.astype(str), odd)
    Shards(root, dataclasses.replace(shards.info, tasks=TASKS), index).write()
    return root


@pytest.fixture(scope="module", params=[12, 0], ids=["holdout", "cross_validation"])
def candidate(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Candidate:
    root = tmp_path_factory.mktemp("multitask")
    shards = with_tasks(root / "shards", validation=request.param)
    train(shards, out=root / "candidate", settings=SETTINGS, cache_dir=str(root / "cache"))
    return Candidate.read(root / "candidate")


def test_every_task_is_answered_beside_the_class(candidate: Candidate) -> None:
    names = [(one.name, one.classes, one.multi_label) for one in candidate.info.tasks]
    assert names == [(one.name, one.classes, one.multi_label) for one in TASKS]
    assert len(candidate.info.tasks[1].thresholds) == 2
    assert any(note.startswith("multitask: ") for note in candidate.info.notes)
    held_out = candidate.held_out()
    shade = values_of(held_out, candidate.info.tasks[0])
    assert ((shade[:, 1] > shade[:, 0]) == (held_out["target"] == 1)).mean() > 0.9


def test_the_saved_network_gives_the_kept_answers(candidate: Candidate) -> None:
    model = keras.models.load_model(candidate.model_path, compile=False)
    assert [one._keras_history.operation.name for one in model.outputs] == [
        "logits",
        "task_shade",
        "task_marks",
    ]
    assert candidate.parity_probabilities().shape[1] == 2 + 2 + 2
    np.testing.assert_allclose(candidate.parity_probabilities()[:, 2:4].sum(axis=1), 1, atol=1e-6)


def test_the_answers_are_those_of_views_averaged(tmp_path: Path) -> None:
    shards = with_tasks(tmp_path / "shards")
    train(shards, out=tmp_path / "candidate", settings=SETTINGS, cache_dir="")
    found = Candidate.read(tmp_path / "candidate")
    model = keras.models.load_model(found.model_path, compile=False)
    pixels = Shards.read(shards).pixels("validation")
    views = [
        predict(model, [FlippedPixels(pixels, flip)], rows=len(pixels))
        for flip in ((False, False), (True, False))
    ]
    expected = found.info.tasks[1].probabilities(np.mean(views, axis=0)[:, 4:])
    np.testing.assert_allclose(found.parity_probabilities()[:, 4:], expected, atol=1e-5)


def test_labels_of_tasks_follow_their_pictures(tmp_path: Path) -> None:
    data = read(Shards.read(with_tasks(tmp_path / "shards")), soft_labels=True)
    assert data.facts().tasks == ("shade", "marks")
    shade, _ = data.train.tasks
    rows = np.array([5, 3, 2])
    part = data.train.select(rows)
    np.testing.assert_array_equal(part.tasks[0].known, shade.known[rows])
    np.testing.assert_array_equal(part.tasks[0].targets, shade.targets[rows])
    assert not part.tasks[0].known[1]


def test_data_with_the_class_alone_are_refused(tmp_path: Path) -> None:
    shards = write_tiny_shards(tmp_path / "shards")
    with pytest.raises(DataError, match=r"received the class alone; give the manifest a column 'l"):
        train(shards, out=tmp_path / "candidate", settings=SETTINGS, cache_dir="")
