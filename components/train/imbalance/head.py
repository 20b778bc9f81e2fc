"""A head for rare classes: fitted, calibrated and, with `auto`, chosen by pictures left out."""

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from components.common.progress import track
from components.common.statistics.figures import measure
from components.common.statistics.folds import Fold, covering_folds
from components.common.statistics.pca import Components
from components.common.statistics.temperature import softmax
from components.networks.data import Split
from components.networks.probe.grouped import corrected_error
from components.networks.probe.probe import Probe, feature_scale
from components.networks.rows import Floats
from components.train.imbalance import treatments
from components.train.imbalance.calibrate import fit_scaling
from components.train.imbalance.treatments import Features, Treatment
from components.train.options import ProbeOptions

LOG = logging.getLogger(__name__)

# Heads are fitted to so many principal components. It saves most of the time, and the plain probe
# ranks by them as by all features (`make bench-imbalance`).
COMPONENTS = 256
# What `auto` compares; the first is taken where nothing can be compared.
COMPARED = ("discriminant", "logit_adjustment")
_FOLDS = 4
_METRIC = "roc_auc"


@dataclass(frozen=True)
class Reduced:
    """Features as their first principal components.

    rows: float32 [views * N, k]. axes, centre: rows = (features - centre) @ axes, by what is
    multiplied with the features, float [D, k] and [D].
    """

    rows: Floats
    axes: npt.NDArray[np.float64]
    centre: npt.NDArray[np.float64]

    @classmethod
    def of(cls, features: Features, *, pictures: int, seed: int) -> "Reduced":
        """Learn from view 0 of features [views * N, D], each feature divided by its spread."""
        scale = feature_scale(features[:pictures])
        found = Components.of(
            (features[:pictures] * scale).astype(np.float32), count=COMPONENTS, seed=seed
        )
        axes, centre = scale[:, None] * found.axes, found.centre / scale
        rows = np.asarray(features, np.float32) - centre.astype(np.float32)
        return cls(rows @ axes.astype(np.float32), axes, centre)

    def whole(self, head: Probe) -> Probe:
        """Return a head on the components as one on the features."""
        kernel = self.axes @ head.kernel
        bias = head.bias - self.centre @ kernel
        return Probe(kernel.astype(np.float32), bias.astype(np.float32), head.strength)


@dataclass(frozen=True)
class Treated:
    """A calibrated head on components, and how it ranks pictures left out.

    scores: ROC-AUC of each fold, NaN for one without a picture of some class; () without folds.
    """

    head: Probe
    scores: tuple[float, ...] = ()

    @property
    def score(self) -> float:
        """The mean over the folds, NaN without any."""
        known = [one for one in self.scores if not np.isnan(one)]
        return float(np.mean(known)) if known else np.nan


def treated(
    features: Features, split: Split, imbalance: str, options: ProbeOptions, *, seed: int
) -> tuple[Probe, str]:
    """Return the head, and a sentence on how it came about.

    Its probabilities are those of the training pictures' mix of classes, whatever the treatment
    did to the mix: costs and thresholds mean what they say.

    Args:
        features: float [views * N, D], rows as the split's pixels.
        split: what is fitted.
        imbalance: "auto", or a function of `treatments`.
        options: of the probe.
        seed: of folds and sampling.
    """
    with threadpool_limits(1):  # as in `fit_probe`
        reduced = Reduced.of(features, pictures=split.pictures, seed=seed)
        folds, by = folds_of(split, seed=seed)
        names = COMPARED if imbalance == "auto" else (imbalance,)
        found = {
            name: treat(name, reduced.rows, split, folds, options, seed=seed)
            for name in track(names, "comparing treatments of rare classes")
        }
    best = chosen(found)
    note = f"rare classes: {best}"
    if imbalance == "auto":
        scores = ", ".join(f"{name} {one.score:.3f}" for name, one in found.items())
        note = f"rare classes: {best}, by how {by} left out are ranked: ROC-AUC {scores}"
    LOG.info("%s", note)
    return reduced.whole(found[best].head), note


def chosen(found: Mapping[str, Treated]) -> str:
    """Return the first treatment, or one that ranks pictures left out better than it.

    Better by a standard error of the difference between folds: a handful of defects ranks by
    chance, and what is first was best where there was enough to see.
    """
    first, *others = found
    gains = {}
    for name in others:
        gain = np.subtract(found[name].scores, found[first].scores)
        known = gain[~np.isnan(gain)]
        if known.size > 1 and known.mean() > corrected_error(known):
            gains[name] = float(known.mean())
    return max(gains, key=lambda name: gains[name], default=first)


def treat(
    name: str,
    rows: Features,
    split: Split,
    folds: tuple[Fold, ...],
    options: ProbeOptions,
    *,
    seed: int,
) -> Treated:
    """Fit by a treatment on all pictures, calibrate by folds; as it is where there are none.

    Args:
        name: a function of `treatments`.
        rows: float32 [views * N, k].
        split: what is fitted.
        folds: of the split's pictures.
        options: of the probe.
        seed: of sampling.
    """
    treatment: Treatment = getattr(treatments, name)
    head = _standardised(treatment(rows, split, options, seed), rows)
    if not folds:
        return Treated(head)
    own = dataclasses.replace(options, strength=head.strength)
    by_view = np.arange(len(rows)).reshape(-1, split.pictures)
    parts = []
    for fold in folds:
        inner = rows[by_view[:, fold.inner].ravel()]
        without = treatment(inner, split.select(fold.inner), own, seed)
        parts.append(_standardised(without, inner).logits(rows[fold.outer]))
    logits, labels = np.concatenate(parts), split.labels[np.concatenate([f.outer for f in folds])]
    scaling = fit_scaling(logits, labels)
    scores = tuple(
        measure(_METRIC, split.labels[fold.outer], softmax(scaling.apply(part)))
        for fold, part in zip(folds, parts, strict=True)
    )
    kernel = (scaling.slope * head.kernel).astype(np.float32)
    return Treated(Probe(kernel, scaling.apply(head.bias), head.strength), scores)


def _standardised(head: Probe, rows: Features) -> Probe:
    """Return the head with logits of mean 0 and a mean square of 1/4 over the rows.

    What folds say then holds for the head that is fitted on all pictures: with a handful of a
    class the sizes of logits differ widely between them. Of two classes the log odds spread by 1.
    """
    logits = head.logits(rows)
    middle = logits.mean(axis=0)
    scale = np.float32(0.5 / max(float(np.sqrt(np.mean((logits - middle) ** 2))), 1e-12))
    return Probe(scale * head.kernel, scale * (head.bias - middle), head.strength)


def folds_of(split: Split, *, seed: int) -> tuple[tuple[Fold, ...], str]:
    """Return folds by group or, where a class has one group, by picture; and which it was.

    Every picture is asked about once; no folds where a class has one picture.
    """
    own = covering_folds(split.labels, split.groups, folds=_FOLDS, seed=seed)
    if own:
        return own, "groups"
    alone = np.arange(split.pictures).astype(str)
    return covering_folds(split.labels, alone, folds=_FOLDS, seed=seed), "pictures"
