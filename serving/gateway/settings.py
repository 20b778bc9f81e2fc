"""The settings of a gateway, and their defaults."""

import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from components.common.errors import ConfigError
from components.common.pictures.grey_range import FULL, GreyRange
from serving.protocol.addresses import grpc_target
from serving.protocol.headers import CAMERA_HEADER, GROUP_HEADER, LINE_HEADER
from serving.protocol.tls import client_context

MIB = 1 << 20
_POSITIVE = (
    "in_flight",
    "in_flight_mib",
    "max_request_mib",
    "queue_mib",
    "timeout_s",
    "drain_s",
    "rotate_s",
    "rotate_mib",
    "keep_days",
    "keep_mib",
    "keep_pictures_days",
)


@dataclass(frozen=True, kw_only=True)
class LogSettings:
    """What is kept of each prediction, and for how long.

    flush_s: what a crash may cost, in seconds.
    rotate_s, rotate_mib: a journal becomes a Parquet part at this age or size.
    keep_days, keep_mib: records go at this age; the oldest of a model, as well, beyond this size.
    embedding_share: the share of pictures that `features` is asked about, in [0, 1].
    embeddings_per_s: at most so many, since each costs the model server a prediction.
    busy_statistics_share: of one processor, in [0, 1]; so much time goes into picture statistics
        while the machine has none to spare. Otherwise every picture is measured.
    grey_range: levels of 16-bit grey pictures that the models behind it take for 0 and 255; their
        passports say so.
    pictures: how many are kept for people to look at, a model; 0 keeps none.
    """

    folder: Path = Path(".graft/predictions")
    flush_s: float = 0.5
    rotate_s: float = 600.0
    rotate_mib: int = 64
    keep_days: float = 90.0
    keep_mib: int = 10_240
    embedding_share: float = 0.05
    embeddings_per_s: float = 1.0
    busy_statistics_share: float = 0.03
    grey_range: GreyRange = FULL
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
        levels = tuple(values["grey_range"])
        return cls(**{**values, "folder": Path(values["folder"]), "grey_range": levels})


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """A gateway: where it listens, whom it asks, what it lets through.

    upstream: http://HOST:PORT of the model server's REST API; https:// for TLS.
    upstream_grpc: HOST:PORT of its gRPC API; grpcs:// before it for TLS; "" leaves gRPC off.
    upstream_ca: authorities that sign the model server's certificate; None trusts the system's.
    port, grpc_port: where the gateway listens.
    metrics_port: metrics and probes, in plain HTTP and without a key.
    tls_cert, tls_key: PEM files; with them REST and gRPC are served over TLS only.
    api_keys: clients must send one of them; () lets everyone in.
    api_key_file: where they came from; it is read again when it changes.
    in_flight: requests at a time; the next one is refused and may come back.
    in_flight_mib: their bodies together, but for those below 1 MiB.
    max_request_mib: a larger request is refused before it is read.
    queue_mib: what may wait for the log; beyond that predictions are answered but not logged.
    timeout_s: how long a body may take to come, and the model server to answer a REST request, in
        seconds.
    models: folder of the published models; what the monitor and the gate last said of them is shown
        with the metrics. None shows nothing.
    drain_s: how long requests under way and the log have to finish at the end, in seconds.
    logging: False passes everything through and keeps nothing.
    """

    upstream: str = "http://127.0.0.1:8501"
    upstream_grpc: str = "127.0.0.1:8500"
    upstream_ca: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8511
    grpc_port: int = 8510
    metrics_port: int = 8512
    tls_cert: Path | None = None
    tls_key: Path | None = None
    api_keys: tuple[str, ...] = ()
    api_key_file: Path | None = None
    in_flight: int = 256
    in_flight_mib: int = 128
    max_request_mib: int = 100
    queue_mib: int = 64
    timeout_s: float = 60.0
    drain_s: float = 20.0
    models: Path | None = None
    logging: bool = True
    log: LogSettings = LogSettings()

    @property
    def upstream_tls(self) -> ssl.SSLContext | None:
        """How to speak https with the model server; None without it."""
        return client_context(self.upstream_ca) if self.upstream.startswith("https:") else None

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
    try:
        grpc_target(settings.upstream_grpc or "none:1")
    except ConfigError:
        form = "HOST:PORT, grpcs://HOST:PORT or nothing"
        raise _wrong("upstream-grpc", form, settings.upstream_grpc) from None
    if settings.upstream_grpc and settings.port == settings.grpc_port != 0:
        raise _wrong("grpc-port", "another port than --port", settings.grpc_port)
    if settings.metrics_port in {settings.port, settings.grpc_port} - {0}:
        raise _wrong("metrics-port", "a port of its own", settings.metrics_port)
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise _wrong("tls-key", "--tls-cert and --tls-key, or neither", settings.tls_key)
    if settings.in_flight_mib < settings.max_request_mib:
        raise _wrong("in-flight-mib", "at least --max-request-mib", settings.in_flight_mib)
    values = {**vars(settings), **vars(settings.log)}
    for name in ("embedding_share", "busy_statistics_share"):
        if not 0.0 <= values[name] <= 1.0:
            raise _wrong(name.replace("_", "-"), "a share in [0, 1]", values[name])
    for name in _POSITIVE:
        if values[name] <= 0:
            raise _wrong(name.replace("_", "-"), "a number above 0", values[name])


def _wrong(flag: str, what: str, received: object) -> ConfigError:
    return ConfigError(what, received=f"'{received}'", do=f"correct --{flag}")
