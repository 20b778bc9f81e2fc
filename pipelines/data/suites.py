"""Expectations of a data set: inferred from its pictures, and new pictures judged by them."""

from pathlib import Path

from components.ingest.config import IngestConfig
from components.ingest.step import grey_range_of, read_any
from components.validate.commands import RuleResult, SourcePictures, infer_suite, judge


def infer(settings: IngestConfig) -> bytes:
    """Return a suite that the pictures of a data set meet.

    Raises:
        ConfigError, DataError: there is no picture.
    """
    source = read_any(settings)
    levels = grey_range_of(settings, source)
    return infer_suite(_listed(settings), name=source.name, grey_range=levels)


def validate(settings: IngestConfig, *, suite: Path, docs: Path) -> tuple[RuleResult, ...]:
    """Return how pictures, with or without labels, meet a suite; Data Docs go into `docs`.

    Raises:
        ConfigError, DataError: there is no picture, or no such suite.
    """
    return judge(_listed(settings), suite_file=suite, docs=docs)


def _listed(settings: IngestConfig) -> SourcePictures:
    pictures = read_any(settings).pictures
    return SourcePictures(
        files={one.name: one.file for one in pictures},
        labels=[one.label for one in pictures],
        domains=[one.domain for one in pictures],
    )
