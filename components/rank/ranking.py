"""Rank backbones, feature layers and sizes by linear probes on cached features.

A grouped cross-validated probe costs seconds once the features are there, and orders networks
better than the transferability scores (LogME, H-score) did on the demo data.
"""

import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from components.common import config, plugins
from components.common.artifacts.shards import Shards
from components.common.artifacts.tuning.ranking import LeftOut, Ranked, Ranking, RankingInfo, Recipe
from components.common.errors import DataError, WeightsError, expected
from components.common.progress import report
from components.common.seeding import derive
from components.common.statistics import figures as quality
from components.networks import data, network
from components.networks.data import Split, TrainingData
from components.networks.fast import precision
from components.networks.features.cache import ActivationCache, Want
from components.networks.features.store import Activations
from components.networks.network import Network
from components.networks.probe.folds import Fold, grouped_folds
from components.networks.probe.probe import fit_probe
from components.rank.config import RankConfig
from components.rank.cost import Speed, Workload, estimate_s, measure_speed
from components.rank.feature_sets import FeatureSet, feature_sets, layers_to_try
from components.rank.plain_views import plain_view, take
from components.rank.weights import weights_of
from components.train.config import Pooling, TrainConfig

LOG = logging.getLogger(__name__)

METHODS = "components.train.methods"
# One penalty for all: choosing it anew for every set would take most of the time and hardly
# move the order.
_STRENGTH = 1e-3


@dataclass(frozen=True)
class _Trial:
    """One network whose feature layers are ranked."""

    backbone: str
    size_px: int
    pooling: Pooling

    def __str__(self) -> str:
        pooled = "" if self.pooling == "mean" else f" {self.pooling}-pooled"
        return f"{self.backbone} {self.size_px} px{pooled}"


@dataclass(frozen=True)
class _Bench:
    """What every probe of this ranking shares.

    views: the pictures by size; the same ones in the same order.
    inner: of each fold, what is fitted on (its pixels are those of the smallest size).
    until_unix_s: no network is begun that would not be done by then; 0 without a limit.
    """

    settings: RankConfig
    train: TrainConfig
    data: TrainingData
    views: dict[int, Split]
    folds: tuple[Fold, ...]
    inner: tuple[Split, ...]
    cache: ActivationCache
    until_unix_s: float


def rank(
    shards_root: Path,
    *,
    out: Path,
    settings: RankConfig,
    train: TrainConfig,
    cache_dir: str,
    deadline_unix_s: float = 0.0,
) -> None:
    """Write the Ranking artifact.

    Args:
        shards_root: Shards of the largest size.
        out: the folder to write.
        settings: what is ranked.
        train: settings that a finalist will be trained with, backbone, features, method apart.
        cache_dir: where activations are kept between runs; "" keeps them for this run only.
        deadline_unix_s: when the whole run must be done, 0 for no limit.

    Raises:
        ConfigError: unknown backbone, method or option.
        DataError: a class has fewer than two groups, or no network takes pictures of these sizes.
        WeightsError: no backbone's weights can be had; the message is that of the first.
    """
    shards = Shards.read(shards_root)
    splits = data.read(shards, soft_labels=train.soft_labels)
    sizes = tuple(sorted(set(settings.sizes_px))) or (shards.info.image_size_px,)
    now = time.time()
    share_s = settings.time_share * max(deadline_unix_s - now, 0.0)
    with ExitStack() as stack:
        root = cache_dir or stack.enter_context(tempfile.TemporaryDirectory())
        seed = derive(train.seed, "rank")
        views = {
            size: plain_view(
                splits.train, size_px=size, max_pictures=settings.max_pictures, seed=seed
            )
            for size in sizes
        }
        folds = _folds(views[sizes[0]], settings, seed=seed)
        bench = _Bench(
            settings,
            train,
            splits,
            views,
            folds,
            tuple(take(views[sizes[0]], fold.inner) for fold in folds),
            ActivationCache(
                Path(root) / "activations",
                int(train.cache_gb * 1e9),
                precision.chosen(train.precision),
            ),
            now + share_s if deadline_unix_s else 0.0,
        )
        info = replace(_ranked(bench), shards_sha256=shards.info.content_sha256)
    Ranking(out, info).write()
    LOG.info("%d ranked, %d left out", len(info.ranked), len(info.left_out))


