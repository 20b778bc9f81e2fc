"""Rank backbones, feature layers and sizes by linear probes on cached features.

A grouped cross-validated probe costs seconds once the features are there, and orders networks
better than the transferability scores (LogME, H-score) did on the demo data.
"""

import logging
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from components.common.artifacts.shards import Shards
from components.common.artifacts.tuning.ranking import LeftOut, Ranked, Ranking, RankingInfo
from components.common.errors import DataError, WeightsError
from components.common.progress import report
from components.common.seeding import derive
from components.common.statistics.folds import Fold, grouped_folds
from components.networks import data
from components.networks.config import PlannedTraining
from components.networks.data import Split
from components.networks.features.cache import ActivationCache
from components.rank.config import RankConfig
from components.rank.plain_views import plain_view
from components.rank.trial import Bench, NetworkTrial, rank_trial

LOG = logging.getLogger(__name__)


def rank(
    shards_root: Path,
    *,
    out: Path,
    settings: RankConfig,
    train: PlannedTraining,
    cache_dir: str,
    deadline_unix_s: float = 0.0,
) -> None:
    """Write the Ranking artifact.

    Args:
        shards_root: Shards of the largest size.
        out: the folder to write.
        settings: what is ranked.
        train: what a finalist will be trained with, backbone, features, method apart.
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
        most = settings.max_pictures
        views = {
            size: plain_view(splits.train, size_px=size, max_pictures=most, seed=seed)
            for size in sizes
        }
        folds = _folds(views[sizes[0]], settings, seed=seed)
        bench = Bench(
            settings,
            train,
            splits,
            views,
            folds,
            tuple(views[sizes[0]].take(fold.inner) for fold in folds),
            ActivationCache.below(Path(root), train),
            now + share_s if deadline_unix_s else 0.0,
        )
        info = replace(_ranked(bench), shards_sha256=shards.info.content_sha256)
    Ranking(out, info).write()
    LOG.info("%d ranked, %d left out", len(info.ranked), len(info.left_out))


def _folds(view: Split, settings: RankConfig, *, seed: int) -> tuple[Fold, ...]:
    folds = grouped_folds(
        view.labels, view.groups, folds=settings.folds, seed=seed, judged_classes=2
    )
    if not folds:
        raise DataError(
            "training pictures of every class in at least two groups, to rank networks by",
            received="a class within one group",
            do="add pictures from other groups, or use `graft run`",
        )
    return folds


def _ranked(bench: Bench) -> RankingInfo:
    poolings = bench.settings.poolings or (bench.train.pooling,)
    trials = [
        NetworkTrial(name, size, pooling)
        for size in bench.views
        for name in bench.settings.backbones or (bench.train.backbone,)
        for pooling in poolings
    ]
    outcomes: list[Ranked | LeftOut] = []
    unusable: list[DataError | WeightsError] = []
    for done, trial in enumerate(trials):
        report(f"ranking {trial}", done, len(trials))
        try:
            outcomes += rank_trial(bench, trial)
        except (DataError, WeightsError) as error:
            LOG.warning("%s: %s", trial, error)
            unusable.append(error)
            passing = isinstance(error, WeightsError)
            outcomes.append(LeftOut(name=str(trial), reason=str(error), passing=passing))
    ranked = [one for one in outcomes if isinstance(one, Ranked)]
    left_out = [one for one in outcomes if isinstance(one, LeftOut)]
    if unusable and not ranked:
        raise unusable[0]
    if not ranked:
        raise DataError(
            "time to rank at least one network",
            received=f"{left_out[0].name}: {left_out[0].reason}",
            do="give a larger --budget-min, smaller --sizes or a smaller backbone",
        )
    view = next(iter(bench.views.values()))
    return RankingInfo(
        metric=bench.settings.metric,
        pictures=view.pictures,
        groups=len(set(view.groups)),
        # The picture size settles a tie: the smaller one is cheaper.
        ranked=tuple(sorted(ranked, key=lambda one: (-one.score, one.image_size_px))),
        left_out=tuple(left_out),
    )
