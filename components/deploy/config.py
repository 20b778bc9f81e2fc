"""Settings of deploy."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class DeployConfig(Section):
    """Where versions go and what must be true before one counts.

    Attributes:
        model_name: the name under which the server serves the model.
        model_base_path: folder that holds `<model_name>/<version>/`; absolute when the step
            runs (the caller resolves a relative one).
        server: "host:port" (gRPC) or "http://host:port" (REST) of the TF Serving that watches
            the folder; "" starts a server of our own to confirm the version. The key of a gateway
            before it comes from the environment variable GRAFT_API_KEY.
        keep_versions: versions that stay on disk; the serving one and the one before are
            always among them. The best one so far stays besides.
        rehearsal_pictures: test pictures that the server is asked about.
        max_difference: largest gap allowed between a served and an evaluated probability.
        timeout_s: seconds to wait for a server, or for another publish to end.
    """

    model_name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")] = "model"
    model_base_path: Annotated[str, Field(min_length=1)] = "serving/models"
    server: str = ""
    keep_versions: Annotated[int, Field(ge=2)] = 3
    rehearsal_pictures: Annotated[int, Field(ge=1)] = 16
    max_difference: Annotated[float, Field(gt=0, lt=1)] = 1e-3
    timeout_s: Annotated[float, Field(gt=0)] = 120.0
