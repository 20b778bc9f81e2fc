"""A LiteRT file in the place of a server: the same answers as types, without a connection."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from components.common.artifacts.exported import (
    INPUT_BYTES,
    OUTPUT_CLASSES,
    OUTPUT_DECISION,
    OUTPUT_PROBABILITIES,
    SIGNATURE_BYTES,
)
from components.common.models.litert import LitertModel
from components.common.models.saved_model import Answers
from serving.client.answers import AVAILABLE, Signature, TensorSpec, VersionStatus
from serving.client.client import Client
from serving.client.contract import Outputs


class LitertClient(Client):
    """Answers by a file that export wrote (`export.litert`).

    Raises:
        ConfigError, DataError: as `LitertModel`.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), model=path.stem)
        self._litert = LitertModel(path)

    @property
    def classes(self) -> tuple[str, ...]:
        """The model's classes, in the order of the probabilities."""
        return self._litert.info.classes

    def answers(self, pictures: Sequence[bytes]) -> Answers:
        """Answer encoded pictures with everything that a judge of the model needs."""
        return self._litert.answer(pictures)

    def status(self) -> tuple[VersionStatus, ...]:
        """Return the one version that there is, without a number."""
        return (VersionStatus(0, AVAILABLE),)

    def signature(self, name: str = SIGNATURE_BYTES) -> Signature:
        """Describe how the file is called: with encoded pictures."""
        count = len(self._litert.info.classes)
        return Signature(
            name,
            (TensorSpec(INPUT_BYTES, "DT_STRING", (-1,)),),
            (TensorSpec(OUTPUT_PROBABILITIES, "DT_FLOAT", (-1, count)),),
        )

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _predict(
        self, signature: str, pictures: Sequence[bytes], headers: Mapping[str, str]
    ) -> Outputs:
        del signature, headers  # a file has one network, and nobody else hears of it
        said = self._litert.answer(pictures)
        tensors = {
            OUTPUT_PROBABILITIES: said.probabilities,
            OUTPUT_CLASSES: said.classes,
            OUTPUT_DECISION: said.decisions,
        }
        return Outputs(tensors, 0, self.model, self.address)
