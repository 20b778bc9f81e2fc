"""Settings of ingest."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from components.common import plugins
from components.common.config import Section
from components.common.pictures import grey_range

SOURCES = "components.ingest.sources"


@dataclass(frozen=True, kw_only=True)
class IngestConfig(Section):
    """Where the pictures come from.

    source: a file name in `sources/` (folder, manifest, elpv).
    path: the folder or manifest that the source reads.
    data_rev: a version of the data set, by the hash in its `.dvc` file ("219f….dir"), which is
        fetched from `data_remote`; `path` is then meant inside of it. "" reads what lies at `path`.
    data_remote: the DVC remote, a folder or an address like "s3://bucket/prefix". DVC's own cache
        is one as well.
    name: what to call the data set; "" takes the path's last part.
    positive: with two classes, the one that soft labels and binary scores speak of; "" takes
        the class whose name sounds like a defect (defective, bad, ng, ...), else the
        alphabetically last.
    group_pattern: for `source: folder`, a regular expression that finds the group (lot,
        module, session) in a picture's relative name; its first bracket is the group.
        "" makes every picture its own group.
    unlabelled: take pictures without a label too, for a method that uses them: rows of a manifest
        with an empty label, or what lies in a folder "unlabelled" beside those of the classes.
    grey_range: darkest and brightest level of pictures with 16-bit grey levels, which become 0 and
        255, here and in the served model ([0, 4095] for a camera of 12 bits); `auto` takes
        the fewest bits that hold the brightest level of the data set.
    """

    source: str = "folder"
    path: str = ""
    data_rev: Annotated[str, Field(pattern=r"^([0-9a-f]{32}(\.dir)?)?$")] = ""
    data_remote: str = ""
    name: str = ""
    positive: str = ""
    group_pattern: str = ""
    unlabelled: bool = False
    grey_range: tuple[int, int] | Literal["auto"] = "auto"


def check(settings: IngestConfig) -> None:
    """Refuse, before anything runs, a source that there is none of or an impossible range."""
    plugins.check(SOURCES, settings.source)
    if settings.grey_range != "auto":
        grey_range.check(settings.grey_range)
