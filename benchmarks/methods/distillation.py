"""Distillation on the demo: a student alone, taught, and beside its teacher; its speed; int8.

Each seed deals the modules into four folds and fits on three of them; the fourth is asked about.
The teacher is the preset's network by a linear probe; the student is `small`. "Alone" is the same
student, start, epochs and rate without a teacher. Arms that are done are kept below `.graft`.
"""

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from benchmarks.first_steps import all_for_training
from benchmarks.gap import Gap
from benchmarks.methods.table import Row
from benchmarks.quality import CACHE_BYTES, FOLDS, _folds
from benchmarks.quality_figures import mean_over_splits
from components.common import config, plugins
from components.common.artifacts.candidate import CandidateInfo
from components.common.artifacts.lineage import Provenance
from components.common.artifacts.records import PROVENANCE, write_record
from components.common.models.litert import LitertInfo, LitertModel, LitertPrecision
from components.common.seeding import derive, generator
from components.common.statistics.figures import Scored
from components.common.statistics.jackknife import jackknife
from components.common.statistics.operating_point import OperatingPoint
from components.common.statistics.temperature import Floats as Answers
from components.common.statistics.temperature import softmax
from components.common.statistics.weighted import Floats
from components.export.litert import float_file, quantized
from components.networks import data, network
from components.networks.data import TrainingData, none_of
from components.networks.features.cache import ActivationCache
from components.networks.rows import FlippedPixels
from components.train.config import METHODS, TrainConfig
from components.train.session import Session, flip_averaged_logits
from pipelines.config import read_preset, resolve

WORK = Path(".graft") / "distillation"
COMMAND = "python -m benchmarks.methods distillation"
_RECIPE = {"epochs": 12}
_TAUGHT = {"temperature": 1.0, "share": 0.5, "cross_fit": True}
_FEW = 0.25
_CALIBRATED_ON, _TIMED = 100, 200


@dataclass(frozen=True)
class _Arm:
    """A network of the comparison: its settings and those of its method.

    labelled: share of the training modules whose labels it is given; the others are unlabelled.
    """

    name: str
    train: TrainConfig
    options: dict[str, Any]
    labelled: float = 1.0


