"""A compiled pipeline as a Mermaid diagram, from the specification alone.

One box a task, a frame around a loop, a condition or a nested pipeline; an arrow where a task waits
for another, unless it follows from other arrows.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any


def mermaid(spec: Mapping[str, Any]) -> str:
    """Return the diagram of a pipeline, the first document of the compiled YAML.

    Tasks of the class `reused` are taken from earlier runs.
    """
    lines = ["flowchart TB", *_dag(spec["root"]["dag"], spec, set())]
    return "\n".join([*lines, "classDef reused fill:#dbeafe"]) + "\n"


def _dag(dag: Mapping[str, Any], spec: Mapping[str, Any], used: set[str]) -> Iterator[str]:
    tasks = dag["tasks"]
    waits = {name: set(task.get("dependentTasks", ())) for name, task in tasks.items()}
    ids = {name: _unused(name, used) for name in tasks}
    for name, task in tasks.items():
        component = spec["components"][task["componentRef"]["name"]]
        if "dag" in component:
            yield f'subgraph {ids[name]}["{_title(task)}"]'
            yield from (f"  {line}" for line in _dag(component["dag"], spec, used))
            yield "end"
        else:
            reused = task.get("cachingOptions", {}).get("enableCache", False)
            yield f'{ids[name]}["{name}"]{":::reused" * reused}'
    for name, needed in waits.items():
        implied = {far for near in needed for far in _upstream(near, waits)}
        for other in sorted(needed - implied):
            yield f"{ids[other]} --> {ids[name]}"


def _unused(name: str, used: set[str]) -> str:
    """Return an id of its own for a task: nested pipelines may have tasks of one name."""
    while name in used:
        name += "_"
    used.add(name)
    return name


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
