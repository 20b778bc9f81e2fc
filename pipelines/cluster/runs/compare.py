"""Two runs side by side: settings that differ, and what each task came to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.cluster.runs.client import Run


@dataclass(frozen=True)
class Difference:
    """A setting that two runs do not share; "" where one has none."""

    setting: str
    first: str
    second: str


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return the settings in which two runs' parameters differ, by name.

    Args:
        first: parameters by name; sections are JSON texts.
        second: of the other run.
    """
    one, other = _flat(first), _flat(second)
    return tuple(
        Difference(name, one.get(name, ""), other.get(name, ""))
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    )


def task_names(first: Run, second: Run) -> tuple[str, ...]:
    """Return the names of the tasks of both, in the order of the first."""
    names = [task.name for run in (first, second) for task in run.tasks]
    return tuple(dict.fromkeys(names))


def _flat(parameters: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parameters.items():
        _add(found, name.removesuffix("_config"), _parsed(value))
    return found


def _parsed(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _add(found: dict[str, str], name: str, value: Any) -> None:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            _add(found, f"{name}.{key}", inner)
    else:
        found[name] = value if isinstance(value, str) else json.dumps(value)