class _Bench:
    """Fits arms and keeps what they answer."""

    def __init__(self) -> None:
        run = resolve(read_preset("solar"))
        self.shards = all_for_training(run, WORK)
        self.all = data.read(self.shards, soft_labels=True).train
        self._cache = ActivationCache(WORK / "activations", CACHE_BYTES)
        probe = dataclasses.replace(
            run.train, method="linear_probe", options={}, precision="float32"
        )
        student = dataclasses.replace(
            probe,
            backbone="small",
            weights="data/weights/efficientnet_lite0.h5",
            method="distillation",
        )
        self._write_teacher(probe)
        taught = {"teachers": [str(WORK / "teacher")], **_TAUGHT}
        self.teacher = _Arm("teacher", probe, {})
        self.alone = _Arm("alone", student, {"share": 0.0, **_RECIPE})
        self.taught = _Arm("taught", student, {**taught, **_RECIPE})
        # Eight modules are too few to leave some out: cross-fitted answers ranked them at random.
        by_itself = _Arm("taught", student, {**taught, **_RECIPE, "cross_fit": False})
        self.few = tuple(
            dataclasses.replace(arm, name=f"{arm.name}-few", labelled=_FEW)
            for arm in (self.teacher, self.alone, by_itself)
        )

    def dealt(self, seed: int) -> Any:
        """Return the positions that a seed fits on, and those that it asks about."""
        kinds = zip(self.all.labels, self.all.domains, strict=True)
        strata = pd.Series([f"{label}/{domain}" for label, domain in kinds])
        return _folds(strata, pd.Series(self.all.groups), FOLDS, seed)[0]

    def answers(self, arm: _Arm, seed: int) -> Answers:
        """Return probabilities of the pictures that a seed asks about."""
        kept = WORK / "arms" / f"{arm.name}-{seed}.npy"
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            np.save(kept, self._fit(arm, seed))
        answers: Answers = np.load(kept)
        return answers

    def _fit(self, arm: _Arm, seed: int) -> Answers:
        inner, outer = self.dealt(seed)
        known, rest = self._labelled(inner, arm.labelled, seed)
        unlabelled = dataclasses.replace(
            self.all.select(rest),
            labels=np.full(len(rest), -1),
            targets=np.zeros((len(rest), 2), np.float32),
        )
        splits = TrainingData(
            self.all.select(known), none_of(self.all), self.shards.info.classes, unlabelled
        )
        keras.utils.set_random_seed(derive(seed, "train"))
        size_px = self.shards.info.image_size_px
        built = network.build(arm.train, image_size_px=size_px, classes=len(splits.classes))
        method = plugins.load(METHODS, arm.train.method)
        options = config.load(method.Options, arm.options)
        session = Session(seed, 1, self._cache, in_fold=True)
        fitted = method.fit(splits, built, options, session)
        built.model.save(WORK / "arms" / f"{arm.name}-{seed}.keras")
        asked = self.all.take(np.arange(self.all.pictures)).select(outer)
        return softmax(flip_averaged_logits(built, asked, cut=fitted.cut, session=session))

    def _labelled(self, inner: Any, share: float, seed: int) -> tuple[Any, Any]:
        """Return the positions of the first modules, drawn by the seed, and of the others."""
        modules = np.unique(self.all.groups[inner].astype(str))
        drawn = generator(seed, "labelled").permutation(modules)[: round(share * len(modules))]
        known = np.isin(self.all.groups[inner].astype(str), drawn)
        return inner[known], inner[~known]

    def _write_teacher(self, recipe: TrainConfig) -> None:
        """Leave the record that a teacher is known by; its network is fitted again anyway."""
        root, info = WORK / "teacher", self.shards.info
        root.mkdir(parents=True, exist_ok=True)
        candidate = CandidateInfo(
            classes=info.classes,
            positive=info.positive,
            backbone=recipe.backbone,
            method=recipe.method,
            image_size_px=info.image_size_px,
            temperature=1.0,
            flips=1,
            seed=0,
            weights_sha256="",
            trainable_parameters=0,
        )
        write_record(root / "candidate.json", candidate)
        provenance = Provenance(
            step="train",
            run_id="benchmark",
            commit="",
            data_sha256="",
            config=config.to_json(recipe),
            inputs={},
            content_sha256="",
        )
        write_record(root / PROVENANCE, provenance)


def rows(seeds: int) -> list[Row]:
    """Fit what is not there yet, and compare."""
    bench = _Bench()
    arms = (bench.teacher, bench.alone, bench.taught, *bench.few)
    said = {arm.name: [bench.answers(arm, seed) for seed in range(seeds)] for arm in arms}
    files = [_files(bench, "taught", seed) for seed in range(seeds)]
    for precision in ("float16", "int8"):
        said[precision] = [
            _answers(bench, of_seed[precision], seed) for seed, of_seed in enumerate(files)
        ]
    whole, part = "demo, all labels, ROC-AUC", "demo, labels of a quarter of the modules, ROC-AUC"
    compared = (
        (f"{whole}: teacher (Lite2, 160 px, linear probe)", ("teacher",), None),
        (f"{whole}: student (`small`, 112 px inside) alone", ("alone",), None),
        (f"{whole}: student, taught", ("taught",), None),
        (f"{part}: teacher", ("teacher-few",), None),
        (f"{part}: student alone", ("alone-few",), None),
        (f"{part}: student, taught", ("taught-few",), None),
        ("demo, all labels: taught - teacher, paired", ("taught", "teacher"), -1.0),
        ("demo, all labels: taught - alone, paired", ("taught", "alone"), 1.5),
        ("demo, a quarter: taught - teacher, paired", ("taught-few", "teacher-few"), -1.0),
        ("demo, a quarter: taught - alone, paired", ("taught-few", "alone-few"), 1.5),
        ("demo: int8 - float16 of the taught student, paired", ("int8", "float16"), -0.5),
    )
    found = [_compared(bench, said, what, pair, goal) for what, pair, goal in compared]
    return [*found, *_device_rows(bench, files[0]["float16"])]


