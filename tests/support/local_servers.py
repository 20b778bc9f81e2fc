"""Servers on a free port of this machine, for as long as a block lasts."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(server: TCPServer) -> Iterator[int]:
    """Run a server in a thread and give its port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def answering(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """Answer HTTP requests and give the address, without a slash at its end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    # A client that has lost its patience leaves its thread behind.
    server.daemon_threads = True
    with running(server) as port:
        yield f"http://127.0.0.1:{port}"


class Quiet:
    """Mixed into a handler, keeps it from writing a line for every request."""

    def log_message(self, *words: Any) -> None:
        """Say nothing."""
