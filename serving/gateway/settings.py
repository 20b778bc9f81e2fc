"""The settings of a gateway, and their defaults."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from components.common.errors import ConfigError
from serving.protocol.headers import CAMERA_HEADER, GROUP_HEADER, LINE_HEADER

MIB = 1 << 20
_POSITIVE = (
    "max_request_mib",
    "queue_mib",
    "timeout_s",
    "drain_s",
    "rotate_s",
    "rotate_mib",
    "keep_days",
    "keep_pictures_days",
)


@dataclass(frozen=True, kw_only=True)
class LogSettings:
    """What is kept of each prediction, and for how long.

    flush_s: what a crash may cost, in seconds.
    rotate_s, rotate_mib: a journal becomes a Parquet part at this age or size.
    embedding_share: the share of pictures that `features` is asked about, in [0, 1].
    embeddings_per_s: at most so many, since each costs the model server a prediction.
    busy_statistics_share: of one processor, in [0, 1]; so much time goes into picture statistics
        while the machine has none to spare. Otherwise every picture is measured.
    pictures: how many are kept for people to look at, a model; 0 keeps none.
    """

    folder: Path = Path(".graft/predictions")
    flush_s: float = 0.5
    rotate_s: float = 600.0
    rotate_mib: int = 64
    keep_days: float = 90.0
    embedding_share: float = 0.05
    embeddings_per_s: float = 1.0
    busy_statistics_share: float = 0.03
    pictures: int = 1000
    pictures_mib: int = 500
    keep_pictures_days: float = 30.0
    group_header: str = GROUP_HEADER
    line_header: str = LINE_HEADER
    camera_header: str = CAMERA_HEADER

    def to_json(self) -> str:
        """Return an argument for the log's process; it holds no secrets, others can see it."""
        return json.dumps(vars(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "folder": Path(values["folder"])})


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """A gateway: where it listens, whom it asks, what it lets through.

    upstream: http://HOST:PORT of the model server's REST API.
    upstream_grpc: HOST:PORT of its gRPC API; "" leaves gRPC off.
    port, grpc_port: where the gateway listens.
    api_key: clients must send it; "" lets everyone in.
    max_request_mib: a larger request is refused before it is read.
    queue_mib: what may wait for the log; beyond that predictions are answered but not logged.
    timeout_s: how long the model server may take for a REST request, in seconds.
    drain_s: how long requests under way and the log have to finish at the end, in seconds.
    logging: False passes everything through and keeps nothing.
    """

    upstream: str = "http://127.0.0.1:8501"
    upstream_grpc: str = "127.0.0.1:8500"
    host: str = "127.0.0.1"
    port: int = 8511
    grpc_port: int = 8510
    api_key: str = ""
    max_request_mib: int = 100
    queue_mib: int = 64
    timeout_s: float = 60.0
    drain_s: float = 20.0
    logging: bool = True
    log: LogSettings = LogSettings()

    @property
    def max_request_bytes(self) -> int:
        """The largest request body."""
        return self.max_request_mib * MIB


def check(settings: GatewaySettings) -> None:
    """Refuse settings that cannot work.

    Raises:
        ConfigError: an address or a number is out of range.
    """
    parts = urlsplit(settings.upstream)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise _wrong("upstream", "http://HOST:PORT", settings.upstream)
    host, colon, port = settings.upstream_grpc.rpartition(":")
    if settings.upstream_grpc and not (host and colon and port.isdigit()):
        raise _wrong("upstream-grpc", "HOST:PORT or nothing", settings.upstream_grpc)
    if settings.upstream_grpc and settings.port == settings.grpc_port != 0:
        raise _wrong("grpc-port", "another port than --port", settings.grpc_port)
    values = {**vars(settings), **vars(settings.log)}
    for name in ("embedding_share", "busy_statistics_share"):
        if not 0.0 <= values[name] <= 1.0:
            raise _wrong(name.replace("_", "-"), "a share in [0, 1]", values[name])
    for name in _POSITIVE:
        if values[name] <= 0:
            raise _wrong(name.replace("_", "-"), "a number above 0", values[name])


def _wrong(flag: str, what: str, received: object) -> ConfigError:
    return ConfigError(what, received=f"'{received}'", do=f"correct --{flag}")
