"""The part of a kfp artifact that a step touches."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Artifact:
    path: str
    metadata: dict[str, Any] = field(default_factory=dict)
