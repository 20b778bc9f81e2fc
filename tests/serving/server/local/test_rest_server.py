"""The REST listener in this process, before a model that answers only when it is let go."""

import asyncio
import contextlib
import json
import threading

import aiohttp
import pytest
from local_servers import free_port

from serving.protocol.status import not_found
from serving.server.flags import Flags
from serving.server.models.version_states import VersionRecord, VersionState, VersionStates
from serving.server.rest_server import RestServer

PREDICT = "/v1/models/m:predict"


class SlowCatalogue:
    """Holds every prediction until `go` is set."""

    def __init__(self):
        self.go = threading.Event()
        self.states = VersionStates()
        self.states.publish("m", VersionRecord(1, VersionState.AVAILABLE))

    @contextlib.contextmanager
    def lease(self, spec):
        assert self.go.wait(60)
        raise not_found("let go")
        yield


@contextlib.asynccontextmanager
async def serving(catalogue, *, timeout_ms):
    port = free_port()
    flags = Flags(rest_api_port=port, rest_api_timeout_in_ms=timeout_ms, drain_seconds=10)
    server = RestServer(catalogue, flags, threads=2, metrics_path="")
    await server.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        catalogue.go.set()
        await server.drain()


async def predict(session):
    async with session.post(PREDICT, data=b'{"instances": [1.0]}') as answer:
        return answer.status, json.loads(await answer.read())


@pytest.mark.parametrize("timeout_ms", [1, 200])
def test_a_deadline_that_passes(timeout_ms):
    async def ask():
        async with serving(SlowCatalogue(), timeout_ms=timeout_ms) as session:
            return await predict(session)

    assert asyncio.run(ask()) == (504, {"error": "Timed out waiting for notification"})


def test_busy_requests_leave_room_for_status():
    async def ask():
        catalogue = SlowCatalogue()
        async with serving(catalogue, timeout_ms=0) as session:
            waiting = [asyncio.create_task(predict(session)) for _ in range(20)]
            async with session.get("/v1/models/m") as answer:
                status = answer.status
            assert not any(task.done() for task in waiting)
            catalogue.go.set()
            return status, await asyncio.gather(*waiting)

    status, answers = asyncio.run(ask())
    assert status == 200
    assert answers == [(404, {"error": "let go"})] * 20
