"""How every step runs: settings in, work done (or taken from the cache), provenance out.

`component.py` hands over here, so that all wrappers stay translations of one shape.
"""

import contextlib
import dataclasses
import json
import logging
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from components.common import config, progress, step_cache
from components.common.artifacts.lineage import Provenance, gathered
from components.common.artifacts.records import PROVENANCE, read_record, tree_sha256, write_record
from components.common.errors import GraftError
from components.common.run_context import RunContext

LOG = logging.getLogger("graft.step")

C = TypeVar("C")


class ArtifactLike(Protocol):
    """The part of a kfp artifact that a step touches; kfp's own has a `uri` as well."""

    path: str
    metadata: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """What the run summary tells of a step. `state` is "running", "done", "reused" or "failed"."""

    step: str
    state: str
    started_unix_s: float
    seconds: float = 0.0
    peak_memory_bytes: int = 0
    result: str = ""
    error: str = ""
    exit_code: int = 0
    outputs: dict[str, str] = dataclasses.field(default_factory=dict)


def run_step(
    name: str,
    settings: type[C],
    settings_json: str,
    *,
    run: str,
    work: Callable[[C], object],
    inputs: Mapping[str, ArtifactLike] | None = None,
    outputs: Mapping[str, ArtifactLike] | None = None,
    reuse: bool = False,
    content_key: Callable[[C], str] | None = None,
    keep: Callable[[], bool] | None = None,
) -> Any:
    """Run one step and return what `work` returns.

    Args:
        name: the step's folder name.
        settings: the dataclass of its section.
        settings_json: the section as canonical JSON.
        run: the RunContext as JSON.
        work: the step itself; writes the outputs, returns the component's plain result.
        inputs: artifacts read.
        outputs: artifacts written (folders).
        reuse: take the outputs from the cache when nothing they depend on has changed.
            Only for steps whose result is wholly in their outputs.
        content_key: digest of what the step reads besides its inputs (a data folder, weights).
        keep: asked after the work whether a later run may reuse the outputs; yes without it.

    Raises:
        GraftError: as the work raises; the text is also left for the run summary.
    """
    context = config.from_json(RunContext, run, where="run")
    label = context.label(name)
    record = StepRecord(step=label, state="running", started_unix_s=time.time())
    _note(context, record)
    with _logging_to(context.step_file(label, "log")), _progress_to(context, label):
        try:
            section = config.from_json(settings, settings_json, where=name)
            job = _Job(name, section, context, dict(inputs or {}), dict(outputs or {}))
            content = content_key(section) if reuse and content_key else ""
            key = job.cache_key(content) if reuse else ""
            reused = bool(key) and step_cache.fetch(context.cache_dir, name, key, job.output_paths)
            result = None if reused else work(section)
            if not reused:
                job.stamp(record.started_unix_s)
                # Data that changed while they were read must not pass for the old ones later.
                same = content_key is None or not key or content_key(section) == content
                if key and same and (keep is None or keep()):
                    step_cache.store(context.cache_dir, name, key, job.output_paths)
            job.fill_metadata()
        except BaseException as error:
            _note(context, _failed(record, error))
            LOG.exception("%s failed", name)
            raise
    state = "reused" if reused else "done"
    word = result if isinstance(result, str) else ""
    _note(context, _ended(record, state=state, result=word, outputs=job.output_paths))
    return result


@dataclass(frozen=True)
class _Job:
    name: str
    section: Any
    context: RunContext
    inputs: dict[str, ArtifactLike]
    outputs: dict[str, ArtifactLike]

    @property
    def output_paths(self) -> dict[str, Path]:
        return {name: Path(artifact.path) for name, artifact in self.outputs.items()}

    @property
    def input_digests(self) -> dict[str, str]:
        return {name: _content_digest(Path(item.path)) for name, item in self.inputs.items()}

    def cache_key(self, content: str) -> str:
        if not self.context.cache_dir:
            return ""
        settings = config.to_json(self.section)
        return step_cache.key(self.name, settings, self.input_digests, content)

    def stamp(self, started_unix_s: float) -> None:
        digests = self.input_digests
        ancestors = gathered(Path(item.path) for item in self.inputs.values())
        for name, path in self.output_paths.items():
            path.mkdir(parents=True, exist_ok=True)
            provenance = Provenance(
                step=self.name,
                name=name,
                uri=_uri(self.outputs[name]),
                run_id=self.context.run_id,
                commit=self.context.commit,
                data_sha256=self.context.data_sha256,
                config=config.to_json(self.section),
                inputs=digests,
                content_sha256=tree_sha256(path),
                created_unix_s=started_unix_s,
                ancestors=ancestors,
            )
            write_record(path / PROVENANCE, provenance)

    def fill_metadata(self) -> None:
        for artifact in self.outputs.values():
            known = read_record(Path(artifact.path) / PROVENANCE, Provenance)
            told = dataclasses.asdict(known.link) | {
                "inputs": json.dumps(known.inputs, sort_keys=True),
                "uri": _uri(artifact),
                "step": known.step,
                "content_sha256": known.content_sha256,
            }
            artifact.metadata.update(told)


def _uri(artifact: ArtifactLike) -> str:
    return str(getattr(artifact, "uri", "") or artifact.path)


def _content_digest(path: Path) -> str:
    record = path / PROVENANCE
    if record.exists():
        return str(json.loads(record.read_text())["content_sha256"])
    return tree_sha256(path)


def _note(context: RunContext, record: StepRecord) -> None:
    path = context.step_file(record.step, "json")
    if path is None:
        return
    partial = path.with_suffix(".json.partial")
    write_record(partial, record)
    partial.replace(path)


def _ended(record: StepRecord, *, outputs: dict[str, Path], **changes: Any) -> StepRecord:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    seconds = time.time() - record.started_unix_s
    return dataclasses.replace(
        record,
        seconds=seconds,
        peak_memory_bytes=peak,
        outputs={name: str(path) for name, path in outputs.items()},
        **changes,
    )


def _failed(record: StepRecord, error: BaseException) -> StepRecord:
    deliberate = isinstance(error, GraftError)
    text = str(error) if deliberate else "".join(traceback.format_exception_only(error)).strip()
    code = error.exit_code if isinstance(error, GraftError) else 1
    return _ended(record, outputs={}, state="failed", error=text, exit_code=code)


@contextlib.contextmanager
def _logging_to(path: Path | None) -> Iterator[None]:
    """Send this process's standard output and error (native libraries too) to the step's log."""
    if path is None:
        logging.basicConfig(level=logging.INFO)
        yield
        return
    saved = [os.dup(1), os.dup(2)]
    _flush()
    with path.open("ab", buffering=0) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()
        _flush()
        for number, descriptor in zip((1, 2), saved, strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


@contextlib.contextmanager
def _progress_to(context: RunContext, step: str) -> Iterator[None]:
    path = context.step_file(step, "progress")
    listener = progress.FileListener(path) if path else progress.LogListener()
    with progress.listening(listener):
        yield
