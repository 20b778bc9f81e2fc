"""docs/reference/methods.md names what there is, and nothing else."""

import re
from pathlib import Path

from components.common import plugins
from components.train.config import METHODS

TEXT = (Path(__file__).parents[3] / "docs" / "reference" / "methods.md").read_text()


def test_every_method_has_a_row_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", TEXT, flags=re.MULTILINE)
    assert sorted(rows) == sorted(plugins.names(METHODS))
