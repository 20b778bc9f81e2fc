"""An evaluation with every record filled, of any number of classes, without a trained network."""

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
from tiny_candidate import write_candidate

from components.common.artifacts.augmentation import (
    AugmentationInfo,
    Mirror,
    MirrorTest,
    Plausibility,
    PolicyGain,
)
from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.artifacts.exported import EscapePromise, Export, ExportInfo
from components.common.artifacts.inspection import (
    DoubtedLabel,
    GroupFinding,
    InspectionInfo,
    Shortcut,
)
from components.common.artifacts.judging.evaluation import Evaluation, EvaluationInfo, scored
from components.common.artifacts.judging.figures import (
    Advice,
    CallTime,
    ClassFigures,
    Corrupted,
    Costs,
    DeletionTest,
    Explained,
    Forecast,
    LearningPoint,
    Metric,
    Slice,
    TaskFigures,
)
from components.common.augmentation.composition import parsed
from components.common.pictures.contact_sheet import contact_sheet
from components.common.pictures.corruptions import CORRUPTIONS, SEVERITIES
from components.common.pictures.decode import encode_png
from components.common.report.texts import Language
from components.common.run_context import RunContext
from components.common.statistics.figures import FIGURES
from components.evaluate.report.write import ReportSources, write_report

RUN = RunContext(run_id="run-1", commit="abc123", data_sha256="d" * 64)
_FIGURES = (
    "accuracy", "balanced_accuracy", "f1", "roc_auc", "average_precision", "log_loss",
    "calibration_error",
)  # fmt: skip


def names_of(count: int, *, chinese: bool = False) -> tuple[str, ...]:
    """Return names of classes, some of them long."""
    words = ("良品", "刮痕", "凹陷", "污漬", "裂紋") if chinese else (
        "good", "scratch", "dent", "stain", "crack along the soldered edge",
    )  # fmt: skip
    return tuple(
        words[n] if n < len(words) else f"{words[n % len(words)]} {n}" for n in range(count)
    )


def write_full_evaluation(
    root: Path,
    *,
    classes: Sequence[str],
    language: Language = "en",
    serving: bool = True,
    cross_validation: bool = False,
    a_class: int = 20,
    skill: float = 3.0,
    bare: bool = False,
) -> Evaluation:
    """Write an Evaluation with page and plots, and what it was made from.

    Args:
        root: an empty folder.
        classes: names.
        language: of the page.
        serving: a version serves already.
        cross_validation: what the figures rest on.
        a_class: pictures of each class.
        skill: how far the classes lie apart; 0 guesses.
        bare: figures only, nothing of what takes longer.
    """
    rng = np.random.default_rng(3)
    names = tuple(classes)
    dataset = _dataset(root / "dataset", names, a_class, rng, cross_validation)
    table = _answers(dataset, rng, skill)
    info = _record(table, names, dataset.manifest, language, serving, cross_validation)
    if bare:
        info = dataclasses.replace(
            info, per_class=(), slices=(), robustness=(), costs=None, explanations=(),
            deletion_test=None, advice=None, task_figures=(),
        )  # fmt: skip
    evaluation = Evaluation(root / "evaluation", info)
    evaluation.write(table, _answers(dataset, rng, 0.85 * skill) if serving else None)
    evaluation.plots.mkdir()
    for number, one in enumerate(info.explanations):
        pixels = np.full((48, 64, 3), 30 * number % 255, np.uint8)
        pixels[10:30, 20:40] = (255, 120, 0)
        (evaluation.plots / one.heat_map).write_bytes(encode_png(pixels))
    export = Export(
        root / "export",
        ExportInfo(
            classes=names,
            positive=info.positive,
            backbone="efficientnet_lite0",
            method="auto",
            image_size_px=224,
            max_difference=1e-6,
            model_sha256="c" * 64,
            promise=EscapePromise(rate=0.1, escapes=0.14, asked=0.04, kept=True),
        ),
    )
    export.write()
    sources = ReportSources(
        dataset=dataset,
        candidate=_candidate(root / "candidate", names),
        export=export,
        inspected=InspectionInfo() if bare else _inspected(dataset),
        run=RUN,
    )
    write_report(evaluation, sources, mistakes_shown=8)
    return evaluation


