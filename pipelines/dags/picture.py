"""A compiled pipeline as Mermaid text, from the specification alone.

One box a task, a frame around a loop, a condition or a nested pipeline. GitHub and most editors draw
it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any


def mermaid(spec: Mapping[str, Any]) -> str:
    """Return the flowchart of a pipeline.

    Args:
        spec: the first document of the compiled YAML.
    """
    lines = ["flowchart TD", *_dag(spec["root"]["dag"], spec, 1)]
    lines += ["  classDef reused fill:#dbeafe,stroke:#334155", ""]
    return "\n".join(lines)


def _dag(dag: Mapping[str, Any], spec: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent, tasks = "  " * depth, dag["tasks"]
    for name, task in tasks.items():
        component = spec["components"][task["componentRef"]["name"]]
        if "dag" in component:
            yield f'{indent}subgraph {name}["{_title(task)}"]'
            yield from _dag(component["dag"], spec, depth + 1)
            yield f"{indent}end"
        else:
            reused = task.get("cachingOptions", {}).get("enableCache", False)
            yield f"{indent}{name}[{name}]" + (":::reused" if reused else "")
    waits = {name: set(task.get("dependentTasks", ())) for name, task in tasks.items()}
    for name in tasks:
        # Not what follows from other arrows.
        implied = {far for near in waits[name] for far in _upstream(near, waits)}
        yield from (f"{indent}{other} --> {name}" for other in sorted(waits[name] - implied))


def _upstream(name: str, waits: Mapping[str, set[str]]) -> set[str]:
    return waits[name] | {far for near in waits[name] for far in _upstream(near, waits)}


def _title(task: Mapping[str, Any]) -> str:
    """Return what a frame is about: a condition, a loop, or the name of a part."""
    condition = task.get("triggerPolicy", {}).get("condition", "")
    match = re.search(r"pipelinechannel--([\w-]+)-Output'\] == '(\w+)'", condition)
    if match:
        return f"if {match[1]} says {match[2]}"
    name = str(task["taskInfo"]["name"])
    if "parameterIterator" in task:
        limit = task.get("iteratorPolicy", {}).get("parallelismLimit")
        return f"for each of the {name}" + (f", {limit} at a time" if limit else "")
    return name
