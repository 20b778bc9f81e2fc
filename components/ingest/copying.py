"""Copy pictures into a Dataset: upright, of 8 bits, under names that every system can hold."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.common.errors import DataError
from components.common.pictures.decode import (
    brightest,
    decode,
    encode_png,
    is_servable,
    to_servable,
)
from components.common.pictures.grey_range import GreyRange
from components.common.pictures.header import PictureHeader, read_header
from components.ingest.source_data import PictureRecord

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Copied:
    """A picture that was written: its manifest row, what its file said, and its depth.

    brightest: its brightest 16-bit grey level, -1 where it is of 8 bits or in colour.
    colour_levels: of a picture with 16-bit colours, how many the high byte tells apart; else 0.
    """

    row: dict[str, Any]
    header: PictureHeader
    brightest: int = -1
    colour_levels: int = 0


def bytes_sha256(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes, as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()


def scale(one: Copied, out: Path, grey_range: GreyRange) -> None:
    """Write a 16-bit picture that was copied again, with 8 bits."""
    path = out / one.row["path"]
    data = encode_png(decode(path.read_bytes(), grey_range=grey_range))
    path.write_bytes(data)
    one.row["sha256"] = bytes_sha256(data)


def copy(picture: PictureRecord, out: Path, name: str) -> Copied:
    """Write one picture below `pictures/`; one of 16-bit grey levels is still to be scaled."""
    path = f"pictures/{name}"
    data = picture.read()
    header, level, levels = read_header(data), -1, 0
    try:
        if header.mode.startswith("I"):
            level = brightest(data, name=picture.name)
        elif header.bits > 8 and header.mode != "F":
            levels = 1 + int(decode(data, name=picture.name).max())
        if level >= 0 or not is_servable(data):
            data = to_servable(data, name=picture.name)
    except DataError as error:
        LOG.warning("%s", error)
    (out / path).write_bytes(data)
    row = {
        "path": path,
        "sha256": bytes_sha256(data),
        "label": picture.label,
        "soft_label": picture.soft_label,
        "domain": picture.domain,
        "pixels": "",
        "group": _printable(picture.group),
        "split": picture.split,
        "weight": picture.weight,
        **picture.further,
    }
    return Copied(row, header, level, levels)


def safe_names(names: list[str]) -> list[str]:
    """Replace characters that not every file system or Parquet file can hold; keep all unique.

    A name keeps its ending even where the copy became PNG: readers go by the bytes.
    """
    taken: set[str] = set()
    safe = []
    for name in names:
        cleaned = _printable(name).replace("\\", "_")
        unique, number = cleaned, 1
        while unique in taken:
            number += 1
            stem, dot, ending = cleaned.rpartition(".")
            unique = f"{stem}~{number}{dot}{ending}"
        taken.add(unique)
        safe.append(unique)
    return safe


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "_" for char in text)
