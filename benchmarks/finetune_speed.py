"""Fine-tuning time beside what a user would write: Keras `fit`, same layers frozen, same data.

    python -m benchmarks.finetune_speed [--epochs 10 30] [--seeds 3] [--precision float32] [--quick]

Both arms train the last third of MobileNetV2 (the default cut, BatchNorm frozen) on the same split
of the demo data, and both are scored on its test pictures: one view, whole network, float32.

- graft: the default method from an empty activation cache, on 4 augmented views made before.
- plain: `fit` on the whole network; flips, shifts and light are layers, drawn again each epoch.

Every training runs in a process of its own, so that peak memory is its own, one after the other:
leave the machine alone meanwhile. `--quick` trains plain for two epochs and multiplies the second;
the table says so, and tells no AUC.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from components.common import progress
from components.common.artifacts.shards import Shards
from components.common.statistics.figures import measure
from pipelines.config import TrainingRun, override, read_preset, resolve

TARGETS = {10: 3.0, 30: 5.0}
AUC_POINTS = 0.5
# What the Keras guides use when the top of a network is unfrozen; the head starts from nothing.
PLAIN_RATE = 1e-4


@dataclass(frozen=True, kw_only=True)
class Trained:
    """One training. `auc` is NaN where the epochs were extrapolated."""

    arm: str
    epochs: int
    seed: int
    total_s: float
    phases_s: dict[str, float]
    auc: float
    peak_memory_bytes: int
    extrapolated: bool = False


class Phases:
    """A progress listener that books the time since the last report on what it reports."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.monotonic()

    def __call__(self, report: progress.Progress) -> None:
        """Take note of one report."""
        self.book(report.activity)

    def book(self, name: str) -> None:
        """Book the time since the last booking."""
        now = time.monotonic()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now


def train_graft(shards: Shards, settings: TrainingRun, epochs: int) -> tuple[Any, Phases]:
    """Run the default method from an empty cache."""
    from components.networks import data, network
    from components.networks.fast.precision import chosen
    from components.networks.features.cache import ActivationCache
    from components.train.methods import linear_probe_finetune as method
    from components.train.session import Session

    splits = data.read(shards, soft_labels=True)
    phases = Phases()
    size_px = shards.info.image_size_px
    built = network.build(settings.train, image_size_px=size_px, classes=len(splits.classes))
    phases.book("building")
    with tempfile.TemporaryDirectory() as root, progress.listening(phases):
        cache = ActivationCache(Path(root), 10**10, chosen(settings.train.precision))
        session = Session(settings.train.seed, 1, cache)
        method.fit(splits, built, method.Options(epochs=epochs), session)
        phases.book("ending")
    return built.model, phases


def train_plain(shards: Shards, settings: TrainingRun, epochs: int) -> tuple[Any, Phases]:
    """Do what the Keras guides do, with the schedule that the default method has."""
    import keras

    from components.networks import data, network

    splits = data.read(shards, soft_labels=True)
    train, validation = splits.train, splits.validation
    phases = Phases()
    size_px = shards.info.image_size_px
    built = network.build(settings.train, image_size_px=size_px, classes=len(splits.classes))
    order = [layer.name for layer in built.model.layers]
    for place, layer in enumerate(built.model.layers):
        norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = place > order.index(built.default_cut) and not norm
    pixels = keras.Input((size_px, size_px, 3))
    x = keras.layers.RandomFlip()(pixels)
    x = keras.layers.RandomTranslation(0.03, 0.03)(x)
    x = keras.layers.RandomBrightness(0.05)(x)
    x = keras.layers.RandomContrast(0.1)(x)
    model = keras.Model(pixels, built.model(x))
    steps = epochs * -(-train.pictures // 32)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, round(0.9 * steps), warmup_target=PLAIN_RATE, warmup_steps=round(0.1 * steps)
    )
    model.compile(
        keras.optimizers.AdamW(schedule, weight_decay=1e-4, global_clipnorm=1.0),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        weighted_metrics=["accuracy"],
    )
    phases.book("building")

    def book(epoch: int, _: Any) -> None:
        phases.book("fit" if epoch else "first epoch")

    model.fit(
        _colour(train.pixels[: train.pictures]),
        train.targets,
        sample_weight=train.weights,
        validation_data=(_colour(validation.pixels), validation.targets, validation.weights),
        batch_size=32,
        epochs=epochs,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=book)],
    )
    return built.model, phases


def _colour(pixels: Any) -> Any:
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:3], 3)))


def test_auc(model: Any, shards: Shards) -> float:
    """Return the ROC-AUC on the test pictures, one view."""
    logits = model.predict(_colour(shards.pixels("test")).astype(np.float32), verbose=0)
    rows = shards.rows("test")
    centred = logits - logits.mean(axis=1, keepdims=True)
    return measure("roc_auc", rows["target"].to_numpy(), centred)


