"""How much time may go into picture statistics.

They cost milliseconds a picture, as much as a fifth of a prediction on a processor. While the
machine has time to spare every picture is measured; when it has none, the model server goes first
and only as many are measured as a small share of one processor allows.
"""

import os
import time

import psutil

# Less than this much of one processor is no time to spare.
_SPARE_PROCESSORS = 0.25
# A few hundred pictures sent at once are measured all the same.
_BURST_S = 2.0
_MOST_DEBT_S = 0.25
# A worker that is so late has no time to spare, whatever the machine has.
_BEHIND_S = 1.0


class StatisticsBudget:
    """Says for each picture whether it may be measured.

    Args:
        busy_share: of one processor, in [0, 1], while the machine is busy.
    """

    def __init__(self, busy_share: float) -> None:
        self._busy_share = busy_share
        self._left_s = _BURST_S
        self._refilled_s = time.monotonic()
        self._busy = False
        psutil.cpu_percent(None)  # the first call only starts the measurement

    def look(self) -> None:
        """Look at the machine; to be called about once a second."""
        spare = (1.0 - psutil.cpu_percent(None) / 100.0) * (os.cpu_count() or 1)
        self._busy = spare < _SPARE_PROCESSORS

    def allows(self, *, behind_s: float) -> bool:
        """Tell whether a picture may be measured by a worker so many seconds late."""
        now = time.monotonic()
        gained = (now - self._refilled_s) * self._busy_share
        self._left_s = min(_BURST_S, self._left_s + gained)
        self._refilled_s = now
        return self._left_s > 0 or not (self._busy or behind_s > _BEHIND_S)

    def spent(self, seconds: float) -> None:
        """Note how long a measurement took."""
        self._left_s = max(-_MOST_DEBT_S, self._left_s - seconds)
