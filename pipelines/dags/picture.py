"""Draw a compiled pipeline as SVG, from the specification alone.

One box a task, a frame around a loop, a condition or a nested pipeline; an arrow where a task waits
for another, unless it follows from other arrows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

_BOX_WIDTH, _BOX_HEIGHT = 150.0, 32.0
_GAP, _MARGIN, _TITLE = 26.0, 16.0, 22.0
_REUSED, _ALWAYS = "#dbeafe", "#ffffff"


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    """A task or a frame, drawn with its upper left corner at (0, 0)."""

    width: float
    height: float
    svg: str


def draw(spec: Mapping[str, Any]) -> str:
    """Return the picture of a pipeline.

    Args:
        spec: the first document of the compiled YAML.
    """
    graph = _dag(spec["root"]["dag"], spec)
    key = (
        f'<rect x="{_MARGIN}" y="{graph.height + _MARGIN + 8}" width="14" height="14" rx="3" '
        f'fill="{_REUSED}" stroke="#334155"/>'
        f'<text x="{_MARGIN + 22}" y="{graph.height + _MARGIN + 20}" font-size="12">reused when '
        "unchanged; white: always runs</text>"
    )
    width, height = max(graph.width + 2 * _MARGIN, 320.0), graph.height + 2 * _MARGIN + 30
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" font-family="sans-serif" fill="#0f172a">\n'
        f"<title>{escape(spec['pipelineInfo']['name'])}</title>\n"
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#334155"/></marker></defs>\n'
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>\n'
        f"{_moved(graph.svg, _MARGIN, _MARGIN)}{key}\n</svg>\n"
    )


def _dag(dag: Mapping[str, Any], spec: Mapping[str, Any]) -> _Drawn:
    """Draw tasks in rows: each below all that it waits for."""
    tasks = dag["tasks"]
    waits = {name: set(task.get("dependentTasks", ())) for name, task in tasks.items()}
    rows: list[list[str]] = []
    for name in sorted(tasks, key=lambda one: (_row(one, waits), one)):
        number = _row(name, waits)
        rows += [[] for _ in range(number + 1 - len(rows))]
        rows[number].append(name)
    drawn = {name: _task(name, task, spec) for name, task in tasks.items()}
    width = max(sum(drawn[name].width + _GAP for name in row) - _GAP for row in rows)
    places: dict[str, tuple[float, float]] = {}
    y = 0.0
    for row in rows:
        x = (width - sum(drawn[name].width + _GAP for name in row) + _GAP) / 2
        for name in row:
            places[name] = (x, y)
            x += drawn[name].width + _GAP
        y += max(drawn[name].height for name in row) + _GAP
    parts = [_moved(drawn[name].svg, *places[name]) for name in tasks]
    for name in tasks:
        for other in sorted(_needed(name, waits)):
            (x0, y0), (x1, y1) = places[other], places[name]
            start = (x0 + drawn[other].width / 2, y0 + drawn[other].height)
            parts.append(_arrow(*start, x1 + drawn[name].width / 2, y1))
    return _Drawn(width=width, height=y - _GAP, svg="".join(parts))


def _row(name: str, waits: Mapping[str, set[str]]) -> int:
    return 1 + max((_row(other, waits) for other in waits[name]), default=-1)


def _needed(name: str, waits: Mapping[str, set[str]]) -> set[str]:
    """Return what a task waits for and that does not follow from the rest."""
    implied = {far for near in waits[name] for far in _upstream(near, waits)}
    return waits[name] - implied


def _upstream(name: str, waits: Mapping[str, set[str]]) -> set[str]:
    return waits[name] | {far for near in waits[name] for far in _upstream(near, waits)}


def _task(name: str, task: Mapping[str, Any], spec: Mapping[str, Any]) -> _Drawn:
    component = spec["components"][task["componentRef"]["name"]]
    if "dag" in component:
        return _frame(_dag(component["dag"], spec), _title(task))
    reused = task.get("cachingOptions", {}).get("enableCache", False)
    svg = (
        f'<rect width="{_BOX_WIDTH:g}" height="{_BOX_HEIGHT:g}" rx="6" '
        f'fill="{_REUSED if reused else _ALWAYS}" stroke="#334155"/>'
        f'<text x="{_BOX_WIDTH / 2:g}" y="21" font-size="14" text-anchor="middle">'
        f"{escape(name)}</text>\n"
    )
    return _Drawn(width=_BOX_WIDTH, height=_BOX_HEIGHT, svg=svg)


def _frame(inside: _Drawn, title: str) -> _Drawn:
    width = max(inside.width, 7.0 * len(title)) + 2 * _MARGIN
    height = inside.height + 2 * _MARGIN + _TITLE
    svg = (
        f'<rect width="{width:g}" height="{height:g}" rx="10" fill="none" stroke="#94a3b8" '
        f'stroke-dasharray="5 4"/><text x="{_MARGIN:g}" y="20" font-size="13" fill="#475569">'
        f"{escape(title)}</text>\n"
    )
    x = (width - inside.width) / 2
    return _Drawn(width=width, height=height, svg=svg + _moved(inside.svg, x, _MARGIN + _TITLE))


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


def _moved(svg: str, x: float, y: float) -> str:
    return f'<g transform="translate({x:g} {y:g})">{svg}</g>\n'


def _arrow(x0: float, y0: float, x1: float, y1: float) -> str:
    middle = (y0 + y1) / 2
    path = f"M{x0:g} {y0:g}C{x0:g} {middle:g} {x1:g} {middle:g} {x1:g} {y1:g}"
    return f'<path d="{path}" fill="none" stroke="#334155" marker-end="url(#arrow)"/>\n'
