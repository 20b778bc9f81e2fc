"""A small Kubernetes with Kubeflow Trainer: pods and TrainJobs over HTTP, kept in memory.

A job goes through the states of `story`, one with each look at it; `nodes` is called when it is
created, in place of the pods. It can be told to fail.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import jsonschema
from local_servers import Quiet, answering

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "deploy" / "trainer_schema.json").read_text(encoding="utf-8")
)
NAMESPACE, POD, RUN = "kubeflow", "graft-training-abc-impl-1", "graft-training-abc"
_JOBS = rf"/apis/trainer\.kubeflow\.org/v1alpha1/namespaces/{NAMESPACE}/trainjobs"
_POD = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {
        "name": POD,
        "namespace": NAMESPACE,
        "uid": "pod-uid",
        "labels": {"workflows.argoproj.io/workflow": RUN},
        "ownerReferences": [
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Workflow",
                "name": RUN,
                "uid": "workflow-uid",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    },
}


def condition(kind: str, message: str, *, reason: str = "", status: str = "True") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def counted(*, ready: int = 0, active: int = 0) -> dict[str, Any]:
    """The status of a job whose nodes have not ended."""
    counts = {"ready": ready, "active": active, "succeeded": 0, "failed": 0, "suspended": 0}
    return {"jobsStatus": [{"name": "node", **counts}]}


DONE = {"conditions": [condition("Complete", "jobset completed", reason="AllJobsCompleted")]}
BROKEN = {
    "conditions": [
        condition("Suspended", "TrainJob is resumed", reason="Resumed", status="False"),
        condition("Failed", "jobset failed: node 1 was killed", reason="FailedJobs"),
    ]
}


@dataclass
class Fault:
    """The next `times` requests whose "METHOD path" holds `where` fail; `after` they were done."""

    status: int
    where: str
    times: int = 1
    after: bool = False
    message: str = "told to fail"


@dataclass
class FakeCluster:
    host: str = ""
    has_trainer: bool = True
    story: list[dict[str, Any]] = field(default_factory=lambda: [{}, counted(active=1), DONE])
    nodes: Callable[[dict[str, Any]], None] = lambda job: None
    looked: Callable[[str], None] = lambda name: None
    looks_until_gone: int = 0
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.RLock)

    def asked(self, method: str) -> int:
        """How often a TrainJob was asked for so."""
        return sum(one.startswith(method) and "trainjobs" in one for one in self.requests)

    def fault(self, request: str) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.where in request:
                fault.times -= 1
                return fault
        return None


class RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def answer(cluster: FakeCluster, method: str, path: str, body: Any) -> Any:
    if path == f"/api/v1/namespaces/{NAMESPACE}/pods/{POD}" and method == "GET":
        return _POD
    if not re.match(_JOBS, path) or not cluster.has_trainer:
        raise RefusedError(404, "the server could not find the requested resource")
    name = path.rpartition("/")[2]
    if method == "POST":
        return _create(cluster, body)
    if name not in cluster.jobs:
        raise RefusedError(404, f'trainjobs.trainer.kubeflow.org "{name}" not found')
    if method == "DELETE":
        return _delete(cluster, name, body)
    return _look(cluster, name)


def _create(cluster: FakeCluster, job: dict[str, Any]) -> dict[str, Any]:
    name = job["metadata"]["name"]
    if name in cluster.jobs:
        raise RefusedError(409, f'trainjobs.trainer.kubeflow.org "{name}" already exists')
    try:
        jsonschema.validate(job, SCHEMA)
    except jsonschema.ValidationError as error:
        raise RefusedError(422, error.message) from error
    cluster.jobs[name] = job
    try:
        cluster.nodes(job)
    except Exception as error:  # else a test would only see a connection closed
        raise RefusedError(400, repr(error)) from error
    return job


def _delete(cluster: FakeCluster, name: str, body: Any) -> dict[str, Any]:
    cluster.jobs[name]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    if not cluster.looks_until_gone:
        del cluster.jobs[name]
    return {"kind": "Status", "apiVersion": "v1", "status": "Success"}


def _look(cluster: FakeCluster, name: str) -> dict[str, Any]:
    job = cluster.jobs[name]
    if "deletionTimestamp" in job["metadata"]:
        cluster.looks_until_gone -= 1
        if not cluster.looks_until_gone:
            del cluster.jobs[name]
        return job
    told = job.setdefault("told", list(cluster.story))
    status = told.pop(0) if len(told) > 1 else told[0]
    plain = {key: value for key, value in job.items() if key != "told"}
    return {**plain, "status": status}


class _Handler(Quiet, BaseHTTPRequestHandler):
    cluster: FakeCluster

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = f"{self.command} {self.path}"
        with self.cluster.lock:
            self.cluster.requests.append(request)
            fault = self.cluster.fault(request)
            if fault is not None and not fault.after:
                return self._fail(fault.status, fault.message)
            try:
                body = json.loads(raw) if raw else query
                made = answer(self.cluster, self.command, path, body)
            except RefusedError as error:
                return self._fail(error.status, str(error))
        if self.command == "GET" and "trainjobs" in path:
            self.cluster.looked(path.rpartition("/")[2])
        if fault is not None:
            return self._fail(fault.status, fault.message)
        return self._send(200, made)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815

    def _fail(self, status: int, message: str) -> None:
        if status:
            told = {"kind": "Status", "status": "Failure", "message": message, "code": status}
            return self._send(status, told)
        self.close_connection = True
        return self.connection.close()

    def _send(self, status: int, plain: Any) -> None:
        data = json.dumps(plain).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def serving(**options: Any) -> Iterator[FakeCluster]:
    """Run a fake cluster until the block ends."""
    cluster = FakeCluster(**options)
    handler = type("Handler", (_Handler,), {"cluster": cluster})
    with answering(handler) as cluster.host:
        yield cluster
