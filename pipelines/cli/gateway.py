"""`graft gateway`: a proxy before a model server that keeps the prediction log."""

import logging
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from serving.gateway.settings import GatewaySettings, LogSettings

_ALL, _LOG = GatewaySettings(), LogSettings()

_address = partial(typer.Option, rich_help_panel="Addresses")
_log = partial(typer.Option, rich_help_panel="Prediction log")
_picture = partial(typer.Option, rich_help_panel="Pictures")
_limit = partial(typer.Option, rich_help_panel="Limits")
_secret = partial(typer.Option, rich_help_panel="Keys and TLS")

# What needs more than a line below.
EmbeddingShare = Annotated[
    float, _log(help="Ask the model's `features` about this share of the pictures, in [0, 1].")
]
EmbeddingsPerS = Annotated[float, _log(help="At most so many a second: each costs a prediction.")]
BusyShare = Annotated[
    float,
    _log(
        help="While the machine is busy, measure pictures for at most this share of one "
        "processor's time; otherwise every picture is measured."
    ),
]
Levels = Annotated[
    tuple[int, int],
    _log(
        help="Darkest and brightest level of 16-bit grey pictures, as in the model's passport "
        "(0 4095 for 12 bits): picture statistics need them."
    ),
]
QueueMib = Annotated[
    int,
    _limit(
        help="So much may wait for the log; beyond it, predictions are answered but not logged, "
        "and counted."
    ),
]
InFlight = Annotated[int, _limit(min=1, help="So many requests at a time; more get 429.")]
InFlightMib = Annotated[
    int, _limit(min=1, help="Their bodies together, but for those below 1 MiB; more get 429.")
]
ApiKeyFile = Annotated[
    Path | None,
    _secret(
        envvar="GRAFT_API_KEY_FILE",
        help="Clients must send one of the keys in this file, one a line; it is read again when "
        "it changes. Without it, the key in the environment variable GRAFT_API_KEY, if set.",
    ),
]
TlsCert = Annotated[
    Path | None,
    _secret(
        envvar="GRAFT_TLS_CERT",
        help="Serve REST and gRPC over TLS with this certificate (PEM, with its issuers).",
    ),
]
TlsKey = Annotated[
    Path | None, _secret(envvar="GRAFT_TLS_KEY", help="The certificate's private key (PEM).")
]
UpstreamCa = Annotated[
    Path | None,
    _secret(help="Trust these authorities (PEM) of the model server's certificate."),
]


def gateway(
    upstream: Annotated[
        str, _address(help="The model server's REST API; https:// for TLS.")
    ] = _ALL.upstream,
    upstream_grpc: Annotated[
        str, _address(help="Its gRPC API, HOST:PORT, grpcs:// for TLS; '' leaves it off.")
    ] = _ALL.upstream_grpc,
    host: Annotated[str, _address(help="Listen on this address.")] = _ALL.host,
    port: Annotated[int, _address(min=0, help="REST port.")] = _ALL.port,
    grpc_port: Annotated[int, _address(min=0, help="gRPC port.")] = _ALL.grpc_port,
    metrics_port: Annotated[
        int, _address(min=0, help="Metrics and probes, without TLS or key.")
    ] = _ALL.metrics_port,
    log: Annotated[Path, _log(help="The log's folder.")] = _LOG.folder,
    logging_on: Annotated[bool, _log("--logging/--no-logging", help="Keep a log.")] = _ALL.logging,
    keep_days: Annotated[float, _log(help="Keep records so many days.")] = _LOG.keep_days,
    keep_mib: Annotated[
        int, _log(help="Keep at most so many MiB of records for each model; the oldest go.")
    ] = _LOG.keep_mib,
    rotate_s: Annotated[float, _log(help="Finish a part after so many seconds.")] = _LOG.rotate_s,
    rotate_mib: Annotated[int, _log(help="Finish a part at this size.")] = _LOG.rotate_mib,
    embedding_share: EmbeddingShare = _LOG.embedding_share,
    embeddings_per_s: EmbeddingsPerS = _LOG.embeddings_per_s,
    busy_statistics_share: BusyShare = _LOG.busy_statistics_share,
    grey_range: Levels = _LOG.grey_range,
    group_header: Annotated[
        str, _log(help="Header with the module, lot or session.")
    ] = _LOG.group_header,
    line_header: Annotated[str, _log(help="Header with the line.")] = _LOG.line_header,
    camera_header: Annotated[str, _log(help="Header with the camera.")] = _LOG.camera_header,
    no_pictures: Annotated[bool, _picture("--no-pictures", help="Keep no picture.")] = False,
    pictures: Annotated[
        int, _picture(min=0, help="Keep a random sample of so many for each model.")
    ] = _LOG.pictures,
    pictures_mib: Annotated[
        int, _picture(min=0, help="The sample takes at most so many MiB.")
    ] = _LOG.pictures_mib,
    keep_pictures_days: Annotated[
        float, _picture(help="Keep pictures so many days.")
    ] = _LOG.keep_pictures_days,
    max_request_mib: Annotated[int, _limit(help="Refuse larger requests.")] = _ALL.max_request_mib,
    in_flight: InFlight = _ALL.in_flight,
    in_flight_mib: InFlightMib = _ALL.in_flight_mib,
    queue_mib: QueueMib = _ALL.queue_mib,
    timeout_s: Annotated[
        float, _limit(help="Wait so many seconds for a body, and for a REST answer.")
    ] = _ALL.timeout_s,
    drain_s: Annotated[
        float, _limit(help="Wait so many seconds for requests under way at the end.")
    ] = _ALL.drain_s,
    models: Annotated[
        Path | None,
        _address(help="Show in the metrics what monitor and gate said of the models in here."),
    ] = _ALL.models,
    api_key_file: ApiKeyFile = _ALL.api_key_file,
    tls_cert: TlsCert = _ALL.tls_cert,
    tls_key: TlsKey = _ALL.tls_key,
    upstream_ca: UpstreamCa = _ALL.upstream_ca,
) -> None:
    """Pass requests on to a model server, unchanged, and log what was asked and answered.

    Stands before `graft serve`, TensorFlow Serving or KServe; REST and gRPC stay as they are.
    SIGTERM and Ctrl-C let requests under way finish and the log be written.
    """
    from serving.gateway.process import run
    from serving.protocol.headers import read_api_keys

    settings = GatewaySettings(
        upstream=upstream,
        upstream_grpc=upstream_grpc,
        upstream_ca=upstream_ca,
        host=host,
        port=port,
        grpc_port=grpc_port,
        metrics_port=metrics_port,
        tls_cert=tls_cert,
        tls_key=tls_key,
        api_keys=read_api_keys(api_key_file),
        api_key_file=api_key_file,
        in_flight=in_flight,
        in_flight_mib=in_flight_mib,
        max_request_mib=max_request_mib,
        queue_mib=queue_mib,
        timeout_s=timeout_s,
        drain_s=drain_s,
        models=models,
        logging=logging_on,
        log=LogSettings(
            folder=log,
            rotate_s=rotate_s,
            rotate_mib=rotate_mib,
            keep_days=keep_days,
            keep_mib=keep_mib,
            embedding_share=embedding_share,
            embeddings_per_s=embeddings_per_s,
            busy_statistics_share=busy_statistics_share,
            pictures=0 if no_pictures else pictures,
            pictures_mib=pictures_mib,
            keep_pictures_days=keep_pictures_days,
            grey_range=grey_range,
            group_header=group_header,
            line_header=line_header,
            camera_header=camera_header,
        ),
    )
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    run(settings)
    Console(stderr=True).print("stopped", style="yellow")
