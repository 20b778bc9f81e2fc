"""What the user's costs and promises mean in probabilities, by answers about held-out pictures."""

import logging

import numpy as np
import pandas as pd

from components.common.artifacts.candidate import CandidateInfo
from components.common.artifacts.exported import EscapePromise
from components.common.artifacts.judging.held_out import held_out_logits
from components.common.statistics.conformal import lower_bound
from components.common.statistics.operating_point import OperatingPoint, decide, good_classes
from components.common.statistics.temperature import softmax
from components.export.config import ExportConfig

LOG = logging.getLogger(__name__)


def choose(
    info: CandidateInfo, held_out: pd.DataFrame, settings: ExportConfig, *, far_from: float | None
) -> tuple[OperatingPoint, EscapePromise | None]:
    """Return when the model answers which class, when it asks, and what that was measured to do.

    Args:
        info: classes, positive class, temperature.
        held_out: `Candidate.held_out()`.
        settings: costs, promised escape rate, the share that may be asked about.
        far_from: distance from which a picture is strange, None where it is not known.

    Raises:
        InputError: as `good_classes`.
    """
    good = good_classes(
        settings.good,
        classes=info.classes,
        positive=info.positive,
        costs_differ=settings.escape_cost != settings.false_alarm_cost,
    )
    if not settings.max_asked:
        far_from = None
    point = OperatingPoint(good=good, bad_from=_bad_from(info, good, settings), far_from=far_from)
    if not good or not settings.escape_rate or held_out.empty:
        return point, None
    return _with_promise(point, info, held_out, settings)


def _bad_from(info: CandidateInfo, good: tuple[str, ...], settings: ExportConfig) -> float | None:
    """Return the probability of a defect from which answering a defect costs less.

    Calibrated probabilities make it the ratio of the costs. To search the held-out pictures for
    the cheapest threshold instead was measured to cost more (`benchmarks.operating_point`).
    Costs that are equal are taken for costs that nobody named: a model for rare classes then
    decides as if defects were as frequent as good pictures, so from their share on.
    """
    if not good:
        return None
    unnamed = settings.escape_cost == settings.false_alarm_cost
    if len(info.classes) == 2 and settings.decision_threshold:
        is_defect = info.positive not in good
        return settings.decision_threshold if is_defect else 1.0 - settings.decision_threshold
    if unnamed and info.class_shares:
        shares = zip(info.classes, info.class_shares, strict=True)
        return sum(share for name, share in shares if name not in good)
    return None if unnamed and len(info.classes) > 2 else _cost_ratio(settings)


def _cost_ratio(settings: ExportConfig) -> float:
    return settings.false_alarm_cost / (settings.escape_cost + settings.false_alarm_cost)


def _with_promise(
    point: OperatingPoint, info: CandidateInfo, held_out: pd.DataFrame, settings: ExportConfig
) -> tuple[OperatingPoint, EscapePromise | None]:
    probabilities = softmax(held_out_logits(held_out, info.classes) / np.float32(info.temperature))
    good = np.isin(info.classes, point.good)
    defects = ~good[held_out["target"].to_numpy(dtype=np.int64)]
    if not defects.any():
        return point, None
    bad = probabilities[:, ~good].sum(axis=1).astype(np.float64)
    answered_good = good[decide(probabilities, point=point, classes=info.classes).predicted]
    # What is answered as a defect anyway cannot escape, whatever its probability.
    scores = np.where(answered_good, bad, np.inf)[defects]
    groups = held_out["group"].astype(str).to_numpy()[defects]
    bound = lower_bound(scores, list(groups), rate=settings.escape_rate)
    asked = float((answered_good & (bad >= bound)).mean())
    promise = EscapePromise(
        rate=settings.escape_rate,
        escapes=float(answered_good[defects].mean()),
        asked=asked,
        kept=asked <= settings.max_asked,
    )
    LOG.info("%s", promise)
    if not promise.kept:
        return point, promise
    ask_from = None if np.isinf(bound) else bound
    return OperatingPoint(**{**vars(point), "ask_from": ask_from}), promise
