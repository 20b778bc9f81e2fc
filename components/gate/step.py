"""The step: an Evaluation in, a Verdict out."""

import logging
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.evaluation import Evaluation
from components.common.artifacts.verdict import Verdict, Word
from components.common.run_context import RunContext
from components.common.step import Step
from components.gate.config import GateConfig
from components.gate.decide import decide

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class GateInputs:
    """What is judged: an Evaluation."""

    evaluation: Path


@dataclass(frozen=True, kw_only=True)
class GateOutputs:
    """What is written: a Verdict."""

    verdict: Path


def run(
    settings: GateConfig, inputs: GateInputs, outputs: GateOutputs, context: RunContext
) -> Word:
    """Decide, write the Verdict and return its word.

    Raises:
        DataError: as `decide`.
    """
    info = decide(Evaluation.read(inputs.evaluation), settings=settings)
    Verdict(outputs.verdict, info).write()
    LOG.info("verdict: %s", info.word)
    for reason in info.reasons:
        LOG.info("- %s", reason)
    return info.word


STEP = Step("gate", run)
