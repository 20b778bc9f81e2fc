"""The page that shows the finalists side by side; self-contained."""

import base64
from pathlib import Path

from components.common import quality
from components.common.artifacts.selection import SelectionInfo
from components.common.artifacts.shortlist import ShortlistInfo
from components.select.plots import trade_off

TEMPLATE = "report_template.html"


def write_report(path: Path, info: SelectionInfo, shortlist: ShortlistInfo, *, groups: int) -> None:
    """Write the HTML page.

    Args:
        path: the file.
        info: who won and why.
        shortlist: the ranking behind the finalists.
        groups: validation groups, which the noise was measured over.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template(TEMPLATE).render(
        info=info,
        winner=info.of(info.winner),
        shortlist=shortlist,
        finalists={one.key: one for one in shortlist.finalists},
        metric=quality.LABELS[info.metric],
        ranking_metric=quality.LABELS[shortlist.ranking.metric],
        groups=groups,
        plot=base64.b64encode(trade_off(info)).decode(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page)
