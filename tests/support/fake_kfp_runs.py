"""The runs of the fake Kubeflow Pipelines: each question lets a run go one chapter further."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import kfp_server_api as api
from kubeflow_record import final_status, kubeflow

_NODES = kubeflow()["nodes"]
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # how the server says "not yet"


class RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Story:
    """What happens in a run. A chapter is the run's state and each step's.

    logs: by pod. api_logs: False answers 404 as a server behind the interface does.
    """

    chapters: list[tuple[str, dict[str, str]]] = field(
        default_factory=lambda: [
            ("PENDING", {}),
            ("RUNNING", {"ingest": "RUNNING"}),
            ("RUNNING", {"ingest": "REUSED", "validate": "SUCCEEDED", "train": "RUNNING"}),
            ("SUCCEEDED", {"ingest": "REUSED", "validate": "SUCCEEDED", "train": "SUCCEEDED"}),
        ]
    )
    error: str = ""
    api_logs: bool = True
    logs: dict[str, str] = field(default_factory=dict)
    page: int = 0


def match_version(path: str) -> Any:
    return re.fullmatch(r"/pipelines/([^/]+)/versions/([^/]+)", path)


def answer_of_runs(kfp: Any, method: str, path: str, query: dict[str, str], body: Any) -> Any:
    """Return the model for what concerns runs."""
    if match := match_version(path):
        return kfp.versions[match[2]]
    if path == "/runs" and method == "GET":
        return listing(kfp, "runs", api.V2beta1ListRunsResponse, query, kfp.runs)
    if path == "/runs":
        return _new_run(kfp, body)
    match = re.fullmatch(r"/runs/([^/:]+)(:terminate)?", path)
    if match is None or match[1] not in kfp.runs:
        raise RefusedError(404, f"Run not found: {path}")
    run = kfp.runs[match[1]]
    if match[2]:
        kfp.story.chapters = [("CANCELED", {"ingest": "CANCELED"})]
        kfp.story.page = 0
        return {}
    state, steps = kfp.story.chapters[min(kfp.story.page, len(kfp.story.chapters) - 1)]
    kfp.story.page += 1
    _tell(kfp, run, state, steps)
    return run


def _new_run(kfp: Any, body: Any) -> api.V2beta1Run:
    reference = body["pipeline_version_reference"]
    if reference["pipeline_version_id"] not in kfp.versions:
        raise RefusedError(404, "pipeline version not found")
    if body["experiment_id"] not in kfp.experiments:
        raise RefusedError(404, "experiment not found")
    made = api.V2beta1Run(
        run_id=kfp.new_id("run"),
        experiment_id=body["experiment_id"],
        display_name=body["display_name"],
        service_account=body.get("service_account"),
        state="PENDING",
        created_at=kfp.now(),
        finished_at=_NEVER,
        pipeline_version_reference=api.V2beta1PipelineVersionReference(**reference),
        runtime_config=api.V2beta1RuntimeConfig(**body["runtime_config"]),
        plugins_output={},
    )
    kfp.runs[made.run_id] = made
    kfp.story.page = 0
    return made


def _tell(kfp: Any, run: api.V2beta1Run, state: str, steps: dict[str, str]) -> None:
    assert state in api.V2beta1RuntimeState.allowable_values, state
    run.state = state
    if state in {"SUCCEEDED", "FAILED", "CANCELED"}:
        run.finished_at = kfp.now()
    if state == "FAILED":
        run.error = api.GoogleRpcStatus(code=13, message=kfp.story.error)
    details = [_node("root", "RUNNING"), _node(f"root{_NODES['driver_suffix']}", "SUCCEEDED")]
    details.append(_node(final_status(state)["pipelineTaskName"], "RUNNING"))
    for number, (step, step_state) in enumerate(steps.items()):
        details += _step(kfp, number, step, step_state)
    run.run_details = api.V2beta1RunDetails(task_details=details)


def _step(kfp: Any, number: int, step: str, state: str) -> list[api.V2beta1PipelineTaskDetail]:
    began = datetime(2026, 1, 1, 0, number, tzinfo=UTC)
    ended = _NEVER if state == "RUNNING" else began.replace(second=30)
    reused = state == "REUSED"
    node = _node(step, "SUCCEEDED" if reused else state)
    node.start_time, node.end_time = began, ended
    node.child_tasks = [
        api.PipelineTaskDetailChildTask(task_id=f"id-{step}-executor", pod_name=f"pod-{step}")
    ]
    executor = _node("executor", "SKIPPED" if reused else state)
    executor.task_id = f"id-{step}-executor"
    executor.pod_name = f"pod-{step}"
    if state == "FAILED":
        node.error = api.GoogleRpcStatus(code=13, message=kfp.story.error)
    return [node, _node(f"{step}{_NODES['driver_suffix']}", "SUCCEEDED"), executor]


def _node(name: str, state: str) -> api.V2beta1PipelineTaskDetail:
    assert state in api.V2beta1RuntimeState.allowable_values, state
    return api.V2beta1PipelineTaskDetail(task_id=f"id-{name}", display_name=name, state=state)


def aged(plain: Any, minor: int) -> Any:
    """Return an answer as an older server gives it: without the fields that came with 2.17."""
    if isinstance(plain, list):
        return [aged(one, minor) for one in plain]
    if not isinstance(plain, dict) or minor >= 17:
        return plain
    kept = {key: aged(value, minor) for key, value in plain.items()}
    if "task_id" in kept and "state" in kept:
        kept.pop("pod_name", None)
    return {key: value for key, value in kept.items() if not key.startswith("plugins_")}


def read_log(kfp: Any, path: str, query: dict[str, str]) -> str:
    """Return a pod's log from the API server, or from the interface beside it."""
    match = re.fullmatch(r"/apis/v1alpha1/runs/[^/]+/nodes/([^/]+)/log", path)
    pod = match[1] if match else query.get("podname", "")
    if pod not in kfp.story.logs or (match and not kfp.story.api_logs):
        raise RefusedError(404, f"no log of {pod}")
    return str(kfp.story.logs[pod])


def listing(kfp: Any, key: str, kind: Any, query: dict[str, str], items: dict[str, Any]) -> Any:
    found = list(items.values())
    for predicate in json.loads(query.get("filter") or "{}").get("predicates", []):
        assert predicate["operation"] == "EQUALS"
        found = [x for x in found if getattr(x, predicate["key"]) == predicate["stringValue"]]
    if query.get("sort_by") == "created_at desc":
        found.sort(key=lambda one: one.created_at, reverse=True)
    start = int(query.get("page_token") or 0)
    end = start + min(int(query.get("page_size") or 10), kfp.page_limit)
    more = str(end) if end < len(found) else None
    return kind(**{key: found[start:end] or None, "next_page_token": more})
