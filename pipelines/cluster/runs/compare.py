"""Two runs side by side: settings that differ, and how each step went."""

import json
from collections.abc import Mapping
from typing import Any

from components.common.config import leaves, restored
from pipelines.cluster.runs.client import Run
from pipelines.cluster.runs.tasks import RunTask


def differences(
    first: Mapping[str, Any], second: Mapping[str, Any]
) -> tuple[tuple[str, str, str], ...]:
    """Return the settings in which two runs' parameters differ: name and both values, or ""."""
    one, other = _flat(first), _flat(second)
    return tuple(
        (name, one.get(name, ""), other.get(name, ""))
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    )


def outcomes(first: Run, second: Run) -> list[tuple[str, str, str]]:
    """Return each step's name, and its state and seconds in both runs; last the whole runs'."""
    one, other = ({task.name: _said(task) for task in run.tasks} for run in (first, second))
    steps = [(name, one.get(name, ""), other.get(name, "")) for name in {**one, **other}]
    return [*steps, ("all", _said(first), _said(second))]


def _said(part: Run | RunTask) -> str:
    return f"{part.state.lower()}, {part.seconds:.0f} s"


def _flat(parameters: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for parameter, whole in parameters.items()
        for name, value in leaves(restored(whole), parameter)
    }
