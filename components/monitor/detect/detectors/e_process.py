"""Betting against "nothing has changed": the logarithm of the most that was ever won.

Conformal test martingale (Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World",
2005) on how odd each picture is, by the mixture of power bets ∫ ε p^(ε-1) dε, restarted when it has
lost its stake. Pictures come in blocks; the mean of a block's winnings is a fair bet whatever they
have in common, so that one module is one bet.
"""

import numpy as np

from components.monitor.detect.contract import Channel, Design, Statistic
from components.monitor.detect.detectors._oddness import Oddness
from components.monitor.observe.observations import Observations
from components.monitor.observe.scaling import Table

CHANNEL: Channel = "statistics"
NEEDS_LABELS = False


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Learn how odd pictures of the reference are."""
    del rng
    oddness = Oddness(reference)
    usual = np.sort(oddness.usual)
    block = max(1, round(design.pictures / design.groups))

    def statistic(window: Observations) -> float:
        odd = oddness.of(window)
        above = len(usual) - np.searchsorted(usual, odd, side="left")
        return float(wealth(winnings((1 + above) / (1 + len(usual))), block).max())

    return statistic


def winnings(p: Table) -> Table:
    """Return what one unit becomes, float64 [N], for p-values in (0, 1]."""
    # Next to 1 the closed form is 0 / 0; its limit there is 1 / 2.
    p = np.minimum(p, 1 - 1e-4)
    logs = np.log(p)
    # The integral in closed form: (p log p - p + 1) / (p log² p).
    found: Table = (p * logs - p + 1) / (p * logs**2)
    return found


def wealth(bets: Table, block: int) -> Table:
    """Return the log of the wealth after each block, never below a new stake."""
    starts = np.arange(0, len(bets), block)
    sizes = np.diff(np.append(starts, len(bets)))
    steps = np.log(np.add.reduceat(bets, starts) / sizes)
    walked = np.cumsum(steps)
    found: Table = walked - np.minimum(np.minimum.accumulate(walked), 0.0)
    return found
