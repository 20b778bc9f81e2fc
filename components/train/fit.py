"""Fit a network to shards and write the Candidate."""

import dataclasses
import logging
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from components.common import config, plugins
from components.common.artifacts.candidate import Candidate, CandidateInfo
from components.common.artifacts.shards import Shards
from components.common.errors import GraftError
from components.common.pictures.flips import FLIPS
from components.common.seeding import derive
from components.common.statistics.temperature import fit_temperature, softmax
from components.networks import data, network
from components.networks.accelerator import running_on
from components.networks.config import EMBEDDING, INPUT
from components.networks.data import Floats, Split, TrainingData
from components.networks.fast.precision import chosen
from components.networks.features.cache import ActivationCache
from components.networks.network import Network
from components.networks.weights.digests import source_sha256, weights_sha256
from components.networks.weights.load import load_file
from components.train import warm_start
from components.train.config import METHODS, TrainConfig, method_options
from components.train.loop.checkpoints import Checkpoints
from components.train.loop.jax_epoch import keep_compiled
from components.train.session import Fitted, Session, flip_averaged_logits, predict

LOG = logging.getLogger(__name__)

# Pictures whose answers are kept for export to compare with: enough to see any slip of
# preprocessing, few enough to be answered by the whole network in seconds.
PARITY_PICTURES = 64
_SAVED_TOLERANCE = 1e-5


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
        DataError: a class without pictures, or pictures too small for the network.
        WeightsError: see `network.build`.
        GraftError: the saved network answers differently from the one in memory.
    """
    method = plugins.load(METHODS, settings.method)
    options = method_options(settings.method, settings.options)
    with ExitStack() as stack:
        notes = stack.enter_context(running_on(settings))
        shards = Shards.read(shards_root)
        splits = data.read(shards, soft_labels=settings.soft_labels)
        keras.utils.set_random_seed(derive(settings.seed, "train"))
        size_px = shards.info.image_size_px
        built, origin = _start(settings, splits, image_size_px=size_px, run_dir=run_dir)
        root = Path(cache_dir or stack.enter_context(tempfile.TemporaryDirectory()))
        if settings.keep_compiled and cache_dir:
            keep_compiled(root / "compiled")
        cache = ActivationCache(
            root / "activations", int(settings.cache_gb * 1e9), chosen(settings.precision)
        )
        # Without a place that outlives this run there is nothing to go on from.
        standings = _standings(root, settings, splits, origin) if cache_dir else Checkpoints()
        session = Session(settings.seed, settings.flips, cache, standings.folder)
        fitted = method.fit(splits, built, options, session)
        kept = fitted.network or built
        logits = flip_averaged_logits(kept, splits.validation, cut=fitted.cut, session=session)
        temperature = fit_temperature(logits, splits.validation.labels)
        outcome = _Outcome(splits, kept, fitted, temperature, logits, notes)
        _write(out, settings, shards, outcome, weights_sha256=origin)
        standings.remove()


def _start(
    settings: TrainConfig, splits: TrainingData, *, image_size_px: int, run_dir: str
) -> tuple[Network, str]:
    """Return the network that the method starts from, and the digest of its weights' source."""
    path = warm_start.source(settings, run_dir=run_dir)
    source = source_sha256(path)
    warm = bool(settings.warm_start)
    if warm:
        warm_start.check(settings, path, classes=splits.classes)
    built = network.build(
        dataclasses.replace(settings, weights="none") if warm else settings,
        image_size_px=image_size_px,
        classes=len(splits.classes),
    )
    if warm:
        # Not the whole backbone: a Candidate holds only the layers that its features need.
        load_file(built.between((INPUT,), (EMBEDDING,)), path)
    is_file = source not in {"imagenet", "none"}
    return built, source if is_file else weights_sha256(built.model)


def _standings(root: Path, settings: TrainConfig, splits: TrainingData, origin: str) -> Checkpoints:
    pixels = (splits.train.content_sha256, splits.validation.content_sha256)
    return Checkpoints.below(root / "unfinished", config.to_json(settings), origin, *pixels)


@dataclass(frozen=True)
class _Outcome:
    """What a finished fit leaves to be written."""

    data: TrainingData
    network: Network
    fitted: Fitted
    temperature: float
    validation_logits: Floats
    before: tuple[str, ...] = ()

    def notes(self, settings: TrainConfig) -> tuple[str, ...]:
        """Return what a reader should know: of the machine, the data, the start, the fit."""
        counts = np.bincount(self.data.validation.labels, minlength=len(self.data.classes))
        unseen = [name for name, n in zip(self.data.classes, counts, strict=True) if n == 0]
        notes = [f"warm start from {settings.warm_start}"] if settings.warm_start else []
        if unseen:
            notes.append(f"no validation picture of {', '.join(unseen)}: calibrated without")
        return (*self.before, *notes, *self.fitted.notes)


def _write(
    out: Path, settings: TrainConfig, shards: Shards, outcome: _Outcome, *, weights_sha256: str
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    info = CandidateInfo(
        classes=shards.info.classes,
        positive=shards.info.positive,
        backbone=settings.backbone,
        method=settings.method,
        image_size_px=shards.info.image_size_px,
        temperature=outcome.temperature,
        flips=settings.flips,
        seed=settings.seed,
        weights_sha256=weights_sha256,
        trainable_parameters=outcome.fitted.trainable_parameters,
        notes=outcome.notes(settings),
    )
    candidate = Candidate(out, info)
    parity = outcome.data.validation.head(PARITY_PICTURES)
    outcome.network.model.save(candidate.model_path)
    logits = _whole_network_logits(outcome.network.model, parity, flips=settings.flips)
    _check_saved(candidate, parity, logits)
    candidate.write(
        curves=outcome.fitted.curves_frame(),
        paths=list(parity.paths),
        probabilities=softmax(logits / np.float32(outcome.temperature)),
        decision=outcome.fitted.decision,
    )
    answers = softmax(outcome.validation_logits / np.float32(outcome.temperature))
    candidate.write_validation(outcome.data.validation.paths, answers)
    LOG.info("candidate written: temperature %.3f, %s", outcome.temperature, info.notes)


def _whole_network_logits(model: keras.Model, split: Split, *, flips: int) -> Floats:
    """Return flip-averaged logits from pixels, without cached (float16) activations."""
    views = [
        predict(model, [data.FlippedPixels(split.pixels, flip)], rows=split.pictures)
        for flip in FLIPS[:flips]
    ]
    mean: Floats = np.mean(views, axis=0, dtype=np.float32)
    return mean


def _check_saved(candidate: Candidate, parity: Split, logits: Floats) -> None:
    loaded = keras.models.load_model(candidate.model_path, compile=False)
    answers = _whole_network_logits(loaded, parity, flips=candidate.info.flips)
    gap = float(np.abs(softmax(answers) - softmax(logits)).max())
    if not gap <= _SAVED_TOLERANCE:
        raise GraftError(
            "the saved network to answer like the trained one",
            received=f"probabilities {gap:.2g} apart in {candidate.model_path.name}",
            do="report this; a layer of the backbone does not survive saving",
        )
