"""A tiny export that judges pictures by brightness, and pictures for it. Real TensorFlow."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.artifacts.exported import Export, ExportInfo
from components.common.artifacts.records import tree_sha256
from components.common.pictures.decode import encode_png
from components.common.run_context import RunContext
from components.evaluate.behaviour.asked import ExportedModel
from components.evaluate.config import EvaluateConfig
from components.evaluate.held_out import ask_held_out

CLASSES = ("functional", "defective")
FEATURES = 4


def save_brightness_model(
    folder: Path, *, classes: tuple[str, ...] = CLASSES, slope: float = 8.0
) -> None:
    """A SavedModel with the bytes and the features signature, as earlier versions of Graft wrote.

    The probability of the last class rises with the middle brightness. The embedding is four
    quantiles of it.
    """
    import tensorflow as tf

    class Model(tf.Module):
        @tf.function(autograph=False)
        def features(self, image_bytes: Any) -> dict[str, Any]:
            def quantiles(data: Any) -> Any:
                pixels = tf.io.decode_image(data, channels=1, expand_animations=False)
                ordered = tf.sort(tf.reshape(tf.cast(pixels, tf.float32), [-1]))
                places = tf.cast(tf.size(ordered) - 1, tf.float32) * [0.0, 0.25, 0.5, 1.0]
                return tf.gather(ordered, tf.cast(places, tf.int32))

            return {"features": tf.map_fn(quantiles, image_bytes, fn_output_signature=tf.float32)}

        @tf.function(autograph=False)
        def answer(self, image_bytes: Any) -> dict[str, Any]:
            middle = self.features(image_bytes)["features"][:, 2]
            logit = slope * (middle / 255.0 - 0.5)
            rest = [tf.zeros_like(logit)] * (len(classes) - 1)
            probabilities = tf.nn.softmax(tf.stack([*rest, logit], axis=1))
            names = tf.gather(tf.constant(classes), tf.argmax(probabilities, axis=1))
            return {"probabilities": probabilities, "classes": names, "decision": names}

    model = Model()
    spec = tf.TensorSpec([None], tf.string, name="image_bytes")
    signatures = {
        "serving_default": model.answer.get_concrete_function(spec),
        "features": model.features.get_concrete_function(spec),
    }
    tf.saved_model.save(model, str(folder), signatures=signatures)


def write_export(root: Path, *, slope: float = 8.0) -> Export:
    save_brightness_model(root / "saved_model", slope=slope)
    info = ExportInfo(
        classes=CLASSES,
        positive="defective",
        backbone="tiny",
        method="linear_probe",
        image_size_px=32,
        max_difference=0.0,
        model_sha256=tree_sha256(root / "saved_model"),
    )
    export = Export(root, info)
    export.write()
    return export


def write_dataset(
    root: Path, *, splits: tuple[str, ...] = ("train", "validation", "test"), each: int = 12
) -> None:
    """`each` pictures a split, in groups of three, dark or bright as the class says."""
    rng = np.random.default_rng(3)
    (root / "pictures").mkdir(parents=True)
    rows = []
    for split in splits:
        for number in range(each):
            label = CLASSES[number % 2]
            level = 60 + 130 * (number % 2)
            pixels = rng.integers(-20, 21, (30, 40, 1)) + level
            data = encode_png(pixels.astype(np.uint8))
            path = f"pictures/{split}-{number}.png"
            (root / path).write_bytes(data)
            digest = hashlib.sha256(data).hexdigest()
            group = f"{split}-{number // 3}"
            rows.append([path, digest, label, np.nan, "line-a", group, split, 1.0])
    columns = ["path", "sha256", "label", "soft_label", "domain", "group", "split", "weight"]
    info = DatasetInfo(name="levels", classes=CLASSES, positive="defective")
    Dataset(root, info, pd.DataFrame(rows, columns=columns)).write()


def write_held_out(evaluation: Path, export: Export, dataset: Path) -> None:
    """What evaluate leaves for the reference: answers about held-out pictures, and features."""
    info = export.info
    asked = ExportedModel(export.saved_model, info.classes, info.image_size_px, 8)
    evaluation.mkdir(exist_ok=True)
    found = ask_held_out(
        asked, export, Dataset.read(dataset), EvaluateConfig(), RunContext(run_id="r")
    )
    found.write(evaluation)
