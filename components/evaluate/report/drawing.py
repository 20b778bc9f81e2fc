"""Which plots a report has, and by which names the classes go in them."""

from collections.abc import Sequence

import pandas as pd

from components.common.artifacts.decision import Decision
from components.common.artifacts.judging.figures import Advice
from components.common.report.plot_style import can_draw
from components.common.report.texts import Texts, load_texts
from components.common.statistics.figures import Scored
from components.evaluate.report import heat_map, plots

TABLES = "components.evaluate.report.languages"


def draw(
    *,
    curves: pd.DataFrame,
    scored: Scored,
    classes: Sequence[str],
    decision: Decision | None,
    advice: Advice | None,
    say: Texts,
) -> dict[str, bytes]:
    """Draw every plot that the data allows: PNG bytes by name.

    Words that no font of this machine can write are English ones instead; see `plot_names` for
    the classes.
    """
    words = [text for key, text in say.table.items() if key.startswith(("plot.", "metric."))]
    if not all(map(can_draw, words)):
        say = load_texts(TABLES, "en")
    names = plot_names(classes)
    shown = [names[name] for name in classes]
    drawn = {
        "learning_curves": plots.learning_curves(curves, say),
        "confusion": heat_map.confusion(scored, shown, say),
        "discrimination": plots.discrimination(scored, shown, say),
        "reliability": plots.reliability(scored, say),
        "layer_profile": plots.layer_profile(decision, say) if decision else None,
        "advice": plots.advice(advice.curve, names, say) if advice else None,
    }
    return {name: png for name, png in drawn.items() if png is not None}


def plot_names(classes: Sequence[str]) -> dict[str, str]:
    """Return how each class is called in plots: its name, or its number where no font has it."""
    return {
        name: name if can_draw(name) else f"#{number}"
        for number, name in enumerate(classes, start=1)
    }
