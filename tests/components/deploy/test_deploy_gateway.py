"""A live server behind a gateway that wants an API key."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from local_servers import Quiet, answering

from components.common.errors import DeniedError
from components.deploy.config import DeployConfig
from components.deploy.confirm import confirm, versions_in_use
from components.deploy.rehearse import Questions, staging

STATUS = {"model_version_status": [{"version": "4", "state": "AVAILABLE", "status": {}}]}


class _Gateway(Quiet, BaseHTTPRequestHandler):
    asked: ClassVar[list[str]]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        allowed = self.headers.get("X-API-Key") == "s3cret"
        body = json.dumps(STATUS if allowed else {"error": "no"}).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def requests() -> list[str]:
    """The paths that the gateway was asked for so far."""
    return []


@pytest.fixture
def settings(requests: list[str]) -> Iterator[DeployConfig]:
    handler = type("Gateway", (_Gateway,), {"asked": requests})
    with answering(handler) as url:
        yield DeployConfig(model_name="solar", server=url, timeout_s=60.0)


def test_the_key_comes_from_the_environment(
    settings: DeployConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_API_KEY", "s3cret")
    assert versions_in_use(settings) == {4}


def test_a_missing_key_is_reported_at_once(
    settings: DeployConfig, requests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRAFT_API_KEY", raising=False)
    assert versions_in_use(settings) is None
    asked = Questions((), (), np.zeros((0, 2)), max_difference=1e-3)
    with (
        staging("solar", timeout_s=60.0) as own_server,
        pytest.raises(DeniedError, match="the gateway's API key"),
    ):
        confirm(Path("unused"), version=4, asked=asked, settings=settings, own_server=own_server)
    # One question each: whoever waits for a key to turn up asks again and again.
    assert len(requests) == 2
