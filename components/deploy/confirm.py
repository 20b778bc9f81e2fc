"""A version counts once a server has loaded it from its final place and answers."""

from pathlib import Path

from components.common.errors import ServerError
from components.deploy.config import DeployConfig
from components.deploy.rehearse import Heard, Questions, RehearsalServer, ask, ask_both
from serving.client import Client, connect
from serving.protocol.headers import read_api_key, request_headers


def confirm(
    model_dir: Path,
    *,
    version: int,
    asked: Questions,
    settings: DeployConfig,
    own_server: RehearsalServer,
) -> tuple[Heard, ...]:
    """Wait until the version is AVAILABLE, then ask it.

    With `settings.server` that server is asked; without, the one of the rehearsal, which loads the
    version once more, from its final place.

    Raises:
        PublishError: another version answers, or answers differ from the evaluated ones.
        ServerError: the version did not load, nobody answers, or the gateway before the server
            wants an API key that GRAFT_API_KEY does not hold.
    """
    if not settings.server:
        return ask_both(
            own_server.serve(model_dir / str(version), version=version),
            model_name=settings.model_name,
            version=version,
            asked=asked,
            activity="confirming",
        )
    own_server.close()
    with _connected(settings) as client:
        client.wait_until_available(version=version, timeout_s=settings.timeout_s)
        return (ask(client, version=version, asked=asked, activity="confirming"),)


def versions_in_use(settings: DeployConfig) -> frozenset[int] | None:
    """Return the versions that the live server holds; None when it cannot be asked.

    Without `settings.server` nobody says that an old version is needed, and there are none.
    """
    if not settings.server:
        return frozenset()
    try:
        with _connected(settings) as client:
            status = client.status()
    except ServerError:
        return None
    return frozenset(entry.version for entry in status if entry.state != "END")


def _connected(settings: DeployConfig) -> Client:
    # As of every secret of a step: it is no setting, which travels in metadata.
    headers = request_headers(api_key=read_api_key())
    return connect(settings.server, model=settings.model_name, headers=headers)
