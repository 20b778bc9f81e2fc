"""The seam for canary and shadow traffic: which server answers a request.

A route is asked once a request and sees what a request line tells, never the body. What is plain
today is `PlainRoute`. A canary is another `Route` that chooses `answers` by share; a shadow adds a
field to `Targets`, and what the proxies do with it. Nothing else in the gateway knows of servers.
"""

import uuid
from dataclasses import dataclass
from typing import Protocol

# gRPC's metadata wants the name in lower case.
REQUEST_ID = "X-Request-ID"
_LONGEST_ID = 128


@dataclass(frozen=True)
class Call:
    """A request before its body is read: its id and where it wants to go.

    `path` is REST's path or gRPC's full method name.
    """

    request_id: str
    path: str

    @classmethod
    def named(cls, sent_id: str, path: str) -> "Call":
        """Return a call under the client's id if headers and logs can hold it, else a new one."""
        usable = 0 < len(sent_id) <= _LONGEST_ID and sent_id.isascii() and sent_id.isprintable()
        return cls(sent_id if usable else uuid.uuid4().hex, path)


@dataclass(frozen=True)
class Upstream:
    """A model server: `rest_url` is http://HOST:PORT, `grpc_address` HOST:PORT or ""."""

    rest_url: str
    grpc_address: str


@dataclass(frozen=True)
class Targets:
    """Who is asked: `answers` is the one whose answer goes to the client."""

    answers: Upstream


class Route(Protocol):
    """Decides for each call; called on the request path, so it never waits."""

    def targets(self, call: Call) -> Targets:
        """Return the servers of one call."""


@dataclass(frozen=True)
class PlainRoute:
    """Everything to one server."""

    upstream: Upstream

    def targets(self, call: Call) -> Targets:
        """Return the one server."""
        del call
        return Targets(self.upstream)
