"""docs/explanation/drift-causes-and-harm.md beside the code."""

from pathlib import Path

from components.common import plugins
from components.monitor.explain.strongest_cause import CAUSES
from components.monitor.harm.describe import ESTIMATORS

TEXT = Path("docs/explanation/drift-causes-and-harm.md").read_text()


def test_every_estimator_and_cause_is_named() -> None:
    for name in (*plugins.names(ESTIMATORS), *plugins.names(CAUSES)):
        assert f"`{name}`" in TEXT
