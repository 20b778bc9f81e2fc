"""The evaluation's page with the verdict on top, and what to do next."""

from pathlib import Path

import numpy as np

from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import Verdict, VerdictInfo
from components.common.report import page
from components.common.report.texts import Texts, load_texts
from components.common.times import utc_minute

TABLES = "components.gate.languages"
TEMPLATE = Path(__file__).with_name("verdict.html")
ALONE = Path(__file__).with_name("verdict_alone.html")
_NAMED = 3  # weak classes


def write_page(verdict: Verdict, evaluation: Evaluation) -> None:
    """Write the Verdict's page: that of the evaluation, where it has one, begun by the verdict."""
    say = load_texts(TABLES, evaluation.info.language)
    if evaluation.report_path.exists():
        whole = evaluation.report_path.read_text(encoding="utf-8")
    else:
        whole = page.render(ALONE, language=say.language, subject=say("subject"))
    info = verdict.info
    top = page.render(
        TEMPLATE,
        say=say,
        verdict=info,
        same=_same(info),
        steps=next_steps(info, _weakest(evaluation), say),
        moment=utc_minute,
        reasons=[say.sentence(reason) for reason in info.reasons],
    )
    verdict.report_path.write_text(page.filled(whole, "verdict", top), encoding="utf-8")


def next_steps(info: VerdictInfo, weakest: list[str], say: Texts) -> list[str]:
    """Say what a user does now.

    Args:
        info: the verdict.
        weakest: classes that are recognised least, the worst first.
        say: the words.
    """
    if _same(info):
        return [say("next.same")]
    if info.may_deploy:
        return [say("next.deploy" if info.incumbent_version else "next.first")]
    version = info.incumbent_version
    steps = [say("next.stays", version=version) if version else say("next.nothing_serves")]
    if info.word == "insufficient":
        steps += [say("next.missing"), say("next.groups")]
    else:
        steps.append(say("next.labels"))
        if weakest:
            steps.append(say("next.classes", names=", ".join(weakest)))
    return [*steps, say("next.again")]


def _same(info: VerdictInfo) -> bool:
    return bool(info.candidate_sha256) and info.candidate_sha256 == info.incumbent_sha256


def _weakest(evaluation: Evaluation) -> list[str]:
    """Return the at most three classes that are recognised least, without perfect ones."""
    predictions = evaluation.predictions()
    right = (
        (predictions["predicted"] == predictions["target"]).groupby(predictions["target"]).mean()
    )
    worst = right[right < 1].sort_values(kind="stable").index[:_NAMED]
    return [evaluation.info.classes[position] for position in np.asarray(worst, dtype=int)]
