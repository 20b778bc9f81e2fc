"""The step: an Evaluation in, a Verdict out."""

import logging
from pathlib import Path

from components.common.artifacts.evaluation import Evaluation
from components.common.artifacts.verdict import Verdict, Word
from components.gate.config import GateConfig
from components.gate.decide import decide

LOG = logging.getLogger(__name__)


def judge(evaluation: Path, *, out: Path, settings: GateConfig) -> Word:
    """Decide, write the Verdict to `out` and return its word.

    Raises:
        DataError: as `decide`.
    """
    info = decide(Evaluation.read(evaluation), settings=settings)
    Verdict(out, info).write()
    LOG.info("verdict: %s", info.word)
    for reason in info.reasons:
        LOG.info("- %s", reason)
    return info.word
