"""The ports of `graft up`; whether ports are free, and who has those that are not."""

import contextlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from components.common.errors import ConfigError

HOST = "127.0.0.1"
_LONGEST_COMMAND = 60  # letters


@dataclass(frozen=True)
class Ports:
    """Where everything listens: the usual ports, all moved by the same number."""

    offset: int = 0

    @property
    def server_grpc(self) -> int:
        """Of the model server."""
        return 8500 + self.offset

    @property
    def server_rest(self) -> int:
        """Of the model server."""
        return 8501 + self.offset

    @property
    def gateway_grpc(self) -> int:
        """Of the gateway."""
        return 8510 + self.offset

    @property
    def gateway_rest(self) -> int:
        """Of the gateway: what clients ask."""
        return 8511 + self.offset

    @property
    def gateway_metrics(self) -> int:
        """Of the gateway."""
        return 8512 + self.offset

    @property
    def console(self) -> int:
        """Of the page for people."""
        return 8520 + self.offset

    def all(self) -> tuple[int, ...]:
        """Return every port, in order."""
        server, gateway = (self.server_grpc, self.server_rest), (self.gateway_grpc,)
        return (*server, *gateway, self.gateway_rest, self.gateway_metrics, self.console)


def check_free(ports: Sequence[int], *, do: str) -> None:
    """Refuse TCP ports of loopback that cannot be opened, all of them in one message.

    Args:
        ports: the numbers.
        do: what the user can do.

    Raises:
        ConfigError: some are taken; the message says by whom, where this user may know it.
    """
    if found := taken(ports):
        what = f"the ports {', '.join(map(str, ports))} to be free"
        raise ConfigError(what, received=found, do=do)


def taken(ports: Sequence[int]) -> str:
    """Return which of the ports cannot be opened and why, "" where all can."""
    found: dict[str, list[str]] = {}
    for port in ports:
        if problem := _problem(port):
            found.setdefault(problem, []).append(str(port))
    return "; ".join(f"{', '.join(those)} {problem}" for problem, those in found.items())


def _problem(port: int) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do it: what an ended one has left waiting is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return "needs rights that this user does not have"
        except OSError:
            return f"in use by {_holder(port)}"
    return ""


def _holder(port: int) -> str:
    with contextlib.suppress(psutil.Error):
        for one in psutil.net_connections("tcp"):
            if (
                one.laddr
                and one.laddr.port == port
                and one.status == psutil.CONN_LISTEN
                and one.pid
            ):
                command = " ".join(psutil.Process(one.pid).cmdline())
                cut = f"{command[:_LONGEST_COMMAND]} …"
                return f"process {one.pid} ({cut if len(command) > len(cut) else command})"
    return "another user's process"
