"""Out of memory: recognised on every back end, answered by half the batch."""

import logging
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOG = logging.getLogger(__name__)

# TensorFlow's ResourceExhaustedError, XLA's RESOURCE_EXHAUSTED, PyTorch's OutOfMemoryError: their
# classes cannot be named here, since training imports Keras alone.
_TYPES = ("ResourceExhaustedError", "OutOfMemoryError")
_WORDS = ("RESOURCE_EXHAUSTED", "out of memory", "OOM when allocating")


def out_of_memory(error: BaseException) -> bool:
    """Say whether an error means that an array did not fit.

    Keras on JAX tidies up after a failed step and may fail at that, too: the error behind counts.
    """
    if error.__context__ is not None and out_of_memory(error.__context__):
        return True
    if isinstance(error, MemoryError) or type(error).__name__ in _TYPES:
        return True
    return any(word in str(error) for word in _WORDS)


def halving_batch(work: Callable[[int], T], batch: int) -> T:
    """Return `work(batch)`, with half the batch for as long as the memory does not suffice.

    Args:
        work: may be called again after it raised.
        batch: pictures a step at first.

    Raises:
        Exception: whatever `work` raises besides, and out of memory at a batch of one.
    """
    while True:
        try:
            return work(batch)
        except Exception as error:
            if batch == 1 or not out_of_memory(error):
                raise
        # Outside of `except`: there the error would keep the big arrays alive.
        LOG.warning("out of memory at %d pictures a step, halved to %d", batch, batch // 2)
        batch //= 2
