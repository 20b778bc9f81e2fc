"""Train one finalist of a tuning, or say why not."""

import logging
import time
from dataclasses import dataclass

from components.common.artifacts.tuning.shortlist import Allowance, NotTrained, leave_mark
from components.common.errors import GraftError
from components.common.run_context import RunContext
from components.common.step import Step
from components.train import step
from components.train.config import TrainConfig
from components.train.step import TrainInputs, TrainOutputs

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FinalistInputs(TrainInputs):
    """Shards of the finalist's own size, what it is expected to need, and until when."""

    allowance: Allowance


def run(
    settings: TrainConfig, inputs: FinalistInputs, outputs: TrainOutputs, context: RunContext
) -> None:
    """Write a Candidate, or a NotTrained in its place where it would overrun or cannot be fitted.

    One finalist that fails must not cost the others, so deliberate errors become a reason.
    """
    reason = inputs.allowance.overrun(time.time())
    if not reason:
        try:
            step.run(settings, inputs, outputs, context)
        except GraftError as error:
            reason = f"failed: {error}"
    if reason:
        LOG.warning(reason)
        NotTrained(reason=reason).write(outputs.candidate)


def is_trained(outputs: TrainOutputs) -> bool:
    """Say whether there is a Candidate."""
    return NotTrained.read(outputs.candidate) is None


def leave(
    settings: TrainConfig, inputs: FinalistInputs, outputs: TrainOutputs, context: RunContext
) -> None:
    """Leave word for the next plan that this finalist costs nothing, if it is trained."""
    if is_trained(outputs):
        leave_mark(context.cache_dir, inputs.allowance.mark)


# The same name and key as `train`: what either has trained is there for both.
STEP = Step(
    "train",
    run,
    prepare=step.prepare,
    reuse=True,
    content_key=step.content_key,
    keep=is_trained,
    after=leave,
)
