"""Settings of features that are learnt from patches; nothing here imports Keras."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class PatchOptions(Section):
    """How small patches become features.

    features: "patches" (convolutional k-means, Coates, Ng and Lee 2011) or "autoencoder" (sparse
        autoencoder, Ng's exercise).
    count: how many centroids or hidden units.
    patch_px: side of a patch.
    side_px: pictures are shrunk by averaging blocks to about this side first.
    grid: features are averaged over so many parts of the picture each way.
    """

    features: Literal["patches", "autoencoder"] = "patches"
    count: Annotated[int, Field(ge=2, le=4096)] = 200
    patch_px: Annotated[int, Field(ge=2, le=64)] = 7
    side_px: Annotated[int, Field(ge=8, le=512)] = 32
    grid: Annotated[int, Field(ge=1, le=8)] = 2
