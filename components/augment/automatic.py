"""`policy: auto`: what the data allow, and of that what a probe gains from.

1. Can the network's embedding distinguish a mirrored picture from an original? Where a probe can
   (ROC-AUC, pictures of one group on one side), which way is up means something: not mirrored.
2. What does a probe gain on originals of groups that it has not seen when it is also fitted on
   views? By log loss, which feels small gains that accuracy does not.
3. What gains for sure by itself is tried together. The best is taken, "none" where nothing gains.

The network stays as it is, so that a picture is looked at once: more may help a network that is
trained as a whole. Test pictures are not looked at.
"""

import dataclasses
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt

from components.augment.config import AugmentConfig
from components.augment.sample import Sample, read_some
from components.common.artifacts.augmentation import (
    AugmentationInfo,
    Mirror,
    MirrorTest,
    PolicyGain,
)
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.judging.figures import Metric
from components.common.augmentation.composition import Composition, PolicyItem, parsed
from components.common.pictures.decode import Pixels
from components.common.progress import worker_count
from components.common.seeding import derive
from components.common.statistics.folds import Fold
from components.common.statistics.temperature import log_losses
from components.networks.data import Split
from components.networks.fast.precision import chosen
from components.networks.features.embedding import embed_pictures, embedder
from components.networks.network import Network, build
from components.networks.probe.grouped import corrected_error, probe_scores, whole_folds
from components.networks.probe.probe import fit_probe
from components.networks.rows import Floats

LOG = logging.getLogger(__name__)

_MIRRORS: tuple[Mirror, ...] = ("left_right", "up_down")
# A mirror is allowed where even a probe that is made to find it hardly does.
MOST_TOLD = 0.65
_WIDE = 1.96  # standard errors on either side: 95 %
# Each family of changes that cameras and hands make, by itself.
_CANDIDATES = (
    ("rotation",),
    ("translation", "zoom"),
    ("brightness", "contrast"),
    ("sharpness",),
    ("noise",),
)
_IN_COLOUR = (("colour_temperature", "saturation"),)
_VIEWS = 2

Policy = tuple[PolicyItem, ...]


