"""What `finetune_speed` times: one training, by one library, in a process of its own.

    python -m benchmarks.finetune_arms '{"arm": "graft", "precision": "bfloat16", ...}'

The last line printed is the outcome as JSON; the answers to the test pictures lie in `out`.
"""

import dataclasses
import json
import resource
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from components.common import progress
from components.common.artifacts.shards import Shards
from components.common.seeding import derive
from components.networks import data
from components.networks.data import TrainingData
from components.networks.rows import Floats, network_pixels
from pipelines.config import TrainingRun, override, read_preset, resolve

BATCH = 32
# What the guides of Keras and PyTorch use when the top of a network is unfrozen; the head starts
# from nothing.
RATE = 1e-4
DECAY = 1e-4
CLIP_NORM = 1.0
WARM_UP = 0.1
SHIFT, BRIGHTNESS, CONTRAST = 0.03, 0.05, 0.1
# Logits of the PyTorch network may differ by so much from those of the Keras one.
SAME_LOGITS = 1e-3
REFERENCE = "reference.npz"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One training.

    arm: "graft", "probe", "keras" or "torch"; "reference" only writes what "torch" starts from.
    precision: "float32" or "bfloat16".
    shards: folder of the pictures, those of "graft" and "probe" with augmented views.
    out: file for the test pictures' logits.
    patience: stop after so many epochs without a lower validation loss, 0 never.
    changes: of the preset, as `--set` takes them.
    """

    arm: str
    precision: str
    epochs: int
    seed: int
    shards: str
    out: str
    patience: int = 0
    changes: list[str] = field(default_factory=list)

    @property
    def settings(self) -> TrainingRun:
        """The demo's settings with the changes."""
        return resolve(override(read_preset("solar"), [*self.changes, f"seed={self.seed}"]))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Seconds by phase, what the process took, how many numbers the training changed."""

    phases_s: dict[str, float]
    processor_s: float
    peak_memory_bytes: int
    trained_parameters: int
    note: str = ""


class Phases:
    """A progress listener that books the time since the last report on what it reports.

    processor_s: of this process, all its threads, up to the last booking.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.processor_s = 0.0
        self._last = time.monotonic()

    def __call__(self, report: progress.Progress) -> None:
        """Take note of one report."""
        self.book(report.activity)

    def book(self, name: str) -> None:
        """Book the time since the last booking."""
        now = time.monotonic()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self.processor_s = time.process_time()
        self._last = now


@dataclass(frozen=True)
class Trained:
    """Logits float32 [N, classes] of the test pictures, one view, computed in float32."""

    logits: Floats
    trained_parameters: int
    note: str = ""


def train_graft(job: Job, shards: Shards, phases: Phases) -> Trained:
    """Run the default gradient method, or for "probe" the default itself, from an empty cache."""
    from components.networks import network
    from components.networks.features.cache import ActivationCache
    from components.train.methods import linear_probe, linear_probe_finetune
    from components.train.session import Session

    splits = read(shards, job)
    built = _build(job, shards)
    method: Any = linear_probe if job.arm == "probe" else linear_probe_finetune
    limits = {} if job.arm == "probe" else {"epochs": job.epochs, "patience": job.patience}
    options = method.Options(**limits)
    phases.book("building")
    with tempfile.TemporaryDirectory() as root, progress.listening(phases):
        precision: Any = job.precision
        cache = ActivationCache(Path(root), 10**11, precision)
        fitted = method.fit(splits, built, options, Session(job.seed, 1, cache))
        phases.book("ending")
    kept: network.Network = fitted.network or built
    again = "; ".join(note for note in fitted.notes if "dropped" in note)
    return Trained(_asked(kept.model, shards), fitted.trainable_parameters, again)


