"""`graft gateway`: a proxy before a model server that keeps the prediction log."""

import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from serving.gateway.settings import GatewaySettings, LogSettings

DEFAULTS = GatewaySettings()
ADDRESSES = "Addresses"
LOG = "Prediction log"
PICTURES = "Pictures"
LIMITS = "Limits"


def gateway(
    upstream: Annotated[
        str, typer.Option(help="The model server's REST API.", rich_help_panel=ADDRESSES)
    ] = DEFAULTS.upstream,
    upstream_grpc: Annotated[
        str,
        typer.Option(
            help="Its gRPC API, HOST:PORT; '' leaves gRPC off.", rich_help_panel=ADDRESSES
        ),
    ] = DEFAULTS.upstream_grpc,
    host: Annotated[
        str, typer.Option(help="Listen on this address.", rich_help_panel=ADDRESSES)
    ] = DEFAULTS.host,
    port: Annotated[
        int, typer.Option(min=0, help="REST port.", rich_help_panel=ADDRESSES)
    ] = DEFAULTS.port,
    grpc_port: Annotated[
        int, typer.Option(min=0, help="gRPC port.", rich_help_panel=ADDRESSES)
    ] = DEFAULTS.grpc_port,
    log: Annotated[
        Path, typer.Option(help="The log's folder.", rich_help_panel=LOG)
    ] = DEFAULTS.log.folder,
    logging_on: Annotated[
        bool, typer.Option("--logging/--no-logging", help="Keep a log.", rich_help_panel=LOG)
    ] = DEFAULTS.logging,
    keep_days: Annotated[
        float, typer.Option(help="Keep records so many days.", rich_help_panel=LOG)
    ] = DEFAULTS.log.keep_days,
    rotate_s: Annotated[
        float, typer.Option(help="Finish a part after so many seconds.", rich_help_panel=LOG)
    ] = DEFAULTS.log.rotate_s,
    rotate_mib: Annotated[
        int, typer.Option(help="Finish a part at this size.", rich_help_panel=LOG)
    ] = DEFAULTS.log.rotate_mib,
    embedding_share: Annotated[
        float,
        typer.Option(
            help="Ask the model's `features` about this share of the pictures, in [0, 1].",
            rich_help_panel=LOG,
        ),
    ] = DEFAULTS.log.embedding_share,
    embeddings_per_s: Annotated[
        float,
        typer.Option(
            help="At most so many a second: each costs a prediction.", rich_help_panel=LOG
        ),
    ] = DEFAULTS.log.embeddings_per_s,
    busy_statistics_share: Annotated[
        float,
        typer.Option(
            help="While the machine is busy, measure pictures for at most this share of one "
            "processor's time; otherwise every picture is measured.",
            rich_help_panel=LOG,
        ),
    ] = DEFAULTS.log.busy_statistics_share,
    group_header: Annotated[
        str, typer.Option(help="Header with the module, lot or session.", rich_help_panel=LOG)
    ] = DEFAULTS.log.group_header,
    line_header: Annotated[
        str, typer.Option(help="Header with the line.", rich_help_panel=LOG)
    ] = DEFAULTS.log.line_header,
    camera_header: Annotated[
        str, typer.Option(help="Header with the camera.", rich_help_panel=LOG)
    ] = DEFAULTS.log.camera_header,
    no_pictures: Annotated[
        bool,
        typer.Option("--no-pictures", help="Keep no picture at all.", rich_help_panel=PICTURES),
    ] = False,
    pictures: Annotated[
        int,
        typer.Option(min=0, help="Keep a sample of so many, a model.", rich_help_panel=PICTURES),
    ] = DEFAULTS.log.pictures,
    pictures_mib: Annotated[
        int, typer.Option(min=0, help="That take at most so much.", rich_help_panel=PICTURES)
    ] = DEFAULTS.log.pictures_mib,
    keep_pictures_days: Annotated[
        float, typer.Option(help="For so many days.", rich_help_panel=PICTURES)
    ] = DEFAULTS.log.keep_pictures_days,
    max_request_mib: Annotated[
        int, typer.Option(help="Refuse larger requests.", rich_help_panel=LIMITS)
    ] = DEFAULTS.max_request_mib,
    queue_mib: Annotated[
        int,
        typer.Option(
            help="So much may wait for the log; beyond it, predictions are answered but not "
            "logged, and counted.",
            rich_help_panel=LIMITS,
        ),
    ] = DEFAULTS.queue_mib,
    timeout_s: Annotated[
        float, typer.Option(help="Wait so long for a REST answer.", rich_help_panel=LIMITS)
    ] = DEFAULTS.timeout_s,
    drain_s: Annotated[
        float, typer.Option(help="Take so long to end well.", rich_help_panel=LIMITS)
    ] = DEFAULTS.drain_s,
    api_key_file: Annotated[
        Path | None,
        typer.Option(
            help="Clients must send the key in this file; without it, the one in the environment "
            "variable GRAFT_API_KEY, if set.",
            rich_help_panel=LIMITS,
        ),
    ] = None,
) -> None:
    """Pass requests on to a model server, unchanged, and log what was asked and answered.

    Stands before `graft serve`, TensorFlow Serving or KServe; REST and gRPC stay as they are.
    SIGTERM and Ctrl-C let requests under way finish and the log be written.
    """
    from serving.gateway.process import run
    from serving.protocol.headers import read_api_key

    settings = GatewaySettings(
        upstream=upstream,
        upstream_grpc=upstream_grpc,
        host=host,
        port=port,
        grpc_port=grpc_port,
        api_key=read_api_key(api_key_file),
        max_request_mib=max_request_mib,
        queue_mib=queue_mib,
        timeout_s=timeout_s,
        drain_s=drain_s,
        logging=logging_on,
        log=LogSettings(
            folder=log,
            rotate_s=rotate_s,
            rotate_mib=rotate_mib,
            keep_days=keep_days,
            embedding_share=embedding_share,
            embeddings_per_s=embeddings_per_s,
            busy_statistics_share=busy_statistics_share,
            pictures=0 if no_pictures else pictures,
            pictures_mib=pictures_mib,
            keep_pictures_days=keep_pictures_days,
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
