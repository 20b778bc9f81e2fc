"""Settings of the queue of pictures to label."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class QueueConfig(Section):
    """Which pictures people are asked about.

    log: the prediction log's folder; model_name: the model in it.
    count: how many pictures at most.
    since_unix_s, until_unix_s: the window of the log.
    format: a file name in `formats/` (folder, csv, label_studio).
    uncertainty: what makes a picture worth asking about: `margin` (the two best scores lie
        close) or `entropy` (all scores do).
    """

    log: str = ".graft/predictions"
    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = "model"
    count: Annotated[int, Field(gt=0)] = 20
    since_unix_s: float = 0.0
    until_unix_s: float = 0.0
    format: str = "folder"
    uncertainty: Literal["margin", "entropy"] = "margin"
