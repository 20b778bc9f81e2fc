"""Expectations of a data set: inferred from its pictures, and new pictures judged by them."""

from pathlib import Path

from components.ingest.commands import SourceData, opened
from components.ingest.config import IngestConfig
from components.ingest.step import grey_range_of, read_any
from components.validate.commands import RuleResult, SourcePictures, infer_suite, judge


def infer(settings: IngestConfig) -> bytes:
    """Return a suite that the pictures of a data set meet.

    Raises:
        ConfigError, DataError: there is no picture.
    """
    with opened(settings, read=read_any) as source:
        levels = grey_range_of(settings, source)
        return infer_suite(_listed(source), name=source.name, grey_range=levels)


def validate(settings: IngestConfig, *, suite: Path, docs: Path) -> tuple[RuleResult, ...]:
    """Return how pictures, with or without labels, meet a suite; Data Docs go into `docs`.

    Raises:
        ConfigError, DataError: there is no picture, or no such suite.
    """
    with opened(settings, read=read_any) as source:
        return judge(_listed(source), suite_file=suite, docs=docs)


def _listed(source: SourceData) -> SourcePictures:
    return SourcePictures(
        files={one.name: one.file for one in source.pictures},
        labels=[one.label for one in source.pictures],
        domains=[one.domain for one in source.pictures],
    )
