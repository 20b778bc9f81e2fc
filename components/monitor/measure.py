"""Measure: every detector's answer about one window."""

import hashlib
import math
from collections import OrderedDict
from dataclasses import dataclass, field, replace

import numpy as np

from components.common.artifacts.drift_report import Detection
from components.common.config import to_json
from components.common.progress import track
from components.common.seeding import generator
from components.monitor import detector as detectors
from components.monitor.calibration import Calibrated, Rate, calibrate
from components.monitor.detect_config import DetectConfig
from components.monitor.detector import Design, Detector, usable
from components.monitor.observations import Observations
from components.monitor.scaling import Components

_COMPONENTS = 64
_LEAST_REFERENCE = 20
_KEPT = 4


def measure(
    window: Observations, reference: Observations, *, settings: DetectConfig, seed: int
) -> tuple[Detection, ...]:
    """Return one Detection a detector.

    Rows whose channel is missing or not finite are left out, detector by detector. A detector that
    cannot look (too few pictures, no embeddings) says so in its promise and does not alarm.
    Calibrations are kept in memory: a second window of the same size and kind costs a millisecond
    or two.

    Args:
        window: what production sent, in order of time.
        reference: what the version was made for.
        settings: which detectors, and the false-alarm rate.
        seed: of permutations and bootstraps.

    Raises:
        ConfigError: a detector that is not there.
    """
    monitor = _monitor(reference, settings, seed)
    return tuple(monitor.look(window, name) for name in track(settings.detectors, "detectors"))


@dataclass(frozen=True)
class Monitor:
    """The detectors of one reference, calibrated when a window asks for it."""

    reference: Observations
    reducer: Components | None
    settings: DetectConfig
    seed: int
    _known: dict[tuple[str, Design], Calibrated] = field(default_factory=dict)

    @classmethod
    def of(cls, reference: Observations, *, settings: DetectConfig, seed: int) -> "Monitor":
        """Prepare a reference: embeddings are reduced once, for all detectors."""
        rows = usable(reference, "features")
        if rows.sum() < 2:
            return cls(reference, None, settings, seed)
        reducer = Components.of(reference.features[rows], count=_COMPONENTS, whiten=False)
        return cls(_reduced(reference, reducer), reducer, settings, seed)

    def look(self, window: Observations, name: str) -> Detection:
        """Return one detector's answer."""
        module = detectors.load(name)
        seen = window.take(usable(window, module.CHANNEL))
        reference = self._reference(module)
        hindrance = self._hindrance(seen, reference, module)
        if hindrance:
            return Detection(
                detector=name,
                statistic=math.nan,
                threshold=math.nan,
                p_value=math.nan,
                alarm=False,
                promise=f"Did not look: {hindrance}.",
            )
        if self.reducer is not None:
            seen = _reduced(seen, self.reducer)
        calibrated = self._calibrated(name, module, reference, self._design(seen))
        statistic = calibrated.statistic(seen)
        return Detection(
            detector=name,
            statistic=statistic,
            threshold=calibrated.threshold,
            p_value=calibrated.p_value(statistic),
            alarm=bool(statistic > calibrated.threshold),
            promise=calibrated.promise,
        )

    def _reference(self, module: Detector) -> Observations:
        rows = usable(self.reference, module.CHANNEL)
        if module.NEEDS_LABELS:
            rows = rows & (self.reference.labels != "")
        return self.reference.take(rows)

    def _hindrance(self, seen: Observations, reference: Observations, module: Detector) -> str:
        least, channel = self.settings.min_pictures, module.CHANNEL
        if len(seen) < least:
            return f"{len(seen)} pictures of the window have {channel}, {least} are needed"
        if len(reference) < _LEAST_REFERENCE:
            labelled = " and a label" if module.NEEDS_LABELS else ""
            return (
                f"{len(reference)} pictures of the reference have {channel}{labelled}, "
                f"{_LEAST_REFERENCE} are needed"
            )
        width = self._width(module)
        received = int(getattr(seen, channel).shape[1])
        if received != width:
            return f"{channel} of {width} numbers were expected, {received} received"
        return ""

    def _width(self, module: Detector) -> int:
        if module.CHANNEL == "features" and self.reducer is not None:
            return len(self.reducer.centre)
        return int(getattr(self.reference, module.CHANNEL).shape[1])

    def _design(self, seen: Observations) -> Design:
        pictures = _rounded(len(seen))
        if self.settings.windows == "independent":
            return Design(pictures, pictures)
        named = len(np.unique(seen.groups[seen.groups != ""].astype(str)))
        return Design(pictures, min(pictures, max(1, named)))

    def _calibrated(
        self, name: str, module: Detector, reference: Observations, design: Design
    ) -> Calibrated:
        key = (name, design)
        if key not in self._known:
            together = self.settings.rate
            self._known[key] = calibrate(
                module,
                reference,
                design,
                rate=Rate(own=together / len(self.settings.detectors), together=together),
                windows=self.settings.null_windows,
                rng=generator(self.seed, "calibration", name),
            )
        return self._known[key]


_MONITORS: "OrderedDict[str, Monitor]" = OrderedDict()


def _monitor(reference: Observations, settings: DetectConfig, seed: int) -> Monitor:
    total = hashlib.sha256(f"{to_json(settings)} {seed}".encode())
    for values in (reference.statistics, reference.features, reference.scores):
        total.update(np.ascontiguousarray(values).tobytes())
    for texts in (reference.groups, reference.labels, reference.decisions):
        total.update("\0".join(map(str, texts)).encode())
    key = total.hexdigest()
    if key not in _MONITORS:
        _MONITORS[key] = Monitor.of(reference, settings=settings, seed=seed)
        while len(_MONITORS) > _KEPT:
            _MONITORS.popitem(last=False)
    return _MONITORS[key]


def _reduced(observations: Observations, reducer: Components) -> Observations:
    if observations.features.shape[1] != len(reducer.centre):
        return observations
    return replace(observations, features=reducer.apply(observations.features).astype(np.float32))


def _rounded(pictures: int) -> int:
    """Round down to two digits: windows of nearly one size share a calibration."""
    step = int(10 ** max(0, len(str(pictures)) - 2))
    return pictures // step * step
