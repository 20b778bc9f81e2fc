"""The Beam pipeline: parts in, counts out; what matters is written on the way."""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import add

import apache_beam as beam
from apache_beam.utils.shared import Shared

from components.common import config
from pipelines.batch import files
from pipelines.batch.classify import Model
from pipelines.batch.parts import Output, finish_part
from pipelines.batch.records import BatchRun, Counts, Part, Summary


class _Classify(beam.DoFn):
    """Finishes parts. All threads of a worker process share one loaded model."""

    def __init__(self, run: BatchRun, output: Output, batch_size: int) -> None:
        self._run = run
        self._output = output
        self._batch_size = batch_size
        self._shared = Shared()

    def setup(self) -> None:
        folder = self._run.model
        self._model: Model = self._shared.acquire(lambda: Model(folder))

    def process(self, part: Part) -> Iterator[Counts]:
        yield finish_part(
            part,
            output=self._output,
            model=self._model,
            version=self._run.version,
            batch_size=self._batch_size,
        )


def build(
    pipeline: beam.Pipeline,
    parts: Iterable[Part],
    *,
    run: BatchRun,
    output: Output,
    batch_size: int,
) -> None:
    """Add the batch prediction to an empty pipeline.

    Args:
        pipeline: runs on any runner whose workers reach the model, the pictures and the output.
        parts: at least one.
        run: what was asked for; goes into the summary.
        output: where the files go.
        batch_size: pictures a call of the model.
    """

    def write_summary(counts: Counts) -> None:
        with files.writing_whole(output.summary) as stream:
            stream.write(config.to_json(Summary(run=run, counts=counts)).encode())

    (
        pipeline
        | "parts" >> beam.Create(list(parts))
        # Else a runner may leave all of them with the worker that made them.
        | "spread" >> beam.Reshuffle()
        | "classify" >> beam.ParDo(_Classify(run, output, batch_size))
        | "count" >> beam.CombineGlobally(_total)
        | "summary" >> beam.Map(write_summary)
    )


def _total(counts: Iterable[Counts]) -> Counts:
    return reduce(add, counts, Counts())
