"""A small Kubeflow Pipelines: its v2beta1 REST API, answered from kfp_server_api's models.

It keeps pipelines, versions, experiments and recurring runs in memory, and can be asked to fail.
"""

import dataclasses
import itertools
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import kfp_server_api as api
from fake_kfp_runs import (
    RefusedError,
    Story,
    aged,
    answer_of_runs,
    listing,
    match_version,
    read_log,
)
from local_servers import Quiet, answering

from pipelines.cluster.call_policy import CallPolicy
from pipelines.cluster.connect import Connection, connect

QUICK = CallPolicy(timeout_s=10, attempts=3, first_wait_s=0.01, longest_wait_s=0.02)
BASE = "/apis/v2beta1"
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Fault:
    """The next `times` requests whose "METHOD path" holds `where` fail.

    status: HTTP's; 0 closes the connection without an answer.
    after: do what was asked, and only then fail: the answer is lost, not the request.
    """

    status: int
    where: str = ""
    times: int = 1
    wait_s: float = 0.0
    after: bool = False
    body: str = '{"error": "asked to fail", "code": 14, "message": "asked to fail", "details": []}'


@dataclass
class FakeKfp:
    """State and behaviour; `host` is where it listens.

    minor: of version 2; below 5 a recurring run must name a pipeline version.
    """

    minor: int = 17
    token: str = ""
    cookie: str = ""
    multi_user: bool = False
    page_limit: int = 100
    host: str = ""
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    pipelines: dict[str, api.V2beta1Pipeline] = field(default_factory=dict)
    versions: dict[str, api.V2beta1PipelineVersion] = field(default_factory=dict)
    experiments: dict[str, api.V2beta1Experiment] = field(default_factory=dict)
    recurring_runs: dict[str, api.V2beta1RecurringRun] = field(default_factory=dict)
    runs: dict[str, api.V2beta1Run] = field(default_factory=dict)
    story: "Story" = field(default_factory=lambda: Story())
    lock: Any = field(default_factory=threading.RLock)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def new_id(self, kind: str) -> str:
        return f"{kind}-{next(self._numbers)}"

    def now(self) -> datetime:
        # Strictly later with each object, as the API sorts by it.
        return _START + timedelta(seconds=next(self._numbers))

    def changes(self) -> list[str]:
        """Return the requests that were more than reading."""
        return [one for one in self.requests if not one.startswith("GET")]

    def fault(self, request: str) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.where in request:
                fault.times -= 1
                return fault
        return None


def answer(kfp: FakeKfp, method: str, path: str, query: dict[str, str], body: Any) -> Any:
    """Return the model that the real server would answer with."""
    if path == "/healthz":
        return api.V2beta1GetHealthzResponse(multi_user=kfp.multi_user)
    if path == "/pipelines" and method == "GET":
        return listing(kfp, "pipelines", api.V2beta1ListPipelinesResponse, query, kfp.pipelines)
    if path == "/pipelines":
        return _new_pipeline(kfp, body)
    if path == "/pipelines/upload_version":
        return _new_version(kfp, query["pipelineid"], query["name"])
    if match := re.fullmatch(r"/pipelines/([^/]+)/versions", path):
        own = {k: v for k, v in kfp.versions.items() if v.pipeline_id == match[1]}
        kind = api.V2beta1ListPipelineVersionsResponse
        return listing(kfp, "pipeline_versions", kind, query, own)
    if path.startswith(("/apis/v1alpha1/", "/k8s/pod/logs")):
        return read_log(kfp, path, query)
    if path.startswith("/runs") or match_version(path):
        return answer_of_runs(kfp, method, path, query, body)
    if path == "/experiments" and method == "GET":
        kind = api.V2beta1ListExperimentsResponse
        return listing(kfp, "experiments", kind, query, kfp.experiments)
    if path == "/experiments":
        made = api.V2beta1Experiment(
            experiment_id=kfp.new_id("experiment"), display_name=body["display_name"]
        )
        kfp.experiments[made.experiment_id] = made
        return made
    if path == "/recurringruns" and method == "GET":
        kind = api.V2beta1ListRecurringRunsResponse
        return listing(kfp, "recurring_runs", kind, query, kfp.recurring_runs)
    if path == "/recurringruns":
        return _new_recurring_run(kfp, body)
    if match := re.fullmatch(r"/recurringruns/([^/:]+)", path):
        if match[1] not in kfp.recurring_runs:
            raise RefusedError(404, f"Recurring run {match[1]} not found")
        found = kfp.recurring_runs[match[1]]
        return kfp.recurring_runs.pop(match[1]) and {} if method == "DELETE" else found
    raise RefusedError(404, f"Not Found: {path}")