def _compared(
    bench: _Bench,
    said: dict[str, list[Answers]],
    what: str,
    pair: tuple[str, ...],
    goal: float | None,
) -> Row:
    """Return an arm's mean ROC-AUC, or how much more the first of two has, with its interval."""
    positive = bench.shards.info.classes.index(bench.shards.info.positive)
    seeds = len(said[pair[0]])
    outers = [bench.dealt(seed)[1] for seed in range(seeds)]
    labels, places = bench.all.labels, np.concatenate(outers)
    arms = [
        [
            Scored(labels[outer], answers.argmax(axis=1), answers, positive)
            for outer, answers in zip(outers, said[name], strict=True)
        ]
        for name in pair
    ]

    def figure(weights: Floats) -> Floats:
        means = [mean_over_splits(arm, "roc_auc", weights) for arm in arms]
        return 100 * (means[0] - means[1] if len(means) == 2 else means[0])

    found = Gap.of(jackknife(figure, bench.all.groups[places].tolist(), labels[places]))
    return Row(
        method="distillation",
        what=what,
        value=found.points,
        low=found.low,
        high=found.high,
        goal=goal,
        seeds=seeds,
        command=COMMAND,
    )


def _device_rows(bench: _Bench, student: LitertModel) -> list[Row]:
    """Return the student's size, and its time beside the teacher's on one thread."""
    teacher = _files(bench, "teacher", 0)["float16"]
    pixels = FlippedPixels(bench.all.pixels)[:_TIMED]
    own, other = (_median_ms(model, pixels) for model in (student, teacher))
    path = WORK / "arms" / "taught-0.keras"
    size = keras.models.load_model(path, compile=False).count_params() / 1e6
    time_of = f"teacher {other:.1f} ms, student {own:.1f} ms a picture (LiteRT float16, one thread)"
    measured = (
        ("parameters of the student", size, 0.5, "lower", "million"),
        (time_of, other / own, 4.0, "higher", "times faster"),
    )
    return [
        Row(
            method="distillation",
            what=what,
            value=value,
            low=value,
            high=value,
            goal=goal,
            better=better,  # type: ignore[arg-type]
            unit=unit,
            seeds=1,
            command=COMMAND,
        )
        for what, value, goal, better, unit in measured
    ]


def _answers(bench: _Bench, model: LitertModel, seed: int) -> Answers:
    pixels = FlippedPixels(bench.all.pixels)[bench.dealt(seed)[1]]
    return softmax(np.stack([model.logits(one) for one in pixels]))


def _files(bench: _Bench, name: str, seed: int) -> dict[str, LitertModel]:
    """Write a fitted network's LiteRT files and return them loaded."""
    info, inner = bench.shards.info, bench.dealt(seed)[0]
    shown = FlippedPixels(bench.all.pixels)[inner[:: len(inner) // _CALIBRATED_ON]]
    network_file = WORK / "arms" / f"{name}-{seed}.keras"
    plain = float_file(network_file, image_size_px=info.image_size_px)
    models: dict[str, LitertModel] = {}
    precisions: tuple[LitertPrecision, ...] = ("float16", "int8")
    for precision in precisions:
        file = WORK / "arms" / f"{name}-{seed}-{precision}.tflite"
        file.write_bytes(quantized(plain, precision, list(shown.astype(np.float32))))
        record = LitertInfo(
            classes=info.classes,
            image_size_px=info.image_size_px,
            temperature=1.0,
            flips=1,
            operating_point=OperatingPoint(),
            precision=precision,
        )
        write_record(file.with_suffix(".json"), record)
        models[precision] = LitertModel(file)
    return models


def _median_ms(model: LitertModel, pixels: Any) -> float:
    times_ms = []
    for one in pixels:
        started = time.perf_counter()
        model.logits(one)
        times_ms.append(1000 * (time.perf_counter() - started))
    return float(np.median(times_ms))
