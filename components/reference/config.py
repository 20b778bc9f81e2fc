"""Section `reference` of a preset: what the drift of a version is measured against."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class ReferenceConfig(Section):
    """What a version's drift will be measured against.

    model_name: the name under which the version is served.
    seed: chooses the training pictures.
    train_pictures: training pictures whose statistics join those of the held-out ones; they
        bring more groups and cost a decoding each. 0 leaves them out.
    copy_px: longer side of the small copies that a report shows; 0 keeps none.
    """

    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = "model"
    seed: Annotated[int, Field(ge=0)] = 0
    train_pictures: Annotated[int, Field(ge=0)] = 3000
    copy_px: Annotated[int, Field(ge=0, le=1024)] = 128