def choose(dataset: Dataset, settings: AugmentConfig) -> AugmentationInfo:
    """Choose the policies for a data set.

    Raises:
        ConfigError, DataError, WeightsError: the network cannot be built.
    """
    # A picture, its two mirrors, the views of the candidates and of those together.
    a_picture = 3 + _VIEWS * (2 + len(_CANDIDATES) + len(_IN_COLOUR))
    sample = read_some(dataset, settings, count=settings.auto.budget // a_picture)
    folds = whole_folds(sample.labels, sample.groups, seed=settings.seed)
    if not folds:
        LOG.warning("too few groups of each class to measure a gain: no augmentation")
        return AugmentationInfo(policy=parsed("none"), pictures=len(sample.labels))
    built = build(
        settings.auto, image_size_px=settings.image_size_px, classes=len(dataset.info.classes)
    )
    trial = _PolicyTrial.of(built, sample, settings, folds, classes=len(dataset.info.classes))
    mirrors = tuple(trial.mirror_test(mirror) for mirror in _MIRRORS)
    candidates = [parsed(names) for names in _CANDIDATES]
    candidates += [parsed(names) for names in _IN_COLOUR if sample.has_colour]
    allowed: dict[str, bool] = {test.mirror: test.allowed for test in mirrors}
    if any(allowed.values()):
        candidates.insert(0, (PolicyItem(name="flips", options=allowed),))
    gains = [trial.gain(policy) for policy in candidates]
    surely = sorted((one for one in gains if one.gain.low > 0), key=lambda one: -one.gain.value)
    if len(surely) > 1:
        together = tuple(item for one in surely for item in one.policy)
        gains.append(trial.gain(together))
    best = max(gains, key=lambda one: one.gain.low)
    winner = best if best.gain.low > 0 else None
    policy = winner.policy if winner else parsed("none")
    LOG.info("chosen by %d pictures: %s", len(sample.labels), named(policy))
    return AugmentationInfo(
        policy=policy,
        pictures=len(sample.labels),
        mirrors=mirrors,
        gains=tuple(
            PolicyGain(policy=one.policy, gain=one.gain, chosen=one is winner) for one in gains
        ),
    )


def named(policy: Sequence[PolicyItem]) -> str:
    """Return policies in a reader's words."""
    return " + ".join(one.name for one in policy)


@dataclass(frozen=True)
class _PolicyTrial:
    """What every candidate is measured with.

    whole: from pixels to the embedding; plain: float32 [N, D], of the originals.
    strength: the probes' penalty, chosen once.
    losses: of each fold's outer originals without views.
    """

    whole: keras.Model
    sample: Sample
    settings: AugmentConfig
    folds: tuple[Fold, ...]
    classes: int
    plain: Floats
    strength: float
    losses: tuple[npt.NDArray[np.float64], ...]

    @classmethod
    def of(
        cls,
        built: Network,
        sample: Sample,
        settings: AugmentConfig,
        folds: tuple[Fold, ...],
        *,
        classes: int,
    ) -> "_PolicyTrial":
        pixels = [one for _, one in sample.originals]
        whole = embedder(built, precision=chosen(settings.auto.precision))
        plain = embed_pictures(whole, pixels, activity="looking at originals")
        everything = _split(sample, np.arange(len(pixels)), classes)
        seed = derive(settings.seed, "auto")
        strength = fit_probe(plain, everything, strength=0.0, seed=seed).strength
        without = cls(whole, sample, settings, folds, classes, plain, strength, ())
        return dataclasses.replace(without, losses=without._held_out([]))

    def mirror_test(self, mirror: Mirror) -> MirrorTest:
        """Return how surely a probe distinguishes mirrored pictures from originals."""
        axis = 1 if mirror == "left_right" else 0
        flipped = [np.flip(one, axis) for _, one in self.sample.originals]
        features = np.concatenate([self.plain, self._embed(flipped, f"mirrored {mirror}")])
        count = len(self.plain)
        folds = tuple(
            Fold(*(np.concatenate([part, part + count]) for part in (fold.inner, fold.outer)))
            for fold in self.folds
        )
        is_flipped = np.repeat([0, 1], count)
        scores = probe_scores(features.astype(np.float64), is_flipped, folds, metric="roc_auc")
        roc_auc = _metric("roc_auc", scores)
        return MirrorTest(mirror=mirror, roc_auc=roc_auc, allowed=roc_auc.value <= MOST_TOLD)

    def gain(self, policy: Policy) -> PolicyGain:
        """Return what views of a policy gain."""
        composition = Composition.of(policy, seed=self.settings.seed)
        views = []
        for number in range(1, _VIEWS + 1):

            def view(original: tuple[str, Pixels], number: int = number) -> Pixels:
                return composition.view(original[1], sha256=original[0], number=number)

            with ThreadPoolExecutor(worker_count()) as pool:
                made = list(pool.map(view, self.sample.originals))
            views.append(self._embed(made, named(policy)))
        pairs = zip(self.losses, self._held_out(views), strict=True)
        gains = np.array([float((without - with_).mean()) for without, with_ in pairs])
        return PolicyGain(policy=policy, gain=_metric("log_loss_gain", gains))

    def _held_out(self, views: Sequence[Floats]) -> tuple[npt.NDArray[np.float64], ...]:
        """Return the losses of each fold's outer originals, fitted on inner pictures and views."""
        found = []
        for fold in self.folds:
            rows = np.concatenate([one[fold.inner] for one in (self.plain, *views)])
            inner = _split(self.sample, fold.inner, self.classes)
            probe = fit_probe(rows, inner, strength=self.strength, seed=0)
            truth = np.eye(self.classes, dtype=np.float32)[self.sample.labels[fold.outer]]
            found.append(log_losses(probe.logits(self.plain[fold.outer]), truth))
        return tuple(found)

    def _embed(self, pictures: Sequence[Pixels], what: str) -> Floats:
        return embed_pictures(self.whole, pictures, activity=f"looking at views: {what}")


def _metric(name: str, values: npt.NDArray[np.float64]) -> Metric:
    mean, error = float(values.mean()), corrected_error(values)
    return Metric(name=name, value=mean, low=mean - _WIDE * error, high=mean + _WIDE * error)


def _split(sample: Sample, rows: npt.NDArray[np.int64], classes: int) -> Split:
    labels = sample.labels[rows]
    return Split(
        pixels=np.empty((len(rows), 0), np.uint8),
        targets=np.eye(classes, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(len(rows), np.float32),
        groups=sample.groups[rows],
        paths=(),
        content_sha256="",
    )
