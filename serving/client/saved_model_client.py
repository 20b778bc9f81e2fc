"""A version's folder in the place of a server: the same answers as types, in this process."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.common.artifacts.exported import INPUT_BYTES, SIGNATURE_BYTES
from components.common.artifacts.model_folder import is_number
from components.common.models import saved_model
from serving.client import error_messages as messages
from serving.client.answers import AVAILABLE, Signature, TensorSpec, VersionStatus
from serving.client.client import Client
from serving.client.contract import Outputs


class SavedModelClient(Client):
    """Answers by a SavedModel that export wrote, loaded once; needs TensorFlow.

    Args:
        folder: of a published version, `<model name>/<version>`, or of any export.

    Raises:
        ExportError: it cannot be loaded.
    """

    def __init__(self, folder: Path) -> None:
        numbered = is_number(folder.name)
        super().__init__(str(folder), model=folder.parent.name if numbered else folder.name)
        self._number = int(folder.name) if numbered else 0
        self._loaded = saved_model.load(folder)

    def answers(self, pictures: Sequence[bytes]) -> saved_model.Answers:
        """Answer encoded pictures with everything that a judge of the model needs."""
        return saved_model.answer(self._loaded, pictures)

    def status(self) -> tuple[VersionStatus, ...]:
        """Return the one version that there is, 0 where the folder is no version's."""
        return (VersionStatus(self._number, AVAILABLE),)

    def signature(self, name: str = SIGNATURE_BYTES) -> Signature:
        """Describe how the model is called; see `Client`."""
        function = self._function(name)
        outputs = tuple(
            TensorSpec(output, spec.dtype.name, tuple(-1 if n is None else n for n in spec.shape))
            for output, spec in function.structured_outputs.items()
        )
        return Signature(name, (TensorSpec(INPUT_BYTES, "DT_STRING", (-1,)),), outputs)

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _predict(
        self, signature: str, pictures: Sequence[bytes], headers: Mapping[str, str]
    ) -> Outputs:
        import tensorflow as tf

        del headers  # nobody else hears of it
        try:
            found = self._function(signature)(**{INPUT_BYTES: tf.constant(list(pictures))})
        except tf.errors.InvalidArgumentError as error:
            raise messages.refused(self.address, error.message) from None
        tensors = {name: tensor.numpy() for name, tensor in found.items()}
        return Outputs(tensors, self._number, self.model, self.address)

    def _function(self, name: str) -> Any:
        known = self._loaded.signatures
        if name not in known:
            raise messages.no_signature(self.address, self.model, name, sorted(known))
        return known[name]