def train_keras(job: Job, shards: Shards, phases: Phases) -> Trained:
    """Do what the Keras guides do: `fit`, augmentation as layers, a policy for the precision."""
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16" if job.precision == "bfloat16" else "float32")
    splits = read(shards, job)
    built = _build(job, shards)
    order = [layer.name for layer in built.model.layers]
    for place, layer in enumerate(built.model.layers):
        norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = place > order.index(built.default_cut) and not norm
    size_px, channels = shards.info.image_size_px, splits.train.pixels[:1].shape[-1]
    pixels = keras.Input((size_px, size_px, channels))
    x = keras.layers.RandomFlip()(pixels)
    x = keras.layers.RandomTranslation(SHIFT, SHIFT)(x)
    x = keras.layers.RandomBrightness(BRIGHTNESS)(x)
    x = keras.layers.RandomContrast(CONTRAST, value_range=(0, 255))(x)
    if channels == 1:
        x = keras.layers.Concatenate()([x, x, x])
    model = keras.Model(pixels, built.model(x))
    steps = job.epochs * -(-splits.train.pictures // BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, round((1 - WARM_UP) * steps), warmup_target=RATE, warmup_steps=round(WARM_UP * steps)
    )
    model.compile(
        keras.optimizers.AdamW(schedule, weight_decay=DECAY, global_clipnorm=CLIP_NORM),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        weighted_metrics=["accuracy"],
    )
    phases.book("building")

    def book(epoch: int, _: Any) -> None:
        phases.book("fit" if epoch else "first epoch")

    callbacks: list[Any] = [keras.callbacks.LambdaCallback(on_epoch_end=book)]
    if job.patience:
        callbacks.append(keras.callbacks.EarlyStopping(patience=job.patience))
    train, held_out = splits.train, splits.validation
    model.fit(
        train.pixels[: train.pictures],
        train.targets,
        sample_weight=train.weights,
        validation_data=(held_out.pixels[:], held_out.targets, held_out.weights),
        batch_size=BATCH,
        epochs=job.epochs,
        verbose=0,
        callbacks=callbacks,
    )
    phases.book("ending")
    keras.config.set_dtype_policy("float32")
    asked = _build(job, shards).model
    asked.set_weights(built.model.get_weights())
    return Trained(_asked(asked, shards), _count(built.model.trainable_variables))


def write_reference(job: Job, shards: Shards, phases: Phases) -> Trained:
    """Write the weights, with a head by chance, and what they answer to a few pictures."""
    built = _build(job, shards)
    rng = np.random.default_rng(0)
    kernel = rng.normal(0, 0.05, built.head.kernel.shape).astype(np.float32)
    built.set_head(kernel, np.zeros(kernel.shape[1], np.float32))
    pixels = network_pixels(shards.pixels("test")[:8], (False, False))
    logits = built.model.predict(pixels.astype(np.float32), verbose=0)
    weights: dict[str, Any] = {
        variable.path: np.asarray(variable) for variable in built.model.variables
    }
    facts: dict[str, Any] = {
        "features": np.array(_feature_blocks(built)),
        "cut": np.array(_block(built.default_cut)),
    }
    np.savez(Path(job.shards) / REFERENCE, pixels=pixels, answers=logits, **facts, **weights)
    phases.book("building")
    return Trained(logits, 0)


def _build(job: Job, shards: Shards) -> Any:
    import keras

    from components.networks import network

    keras.utils.set_random_seed(derive(job.seed, "train"))
    size_px, classes = shards.info.image_size_px, len(shards.info.classes)
    return network.build(job.settings.train, image_size_px=size_px, classes=classes)


def _feature_blocks(built: Any) -> list[int]:
    return [_block(built.pooled_layer(pool)) for pool in built.pools]


def _block(layer: str) -> int:
    return int(layer.split("_")[1])


def _asked(model: Any, shards: Shards) -> Floats:
    pixels = network_pixels(shards.pixels("test"), (False, False))
    logits: Floats = model.predict(pixels.astype(np.float32), verbose=0)
    return logits


def _count(variables: Any) -> int:
    return sum(int(np.prod(variable.shape)) for variable in variables)


def run(job: Job) -> Outcome:
    """Train once, in this process, and leave the answers in `job.out`."""
    shards = Shards.read(Path(job.shards))
    phases = Phases()
    if job.arm == "torch":
        from benchmarks.finetune_torch import train_torch as train
    else:
        arms = {"graft": train_graft, "probe": train_graft, "keras": train_keras}
        train = (arms | {"reference": write_reference})[job.arm]
    trained = train(job, shards, phases)
    np.save(job.out, trained.logits)
    return Outcome(
        phases_s=phases.seconds,
        processor_s=phases.processor_s,
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        trained_parameters=trained.trained_parameters,
        note=trained.note,
    )


def read(shards: Shards, job: Job) -> TrainingData:
    """Return the pictures to train on and those that early stopping looks at."""
    return data.read(shards, soft_labels=job.settings.train.soft_labels)


def main() -> None:
    print(json.dumps(dataclasses.asdict(run(Job(**json.loads(sys.argv[1]))))))


if __name__ == "__main__":
    main()
