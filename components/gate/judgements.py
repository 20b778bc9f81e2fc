"""How often the same pictures have decided: each verdict leaves a line beside the versions.

`<base path>/<model>/judgements.jsonl`; a server looks at numbered folders only. A picture that
helped to choose one model after another says less about the last of them than about the first: of
`k` verdicts that are wrong with probability `1 - confidence` each, at least one is wrong with
probability up to `k * (1 - confidence)` (Bonferroni). Where that reaches one half, the pictures are
worn out: at 95 % from the tenth verdict on. The gate gives away one word a verdict and not a score,
which is what keeps reuse from costing more (Blum and Hardt 2015, The Ladder).
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from components.common import config, files
from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import Word
from components.common.artifacts.records import read_lines
from components.common.config import Section
from components.common.errors import GraftError
from components.gate.compare import kind_of
from components.gate.config import GateConfig

LOG = logging.getLogger(__name__)

RECORD = "judgements.jsonl"
# Beyond this chance that one of the verdicts was wrong, new pictures are asked for.
_WORN_OUT = 0.5
# Pictures are compared by so many of them: those with the lowest digests, which are as good as
# drawn at random and the same ones in every verdict. The share in common is then known to +-6 %.
_SAMPLE = 256
_DIGITS = 16
_SAME = 0.5


@dataclass(frozen=True, kw_only=True)
class Judgement(Section):
    """One verdict: which model, on which pictures. `sample` are digests, lowest first."""

    run_id: str
    unix_s: float
    word: Word
    candidate_sha256: str
    pictures: int
    sample: tuple[str, ...]


def note(
    evaluation: Evaluation, word: Word, *, run_id: str, settings: GateConfig
) -> tuple[str, ...]:
    """Add a verdict to the record, once a run, and say how worn its pictures are.

    Args:
        evaluation: what the verdict rests on.
        word: the verdict.
        run_id: of this run; a second verdict of the same run is not added.
        settings: where the record is, and how sure a verdict has to be.

    Returns:
        A sentence, or nothing where there is no model folder to keep the record in.
    """
    if not settings.model_base_path:
        return ()
    path = Path(settings.model_base_path) / settings.model_name / RECORD
    now = Judgement(
        run_id=run_id,
        unix_s=time.time(),
        word=word,
        candidate_sha256=evaluation.info.candidate_sha256,
        pictures=evaluation.info.pictures,
        sample=_sample(evaluation.predictions()["sha256"].astype(str)),
    )
    try:
        with files.locked(path, holder="another gate"), files.explained(path.parent):
            known = list(read_lines(path, Judgement))
            if run_id not in {one.run_id for one in known}:
                files.append_lines(path, config.to_json(now) + "\n")
    except GraftError as error:
        LOG.warning("this verdict is not counted: %s", error)
        return ()
    return (_said([*known, now], now, evaluation, settings),)


def _said(
    judgements: list[Judgement], now: Judgement, evaluation: Evaluation, settings: GateConfig
) -> str:
    """Return the sentence; a model that is judged again learns nothing new, and counts once."""
    same = [one for one in judgements if overlap(one.sample, now.sample) >= _SAME]
    uses = len({one.candidate_sha256 for one in same})
    last = round(_WORN_OUT / (1 - settings.confidence))
    text = f"These {kind_of(evaluation.info)} have been used for {uses} verdict{'s' * (uses > 1)}"
    if uses < last:
        return f"{text}; they are worn out from number {last} on."
    chance = min(1.0, uses * (1 - settings.confidence))
    return (
        f"{text} and are worn out: that one of these was wrong has a chance of up to "
        f"{100 * chance:.0f} %. Judge by new pictures; half of them new begins a new count."
    )


def overlap(one: Iterable[str], other: Iterable[str]) -> float:
    """Return how much two sets of pictures have in common, by their samples, in [0, 1].

    The Jaccard index, estimated by bottom-k sketches (Cohen and Kaplan 2007); exact for sets that
    are no larger than a sample.
    """
    first, second = set(one), set(other)
    lowest = sorted(first | second)[:_SAMPLE]
    return sum(name in first and name in second for name in lowest) / max(len(lowest), 1)


def _sample(digests: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({digest[:_DIGITS] for digest in digests})[:_SAMPLE])
