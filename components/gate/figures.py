"""The last verdict as figures for Prometheus, kept beside the versions."""

import time
from pathlib import Path
from typing import get_args

from components.common.artifacts.judging.verdict import Word
from components.common.store_figures import Figure, write_figures
from components.gate.config import GateConfig


def show_figures(word: Word, settings: GateConfig) -> None:
    """Write the verdict where the gateway finds it; nothing where there is no model folder."""
    if not settings.model_base_path:
        return
    verdict = Figure(
        "graft_gate_verdict",
        "1 for the word of the last verdict about this model, 0 for the others.",
        {one: float(one == word) for one in get_args(Word)},
        by="word",
    )
    at = Figure(
        "graft_gate_verdict_timestamp_seconds", "When the last verdict was given.", time.time()
    )
    write_figures(Path(settings.model_base_path) / settings.model_name, "gate", (verdict, at))
