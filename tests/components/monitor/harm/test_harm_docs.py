"""docs/explanation/drift-causes-and-harm.md beside the code."""

from pathlib import Path
from typing import get_args

from components.common import plugins
from components.common.artifacts.monitoring.drift_report import HarmVerdict
from components.monitor.explain.strongest_cause import CAUSES

TEXT = Path("docs/explanation/drift-causes-and-harm.md").read_text()


def test_every_verdict_and_cause_is_named() -> None:
    for name in (*get_args(HarmVerdict), *plugins.names(CAUSES)):
        assert f"`{name}`" in TEXT
