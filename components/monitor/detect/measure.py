"""Measure: every detector's answer about one window."""

import hashlib
import math
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from components.common.artifacts.monitoring.drift_report import Detection
from components.common.artifacts.monitoring.observations import Observations
from components.common.config import to_json
from components.common.progress import track
from components.common.seeding import generator
from components.common.statistics.pca import Components
from components.monitor.detect import contract as detectors
from components.monitor.detect.config import DetectConfig
from components.monitor.detect.contract import Design, Detector
from components.monitor.detect.kept import kept
from components.monitor.detect.null_windows import groups_of
from components.monitor.detect.thresholds import Calibrated, find_thresholds, fitted
from components.monitor.observe.scaling import comparable

_COMPONENTS = 64
_LEAST_REFERENCE = 20
_KEPT = 4


def measure(
    window: Observations,
    reference: Observations,
    *,
    settings: DetectConfig,
    seed: int,
    rate: float | None = None,
    keep: Path | None = None,
) -> tuple[Detection, ...]:
    """Return one Detection a detector for a window in order of time.

    Rows whose channel is missing or not finite are left out, detector by detector. A detector that
    cannot look (too few pictures, no embeddings) says so in its promise and does not alarm.
    Calibrations are kept in memory, and in the folder `keep`: a second window of the same size and
    kind costs a millisecond or two.

    Args:
        window: in order of time.
        reference: what it is compared with.
        settings: which detectors, and their rate.
        seed: of calibrations.
        rate: false alarms a window; None: those of the settings.
        keep: folder of thresholds that were found before; None keeps none.

    Raises:
        ConfigError: a detector that is not there.
    """
    window, reference = comparable(window, reference)
    return _monitor(reference, settings, seed).look(window, rate=rate, keep=keep)


@dataclass(frozen=True)
class Monitor:
    """The detectors of one reference, calibrated when a window asks for it.

    digest: of the reference, the settings and the seed.
    """

    digest: str
    reference: Observations
    reducer: Components | None
    settings: DetectConfig
    seed: int
    _known: dict[str, dict[str, Calibrated]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, reference: Observations, *, settings: DetectConfig, seed: int, digest: str = ""
    ) -> "Monitor":
        """Prepare a reference: embeddings are reduced once, for all detectors."""
        rows = reference.whole("features")
        if rows.sum() < 2:
            return cls(digest, reference, None, settings, seed)
        reducer = Components.of(reference.features[rows], count=_COMPONENTS)
        return cls(digest, _reduced(reference, reducer), reducer, settings, seed)

    def look(
        self, window: Observations, *, rate: float | None = None, keep: Path | None = None
    ) -> tuple[Detection, ...]:
        """Return each detector's answer, at the settings' rate or another.

        `keep` is a folder of thresholds that were found before; without one all are found again.
        """
        modules = {name: detectors.load(name) for name in self.settings.detectors}
        hindrances = {name: self._hindrance(window, module) for name, module in modules.items()}
        able = {name: module for name, module in modules.items() if not hindrances[name]}
        if self.reducer is not None:
            window = _reduced(window, self.reducer)
        seen = {name: window.take(window.whole(module.CHANNEL)) for name, module in able.items()}
        rate = rate or self.settings.rate
        calibrated = self._calibrated(able, seen, rate, keep) if able else {}
        return tuple(
            _silent(name, modules[name], hindrances[name])
            if hindrances[name]
            else _answer(name, modules[name], calibrated[name], seen[name])
            for name in track(self.settings.detectors, "detectors")
        )

    def _hindrance(self, window: Observations, module: Detector) -> str:
        least, channel = self.settings.min_pictures, module.CHANNEL
        seen = int(window.whole(channel).sum())
        known = int(self.reference.whole(channel).sum())
        if seen < least:
            return f"{seen} pictures of the window have {channel}, {least} are needed"
        if known < _LEAST_REFERENCE:
            return (
                f"{known} pictures of the reference have {channel}, {_LEAST_REFERENCE} are needed"
            )
        width, received = self._width(module), int(getattr(window, channel).shape[1])
        if received != width:
            return f"{channel} of {width} numbers were expected, {received} received"
        return ""

    def _width(self, module: Detector) -> int:
        if module.CHANNEL == "features" and self.reducer is not None:
            return len(self.reducer.centre)
        return int(getattr(self.reference, module.CHANNEL).shape[1])

    def _calibrated(
        self,
        able: dict[str, Detector],
        seen: dict[str, Observations],
        rate: float,
        keep: Path | None,
    ) -> dict[str, Calibrated]:
        groups = max(map(self._groups, seen.values()))
        pictures = {name: _rounded(len(rows)) for name, rows in seen.items()}
        designs = {name: Design(count, min(groups, count)) for name, count in pictures.items()}
        key = f"{designs} {rate}"
        if key not in self._known:
            found = kept(
                keep,
                f"{self.digest} {key}",
                lambda: find_thresholds(
                    able,
                    designs,
                    self.reference,
                    rate=rate,
                    windows=self.settings.null_windows,
                    rng=generator(self.seed, "calibration"),
                ),
            )
            rng = generator(self.seed, "fit")
            self._known[key] = fitted(able, designs, self.reference, found, rng=rng)
        return self._known[key]

    def _groups(self, seen: Observations) -> int:
        if self.settings.windows == "independent":
            return len(seen)
        return max(1, len(groups_of(seen)))


def _silent(name: str, module: Detector, hindrance: str) -> Detection:
    return Detection(
        detector=name,
        channel=module.CHANNEL,
        statistic=math.nan,
        threshold=math.nan,
        p_value=math.nan,
        alarm=False,
        promise=f"Did not look: {hindrance}.",
    )


def _answer(name: str, module: Detector, calibrated: Calibrated, seen: Observations) -> Detection:
    statistic = calibrated.statistic(seen)
    return Detection(
        detector=name,
        channel=module.CHANNEL,
        statistic=statistic,
        threshold=calibrated.threshold,
        p_value=calibrated.p_value(statistic),
        alarm=bool(statistic > calibrated.threshold),
        promise=calibrated.promise,
    )


_MONITORS: "OrderedDict[str, Monitor]" = OrderedDict()


def _monitor(reference: Observations, settings: DetectConfig, seed: int) -> Monitor:
    total = hashlib.sha256(f"{to_json(settings)} {seed} {reference.classes}".encode())
    for values in (reference.statistics, reference.features, reference.scores):
        total.update(np.ascontiguousarray(values).tobytes())
    for texts in (reference.groups, reference.labels, reference.decisions):
        total.update("\0".join(map(str, texts)).encode())
    key = total.hexdigest()
    if key not in _MONITORS:
        _MONITORS[key] = Monitor.of(reference, digest=key, settings=settings, seed=seed)
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
