"""Train one finalist of a tuning, or say why not."""

import logging
import time
from pathlib import Path

from components.common.artifacts.tuning.shortlist import Allowance, NotTrained
from components.common.errors import GraftError
from components.train.config import TrainConfig
from components.train.fit import train

LOG = logging.getLogger(__name__)


def fit_finalist(
    shards_root: Path,
    *,
    out: Path,
    settings: TrainConfig,
    cache_dir: str,
    allowance: Allowance,
    run_dir: str = "",
) -> None:
    """Write a Candidate, or a NotTrained in its place where it would overrun or cannot be fitted.

    One finalist that fails must not cost the others, so deliberate errors become a reason.

    Args:
        shards_root: Shards of the finalist's own size.
        out: the folder to write.
        settings: as for `train`.
        cache_dir, run_dir: as for `train`.
        allowance: what it is expected to need, and until when.
    """
    reason = allowance.overrun(time.time())
    if not reason:
        try:
            train(shards_root, out=out, settings=settings, cache_dir=cache_dir, run_dir=run_dir)
        except GraftError as error:
            reason = f"failed: {error}"
    if reason:
        LOG.warning(reason)
        NotTrained(reason=reason).write(out)
