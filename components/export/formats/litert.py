"""LiteRT in float32, for small devices; smaller numbers are made in a run (`export.litert`)."""

from pathlib import Path

from components.common.artifacts.candidate import Candidate
from components.common.files import write_bytes
from components.common.models.litert import LitertModel
from components.export.litert import float_file, write_litert_record
from components.export.portable import Asked, PortableInfo

SUFFIX, RECORD_SUFFIX = ".tflite", ".json"
TAKES = "float32 [1, {size}, {size}, 3], RGB, whole numbers in [0, 255], made square and resized"
GIVES = "float32 [1, {classes}], logits, which `graft predict --litert` turns into answers"
ROUNDING = 1


def write(candidate: Candidate, path: Path, info: PortableInfo) -> None:
    """Write the network: one picture in, logits out; its record says the rest."""
    write_bytes(path, float_file(candidate.model_path, image_size_px=info.image_size_px))
    write_litert_record(
        path,
        candidate.info,
        precision="float32",
        point=info.operating_point,
        grey_range=info.grey_range,
    )


def opened(path: Path, info: PortableInfo) -> Asked:
    """Return what asks the file, as `graft predict --litert` does."""
    del info  # it reads its own record
    model = LitertModel(path)
    return lambda pictures: model.answer(pictures).probabilities
