"""Which calibration, and which threshold for given costs, is best founded with few pictures.

    python -m benchmarks.operating_point

From the demo's kept answers (`benchmarks.quality`) some pictures of a few modules are drawn to
calibrate and to choose by; the other modules are judged. First table: log loss by the width of the
prior on log T, with the answers as they are and with logits three times too large or too small.
Second table: cost a picture, false alarms at price 1, of the cost ratio on calibrated probabilities
and of the threshold that was cheapest on the drawn pictures.
"""

import sys
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize_scalar

from benchmarks.abstain import Judged, demo
from components.common.progress import track
from components.common.seeding import generator
from components.common.statistics.temperature import fit_temperature
from components.common.statistics.weighted import Floats

METHODS = {"frozen probe": "linear_probe", "fine-tuned": "linear_probe_finetune"}
PICTURES = (4, 20, 50, 200, 600)
WIDTHS = (0.0, 0.25, 0.5, 1.0)
SCALES = (1.0, 3.0, 1 / 3)
ESCAPE_COSTS = (0.2, 1.0, 5.0, 20.0)
DRAWS = 60


def drawn(judged: Judged, *, pictures: int, name: str) -> Iterator[tuple[Judged, Judged]]:
    """Yield pictures to calibrate on, of as few modules as hold them twice over, and the others."""
    for draw in track(range(DRAWS), f"{name}, {pictures} pictures"):
        random = generator(draw, "benchmark", "operating point", str(pictures))
        order = random.permutation(np.unique(judged.groups))
        inside = np.isin(judged.groups, order[: 1 + pictures // 30])
        rows = np.zeros(len(inside), dtype=bool)
        rows[random.permutation(np.flatnonzero(inside))[:pictures]] = True
        yield judged.take(rows), judged.take(~inside)


def calibration_loss(known: Judged, new: Judged, *, width: float, scale: float) -> float:
    """Return the log loss of the new pictures after calibration; width 0 is no prior."""

    def loss(judged: Judged, log_temperature: float) -> Floats:
        signed = np.where(judged.defect, judged.odds, -judged.odds) * scale
        return np.asarray(np.logaddexp(0, -signed / np.exp(log_temperature)))

    def total(log_temperature: float) -> float:
        prior = (log_temperature / width) ** 2 / 2 if width else 0.0
        return float(loss(known, log_temperature).sum()) + prior

    found = minimize_scalar(total, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(loss(new, float(found.x)).mean())


def costs(known: Judged, new: Judged, *, escape_cost: float) -> tuple[float, float]:
    """Return what a new picture costs by the cost ratio and by the threshold that was cheapest."""
    logits = np.stack([np.zeros_like(known.odds), known.odds], axis=1).astype(np.float32)
    temperature = fit_temperature(logits, known.defect.astype(np.int64))
    by_ratio = -temperature * np.log(escape_cost)
    candidates = np.sort(np.append(known.odds, np.inf))
    known_costs = [_cost(known, threshold, escape_cost) for threshold in candidates]
    cheapest = candidates[int(np.argmin(known_costs))]
    return _cost(new, by_ratio, escape_cost), _cost(new, cheapest, escape_cost)


def _cost(judged: Judged, threshold: float, escape_cost: float) -> float:
    escapes = judged.defect & (judged.odds < threshold)
    alarms = ~judged.defect & (judged.odds >= threshold)
    return float((escape_cost * escapes + alarms).mean())


def main() -> None:
    """Print both tables."""
    losses = Table("method", "logits", "pictures", *(f"sd {width:g}" for width in WIDTHS))
    prices = Table("method", "escape costs", "pictures", "cost ratio", "cheapest seen")
    for name, method in METHODS.items():
        judged = demo(method)
        for pictures in PICTURES:
            pairs = list(drawn(judged, pictures=pictures, name=name))
            for scale in SCALES:
                found = [
                    np.mean([calibration_loss(*pair, width=width, scale=scale) for pair in pairs])
                    for width in WIDTHS
                ]
                losses.add_row(name, f"x {scale:.2g}", str(pictures), *(f"{x:.3f}" for x in found))
            for price in ESCAPE_COSTS:
                ratio, seen = np.mean([costs(*pair, escape_cost=price) for pair in pairs], axis=0)
                prices.add_row(name, f"{price:g}", str(pictures), f"{ratio:.3f}", f"{seen:.3f}")
    console = Console(width=120, file=sys.stdout)
    console.print(losses)
    console.print(prices)


if __name__ == "__main__":
    main()
