"""Fit a network to shards and write the Candidate."""

import dataclasses
import logging
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from components.common import config, plugins
from components.common.artifacts.candidate import Candidate, CandidateInfo
from components.common.artifacts.judging.held_out import held_out_table
from components.common.artifacts.lineage import write_seen
from components.common.artifacts.records import link_or_copy
from components.common.artifacts.shards import Shards
from components.common.errors import DataError
from components.common.pictures.flips import FLIPS
from components.common.seeding import derive
from components.common.statistics.temperature import fit_temperature, softmax
from components.networks import data, network
from components.networks.accelerator import running_on
from components.networks.config import EMBEDDING, INPUT
from components.networks.data import Split, TrainingData
from components.networks.features.cache import ActivationCache
from components.networks.network import Network
from components.networks.rows import FlippedPixels, Floats
from components.networks.weights.digests import source_sha256, weights_sha256
from components.networks.weights.load import load_file
from components.train import warm_start
from components.train.config import METHODS, TrainConfig, method_options
from components.train.familiar import familiar
from components.train.folds.cross_validation import ChosenMethod, OutOfFold, cross_validate
from components.train.folds.refit import Refits, refit
from components.train.given import given
from components.train.loop.checkpoints import run_folder
from components.train.loop.jax_epoch import keep_compiled
from components.train.multitask.calibration import calibrated_tasks
from components.train.session import Fitted, Session, flip_averaged_logits, predict

LOG = logging.getLogger(__name__)

# Pictures whose answers are kept for export to compare with: enough to see any slip of
# preprocessing, few enough to be answered by the whole network in seconds.
PARITY_PICTURES = 64


def train(
    shards_root: Path, *, out: Path, settings: TrainConfig, cache_dir: str, run_dir: str = ""
) -> None:
    """Fit a network and write the Candidate artifact.

    A run that was killed and is started again goes on after the last epoch that it finished.

    Args:
        shards_root: the Shards artifact.
        out: the folder to write.
        settings: backbone, weights, method, its options.
        cache_dir: where activations, and the standing of an unfinished run, are kept; "" keeps
            them for this run only.
        run_dir: this run's folder, beside those of the runs that a warm start may come from.

    Raises:
        ConfigError: unknown backbone, method, option or cut point, or see `running_on`.
        DataError: a class without pictures, or in too few groups for folds, or pictures too small
            for the network, or a teacher has seen test pictures.
        WeightsError: see `network.build`.
    """
    method = plugins.load(METHODS, settings.method)
    options = method_options(settings.method, settings.options)
    with ExitStack() as stack:
        notes = stack.enter_context(running_on(settings))
        shards = Shards.read(shards_root)
        splits = given(data.read(shards, soft_labels=settings.soft_labels), settings)
        size_px = shards.info.image_size_px
        known = method.seen(options) if hasattr(method, "seen") else frozenset()
        _refuse_leak(known, shards)
        source = warm_start.source(settings, run_dir=run_dir)
        built, origin = _start(settings, splits, source, image_size_px=size_px)
        root = Path(cache_dir or stack.enter_context(tempfile.TemporaryDirectory()))
        if settings.keep_compiled and cache_dir:
            keep_compiled(root / "compiled")
        cache = ActivationCache.below(root, settings)
        every = (splits.train, splits.validation, splits.unlabelled)
        pixels = [split.content_sha256 for split in every]
        # Without a place that outlives this run there is nothing to go on from.
        standings = (
            run_folder(root / "unfinished", config.to_json(settings), origin, *pixels)
            if cache_dir
            else None
        )
        session = Session(settings.seed, settings.flips, cache, standings)
        recipe = ChosenMethod(method, options)
        crossed = None
        if not splits.validation.pictures:
            crossed = cross_validate(splits, built, recipe, session)
            if settings.warm_start:
                _load(built, source)
        fitted = recipe.fit(splits, built, session)
        kept = fitted.network or built
        judged = splits.train if crossed else splits.validation
        logits = (
            crossed.logits
            if crossed
            else flip_averaged_logits(kept, judged, cut=fitted.cut, session=session)
        )
        width = len(splits.classes)
        tasks = calibrated_tasks(logits[:, width:], judged.tasks)
        rivals = refit(settings, shards, root=root) if crossed else Refits()
        began = warm_start.notes(settings, source, image_size_px=size_px, fit=shards.info.fit)
        info = CandidateInfo(
            classes=splits.classes,
            positive=shards.info.positive if len(splits.classes) == 2 else "",
            backbone=settings.backbone,
            method=settings.method,
            image_size_px=size_px,
            temperature=fit_temperature(logits[:, :width], judged.labels),
            flips=settings.flips,
            seed=settings.seed,
            weights_sha256=origin,
            trainable_parameters=fitted.trainable_parameters,
            notes=(*notes, *began, *_notes(splits, crossed), *fitted.notes, *rivals.notes),
            tasks=tasks,
            unproven=tuple(np.delete(splits.classes, np.unique(splits.train.labels)).tolist()),
            figures=fitted.figures,
            fit=shards.info.fit,
            class_shares=fitted.class_shares,
            augmentation=shards.info.augmentation,
        )
        table = held_out_table(
            logits,
            classes=info.classes,
            paths=judged.paths,
            groups=judged.groups,
            targets=judged.labels,
            folds=crossed.folds if crossed else None,
            tasks=judged.tasks,
        )
        candidate = Candidate(out, info)
        _write(candidate, kept.model, fitted, judged.head(PARITY_PICTURES), table)
        if shards.sheet.is_file():
            link_or_copy(shards.sheet, candidate.sheet)
        candidate.write_refits(rivals.tables)
        # The test split is in the shards too; no method is ever given it.
        shown = shards.index[shards.index["split"] != "test"]
        before = warm_start.seen(source) if settings.warm_start else ()
        write_seen(out, shown["sha256"], before={*before, *known})
        if fitted.embeddings is not None and not settings.warm_start:
            candidate.write_embeddings(splits.train.paths, fitted.embeddings)
        known_to = fitted.known or splits.train
        candidate.write_familiar(familiar(kept, known_to, cut=fitted.cut, session=session))
        if standings:
            shutil.rmtree(standings, ignore_errors=True)


