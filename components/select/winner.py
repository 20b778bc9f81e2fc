"""The rule by which the winner is chosen. Pure.

The best quality is not worth any price: of the finalists that are as good as the best one within
the noise, the cheapest wins (the one-standard-error rule, Breiman et al. 1984, section 3.4.3).
"""

from collections.abc import Sequence

from components.common.artifacts.tuning.selection import MeasuredFinalist
from components.select.config import SelectConfig


def pareto_front(measured: Sequence[MeasuredFinalist]) -> tuple[MeasuredFinalist, ...]:
    """Return those that no other one beats: at least as good in all three, better in one.

    Quality counts upwards, latency and size downwards.
    """
    return tuple(one for one in measured if not any(_beats(other, one) for other in measured))


def choose(
    measured: Sequence[MeasuredFinalist], settings: SelectConfig
) -> tuple[MeasuredFinalist, str]:
    """Return the winner, and why in one sentence.

    1. On the Pareto front, keep those whose quality is within the noise of the best one's (of
       equals the quicker, the smaller).
    2. Of these, keep those as quick as the quickest, within the tolerance.
    3. Of these, take the best one; of equals the smaller.

    Args:
        measured: at least one finalist.
        settings: what counts as equal.
    """
    top = min(measured, key=lambda one: (-one.quality, one.latency_ms, one.size_mb, one.key))
    front = pareto_front(measured)
    close = [one for one in front if top.quality - one.quality <= settings.noise_errors * one.noise]
    quickest_ms = min(one.latency_ms for one in close)
    limit_ms = quickest_ms * (1.0 + settings.latency_tolerance)
    quick = [one for one in close if one.latency_ms <= limit_ms]
    winner = min(quick, key=lambda one: (-one.quality, one.size_mb, one.key))
    return winner, _reason(winner, top, len(measured))


def _beats(other: MeasuredFinalist, one: MeasuredFinalist) -> bool:
    gains = (
        other.quality - one.quality,
        one.latency_ms - other.latency_ms,
        one.size_mb - other.size_mb,
    )
    return min(gains) >= 0 and max(gains) > 0


def _reason(winner: MeasuredFinalist, top: MeasuredFinalist, count: int) -> str:
    if count == 1:
        return "it is the only one that was fine-tuned"
    if winner.key == top.key:
        return "no cheaper one is as good within the noise"
    gap = top.quality - winner.quality
    times = top.latency_ms / winner.latency_ms
    return (
        f"its quality is {gap:.4f} below that of {top.name}, within the noise "
        f"({winner.noise:.4f}), and it answers {times:.1f} times as fast"
    )
