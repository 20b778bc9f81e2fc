"""The looks on record in `decisions.jsonl`."""

import contextlib
import json
from pathlib import Path
from typing import Any


def looks(model_dir: Path) -> list[dict[str, Any]]:
    """Return all that can be read, oldest first."""
    found = []
    for line in (model_dir / "decisions" / "decisions.jsonl").read_text().splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found
