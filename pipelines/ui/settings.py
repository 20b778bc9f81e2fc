"""The console's settings."""

from dataclasses import dataclass
from pathlib import Path

from components.common.errors import ConfigError
from components.common.report.texts import Language
from serving.protocol.addresses import is_loopback


@dataclass(frozen=True, kw_only=True)
class UiSettings:
    """Where things are, who may come in, and in which language.

    models: folder of the published models. log: the prediction log. runs_dir, cache_dir: as those
        of `graft run`. All of them may be relative to the folder that the console starts in.
    state: what the console itself keeps: uploads, and the runs that it has started.
    gateway: address of the gateway's REST port.
    server: address of the model server's REST port.
    token: whoever comes first has to send it; "" lets everyone in, which only a loopback address
        may do.
    """

    models: Path = Path("serving/models")
    log: Path = Path(".graft/predictions")
    runs_dir: Path = Path("runs")
    cache_dir: Path = Path(".graft/cache")
    state: Path = Path(".graft/console")
    gateway: str = "http://127.0.0.1:8511"
    server: str = "http://127.0.0.1:8501"
    host: str = "127.0.0.1"
    port: int = 8520
    language: Language = "en"
    token: str = ""

    @property
    def url(self) -> str:
        """What to open in a browser."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}/" + (f"?token={self.token}" if self.token else "")


def check_access(settings: UiSettings) -> None:
    """Refuse to listen to other machines without a token.

    Raises:
        ConfigError: there is no token, and the address is not a loopback one.
    """
    if not settings.token and not is_loopback(settings.host):
        raise ConfigError(
            "a token, as the console is to listen to other machines",
            received=f"none, and the address {settings.host}",
            do="set a token, or listen on 127.0.0.1",
        )
