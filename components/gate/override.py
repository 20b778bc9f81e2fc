"""A person deploys against the gate's word: Verdict and page again, with who, when and why.

No step of a pipeline: `graft gate override` runs it on what a finished run has left. The word and
its reasons stay as the gate gave them.
"""

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import Override, Verdict
from components.common.config import Section
from components.common.errors import DataError
from components.common.run_context import RunContext
from components.common.step import Step
from components.gate.next_steps import with_next_steps
from components.gate.page import write_page

Said = Annotated[str, Field(min_length=1, pattern=r"\S")]


@dataclass(frozen=True, kw_only=True)
class OverrideConfig(Section):
    """Who deploys against the gate's word, and why; neither may be left empty."""

    by: Said
    reason: Said


@dataclass(frozen=True, kw_only=True)
class OverrideInputs:
    """The Verdict that is overridden, and the Evaluation that it is about."""

    verdict: Path
    evaluation: Path


@dataclass(frozen=True, kw_only=True)
class OverrideOutputs:
    """The Verdict with the override, and its page."""

    verdict: Path


def run(
    settings: OverrideConfig,
    inputs: OverrideInputs,
    outputs: OverrideOutputs,
    context: RunContext,
) -> None:
    """Write the Verdict again with the override, and the page that begins with it.

    Raises:
        DataError: the gate said "deploy", so that there is nothing to override.
    """
    given = Verdict.read(inputs.verdict).info
    if given.word == "deploy":
        raise DataError(
            "a verdict of 'hold' or 'insufficient'",
            received="'deploy'",
            do="run the pipeline again if the candidate was not published",
        )
    said = Override(by=settings.by.strip(), at_unix_s=time.time(), reason=settings.reason.strip())
    evaluation = Evaluation.read(inputs.evaluation)
    overridden = with_next_steps(dataclasses.replace(given, override=said), evaluation)
    verdict = Verdict(outputs.verdict, overridden)
    verdict.write()
    write_page(verdict, evaluation)


STEP = Step("override", run)
