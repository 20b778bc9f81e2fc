"""Further tasks in the exported model: outputs of their own, the same answers as the trainer's."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from components.common.artifacts.candidate import CURVE_COLUMNS, Candidate
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.exported import Export
from components.common.errors import ExportError
from components.common.labels.tasks import FittedTask
from components.common.models.saved_model import ask
from components.common.pictures.decode import decode, resize
from components.common.run_context import RunContext
from components.common.statistics.temperature import softmax
from components.export.config import ExportConfig
from components.export.step import ExportInputs, ExportOutputs, run

# Keras' saving and NumPy 2 disagree about a keyword; nothing of ours is concerned.
SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]

KIND = FittedTask(name="kind", classes=("mono", "poly", "thin"), temperature=0.7)
FLAWS = FittedTask(
    name="flaws",
    classes=("crack", "stain"),
    multi_label=True,
    temperature=1.4,
    thresholds=(0.4, 0.6),
)


def candidate_with_tasks(tiny: Any, root: Path, *, tasks: tuple[FittedTask, ...]) -> Candidate:
    """The tiny candidate with two more heads, and the answers of its trainer."""
    import keras

    root.mkdir()
    plain = Candidate.read(tiny.candidate)
    candidate = Candidate(root, dataclasses.replace(plain.info, flips=1, tasks=tasks))
    trained = keras.models.load_model(plain.model_path, compile=False)
    keras.utils.set_random_seed(1)
    embedding = trained.get_layer("embedding").output
    heads = [
        keras.layers.Dense(len(one.classes), name=f"task_{one.name}", kernel_initializer="normal")
        for one in (KIND, FLAWS)
    ]
    model = keras.Model(trained.inputs[0], [trained.output, *(head(embedding) for head in heads)])
    for head in heads:
        head.set_weights([100 * values for values in head.get_weights()])
    model.save(candidate.model_path)
    dataset, paths = Dataset.read(tiny.dataset), plain.parity_paths()
    pixels = [resize(decode(dataset.picture(path)), plain.info.image_size_px) for path in paths]
    batch = np.stack([np.broadcast_to(one, (*one.shape[:2], 3)) for one in pixels])
    own, kind, flaws = (np.asarray(part) for part in model(batch.astype(np.float32)))
    said = [
        softmax(own / np.float32(plain.info.temperature)),
        KIND.probabilities(kind),
        FLAWS.probabilities(flaws),
    ]
    candidate.write(
        curves=pd.DataFrame([dict.fromkeys(CURVE_COLUMNS, 1.0)]),
        paths=paths,
        probabilities=np.concatenate(said[: 1 + len(tasks)], axis=1),
    )
    return candidate


def exported(tiny: Any, candidate: Candidate, out: Path) -> Export:
    inputs = ExportInputs(candidate=candidate.root, dataset=tiny.dataset)
    return run(ExportConfig(), inputs, ExportOutputs(exported=out), RunContext(run_id="tiny"))


def test_each_task_has_two_outputs_that_say_what_the_trainer_says(
    tiny: Any, tmp_path: Path
) -> None:
    candidate = candidate_with_tasks(tiny, tmp_path / "candidate", tasks=(KIND, FLAWS))
    export = exported(tiny, candidate, tmp_path / "export")
    assert export.info.tasks == (KIND, FLAWS)
    assert export.info.max_difference < 1e-3

    dataset, paths = Dataset.read(tiny.dataset), candidate.parity_paths()
    found = ask(export.saved_model, paths, dataset.picture, batch_size=5, activity="asking")
    assert set(found.tasks) == {"kind", "flaws"}
    expected = candidate.parity_probabilities()
    np.testing.assert_allclose(found.tasks["kind"], expected[:, 2:5], atol=1e-3)
    np.testing.assert_allclose(found.tasks["flaws"], expected[:, 5:], atol=1e-3)

    signature = tf.saved_model.load(str(export.saved_model)).signatures["serving_default"]
    bytes_ = [dataset.picture(path) for path in paths if path.endswith("colour.png")]
    (answer,) = [signature(image_bytes=tf.constant(bytes_))]
    assert answer["kind_classes"].numpy()[0].decode() in KIND.classes
    true = answer["flaws_probabilities"].numpy()[0] >= np.array(FLAWS.thresholds)
    named = "|".join(name for name, one in zip(FLAWS.classes, true, strict=True) if one)
    assert answer["flaws_classes"].numpy()[0].decode() == named


def test_a_network_with_more_heads_than_the_record_has_tasks_is_refused(
    tiny: Any, tmp_path: Path
) -> None:
    candidate = candidate_with_tasks(tiny, tmp_path / "candidate", tasks=(KIND,))
    with pytest.raises(ExportError, match="expected a network with 2, 3 logits a picture"):
        exported(tiny, candidate, tmp_path / "export")
