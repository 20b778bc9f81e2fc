"""What each arm answers about the modules of a fold, on the demo's kept embeddings."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from benchmarks.embedded import embedded_folder
from components.common.progress import track
from components.common.seeding import generator
from components.common.statistics.folds import covering_folds, grouped_folds
from components.networks.config import Pooling
from components.networks.data import Split
from components.networks.probe.probe import feature_scale, fit_probe
from components.train.imbalance.calibrate import fit_scaling
from components.train.imbalance.head import COMPARED, Reduced, chosen, folds_of, treat
from components.train.imbalance.novelty import learn_good, left_out, novelty
from components.train.options import Imbalance, ProbeOptions

WORK = Path(".graft") / "imbalance"
# Defects among the pictures that are learnt from: as a share, then how many.
LEVELS = ("5 %", "2 %", "1 %", "8 defects", "4 defects")
PLAIN, AT_PRIOR, ONE_CLASS, BANK = "plain at 0.5", "plain at the prior", "one class", "memory bank"
TREATMENTS = tuple(name for name in get_args(Imbalance) if name not in {"none", "auto"})
ARMS = (PLAIN, AT_PRIOR, *TREATMENTS, "auto", ONE_CLASS, BANK)
FOLDS = 3
_EVERY_ARM_AT = "2 %"
_NEIGHBOURS = 5


@dataclass(frozen=True)
class Answers:
    """What was answered about the pictures of one fold, none of which was learnt from.

    rows: int [N], which pictures. margins: float64 [levels, arms, N], log odds of a defect less
    those from which one is answered; NaN for an arm that was not fitted at a level.
    """

    rows: npt.NDArray[np.int64]
    margins: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Demo:
    """Embeddings float32 [N, D], labels int [N] (1 is a defect), groups [N]."""

    features: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.object_]

    def split(self, rows: npt.NDArray[np.int64]) -> Split:
        """Return pictures as a method is given them, with hard labels."""
        return Split(
            pixels=rows[:, None],
            targets=np.eye(2, dtype=np.float32)[self.labels[rows]],
            labels=self.labels[rows],
            weights=np.ones(len(rows), np.float32),
            groups=self.groups[rows],
            paths=tuple(rows.astype(str)),
            content_sha256="",
        )


def demo(pooling: Pooling) -> Demo:
    """Return the demo as the preset's network sees it."""
    found = embedded_folder(Path("data/elpv"), pooling=pooling)
    labels = (found.labels == "defective").astype(np.int64)
    return Demo(found.embeddings, labels, found.groups.astype(object))


def answered(pooling: Pooling, *, seeds: int) -> Iterator[tuple[int, Answers]]:
    """Yield each seed and the answers of each of its folds; those that are kept are taken."""
    data = demo(pooling)
    for seed in track(range(seeds), f"rare defects, {pooling} pooling"):
        for number, fold in enumerate(
            covering_folds(data.labels, data.groups, folds=FOLDS, seed=100 * seed)
        ):
            kept = WORK / f"{pooling}-{seed}-{number}.npz"
            if not kept.exists():
                WORK.mkdir(parents=True, exist_ok=True)
                with threadpool_limits(1):
                    margins = _margins(data, fold.inner, fold.outer, seed=seed)
                np.savez(kept, rows=fold.outer, margins=margins)
            with np.load(kept) as archive:
                yield seed, Answers(archive["rows"], archive["margins"])


def defects_of(level: str, good: int) -> int:
    """Return how many defects are learnt from beside so many good pictures."""
    number, unit = level.split()
    share = int(number) / 100
    return round(good * share / (1 - share)) if unit == "%" else int(number)


def _margins(
    data: Demo, inner: npt.NDArray[np.int64], outer: npt.NDArray[np.int64], *, seed: int
) -> npt.NDArray[np.float64]:
    good = inner[data.labels[inner] == 0]
    # The rarer ones are among the less rare ones.
    defects = generator(seed, "rare defects").permutation(inner[data.labels[inner] == 1])
    apart = _novelty(data, inner, outer)
    found = np.full((len(LEVELS), len(ARMS), len(outer)), np.nan)
    for at, level in enumerate(LEVELS):
        few = defects[: defects_of(level, len(good))]
        rows = np.sort(np.concatenate([good, few]))
        prior = float(np.log(len(few) / len(good)))
        for name, odds in _classifiers(data, rows, outer, level=level, seed=seed).items():
            found[at, ARMS.index(name)] = odds - (0.0 if name == PLAIN else prior)
        asked = np.isin(apart.asked, rows)
        scaled = fit_scaling(_signed(apart.left_out[asked]), data.labels[apart.asked[asked]])
        novel = np.diff(scaled.apply(_signed(apart.new)), axis=1)[:, 0]
        found[at, ARMS.index(ONE_CLASS)] = novel - prior
        found[at, ARMS.index(BANK)] = apart.bank
    return found


def _classifiers(
    data: Demo,
    rows: npt.NDArray[np.int64],
    outer: npt.NDArray[np.int64],
    *,
    level: str,
    seed: int,
) -> dict[str, npt.NDArray[np.float64]]:
    """Return log odds of a defect by arm, float64 [outer]."""
    split, known = data.split(rows), data.features[rows]
    reduced = Reduced.of(known, pictures=len(rows), seed=seed)
    if level.endswith("%"):
        probe = fit_probe(known, split, strength=0, seed=seed)
    else:  # quicker, and as good at the other levels: `logit_adjustment` is this one, calibrated
        own = fit_probe(reduced.rows, split, strength=0, seed=seed, standardise=False)
        probe = reduced.whole(own)
    plain = probe.logits(data.features[outer])
    odds = {PLAIN: plain, AT_PRIOR: plain}
    folds, _ = folds_of(split, seed=seed)
    names = TREATMENTS if level == _EVERY_ARM_AT else COMPARED
    found = {
        name: treat(name, reduced.rows, split, folds, ProbeOptions(), seed=seed) for name in names
    }
    best = chosen({name: found[name] for name in COMPARED})
    for name, one in (*found.items(), ("auto", found[best])):
        odds[name] = reduced.whole(one.head).logits(data.features[outer])
    return {name: np.diff(one, axis=1)[:, 0].astype(np.float64) for name, one in odds.items()}


@dataclass(frozen=True)
class _Novelty:
    """Distances: of pictures left out, `asked` says which, of new ones, and by a memory bank."""

    left_out: npt.NDArray[np.float32]
    asked: npt.NDArray[np.int64]
    new: npt.NDArray[np.float32]
    bank: npt.NDArray[np.float64]


def _novelty(data: Demo, inner: npt.NDArray[np.int64], outer: npt.NDArray[np.int64]) -> _Novelty:
    """Return what good pictures alone say; all defects are asked about, a level takes its own."""
    from sklearn.neighbors import NearestNeighbors

    own, labels = data.features[inner], data.labels[inner]
    folds = grouped_folds(labels, data.groups[inner], folds=4, seed=0)
    found, asked = left_out(own, labels == 0, folds)
    good = learn_good(own[labels == 0])
    scale = feature_scale(own[labels == 0])
    bank = NearestNeighbors(n_neighbors=_NEIGHBOURS).fit(own[labels == 0] * scale)
    near = bank.kneighbors(data.features[outer] * scale)[0].mean(axis=1)
    return _Novelty(found, inner[asked], novelty(data.features[outer], good), near)


def _signed(distances: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return distances as logits of good and defect, float32 [N, 2]."""
    return distances[:, None] * np.array([-0.5, 0.5], np.float32)