def _new_pipeline(kfp: FakeKfp, body: Any) -> api.V2beta1Pipeline:
    name = body["display_name"]
    if any(one.display_name == name for one in kfp.pipelines.values()):
        raise RefusedError(409, f"The name {name} already exist. Please specify a new name")
    made = api.V2beta1Pipeline(
        pipeline_id=kfp.new_id("pipeline"), display_name=name, created_at=kfp.now()
    )
    kfp.pipelines[made.pipeline_id] = made
    return made


def _new_version(kfp: FakeKfp, pipeline_id: str, name: str) -> api.V2beta1PipelineVersion:
    if pipeline_id not in kfp.pipelines:
        raise RefusedError(404, f"Pipeline {pipeline_id} not found")
    taken = [v for v in kfp.versions.values() if v.pipeline_id == pipeline_id]
    if any(version.display_name == name for version in taken):
        raise RefusedError(409, f"The name {name} already exist. Please specify a new name")
    made = api.V2beta1PipelineVersion(
        pipeline_id=pipeline_id,
        pipeline_version_id=kfp.new_id("version"),
        display_name=name,
        created_at=kfp.now(),
    )
    kfp.versions[made.pipeline_version_id] = made
    return made


def _new_recurring_run(kfp: FakeKfp, body: Any) -> api.V2beta1RecurringRun:
    made = _model(body, "V2beta1RecurringRun")
    reference = made.pipeline_version_reference
    if kfp.minor < 5 and not reference.pipeline_version_id:
        raise RefusedError(400, "Invalid input error: the pipeline version id is missing")
    if made.experiment_id not in kfp.experiments:
        raise RefusedError(404, f"Experiment {made.experiment_id} not found")
    fields = made.trigger.cron_schedule.cron.split()
    if len(fields) != 6 or not 1 <= int(made.max_concurrency) <= 10:
        raise RefusedError(400, "Invalid input error: cron expression or concurrency")
    made.recurring_run_id = kfp.new_id("recurring")
    made.created_at = kfp.now()
    kfp.recurring_runs[made.recurring_run_id] = made
    return made


def _model(body: Any, kind: str) -> Any:
    response = dataclasses.make_dataclass("Response", ["data"])(json.dumps(body))
    with api.ApiClient() as client:
        return client.deserialize(response, kind)


class _Handler(Quiet, BaseHTTPRequestHandler):
    kfp: FakeKfp

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        path = parts.path.removeprefix(BASE)
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        is_json = "json" in (self.headers.get("Content-Type") or "")
        request = f"{self.command} {path}"
        with self.kfp.lock:
            self.kfp.requests.append(request)
            fault = self.kfp.fault(request)
        if fault is not None:
            time.sleep(fault.wait_s)
        if fault is not None and not fault.after:
            return self._fail(fault)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        try:
            self._check_login()
            with self.kfp.lock:
                made = answer(
                    self.kfp,
                    self.command,
                    path,
                    query,
                    json.loads(raw) if raw and is_json else None,
                )
        except RefusedError as error:
            text = json.dumps({"error": str(error), "code": 5, "message": str(error)})
            return self._send(error.status, text)
        if fault is not None:
            return self._fail(fault)
        if isinstance(made, str):
            return self._send(200, made, kind="text/plain")
        with api.ApiClient() as client:
            plain = aged(client.sanitize_for_serialization(made), self.kfp.minor)
        return self._send(200, json.dumps(plain))

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815

    def _check_login(self) -> None:
        token, cookie = self.kfp.token, self.kfp.cookie
        if token and self.headers.get("authorization") != f"Bearer {token}":
            raise RefusedError(401, "Unauthenticated: no valid token")
        if cookie and cookie not in (self.headers.get("Cookie") or ""):
            raise RefusedError(401, "Unauthenticated: no session")

    def _fail(self, fault: Fault) -> None:
        if fault.status:
            self._send(fault.status, fault.body)
        else:
            self.close_connection = True
            self.connection.close()

    def _send(self, status: int, text: str, kind: str = "application/json") -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())
        except OSError:
            pass  # the client's patience has ended


@contextmanager
def serving(**options: Any) -> Iterator[FakeKfp]:
    """Run a fake server until the block ends."""
    kfp = FakeKfp(**options)
    handler = type("Handler", (_Handler,), {"kfp": kfp})
    with answering(handler) as kfp.host:
        yield kfp


def to(kfp: FakeKfp) -> Connection:
    """Connect to it with little patience."""
    return connect(host=kfp.host, policy=QUICK)
