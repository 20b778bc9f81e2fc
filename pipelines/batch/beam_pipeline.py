"""The Beam pipeline: parts in, counts out; what matters is written on the way."""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import add
from typing import Any

import apache_beam as beam
from apache_beam.utils.shared import Shared

from pipelines.batch import files
from pipelines.batch.classify import BatchModel
from pipelines.batch.parts import finish_part
from pipelines.batch.records import SUMMARY, BatchRun, Counts, Part, Summary


class _Classify(beam.DoFn):
    """Finishes parts. All threads of a worker process share one loaded model."""

    def __init__(self, run: BatchRun, out: str, batch_size: int) -> None:
        self._folder = run.model
        self._fixed: dict[str, Any] = {
            "out": out,
            "version": run.version,
            "batch_size": batch_size,
        }
        self._shared = Shared()

    def setup(self) -> None:
        folder = self._folder
        self._model: BatchModel = self._shared.acquire(lambda: BatchModel(folder))

    def process(self, part: Part) -> Iterator[Counts]:
        yield finish_part(part, model=self._model, **self._fixed)


def build(
    pipeline: beam.Pipeline,
    parts: Iterable[Part],
    *,
    run: BatchRun,
    out: str,
    batch_size: int,
) -> None:
    """Add the batch prediction to an empty pipeline.

    Args:
        pipeline: runs on any runner whose workers reach the model, the pictures and the output.
        parts: at least one.
        run: what was asked for; goes into the summary.
        out: the output folder.
        batch_size: pictures a call of the model.
    """

    def write_summary(counts: Counts) -> None:
        files.write_record(files.join(out, SUMMARY), Summary(run=run, counts=counts))

    (
        pipeline
        | "parts" >> beam.Create(list(parts))
        # Else a runner may leave all of them with the worker that made them.
        | "spread" >> beam.Reshuffle()
        | "classify" >> beam.ParDo(_Classify(run, out, batch_size))
        | "count" >> beam.CombineGlobally(_total)
        | "summary" >> beam.Map(write_summary)
    )


def _total(counts: Iterable[Counts]) -> Counts:
    return reduce(add, counts, Counts())