def _refuse_leak(known: frozenset[str], shards: Shards) -> None:
    """Refuse to learn from networks that have seen pictures which this one is judged by.

    Raises:
        DataError: they have.
    """
    test = set(shards.index["sha256"][shards.index["split"] == "test"])
    if known & test:
        raise DataError(
            "a teacher that has not seen the test pictures",
            received=f"one that has seen {len(known & test)} of {len(test)}",
            do="judge by cross-validation (validate.evidence=cross_validation), which fits the "
            "teacher again without them, or name a teacher that was trained on the same splits",
        )


def _start(
    settings: TrainConfig, splits: TrainingData, source: str, *, image_size_px: int
) -> tuple[Network, str]:
    """Return the network to begin with, and the digest of what the shipped one starts from.

    Under cross-validation a warm start waits for the folds, which start cold: a warm network has
    seen the pictures that they are asked about.
    """
    keras.utils.set_random_seed(derive(settings.seed, "train"))
    digest = source_sha256(source)
    warm_now = bool(settings.warm_start) and splits.validation.pictures > 0
    if settings.warm_start:
        warm_start.check(settings, source, classes=splits.classes)
    built = network.build(
        dataclasses.replace(settings, weights="none") if warm_now else settings,
        image_size_px=image_size_px,
        classes=len(splits.classes),
    )
    if warm_now:
        _load(built, source)
    is_file = digest not in {"imagenet", "none"}
    return built, digest if is_file else weights_sha256(built.model)


def _load(built: Network, source: str) -> None:
    """Give a network the weights of a warm start."""
    # Not the whole backbone: a Candidate holds only the layers that its features need.
    load_file(built.between((INPUT,), (EMBEDDING,)), source)


def _notes(splits: TrainingData, crossed: OutOfFold | None) -> list[str]:
    """Return what a reader should know of the evidence."""
    if crossed:
        return [crossed.note]
    counts = np.bincount(splits.validation.labels, minlength=len(splits.classes))
    unseen = [name for name, n in zip(splits.classes, counts, strict=True) if n == 0]
    return [f"no validation picture of {', '.join(unseen)}: calibrated without"] if unseen else []


def _write(
    candidate: Candidate, model: keras.Model, fitted: Fitted, parity: Split, table: pd.DataFrame
) -> None:
    info, temperature = candidate.info, np.float32(candidate.info.temperature)
    widths = [len(info.classes), *(len(task.classes) for task in info.tasks)]
    candidate.root.mkdir(parents=True, exist_ok=True)
    model.save(candidate.model_path)
    whole = _whole_network_logits(model, parity, flips=info.flips)
    own, *further = np.split(whole, np.cumsum(widths)[:-1], axis=1)
    said = [task.probabilities(part) for task, part in zip(info.tasks, further, strict=True)]
    candidate.write(
        curves=fitted.curves_frame(),
        paths=list(parity.paths),
        probabilities=np.concatenate([softmax(own / temperature), *said], axis=1),
        decision=fitted.decision,
    )
    candidate.write_held_out(table)
    LOG.info("candidate written: temperature %.3f, %s", temperature, info.notes)


def _whole_network_logits(model: keras.Model, split: Split, *, flips: int) -> Floats:
    """Return flip-averaged logits from pixels, without cached (float16) activations."""
    views = [
        predict(model, [FlippedPixels(split.pixels, flip)], rows=split.pictures)
        for flip in FLIPS[:flips]
    ]
    mean: Floats = np.mean(views, axis=0, dtype=np.float32)
    return mean
