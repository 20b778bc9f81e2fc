"""Let the first run of each kind go alone.

The first run of a set of inputs and outputs optimises the graph, which takes seconds. The
runtime does not coordinate that: a crowd that arrives at a cold model would make each of its
members pay for it at the same time.
"""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

_LONGEST_WAIT = 30.0


class FirstRuns:
    """Remembers which kinds of runs have been made."""

    def __init__(self) -> None:
        self._done: set[Hashable] = set()
        self._gates: dict[Hashable, threading.Lock] = {}

    @contextmanager
    def turn(self, kind: Hashable, timeout_ms: int) -> Iterator[None]:
        """Wait while another first run of this kind is on, but never beyond the deadline.

        Args:
            kind: what is fed and fetched.
            timeout_ms: the request's deadline; 0 is without limit.
        """
        if kind in self._done:
            yield
            return
        gate = self._gates.setdefault(kind, threading.Lock())
        seconds = min(_LONGEST_WAIT, timeout_ms / 1000 if timeout_ms else _LONGEST_WAIT)
        held = gate.acquire(timeout=seconds)
        if held and kind in self._done:
            gate.release()
            held = False
        try:
            yield
        finally:
            self._done.add(kind)
            if held:
                gate.release()
