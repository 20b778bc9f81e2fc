"""A console that runs in this test's own thread, asked as a browser would."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, CookieJar, TCPConnector
from aiohttp.test_utils import TestServer

from pipelines.ui.app import create_app
from pipelines.ui.settings import UiSettings


@dataclass(frozen=True)
class Answer:
    """What came back; `path` is where redirects have led."""

    status: int
    text: str
    headers: Mapping[str, str]
    path: str
    body: bytes


class ConsoleClient:
    """Asks a console; keeps its cookies, and sends forms with the token that they hold."""

    def __init__(self, loop: asyncio.AbstractEventLoop, server: TestServer) -> None:
        self._loop, self._server = loop, server
        # By its number the server's address takes cookies only if asked to.
        self._session = ClientSession(
            cookie_jar=CookieJar(unsafe=True), connector=TCPConnector(force_close=True), loop=loop
        )
        self.csrf = ""

    def get(self, path: str, **options: Any) -> Answer:
        return self._ask("GET", path, **options)

    def post(self, path: str, data: Any = None, *, csrf: bool = True, **options: Any) -> Answer:
        """Send a form; with `csrf`, as the page that the client saw last would."""
        sent = {"headers": {"X-CSRF": self.csrf} if csrf else {}} | options
        return self._ask("POST", path, data=data, **sent)

    def _ask(self, method: str, path: str, **options: Any) -> Answer:
        answer = self._loop.run_until_complete(self._asked(method, path, **options))
        found = re.search(r'"X-CSRF": "([^"]+)"', answer.text)
        self.csrf = found[1] if found else self.csrf
        return answer

    async def _asked(self, method: str, path: str, **options: Any) -> Answer:
        url = self._server.make_url(path)
        async with self._session.request(method, url, **options) as response:
            body = await response.read()
            text = body.decode("utf-8", "replace")
            place = response.url.raw_path_qs
            return Answer(response.status, text, response.headers, place, body)

    async def close(self) -> None:
        await self._session.close()
        await self._server.close()


@contextmanager
def open_console(settings: UiSettings) -> Iterator[ConsoleClient]:
    """Serve a console for the block."""
    loop = asyncio.new_event_loop()

    async def start() -> ConsoleClient:
        server = TestServer(create_app(settings))
        await server.start_server()
        return ConsoleClient(asyncio.get_running_loop(), server)

    client = loop.run_until_complete(start())
    try:
        yield client
    finally:
        loop.run_until_complete(client.close())
        loop.close()
