"""Ranking: backbones, feature layers and sizes in the order of their probes. Written by rank."""

from dataclasses import dataclass, field
from typing import Any, Literal

from components.common.artifacts.records import RecordFolder
from components.common.statistics.figures import Quality


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A candidate that was not tried, and why.

    passing: another run may find it possible (weights that were not there, time that was short).
    """

    name: str
    reason: str
    passing: bool = False


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One way to fine-tune a ranked network, with the seconds it is expected to take."""

    method: str
    options: dict[str, Any] = field(default_factory=dict)
    estimate_s: float


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """One network as the probe saw it.

    features: as in `train.features`; none for the backbone's own choice.
    pooling: as `train.pooling`.
    score: mean over grouped folds of the ranking's metric; spread: its standard error.
    picture_ms: forward time a picture in batches, measured while ranking.
    """

    backbone: str
    weights: str
    features: tuple[str, ...]
    pooling: Literal["mean", "max", "flatten"] = "mean"
    image_size_px: int
    score: float
    spread: float
    picture_ms: float
    recipes: tuple[Recipe, ...]

    @property
    def name(self) -> str:
        """What a reader calls it."""
        layers = f" [{', '.join(self.features)}]" if self.features else ""
        pooled = "" if self.pooling == "mean" else f" {self.pooling}-pooled"
        return f"{self.backbone} {self.image_size_px} px{pooled}{layers}"


@dataclass(frozen=True, kw_only=True)
class RankingInfo:
    """All that was ranked, the best first, and what could not be.

    pictures, groups: training pictures (and their groups) behind the scores.
    shards_sha256: content of the shards that were looked at.
    """

    metric: Quality
    pictures: int
    groups: int
    ranked: tuple[Ranked, ...]
    left_out: tuple[LeftOut, ...] = ()
    shards_sha256: str = ""


@dataclass(frozen=True)
class Ranking(RecordFolder[RankingInfo]):
    """A folder with `ranking.json`."""

    FILE = "ranking.json"
    INFO = RankingInfo