def _folds(view: Split, settings: RankConfig, *, seed: int) -> tuple[Fold, ...]:
    folds = grouped_folds(view.labels, view.groups, folds=settings.folds, seed=seed)
    if not folds:
        raise DataError(
            expected(
                "training pictures of every class in at least two groups, to rank networks by",
                received="a class within one group",
                do="add pictures from other groups, or use `graft run`",
            )
        )
    return folds


def _ranked(bench: _Bench) -> RankingInfo:
    poolings = bench.settings.poolings or (bench.train.pooling,)
    trials = [
        _Trial(name, size, pooling)
        for size in bench.views
        for name in backbones(bench)
        for pooling in poolings
    ]
    outcomes: list[Ranked | LeftOut] = []
    unusable: list[DataError | WeightsError] = []
    for done, trial in enumerate(trials):
        report(f"ranking {trial}", done, len(trials))
        try:
            outcomes += _rank_trial(bench, trial)
        except (DataError, WeightsError) as error:
            LOG.warning("%s: %s", trial, error)
            unusable.append(error)
            passing = isinstance(error, WeightsError)
            outcomes.append(LeftOut(name=str(trial), reason=str(error), passing=passing))
    ranked = [one for one in outcomes if isinstance(one, Ranked)]
    left_out = [one for one in outcomes if isinstance(one, LeftOut)]
    if not ranked:
        raise unusable[0] if unusable else _no_time(left_out)
    view = next(iter(bench.views.values()))
    return RankingInfo(
        metric=bench.settings.metric,
        pictures=view.pictures,
        groups=len(set(view.groups)),
        # The picture size settles a tie: the smaller one is cheaper.
        ranked=tuple(sorted(ranked, key=lambda one: (-one.score, one.image_size_px))),
        left_out=tuple(left_out),
    )


def _no_time(left_out: list[LeftOut]) -> DataError:
    return DataError(
        expected(
            "time to rank at least one network",
            received=f"{left_out[0].name}: {left_out[0].reason}",
            do="give a larger --budget-min, smaller --sizes or a smaller backbone",
        )
    )


def backbones(bench: _Bench) -> tuple[str, ...]:
    """Return the names of the backbones to rank, in the user's order."""
    return bench.settings.backbones or (bench.train.backbone,)


def _rank_trial(bench: _Bench, trial: _Trial) -> Iterator[Ranked | LeftOut]:
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
    for chosen in sets:
        features = np.concatenate([pooled[name] for name in chosen.layers], axis=1)
        yield _rank_set(bench, settings, size_px, chosen, features=features, speed=speed)
    LOG.info("%s ranked in %.1f s", trial, time.time() - started)


def _build(bench: _Bench, settings: TrainConfig, size_px: int) -> Network:
    keras.utils.set_random_seed(derive(settings.seed, "train"))
    return network.build(settings, image_size_px=size_px, classes=len(bench.data.classes))


def _pooled(bench: _Bench, built: Network, size_px: int) -> dict[str, Activations]:
    """Return each feature layer pooled over the picture, [N, D] by layer."""
    view = bench.views[size_px]
    activity = f"computing features at {size_px} px"
    arrays = bench.cache.get(built, Want(view, built.pools, activity=activity))
    names = layers_to_try(built)
    return {name: np.asarray(array, np.float32) for name, array in zip(names, arrays, strict=True)}


def _rank_set(
    bench: _Bench,
    settings: TrainConfig,
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


def _fold_score(bench: _Bench, features: Activations, fold: Fold, inner: Split) -> float:
    probe = fit_probe(features[fold.inner], inner, strength=_STRENGTH, seed=bench.train.seed)
    labels = next(iter(bench.views.values())).labels[fold.outer]
    return quality.measure(bench.settings.metric, labels, probe.logits(features[fold.outer]))


def _recipes(bench: _Bench, chosen: FeatureSet, speed: Speed, load: Workload) -> tuple[Recipe, ...]:
    recipes = []
    for name in bench.settings.methods or (bench.train.method,):
        method = plugins.load(METHODS, name)
        # The run's options belong to the run's method.
        plain = dict(bench.train.options) if name == bench.train.method else {}
        options = config.load(method.Options, plain, where="train.options")
        if chosen.cut and hasattr(options, "cut"):
            plain["cut"] = chosen.cut
        # Before the pictures are measured nobody knows what a choice will fall on: the dearest.
        possible = method.may_run(options) if hasattr(method, "may_run") else ((options,),)
        needed = max(sum(estimate_s(each, speed, load) for each in fits) for fits in possible)
        recipes.append(Recipe(method=name, options=plain, estimate_s=needed))
    return tuple(recipes)
