"""HTTP with kept-alive connections, a total deadline and JSON answers.

The standard library's client is enough and starts in no time; it also ignores proxy
settings, which would otherwise catch calls to this very machine.
"""

import http.client
import json
import queue
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.common.errors import ConfigError
from serving.client import error_messages as messages
from serving.client.retry import PassingError
from serving.protocol.headers import RETRY_AFTER
from serving.protocol.tls import client_context

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Answer:
    """A status code and the body as it came; `passing` if the server asks to come back later."""

    code: int
    body: bytes
    passing: bool = False

    @property
    def content(self) -> Any:
        """The JSON body, None if it is something else."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def error(self) -> str:
        """The server's own words."""
        content = self.content
        if isinstance(content, dict) and "error" in content:
            return str(content["error"])
        return f"HTTP {self.code}"


class HttpPool:
    """Connections to one server, one for each call that is under way.

    Args:
        url: http:// or https://.
        ca_file: the authorities that https trusts; None for the system's.

    Raises:
        ConfigError: another scheme, or the file cannot be read.
    """

    def __init__(self, url: str, ca_file: Path | None = None) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            form = "a REST address such as http://localhost:8501"
            raise ConfigError(form, received=f"'{url}'", do="correct the address")
        self.url = url.rstrip("/")
        self._prefix = parts.path.rstrip("/")
        self._host, self._port = parts.hostname, parts.port
        self._tls = client_context(ca_file) if parts.scheme == "https" else None
        self._idle: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout_s: float,
    ) -> Answer:
        """Send one request and read the whole answer.

        Raises:
            PassingError: nobody answers, or the connection broke.
            TimeoutError: `timeout_s` passed.
            UnreachableError: what answers does not speak HTTP.
        """
        deadline = time.monotonic() + timeout_s
        sent = {**headers, "Content-Type": "application/json"} if body is not None else headers
        while True:
            connection, fresh = self._take()
            try:
                answer = self._exchange(
                    connection, method, path, body=body, headers=sent, deadline=deadline
                )
            except TimeoutError:
                connection.close()
                raise
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if fresh:
                    raise self._broken(error) from None
                continue  # an idle connection that the server had closed meanwhile
            return answer

    def close(self) -> None:
        """Close the idle connections."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def _take(self) -> tuple[http.client.HTTPConnection, bool]:
        try:
            return self._idle.get_nowait(), False
        except queue.Empty:
            if self._tls is None:
                return http.client.HTTPConnection(self._host, self._port), True
            return http.client.HTTPSConnection(self._host, self._port, context=self._tls), True

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        *,
        body: bytes | None,
        headers: Mapping[str, str],
        deadline: float,
    ) -> Answer:
        connection.timeout = _left(deadline)
        if connection.sock is not None:
            connection.sock.settimeout(_left(deadline))
        connection.request(method, self._prefix + path, body=body, headers=headers)
        socket = connection.sock
        socket.settimeout(_left(deadline))
        response = connection.getresponse()
        chunks = []
        while chunk := response.read1(CHUNK_BYTES):
            chunks.append(chunk)
            if response.isclosed():
                break  # from Python 3.13 on `read1` says when the answer is over
            # A timeout counts from byte to byte; a server that drips must not stretch it.
            socket.settimeout(_left(deadline))
        if response.length:
            raise http.client.IncompleteRead(chunks[-1] if chunks else b"", response.length)
        response.close()  # before 3.13 it does not; the socket stays open
        if response.will_close:
            connection.close()
        else:
            self._idle.put_nowait(connection)
        passing = response.getheader(RETRY_AFTER) is not None
        return Answer(response.status, b"".join(chunks), passing)

    def _broken(self, error: Exception) -> Exception:
        reason = str(error) or type(error).__name__
        if isinstance(error, http.client.BadStatusLine) and not isinstance(
            error, http.client.RemoteDisconnected
        ):
            return messages.wrong_language(self.url, "no HTTP", speaks="REST", do=messages.NOT_REST)
        return PassingError(messages.unreachable(self.url, reason))


def _left(deadline: float) -> float:
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s
