"""Reference: what drift of one version is measured against. Made at training time, kept with it.

<base path>/<model>/references/<version>/
├── observations.parquet   SCHEMA of the prediction log, with split and label: held-out pictures
├── pictures/<sha256>.png  small copies for the report
└── reference.json         ReferenceInfo
"""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.common.artifacts.monitoring.prediction_log import SCHEMA
from components.common.artifacts.records import InfoFolder

OBSERVATIONS_SCHEMA = pa.schema([*SCHEMA, ("label", pa.string()), ("split", pa.string())])


@dataclass(frozen=True, kw_only=True)
class ReferenceInfo:
    """What the table cannot say row by row.

    `model_sha256` ties the reference to the exported model that gave its scores and embeddings.
    `accuracy` is the share of right decisions on its held-out (validation and test) pictures.
    """

    model_name: str
    model_sha256: str
    data_sha256: str
    classes: tuple[str, ...]
    positive: str
    pictures: int
    groups: int
    accuracy: float
    seed: int


@dataclass(frozen=True)
class Reference(InfoFolder[ReferenceInfo]):
    """A folder with the files above; `observations` follows OBSERVATIONS_SCHEMA."""

    FILE = "reference.json"
    INFO = ReferenceInfo

    def write(self, observations: pa.Table) -> None:
        """Write the table and the record."""
        self.root.mkdir(parents=True, exist_ok=True)
        table = observations.select(OBSERVATIONS_SCHEMA.names).cast(OBSERVATIONS_SCHEMA)
        pq.write_table(table, self.root / "observations.parquet")
        self.write_info()

    def observations(self) -> pa.Table:
        """Read the table."""
        return pq.read_table(self.root / "observations.parquet")

    def picture_path(self, sha256: str) -> Path:
        """Where the small copy of a picture lies."""
        return self.root / "pictures" / f"{sha256}.png"
