"""What the launcher, the workers and a resumed run agree on.

The output folder holds

    batch.json                      what was asked for
    pictures.jsonl                  the pictures, a JSON text a line
    predictions/part-000000.parquet path, sha256, class, scores, decision, version
    failures/part-000000.parquet    path, reason; no file where nothing failed
    summary.json                    the counts, once all parts are there
"""

from dataclasses import dataclass

RUN = "batch.json"
PICTURES = "pictures.jsonl"
PREDICTIONS = "predictions"
FAILURES = "failures"
SUMMARY = "summary.json"


@dataclass(frozen=True, kw_only=True)
class BatchRun:
    """One batch prediction, kept as `batch.json`: a later try must ask for the same.

    Paths are texts, since they may be `gs://bucket/...` as well. `version` is the number of a
    published version, else the first twelve digits of `model_sha256`. `part_size` is in pictures.
    """

    model: str
    model_sha256: str
    version: str
    pictures: str
    part_size: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """A stretch of the list of pictures: `count` lines from byte `offset` on."""

    number: int
    offset: int
    count: int


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Pictures that have an answer, of them the asked ones, and pictures among the failures."""

    answered: int = 0
    failed: int = 0
    asked: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Return the sum, as workers' counts are put together."""
        return Tally(
            answered=self.answered + other.answered,
            failed=self.failed + other.failed,
            asked=self.asked + other.asked,
        )


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The end of a run, kept as `summary.json`; a run without it has not ended."""

    run: BatchRun
    counts: Tally
