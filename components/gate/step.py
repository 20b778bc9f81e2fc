"""The step: an Evaluation in, a Verdict out."""

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path

from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import Verdict, Word
from components.common.report.shown import Shown
from components.common.run_context import RunContext
from components.common.step import Step
from components.gate.config import GateConfig
from components.gate.decide import decide
from components.gate.figures import show_figures
from components.gate.judgements import note
from components.gate.page import write_page

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class GateInputs:
    """What is judged: an Evaluation."""

    evaluation: Path


@dataclass(frozen=True, kw_only=True)
class GateOutputs:
    """What is written: a Verdict and its page."""

    verdict: Path


def run(
    settings: GateConfig, inputs: GateInputs, outputs: GateOutputs, context: RunContext
) -> Word:
    """Decide, count the verdict, write it with its page, and return its word.

    Raises:
        DataError: as `decide`.
    """
    evaluation = Evaluation.read(inputs.evaluation)
    info = decide(evaluation, settings=settings)
    worn = note(evaluation, info.word, run_id=context.run_id, settings=settings)
    info = replace(
        info,
        reasons=(*info.reasons, *worn),
        model_name=settings.model_name,
        judged_unix_s=time.time(),
    )
    verdict = Verdict(outputs.verdict, info)
    verdict.write()
    write_page(verdict, evaluation)
    show_figures(info.word, settings)
    LOG.info("verdict: %s", info.word)
    for reason in info.reasons:
        LOG.info("- %s", reason)
    return info.word


def show(outputs: GateOutputs) -> Shown:
    """Return the page that begins with the verdict."""
    return Shown(page=Verdict.read(outputs.verdict).report_path)


STEP = Step("gate", run, show=show, announced=True)
