"""One HTML page that shows the finalists side by side."""

from pathlib import Path

from components.common.artifacts.tuning.selection import SelectionInfo
from components.common.artifacts.tuning.shortlist import ShortlistInfo
from components.common.report import page
from components.common.statistics import figures as quality
from components.select.plots import trade_off

TEMPLATE = Path(__file__).with_name("report_template.html")


def render(info: SelectionInfo, shortlist: ShortlistInfo, *, groups: int) -> str:
    """Return the page as HTML text.

    Args:
        info: who won and why.
        shortlist: the ranking behind the finalists.
        groups: validation groups, which the noise was measured over.
    """
    return page.render(
        TEMPLATE,
        info=info,
        winner=info.of(info.winner),
        shortlist=shortlist,
        finalists={one.key: one for one in shortlist.finalists},
        metric=quality.LABELS[info.metric],
        ranking_metric=quality.LABELS[shortlist.ranking.metric],
        groups=groups,
        plot=trade_off(info),
    )