def _inspected(dataset: Dataset) -> InspectionInfo:
    classes, paths = dataset.info.classes, dataset.manifest["path"]
    metric = Metric(name="roc_auc", value=0.71, low=0.66, high=0.76)
    return InspectionInfo(
        pictures=len(paths),
        suspected=3,
        doubted=tuple(
            DoubtedLabel(path=path, label=classes[0], suggestion=classes[1], quality=0.1)
            for path in paths[:5]
        ),
        groups=GroupFinding(
            origin="runs of rows",
            groups=12,
            apart=0.7,
            straddling=0.8,
            flattery=Metric(name="accuracy", value=0.1, low=0.05, high=0.15),
            chance=0.01,
        ),
        shortcuts=(
            Shortcut(fact="brightness", roc_auc=metric, clear=True),
            Shortcut(fact="file name", roc_auc=metric, clear=False),
        ),
    )


def _dataset(
    root: Path, names: tuple[str, ...], a_class: int, rng: np.random.Generator, all_train: bool
) -> Dataset:
    (root / "pictures").mkdir(parents=True)
    rows = []
    for number in range(a_class * len(names)):
        label = number % len(names)
        pixels = rng.integers(0, 80, (48, 64, 3)) + 150 * label // max(1, len(names) - 1)
        data = encode_png(pixels.astype(np.uint8))
        path = f"pictures/{number:05d}.png"
        (root / path).write_bytes(data)
        rows.append(
            {
                "path": path,
                "sha256": hashlib.sha256(data).hexdigest(),
                "label": names[label],
                "soft_label": np.nan,
                "domain": "line 1" if number % 3 else "line 2",
                "group": f"lot {number // 7}",
                "split": "train" if all_train else "test",
                "weight": 1.0,
            }
        )
    info = DatasetInfo(
        name="castings",
        classes=names,
        positive=names[1] if len(names) == 2 else "",
        licence="CC0",
        evidence="cross_validation" if all_train else "holdout",
    )
    dataset = Dataset(root, info, pd.DataFrame(rows))
    dataset.write()
    return dataset


def _answers(dataset: Dataset, rng: np.random.Generator, skill: float) -> pd.DataFrame:
    rows, names = dataset.manifest, dataset.info.classes
    targets = dataset.targets(rows)
    logits = rng.normal(size=(len(rows), len(names)))
    logits[np.arange(len(rows)), targets] += skill * (1 - 0.7 * targets / len(names))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    table = rows[["path", "sha256", "group", "domain"]].copy()
    table["target"], table["predicted"] = targets, probabilities.argmax(axis=1)
    for number, name in enumerate(names):
        table[f"p_{name}"] = probabilities[:, number]
    return table


def _metric(name: str, value: float, half: float = 0.05) -> Metric:
    return Metric(name=name, value=value, low=max(0.0, value - half), high=value + half)


def _record(
    table: pd.DataFrame,
    names: tuple[str, ...],
    rows: pd.DataFrame,
    language: Language,
    serving: bool,
    cross_validation: bool,
) -> EvaluationInfo:
    positive = names[1] if len(names) == 2 else ""
    answers = scored(table, names, positive)
    once = np.ones((1, len(table)))
    metrics = tuple(_metric(name, float(FIGURES[name](answers, once)[0])) for name in _FIGURES)
    right = table["predicted"] == table["target"]
    recalls = [float(right[table["target"] == number].mean()) for number in range(len(names))]
    counts = table["target"].value_counts()
    paths = rows["path"].tolist()
    change = Metric(name="accuracy", value=-0.2, low=-0.25, high=-0.14)
    return EvaluationInfo(
        classes=names,
        positive=positive,
        pictures=len(table),
        groups=table["group"].nunique(),
        metrics=metrics,
        incumbent_metrics=tuple(_metric(one.name, one.value - 0.02) for one in metrics)
        if serving
        else (),
        incumbent_version=4 if serving else 0,
        candidate_sha256="c" * 64,
        incumbent_sha256="e" * 64 if serving else "",
        evidence="cross_validation" if cross_validation else "holdout",
        per_class=tuple(
            ClassFigures(
                name=name,
                pictures=int(counts[number]),
                groups=int(counts[number]) // 2,
                metrics=tuple(
                    _metric(figure, recalls[number])
                    for figure in ("precision", "recall", "f1", "roc_auc")
                ),
            )
            for number, name in enumerate(names)
        ),
        slices=(
            Slice(name="line 1", pictures=40, groups=9, metrics=metrics[:2], difference=change),
            Slice(
                name="brightness: low",
                pictures=22,
                groups=8,
                metrics=metrics[:2],
                kind="column",
                difference=change,
                worse=True,
                examples=tuple(paths[:5]),
            ),
        ),
        robustness=tuple(
            Corrupted(
                name=fault,
                severity=severity,
                pictures=100,
                metric=_metric("accuracy", 0.9 - 0.1 * severity),
                change=Metric(
                    name="accuracy",
                    value=-0.01 * severity * number,
                    low=-0.6,
                    high=0.02 - 0.01 * severity * number,
                ),
            )
            for number, fault in enumerate(CORRUPTIONS)
            for severity in SEVERITIES
        ),
        costs=Costs(
            latency=(
                CallTime(batch=1, median_ms=41.2, p95_ms=60.1),
                CallTime(batch=32, median_ms=900.0, p95_ms=950.0),
            ),
            size_bytes=14_500_000,
            parameters=3_413_024,
        ),
        explanations=tuple(
            Explained(
                path=path,
                truth=names[0],
                predicted=names[number % 2],
                probability=0.9 - 0.1 * number,
                heat_map=f"heat_{number}.png",
                drop=0.4,
                random_drop=0.1,
            )
            for number, path in enumerate(paths[:4])
        ),
        deletion_test=DeletionTest(
            pictures=60,
            drop=0.41,
            random_drop=0.08,
            difference=Metric(name="drop", value=0.33, low=0.25, high=0.41),
        ),
        advice=_advice(names, recalls),
        task_figures=(
            TaskFigures(
                name="grade",
                pictures=30,
                groups=6,
                metrics=metrics[:2],
                incumbent_metrics=metrics[:1],
            ),
            TaskFigures(name="flaws: a crack", pictures=12, groups=3, metrics=()),
        ),
        unseen=3,
        notes=("Only 6 groups: the intervals are wide, and rough.",),
        language=language,
    )


