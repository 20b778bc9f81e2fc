"""An S3 store on this machine: moto's server, with one bucket."""

import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

BUCKET = "graft"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass(frozen=True)
class S3:
    """`environment` is what a program needs beside the endpoint."""

    endpoint: str
    environment: dict[str, str] = field(
        default_factory=lambda: {
            # Not this machine's own account or certificates.
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **KEYS,
            "AWS_DEFAULT_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
    )

    def _send(self, method: str, path: str, body: bytes = b"") -> bytes:
        # Else the body is taken for a form.
        headers = {"Content-Type": "application/octet-stream"}
        url = f"{self.endpoint}/{BUCKET}{path}"
        request = urllib.request.Request(url, body or None, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return bytes(answer.read())

    def make_bucket(self) -> None:
        self._send("PUT", "")

    def put(self, name: str, content: bytes) -> None:
        self._send("PUT", f"/{name}", content)

    def delete(self, name: str) -> None:
        self._send("DELETE", f"/{name}")

    def listing(self) -> str:
        return self._send("GET", "").decode()


@contextmanager
def s3_server() -> Iterator[S3]:
    """Serve an empty bucket until the block ends; skips where moto is missing."""
    server_module = pytest.importorskip("moto.server")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        store = S3("http://{}:{}".format(*server.get_host_and_port()))
        store.make_bucket()
        yield store
    finally:
        server.stop()
