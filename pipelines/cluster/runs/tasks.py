"""The tasks of a run, out of the workflow nodes that the API shows."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# What Kubeflow puts around a pipeline's own tasks.
_WRAPPERS = ("exit-handler", "condition", "for-loop", "iteration", "root", "executor", "graft-")
_EXECUTOR = "executor"
DONE = frozenset({"SUCCEEDED", "SKIPPED", "FAILED", "CANCELED"})


@dataclass(frozen=True, kw_only=True)
class RunTask:
    """One task of a run.

    state: as the API has it, or "REUSED" when Kubeflow took the outputs of an earlier run.
    seconds: how long it has taken so far; 0 while it waits.
    pod: where its log is; "" when no pod was started.
    """

    name: str
    state: str
    seconds: float = 0.0
    pod: str = ""
    error: str = ""


def tasks_of(run: Any) -> tuple[RunTask, ...]:
    """Return the own tasks of the API's V2beta1Run by start; drivers and wrappers are left out."""
    details = (run.run_details.task_details if run.run_details else None) or ()
    nodes = [one for one in details if _is_task(one.display_name or "")]
    nodes.sort(key=lambda one: (known_time(one.start_time) or _LATE, one.display_name))
    return tuple(_task(node, details) for node in nodes)


def known_time(value: datetime | None) -> datetime | None:
    """Return a time; None for the API's way of saying "not yet", the year 1970 or 1."""
    return value if value is not None and value.year > 1970 else None


_LATE = datetime.max.replace(tzinfo=UTC)


def _is_task(name: str) -> bool:
    return bool(name) and not name.endswith("-driver") and not name.startswith(_WRAPPERS)


def _task(node: Any, details: Any) -> RunTask:
    executor = _executor(node, details)
    state = str(node.state or "PENDING")
    if state == "SUCCEEDED" and executor is not None and executor.state == "SKIPPED":
        state = "REUSED"
    began, ended = known_time(node.start_time), known_time(node.end_time)
    return RunTask(
        name=node.display_name,
        state=state,
        seconds=max(0.0, ((ended or datetime.now(UTC)) - began).total_seconds()) if began else 0.0,
        pod="" if state == "REUSED" else _pod(node, executor),
        error=_error(node) or (_error(executor) if executor is not None else ""),
    )


def _executor(node: Any, details: Any) -> Any | None:
    """Return the node in which a task's container runs, where the API shows it."""
    inside = {child.task_id for child in node.child_tasks or () if child.task_id}
    for one in details:
        if one.display_name == _EXECUTOR and (
            one.task_id in inside or (node.task_id and one.parent_task_id == node.task_id)
        ):
            return one
    return None


def _pod(node: Any, executor: Any | None) -> str:
    """Return the pod's name; servers before 2.17 have it of children only."""
    if executor is not None and executor.pod_name:
        return str(executor.pod_name)
    named = [child.pod_name for child in node.child_tasks or () if child.pod_name]
    return str(named[-1] if named else node.pod_name or "")


def _error(node: Any) -> str:
    return str(node.error.message or "") if node.error else ""