def _advice(names: tuple[str, ...], recalls: list[float]) -> Advice:
    def curve(name: str, end: float, many: int) -> list[LearningPoint]:
        return [
            LearningPoint(
                name=name,
                pictures=many * share // 4,
                value=end - 0.05 * (4 - share),
                low=end - 0.05 * (4 - share) - 0.03,
                high=end - 0.05 * (4 - share) + 0.03,
            )
            for share in (1, 2, 3, 4)
        ]

    points = curve("", float(np.mean(recalls)), 20 * len(names))
    for name, recall in zip(names, recalls, strict=True):
        points += curve(name, recall, 20)
    forecasts = tuple(
        Forecast(
            name=name,
            pictures=20,
            added=40,
            value=min(1.0, recall + 0.03),
            low=recall,
            high=min(1.0, recall + 0.06),
            gain=0.03,
            gain_low=0.01,
            gain_high=0.05,
            saturated=recall > 0.95,
        )
        for name, recall in zip(names, recalls, strict=True)
    )
    return Advice(
        curve=tuple(points),
        forecasts=forecasts,
        sentences=("40 more pictures of “scratch” should bring about 3 points.",),
    )


def _candidate(root: Path, names: tuple[str, ...]) -> Candidate:
    epochs = np.arange(1, 9)
    curves = pd.DataFrame(
        {
            "phase": ["probe"] * 2 + ["finetune"] * 6,
            "epoch": epochs,
            "train_loss": 0.8 / epochs,
            "validation_loss": 0.9 / np.sqrt(epochs),
            "train_accuracy": 1 - 0.5 / epochs,
            "validation_accuracy": 1 - 0.5 / np.sqrt(epochs),
        }
    )
    named = {"backbone": "efficientnet_lite0", "image_size_px": 224, "flips": 2}
    told = Metric(name="roc_auc", value=0.52, low=0.48, high=0.56)
    flips, turned = parsed("flips"), parsed("rotation")
    augmentation = AugmentationInfo(
        policy=flips,
        plausibility=(Plausibility(policy="rotation", outside=0.4, fact="tilt"),),
        pictures=352,
        mirrors=tuple(
            MirrorTest(mirror=mirror, roc_auc=told, allowed=mirror == "left_right")
            for mirror in get_args(Mirror)
        ),
        gains=(
            PolicyGain(policy=flips, gain=_metric("log_loss_gain", 0.02), chosen=True),
            PolicyGain(policy=turned, gain=_metric("log_loss_gain", -0.01)),
        ),
    )
    found = write_candidate(root, names, curves=curves, augmentation=augmentation, **named)
    found.sheet.write_bytes(contact_sheet([np.zeros((32, 32, 1), np.uint8)] * 24, across=4))
    return found
