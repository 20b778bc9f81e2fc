"""A Kubeflow model registry in memory: what comes in and goes out fits the client's own models."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local_servers import Quiet, answering
from mr_openapi import models as api

ROOT = "/api/model_registry/v1"


@dataclass
class FakeModelRegistry:
    """What is registered, by id; `writes` are the paths of what was more than reading."""

    models: dict[str, api.RegisteredModel] = field(default_factory=dict)
    versions: dict[str, api.ModelVersion] = field(default_factory=dict)
    artifacts: dict[str, list[api.ModelArtifact]] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    refuses: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def read(self, path: str, query: dict[str, str]) -> Any:
        if path == "/registered_models":
            return api.RegisteredModelList(
                items=list(self.models.values()), size=len(self.models), pageSize=100,
                nextPageToken="",
            )  # fmt: skip
        if path == "/registered_model":
            return next((one for one in self.models.values() if one.name == query["name"]), None)
        if path == "/model_version":
            own = [
                one
                for one in self.versions.values()
                if one.registered_model_id == query["parentResourceId"]
            ]
            return next((one for one in own if one.name == query["name"]), None)
        assert path == "/model_artifact", path
        own = self.artifacts[query["parentResourceId"]]
        return next((one for one in own if one.name == query["name"]), None)

    def write(self, path: str, body: str) -> Any:
        self.writes.append(path)
        number = str(next(self._numbers))
        if path == "/registered_models":
            asked = api.RegisteredModelCreate.from_json(body).to_dict()
            self.models[number] = api.RegisteredModel.from_dict({**asked, "id": number})
            return self.models[number]
        if path == "/model_versions":
            asked = api.ModelVersionCreate.from_json(body).to_dict()
            self.versions[number] = api.ModelVersion.from_dict({**asked, "id": number})
            self.artifacts[number] = []
            return self.versions[number]
        artifact = api.Artifact.from_json(body)
        artifact.actual_instance.id = number
        self.artifacts[path.split("/")[2]].append(artifact.actual_instance)
        return artifact


@contextmanager
def model_registry() -> Iterator[tuple[str, FakeModelRegistry]]:
    """Run one and give its address and what it holds."""
    held = FakeModelRegistry()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            assert url.path.startswith(ROOT)
            self._send(held.read(url.path.removeprefix(ROOT), dict(parse_qsl(url.query))))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send(held.write(urlsplit(self.path).path.removeprefix(ROOT), body), 201)

        def _send(self, found: Any, code: int = 200) -> None:
            if held.refuses:
                code, found = held.refuses, api.Error(code="refused", message="not you")
            if found is None:
                code, found = 404, api.Error(code="404", message="no such thing")
            data = json.dumps(found.to_dict()).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with answering(Handler) as address:
        yield address, held
