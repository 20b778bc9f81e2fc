"""The evaluation's page with the verdict on top, and what to do next."""

from pathlib import Path

from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import Verdict
from components.common.report import page
from components.common.times import utc_minute
from components.gate.commands import verdict_texts
from components.gate.next_steps import is_same

TEMPLATE = Path(__file__).with_name("verdict.html")
ALONE = Path(__file__).with_name("verdict_alone.html")


def write_page(verdict: Verdict, evaluation: Evaluation) -> None:
    """Write the Verdict's page: that of the evaluation, where it has one, begun by the verdict."""
    say = verdict_texts(evaluation.info.language)
    if evaluation.report_path.exists():
        whole = evaluation.report_path.read_text(encoding="utf-8")
    else:
        whole = page.render(ALONE, language=say.language, subject=say("subject"))
    info = verdict.info
    top = page.render(
        TEMPLATE,
        say=say,
        verdict=info,
        same=is_same(info),
        steps=[say.sentence(step) for step in info.next_steps],
        moment=utc_minute,
        reasons=[say.sentence(reason) for reason in info.reasons],
    )
    verdict.report_path.write_text(page.filled(whole, "verdict", top), encoding="utf-8")