def run_one(arm: str, shards_root: Path, settings: TrainingRun, epochs: int) -> Trained:
    """Train once, in this process."""
    import keras

    shards = Shards.read(shards_root)
    keras.utils.set_random_seed(settings.train.seed)
    model, phases = {"graft": train_graft, "plain": train_plain}[arm](shards, settings, epochs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Trained(
        arm=arm,
        epochs=epochs,
        seed=settings.train.seed,
        total_s=sum(phases.seconds.values()),
        phases_s=phases.seconds,
        auc=test_auc(model, shards),
        peak_memory_bytes=peak,
    )


def extrapolate(short: Trained, epochs: int) -> Trained:
    """Return what more epochs would take: those after the first one multiplied."""
    factor = (epochs - 1) / (short.epochs - 1)
    phases = {k: v * (factor if k == "fit" else 1.0) for k, v in short.phases_s.items()}
    return Trained(
        arm=short.arm,
        epochs=epochs,
        seed=short.seed,
        total_s=sum(phases.values()),
        phases_s=phases,
        auc=float("nan"),
        peak_memory_bytes=short.peak_memory_bytes,
        extrapolated=True,
    )


def prepare(seed: int, work: Path) -> Path:
    """Return the shards of one module-grouped split of the demo data."""
    from benchmarks.first_steps import augment, ingest, validate

    settings = settings_of(seed, "float32")
    ingested, dataset, shards = (work / f"{name}-{seed}" for name in ("in", "dataset", "shards"))
    ingest(out=ingested, settings=settings.ingest)
    validate(ingested, out=dataset, report=work / f"report-{seed}", settings=settings.validate)
    augment(dataset, out=shards, settings=settings.augment)
    return shards


def settings_of(seed: int, precision: str) -> TrainingRun:
    """Return the demo's settings with the network that the target speaks of."""
    changes = [f"seed={seed}", "validate.split=grouped", f"train.precision={precision}"]
    changes += ["train.backbone=mobilenet_v2", "train.weights=data/weights/mobilenet_v2_dogs.h5"]
    return resolve(override(read_preset("solar"), changes))


def apart(arm: str, shards: Path, epochs: int, options: argparse.Namespace, seed: int) -> Trained:
    """Train once in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.finetune_speed", "--one", arm, str(shards)]
    command += ["--epochs", str(epochs), "--seeds", str(seed), "--precision", options.precision]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Trained(**json.loads(done.stdout.splitlines()[-1]))


def tables(rows: list[Trained]) -> list[Table]:
    """Return the comparison and where the time went, means over the seeds."""
    compared = Table(title="fine-tuning, plain Keras fit beside graft, mean over seeds")
    for column in ("epochs", "seeds", "plain s", "graft s", "ratio", "target", "AUC plain"):
        compared.add_column(column)
    for column in ("AUC graft", "AUC gap, points", "plain GiB", "graft GiB"):
        compared.add_column(column)
    spent = Table(title="seconds by phase, mean over seeds")
    for column in ("epochs", "arm", "phase", "s"):
        spent.add_column(column)
    for epochs in dict.fromkeys(row.epochs for row in rows):
        arms = {
            arm: [row for row in rows if row.epochs == epochs and row.arm == arm]
            for arm in ("plain", "graft")
        }
        compared.add_row(*_compared(epochs, arms["plain"], arms["graft"]))
        for arm, chosen in arms.items():
            for phase in chosen[0].phases_s:
                mean = statistics.mean(row.phases_s.get(phase, 0.0) for row in chosen)
                spent.add_row(str(epochs), arm, phase, f"{mean:.1f}")
    return [compared, spent]


def _compared(epochs: int, plain: list[Trained], graft: list[Trained]) -> list[str]:
    plain_s, graft_s = (statistics.mean(row.total_s for row in arm) for arm in (plain, graft))
    plain_auc, graft_auc = (statistics.mean(row.auc for row in arm) for arm in (plain, graft))
    target = TARGETS.get(epochs)
    ratio = plain_s / graft_s
    word = "" if target is None else f">= {target:g}: {'met' if ratio >= target else 'MISSED'}"
    gap = 100 * (graft_auc - plain_auc)
    extrapolated = plain[0].extrapolated
    judged = "within" if abs(gap) <= AUC_POINTS else "better" if gap > 0 else "WORSE"
    memory = [max(row.peak_memory_bytes for row in arm) / 2**30 for arm in (plain, graft)]
    return [
        str(epochs),
        str(len(graft)),
        f"{plain_s:.1f}" + (" (extrapolated)" if extrapolated else ""),
        f"{graft_s:.1f}",
        f"{ratio:.2f}",
        word,
        "not trained" if extrapolated else f"{plain_auc:.4f}",
        f"{graft_auc:.4f}",
        "" if extrapolated else f"{gap:+.2f} {judged}",
        *(f"{size:.2f}" for size in memory),
    ]


def main() -> None:
    """Measure and print, a line for each finished training."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, nargs="+", default=[10, 30])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--precision", choices=["auto", "float32", "bfloat16"], default="float32")
    parser.add_argument("--quick", action="store_true", help="1 seed, plain extrapolated")
    parser.add_argument("--one", nargs=2, metavar=("ARM", "SHARDS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        arm, shards = options.one
        settings = settings_of(options.seeds, options.precision)
        print(json.dumps(asdict(run_one(arm, Path(shards), settings, options.epochs[0]))))
        return
    console, rows = Console(), []
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as name:
        for seed in range(1 if options.quick else options.seeds):
            shards = prepare(seed, Path(name))
            short = apart("plain", shards, 2, options, seed) if options.quick else None
            for epochs in options.epochs:
                plain = extrapolate(short, epochs) if short else None
                pair = [
                    plain or apart("plain", shards, epochs, options, seed),
                    apart("graft", shards, epochs, options, seed),
                ]
                rows += pair
                for row in pair:
                    console.print(f"seed {seed}: {row}")
    for table in tables(rows):
        console.print(table)


if __name__ == "__main__":
    main()
