"""The record of what Kubeflow says, tests/contract/kubeflow/record.yaml; fakes are made from it."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).parents[1] / "contract" / "kubeflow" / "record.yaml"


@cache
def kubeflow() -> dict[str, Any]:
    return dict(yaml.safe_load(_FILE.read_text()))


def final_status(state: str) -> dict[str, Any]:
    """Return what the driver gives an exit step, as JSON."""
    return {**kubeflow()["final_status"]["json"], "state": state}
