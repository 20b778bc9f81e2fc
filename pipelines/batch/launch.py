"""Run a batch prediction on a Beam runner: parts in, counts out; a worker writes what it finds."""

import contextlib
import contextvars
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.utils.shared import Shared

from components.common.errors import ConfigError, GraftError
from components.common.progress import report
from pipelines.batch import files
from pipelines.batch.classify import BatchModel
from pipelines.batch.listing import cut
from pipelines.batch.parts import finish_part
from pipelines.batch.plan import plan, read_summary
from pipelines.batch.records import PICTURES, PREDICTIONS, SUMMARY, BatchRun, Part, Summary, Tally

_HERE = frozenset({None, "DirectRunner"})


def run_batch(
    *,
    model: str,
    pictures: str,
    out: str,
    batch_size: int = 32,
    part_size: int = 1000,
    beam_options: Sequence[str] = (),
) -> Summary:
    """Classify every picture and write answers and failures as Parquet below `out`.

    Run again after a stop, it goes on where it stood; run after the end, it does nothing.

    Args:
        model, pictures, out, part_size: as `plan.plan`.
        batch_size: pictures a call of the model.
        beam_options: flags for Beam, e.g. `--runner=FlinkRunner`; the default runner works here.

    Raises:
        ConfigError, DataError: as `plan.plan`; or Beam does not know a flag.
        GraftError: a worker failed; the parts that were finished stay.
    """
    options = _options(beam_options)
    # Else object stores are unknown until there is a pipeline, and the plan is read before.
    FileSystems.set_options(options)
    out = files.absolute(out)
    run = plan(model=model, pictures=pictures, out=out, part_size=part_size)
    ended = read_summary(out)
    if ended is not None:
        return ended
    parts = list(cut(files.join(out, PICTURES), part_size=part_size))
    pipeline = beam.Pipeline(runner=_runner(options), options=options)
    (
        pipeline
        | "parts" >> beam.Create(parts)
        # Else a runner may leave all of them with the worker that made them.
        | "spread" >> beam.Reshuffle()
        | "classify" >> beam.ParDo(_Classify(run, out, batch_size))
        | "count" >> beam.CombineGlobally(_total)
        | "summary" >> beam.Map(_write_summary, run=run, out=out)
    )
    with _reporting(out, parts):
        _finish(pipeline)
    summary = read_summary(out)
    if summary is None:
        raise _stopped("no summary")
    return summary


class _Classify(beam.DoFn):
    """Finishes parts. All threads of a worker process share one loaded model."""

    def __init__(self, run: BatchRun, out: str, batch_size: int) -> None:
        self._folder = run.model
        self._fixed: Any = {"out": out, "version": run.version, "batch_size": batch_size}
        self._shared = Shared()

    def setup(self) -> None:
        self._model: BatchModel = self._shared.acquire(partial(BatchModel, self._folder))

    def process(self, part: Part) -> Iterator[Tally]:
        yield finish_part(part, model=self._model, **self._fixed)


def _total(counts: Iterable[Tally]) -> Tally:
    return sum(counts, Tally())


def _write_summary(counts: Tally, *, run: BatchRun, out: str) -> None:
    files.write_record(files.join(out, SUMMARY), Summary(run=run, counts=counts))


def _options(flags: Sequence[str]) -> PipelineOptions:
    try:
        options = PipelineOptions(list(flags))
        known = options.get_all_options()
        given = options.get_all_options(retain_unknown_options=True)
    except SystemExit:
        wanted = "values that Beam takes"
        raise ConfigError(wanted, received=" ".join(flags), do="correct the flag") from None
    unknown = ", ".join(f"--{name}" for name in sorted(set(given) - set(known)))
    if unknown:
        wanted = "flags of `graft batch --help` or of the Beam runner"
        raise ConfigError(wanted, received=unknown, do="correct the flag")
    return options


def _runner(options: PipelineOptions) -> Any:
    """Beam's DirectRunner would first look on the internet for a server to run on."""
    name = options.view_as(StandardOptions).runner
    return FnApiRunner() if name in _HERE else None


def _finish(pipeline: beam.Pipeline) -> None:
    # It logs a worker's whole traceback; the error that follows says what matters of it.
    logging.getLogger("apache_beam.runners.common").setLevel(logging.CRITICAL)
    try:
        state = pipeline.run().wait_until_finish()
    except Exception as error:
        raise _stopped(_cause(error)) from error
    if state not in (None, "DONE"):
        raise _stopped(str(state))


def _cause(error: Exception) -> str:
    """A worker's error comes as a traceback in text; what it says stands last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    last = lines[-1] if lines else type(error).__name__
    return last.partition(" [while running")[0]


def _stopped(received: str) -> GraftError:
    return GraftError(
        "every part to be finished",
        received=received,
        do="correct that and run the same command again: finished parts stay",
    )


@contextlib.contextmanager
def _reporting(out: str, parts: Sequence[Part]) -> Iterator[None]:
    """Report how many pictures lie in finished parts, on any runner."""
    ended = threading.Event()
    context = contextvars.copy_context()

    def watch() -> None:
        pause_s = 0.0
        while not ended.wait(pause_s):
            began = time.monotonic()
            _report(out, parts)
            # A look at a bucket with many parts takes long.
            pause_s = max(1.0, 20 * (time.monotonic() - began))
        _report(out, parts)

    watcher = threading.Thread(target=context.run, args=(watch,), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _report(out: str, parts: Sequence[Part]) -> None:
    finished = len(files.matches(files.join(out, PREDICTIONS, "part-*.parquet")))
    done = sum(part.count for part in parts[:finished])
    report("classifying pictures", done, sum(part.count for part in parts))
