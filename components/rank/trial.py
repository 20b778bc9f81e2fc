"""One network of a ranking: its speed, its features, a probe for each set of feature layers."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import keras
import numpy as np

from components.common import config, plugins
from components.common.artifacts.tuning.ranking import LeftOut, Ranked, Recipe
from components.common.seeding import derive
from components.common.statistics.figures import measure
from components.common.statistics.folds import Fold
from components.common.statistics.temperature import softmax
from components.networks import network
from components.networks.config import PlannedTraining, Pooling
from components.networks.data import Split, TrainingData
from components.networks.features.cache import ActivationCache, Want
from components.networks.features.store import Activations
from components.networks.network import Network
from components.networks.probe.probe import fit_probe
from components.rank.config import METHODS, RankConfig, weights_of
from components.rank.cost import Speed, Workload, estimate_s, measure_speed
from components.rank.feature_sets import FeatureSet, feature_sets, layers_to_try

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class NetworkTrial:
    """One network whose feature layers are ranked."""

    backbone: str
    size_px: int
    pooling: Pooling

    def __str__(self) -> str:
        pooled = "" if self.pooling == "mean" else f" {self.pooling}-pooled"
        return f"{self.backbone} {self.size_px} px{pooled}"


@dataclass(frozen=True)
class Bench:
    """What every probe of this ranking shares.

    views: the pictures by size; the same ones in the same order.
    inner: of each fold, what is fitted on (its pixels are those of the smallest size).
    until_unix_s: no network is begun that would not be done by then; 0 without a limit.
    strength: the probes' inverse penalty.
    """

    settings: RankConfig
    train: PlannedTraining
    data: TrainingData
    views: dict[int, Split]
    folds: tuple[Fold, ...]
    inner: tuple[Split, ...]
    cache: ActivationCache
    until_unix_s: float
    strength: float = 0.0


def rank_trial(bench: Bench, trial: NetworkTrial) -> Iterator[Ranked | LeftOut]:
    """Yield the score of every set of feature layers of one network, or why there is none.

    Raises:
        DataError: the network does not take pictures of this size.
        WeightsError: its weights cannot be had.
    """
    started = time.time()
    backbone, size_px = trial.backbone, trial.size_px
    settings = replace(
        bench.train,
        backbone=backbone,
        weights=weights_of(bench.settings, bench.train, backbone),
        features=(),
        pooling=trial.pooling,
    )
    built = _build(bench, settings, size_px)
    speed = measure_speed(built)
    needed = bench.views[size_px].pictures * speed.forward_s
    left = bench.until_unix_s - time.time()
    if bench.until_unix_s and needed > left:
        reason = (
            f"not ranked in time: its features take about {needed:.0f} s, "
            f"{max(left, 0.0):.0f} s were left for ranking"
        )
        yield LeftOut(name=str(trial), reason=reason, passing=True)
        return
    sets = feature_sets(built)
    wide = replace(settings, features=layers_to_try(built))
    pooled = _pooled(bench, _build(bench, wide, size_px), size_px)
    for number, chosen in enumerate(sets):
        features = np.concatenate([pooled[name] for name in chosen.layers], axis=1)
        if number == 0:
            bench = replace(bench, strength=_strength(bench, features))
        yield _rank_set(bench, settings, size_px, chosen, features=features, speed=speed)
    LOG.info("%s ranked in %.1f s", trial, time.time() - started)


def _build(bench: Bench, settings: PlannedTraining, size_px: int) -> Network:
    keras.utils.set_random_seed(derive(settings.seed, "train"))
    return network.build(settings, image_size_px=size_px, classes=len(bench.data.classes))


def _pooled(bench: Bench, built: Network, size_px: int) -> dict[str, Activations]:
    """Return each feature layer pooled over the picture, [N, D] by layer."""
    view = bench.views[size_px]
    activity = f"computing features at {size_px} px"
    arrays = bench.cache.get(built, Want(view, built.pools, activity=activity))
    names = layers_to_try(built)
    return {name: np.asarray(array, np.float32) for name, array in zip(names, arrays, strict=True)}


def _strength(bench: Bench, features: Activations) -> float:
    """Return one penalty for a network: choosing it for every set would take most of the time."""
    known = features[bench.folds[0].inner]
    return fit_probe(known, bench.inner[0], strength=0.0, seed=bench.train.seed).strength


def _rank_set(
    bench: Bench,
    settings: PlannedTraining,
    size_px: int,
    chosen: FeatureSet,
    *,
    features: Activations,
    speed: Speed,
) -> Ranked:
    view = bench.views[size_px]
    started = time.perf_counter()
    folds = zip(bench.folds, bench.inner, strict=True)
    scores = [_fold_score(bench, features, fold, inner) for fold, inner in folds]
    fit_s = (time.perf_counter() - started) / len(scores)
    load = Workload(
        train=bench.data.train.pictures,
        views=bench.data.train.views,
        validation=bench.data.validation.pictures,
        flips=settings.flips,
        probe_s=fit_s * bench.data.train.pictures / view.pictures,
        # Nothing is held out: training will cross-validate, by about as many folds as here.
        fits=1 if bench.data.validation.pictures else len(bench.folds),
    )
    return Ranked(
        backbone=settings.backbone,
        weights=settings.weights,
        features=chosen.named,
        pooling=settings.pooling,
        image_size_px=size_px,
        score=float(np.mean(scores)),
        spread=float(np.std(scores, ddof=1) / np.sqrt(len(scores))) if len(scores) > 1 else 0.0,
        picture_ms=1e3 * speed.forward_s,
        recipes=_recipes(bench, chosen, speed, load),
    )


def _fold_score(bench: Bench, features: Activations, fold: Fold, inner: Split) -> float:
    probe = fit_probe(features[fold.inner], inner, strength=bench.strength, seed=bench.train.seed)
    labels = next(iter(bench.views.values())).labels[fold.outer]
    # A column of logits cannot be compared from picture to picture, as the ROC-AUC does.
    answers = softmax(probe.logits(features[fold.outer]))
    return measure(bench.settings.metric, labels, answers)


def _recipes(bench: Bench, chosen: FeatureSet, speed: Speed, load: Workload) -> tuple[Recipe, ...]:
    recipes = []
    for name in bench.settings.methods or (bench.train.method,):
        method = plugins.load(METHODS, name)
        # The run's options belong to the run's method.
        plain = dict(bench.train.options) if name == bench.train.method else {}
        options = config.load(method.Options, plain, where="train.options")
        if chosen.cut and hasattr(options, "cut"):
            plain["cut"] = chosen.cut
        # Before the pictures are measured nobody knows what a choice will fall on: the slowest.
        possible = method.may_run(options) if hasattr(method, "may_run") else ((options,),)
        needed = max(sum(estimate_s(each, speed, load) for each in fits) for fits in possible)
        recipes.append(Recipe(method=name, options=plain, estimate_s=needed))
    return tuple(recipes)
