"""HTTP messages in and out, hop by hop: what is copied, and what the gateway says itself."""

from collections.abc import Callable, Mapping

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from components.common.errors import expected
from serving.protocol.status import error_body

# RFC 9110, section 7.6.1; and what belongs to one message alone.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
    }
)
_NOT_FORWARDED = _HOP_BY_HOP | {"host", "expect"}


def forwarded(headers: Mapping[str, str], *, hides: Callable[[str], bool]) -> CIMultiDict[str]:
    """Return the headers that are neither about one connection nor the gateway's secret."""
    return CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if name.lower() not in _NOT_FORWARDED and not hides(name)
    )


def upstream_url(base: str, path: str) -> URL:
    """Return a path at the model server; every byte is kept, what is malformed is its to say."""
    parts = URL(base)
    bare, _, query = path.partition("?")
    return URL.build(
        scheme=parts.scheme,
        authority=parts.raw_authority,
        path=parts.raw_path.rstrip("/") + bare,
        query_string=query,
        encoded=True,
    )


def copied(answer: aiohttp.ClientResponse, body: bytes, *, head_only: bool) -> web.Response:
    """Return the model server's answer as the gateway's."""
    headers = CIMultiDict(
        (name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP
    )
    if head_only and "Content-Length" in answer.headers:
        headers["Content-Length"] = answer.headers["Content-Length"]
    return web.Response(status=answer.status, reason=answer.reason, body=body, headers=headers)


def error(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    """Answer in TensorFlow Serving's own form, which clients know how to read."""
    all_headers = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(status=status, body=error_body(text), headers=all_headers)


def unreachable(url: str, problem: Exception) -> str:
    """Say that nobody answers at the model server's address."""
    return expected(
        f"a model server at {url}",
        received=str(problem) or type(problem).__name__,
        do="start it, or start the gateway with the right --upstream",
    )


def bytes_of(answer: web.Response) -> bytes:
    """Return an answer's body."""
    return answer.body if isinstance(answer.body, bytes) else b""
